#include "base/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/http_call.h"
#include "base/mem.h"
#include "base/str.h"

/* How long one address of several may take to connect: past the second
 * retransmission of a lost SYN, and short enough to try the next. */
#define SHARE_MAX_MS 3500

struct http {
	struct loop *loop;
	struct resolver *resolver;
	struct http_multi *multi; /* from the first request on */
	struct http_call *calls;
};

static void finish(void *arg);

static void
end(struct http_call *call)
{
	http_receive_collect(call);
	loop_timer_disarm(call->deadline);
	if (call->share != NULL)
		loop_timer_disarm(call->share);
	loop_defer(call->http->loop, finish, call);
}

static int64_t
remaining_ms(const struct http_call *call)
{
	int64_t spent_ms = (clock_boot_us() - call->started_us) / 1000;

	return call->request->timeout_ms > spent_ms
	           ? call->request->timeout_ms - spent_ms
	           : 0;
}

/* ---- attempts: one address after another ---- */

static void
attempt(struct http_call *call)
{
	size_t left = call->address_count - call->attempt;
	int64_t share_ms;

	call->phase = HTTP_CONNECTING;
	call->dialled = false;
	call->connected_us = 0;
	call->attempt_us = clock_boot_us();
	if (left > 1) {
		share_ms = remaining_ms(call) / (int64_t)left;
		loop_timer_arm_ms(call->share,
		    share_ms < SHARE_MAX_MS ? share_ms : SHARE_MAX_MS);
	}
	http_transfer_prepare(call);
	http_multi_start(call->http->multi, call->slot);
}

static void
next_attempt(void *arg)
{
	struct http_call *call = arg;

	call->attempt++;
	attempt(call);
}

static bool
has_next(const struct http_call *call)
{
	return call->phase == HTTP_CONNECTING &&
	       call->attempt + 1 < call->address_count;
}

static void
on_done(struct http_slot *slot, CURLcode code)
{
	struct http_call *call = slot->owner;

	call->code = code;
	if (code == CURLE_COULDNT_CONNECT && has_next(call)) {
		loop_timer_disarm(call->share);
		loop_defer(call->http->loop, next_attempt, call);
		return;
	}
	http_explain(call);
	end(call);
}

static const struct http_multi_ops multi_ops = {
    .setup = http_transfer_setup,
    .done = on_done,
};

static void
on_share(void *arg)
{
	struct http_call *call = arg;

	if (!call->slot->running || !has_next(call))
		return;
	http_multi_stop(call->http->multi, call->slot);
	next_attempt(call);
}

static void
on_deadline(void *arg)
{
	struct http_call *call = arg;

	http_explain_deadline(call);
	http_multi_stop(call->http->multi, call->slot);
	loop_undefer(call->http->loop, call); /* a next attempt */
	end(call);
}

/* ---- before the first attempt ---- */

static int
judge(
    struct http_call *call, const struct sockaddr_storage *items, size_t count)
{
	const struct netguard *guard = call->request->guard;

	if (guard != NULL &&
	    (netguard_judge_all(guard, items, count, &call->err) < 0 ||
		(call->request->foreign &&
		    netguard_judge_port(guard, items, count, &call->err) < 0)))
		return err_wrap(
		    &call->err, "not connecting to %s", call->url.host);
	call->addresses = mem_dup(items, count * sizeof(*items));
	call->address_count = count;
	if (count > 1)
		call->share = loop_timer_new(call->http->loop, on_share, call);
	return 0;
}

static void
set_out(
    struct http_call *call, const struct sockaddr_storage *items, size_t count)
{
	struct http *h = call->http;

	if (judge(call, items, count) < 0) {
		end(call);
		return;
	}
	loop_timer_arm_ms(call->deadline, remaining_ms(call));
	call->slot = http_multi_take(h->multi, call);
	attempt(call);
}

