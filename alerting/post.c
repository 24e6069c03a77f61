#include "alerting/post.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/http_url.h"
#include "base/mem.h"
#include "base/str.h"

#define BODY_SHOWN 120

struct post {
	struct loop *loop;
	struct resolver *resolver;
	struct http *http;
	struct netguard *guard;
	const char *const *keep; /* or NULL */
	size_t under_way;
};

struct call {
	struct post *post;
	post_fn *fn;
	void *ctx;
};

void
post_free(struct post *p)
{
	if (p->http != NULL)
		http_free(p->http);
	if (p->resolver != NULL)
		resolver_free(p->resolver);
	netguard_free(p->guard);
	free(p);
}

const char *const post_schemes[] = {"https", "http", NULL};

int
post_open(struct post **out, struct loop *loop, const struct option_list *allow,
    struct err *err)
{
	struct post *p = mem_alloc(sizeof(*p));

	p->loop = loop;
	if (netguard_new(&p->guard, (const char *const *)allow->items,
		allow->count, err) < 0 ||
	    resolver_new(&p->resolver, loop,
		&(struct resolver_config){.servers = NULL}, err) < 0 ||
	    http_new(&p->http, loop, p->resolver, err) < 0) {
		post_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

void
post_keep(struct post *p, const char *const *names)
{
	p->keep = names;
}

static void
keep_headers(struct post_answer *a, const char *const *names,
    const struct http_response *response)
{
	for (size_t i = 0; i < POST_KEPT_MAX && names[i] != NULL; i++) {
		const char *value = http_header(response, names[i]);

		if (value != NULL)
			str_printable(a->kept[i], sizeof(a->kept[i]), value,
			    strlen(value));
	}
}

static void
fill(struct post_answer *a, const struct post *p,
    const struct http_response *response)
{
	const char *location = http_header(response, "location");

	a->status = response->status;
	a->head_whole = response->head_whole;
	a->retry_after_ms = http_retry_after_ms(response, clock_wall_ms());
	if (location != NULL)
		str_printable(a->location, sizeof(a->location), location,
		    strlen(location));
	if (p->keep != NULL)
		keep_headers(a, p->keep, response);
	a->body_len = response->body_len < sizeof(a->body) - 1
	                  ? response->body_len
	                  : sizeof(a->body) - 1;
	if (a->body_len > 0)
		memcpy(a->body, response->body, a->body_len);
}

static void
answered(void *ctx, const struct http_response *response, const struct err *err)
{
	struct call *call = ctx;
	struct post *p = call->post;
	struct post_answer answer = {.err = *err, .retry_after_ms = -1};

	fill(&answer, p, response);
	call->fn(call->ctx, &answer); /* may start others */
	free(call);
	if (--p->under_way == 0)
		loop_stop(p->loop);
}

void
post_start(struct post *p, struct http_request *request, int64_t deadline_ms,
    post_fn *fn, void *ctx)
{
	struct call *call = mem_alloc(sizeof(*call));
	int64_t left_ms = deadline_ms - clock_boot_ms();

	*call = (struct call){p, fn, ctx};
	p->under_way++;
	request->timeout_ms = left_ms > 0 ? left_ms : 1;
	request->guard = p->guard;
	request->max_body = POST_BODY_MAX - 1;
	request->truncate = true;
	http_start(p->http, request, answered, call);
}

void
post_run(struct post *p)
{
	if (p->under_way > 0)
		loop_run(p->loop);
}

static void
take(void *ctx, const struct post_answer *answer)
{
	*(struct post_answer *)ctx = *answer;
}

void
post_send(struct post *p, struct http_request *request, int64_t deadline_ms,
    struct post_answer *answer)
{
	*answer = (struct post_answer){.retry_after_ms = -1};
	if (deadline_ms <= clock_boot_ms()) {
		err_set(&answer->err, ERR_TIMEOUT,
		    "no time left before the deadline");
		return;
	}
	post_start(p, request, deadline_ms, take, answer);
	post_run(p);
}

static enum receipt_status
meaning(int status)
{
	static const int retry[] = {401, 403, 404, 407, 408, 425, 429};

	if (status >= 200 && status < 300)
		return RECEIPT_DELIVERED;
	if (status == 410)
		return RECEIPT_DISABLED;
	for (size_t i = 0; i < sizeof(retry) / sizeof(retry[0]); i++)
		if (status == retry[i])
			return RECEIPT_RETRY;
	return status >= 400 && status < 500 ? RECEIPT_REJECTED : RECEIPT_RETRY;
}

static const char *
hint(int status)
{
	static const struct {
		int status;
		const char *text;
	} hints[] = {
	    {401, ": it does not accept our credentials"},
	    {403, ": it forbids us this; check credentials and URL"},
	    {404, ": no such URL there; check the configuration"},
	    {410, ": the endpoint says that it is gone for good"},
	    {429, ": too many requests"},
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hints[i].status == status)
			return hints[i].text;
	return "";
}

/* What stands behind the status: how the answer broke off, or begins. */
static void
add_remark(char *dst, size_t size, const struct post_answer *a)
{
	char shown[BODY_SHOWN];

	str_printable(shown, sizeof(shown), a->body, a->body_len);
	dst[0] = '\0';
	if (a->err.code != ERR_NONE)
		str_printf(dst, size, "; %s", a->err.text);
	else if (shown[0] != '\0')
		str_printf(dst, size, ", body begins \"%s\"", shown);
}

void
post_receipt(const struct post_answer *a, struct receipt *r)
{
	bool success = a->status >= 200 && a->status < 300;
	char remark[sizeof(r->detail)];

	if (a->err.code != ERR_NONE && (success || !a->head_whole)) {
		receipt_set(r, RECEIPT_RETRY, a->status, "%s", a->err.text);
		return;
	}
	add_remark(remark, sizeof(remark), a);
	if (a->status >= 300 && a->status < 400)
		receipt_set(r, RECEIPT_RETRY, a->status,
		    "status %d: a redirect to %s, which is never followed; "
		    "put the new URL into the configuration",
		    a->status, a->location[0] ? a->location : "nowhere");
	else
		receipt_set(r, meaning(a->status), a->status, "status %d%s%s",
		    a->status, hint(a->status), remark);
	r->retry_after_ms = a->retry_after_ms;
}

int
post_check_url(const char *url, bool allow_http, struct err *err)
{
	struct http_url parts;

	if (url == NULL)
		return 0;
	if (http_url_parse(&parts, url, err) < 0) {
		err->code = ERR_CONFIG;
		return err_wrap(err, "url");
	}
	if (parts.tls || allow_http)
		return 0;
	return err_set(err, ERR_CONFIG,
	    "url: http:// would send alerts in the clear; use https://, or "
	    "set `allow_http: true`");
}

int
post_check_allow(const struct option_list *allow, struct err *err)
{
	struct netguard *guard = NULL;

	if (netguard_new(&guard, (const char *const *)allow->items,
		allow->count, err) < 0)
		return err_wrap(err, "allow_addresses");
	netguard_free(guard);
	return 0;
}
