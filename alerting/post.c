#include "alerting/post.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define BODY_SHOWN 120

struct post {
	struct loop *loop;
	struct resolver *resolver;
	struct http *http;
	struct netguard *guard;
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

struct wait {
	struct loop *loop;
	struct post_answer *answer;
};

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

static void
answered(void *ctx, const struct http_response *response, const struct err *err)
{
	struct wait *w = ctx;
	struct post_answer *a = w->answer;
	const char *location = http_header(response, "location");

	a->err = *err;
	a->status = response->status;
	a->retry_after_ms = http_retry_after_ms(response, clock_wall_ms());
	if (location != NULL)
		str_printable(a->location, sizeof(a->location), location,
		    strlen(location));
	a->body_len = response->body_len < sizeof(a->body) - 1
	                  ? response->body_len
	                  : sizeof(a->body) - 1;
	if (a->body_len > 0)
		memcpy(a->body, response->body, a->body_len);
	loop_stop(w->loop);
}

void
post_send(struct post *p, struct http_request *request, int64_t deadline_ms,
    struct post_answer *answer)
{
	struct wait w = {p->loop, answer};

	*answer = (struct post_answer){.retry_after_ms = -1};
	request->timeout_ms = deadline_ms - clock_boot_ms();
	if (request->timeout_ms <= 0) {
		err_set(&answer->err, ERR_TIMEOUT,
		    "no time left before the deadline");
		return;
	}
	request->guard = p->guard;
	request->max_body = sizeof(answer->body) - 1;
	request->truncate = true;
	http_start(p->http, request, answered, &w);
	loop_run(p->loop);
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
	    {410, ": the endpoint is gone for good; the channel stops"},
	    {429, ": too many requests"},
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hints[i].status == status)
			return hints[i].text;
	return "";
}

void
post_receipt(const struct post_answer *a, struct receipt *r)
{
	char shown[BODY_SHOWN];

	if (a->err.code != ERR_NONE) {
		receipt_set(r, RECEIPT_RETRY, a->status, "%s", a->err.text);
		return;
	}
	str_printable(shown, sizeof(shown), a->body, a->body_len);
	if (a->status >= 300 && a->status < 400)
		receipt_set(r, RECEIPT_RETRY, a->status,
		    "status %d: a redirect to %s, which is never followed; "
		    "put the new URL into the configuration",
		    a->status, a->location[0] ? a->location : "nowhere");
	else
		receipt_set(r, meaning(a->status), a->status,
		    "status %d%s%s%s%s", a->status, hint(a->status),
		    shown[0] ? ", body begins \"" : "", shown,
		    shown[0] ? "\"" : "");
	r->retry_after_ms = a->retry_after_ms;
}

int
post_check_url(const char *url, bool allow_http, struct err *err)
{
	if (url == NULL || allow_http || !str_starts(url, "http://"))
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