static void
on_resolved(
    void *ctx, const struct resolve_addresses *found, const struct err *err)
{
	struct http_call *call = ctx;

	call->resolve = NULL;
	if (err->code != ERR_NONE) {
		call->err = *err;
		end(call);
		return;
	}
	call->response.timings.resolve_us = found->took_us;
	set_out(call, found->items, found->count);
}

static void
begin(struct http_call *call)
{
	const struct http_request *request = call->request;

	if (call->http->multi == NULL ||
	    http_url_parse(&call->url, request->url, &call->err) < 0 ||
	    http_transfer_check(request, &call->err) < 0) {
		end(call);
		return;
	}
	if (call->url.numeric &&
	    (request->family == AF_UNSPEC ||
		request->family == call->url.address.ss_family))
		set_out(call, &call->url.address, 1);
	else /* an address of the wrong family gets its error there */
		call->resolve = resolve_addresses(call->http->resolver,
		    call->url.host, call->url.port, request->family,
		    request->timeout_ms, on_resolved, call);
}

struct http_call *
http_start(
    struct http *h, const struct http_request *request, http_fn *fn, void *ctx)
{
	struct http_call *call = mem_alloc(sizeof(*call));

	/* Starting curl takes milliseconds that are none of the request's. */
	if (h->multi == NULL)
		http_multi_new(&h->multi, h->loop, &multi_ops, &call->err);
	call->http = h;
	call->request = request;
	call->fn = fn;
	call->ctx = ctx;
	call->started_us = clock_boot_us();
	call->response.timings = (struct http_timings){-1, -1, -1, -1, -1, -1};
	buf_init(&call->header_text, 2 * HTTP_HEADERS_MAX_BYTES);
	buf_init(&call->body, request->max_body);
	call->deadline = loop_timer_new(h->loop, on_deadline, call);
	call->link = &h->calls;
	call->next = h->calls;
	if (call->next != NULL)
		call->next->link = &call->next;
	h->calls = call;
	begin(call);
	return call;
}

/* ---- the end ---- */

void
http_cancel(struct http_call *call)
{
	struct http *h = call->http;

	if (call->resolve != NULL)
		resolve_cancel(call->resolve);
	if (call->slot != NULL) {
		http_multi_stop(h->multi, call->slot);
		http_multi_give(h->multi, call->slot);
	}
	loop_undefer(h->loop, call);
	loop_timer_free(call->deadline);
	loop_timer_free(call->share);
	*call->link = call->next;
	if (call->next != NULL)
		call->next->link = call->link;
	http_transfer_free(call);
	free(call->addresses);
	free(call);
}

static void
finish(void *arg)
{
	struct http_call *call = arg;

	if (call->slot != NULL)
		http_multi_give(call->http->multi, call->slot);
	call->slot = NULL;
	call->fn(call->ctx, &call->response, &call->err);
	http_cancel(call);
}

int
http_new(struct http **out, struct loop *loop, struct resolver *resolver,
    struct err *err)
{
	struct http *h = mem_alloc(sizeof(*h));

	(void)err;
	h->loop = loop;
	h->resolver = resolver;
	*out = h;
	return 0;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	while (h->calls != NULL)
		http_cancel(h->calls);
	http_multi_free(h->multi);
	free(h);
}

/* ---- the response's headers ---- */

const char *
http_header(const struct http_response *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (str_eq(r->headers[i].name, name))
			return r->headers[i].value;
	return NULL;
}

int64_t
http_retry_after_ms(const struct http_response *r, int64_t wall_ms)
{
	const char *value = http_header(r, "retry-after");
	int64_t seconds, at_ms;

	if (value == NULL)
		return -1;
	if (value[0] != '\0' && value[strspn(value, "0123456789")] == '\0')
		return (str_parse_i64(value, 0, INT32_MAX, &seconds) == 0
			       ? seconds
			       : INT32_MAX) *
		       INT64_C(1000);
	if (clock_parse_http(value, &at_ms) == 0)
		return at_ms > wall_ms ? at_ms - wall_ms : 0;
	return -1;
}
