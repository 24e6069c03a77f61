/*
 * What the channel kinds that speak HTTP share: one request out, its answer
 * awaited on the kind's own loop, addresses judged, and the usual meaning of a
 * status. For path workers: post_send() blocks.
 */
#ifndef ALERTING_POST_H
#define ALERTING_POST_H

#include <stdbool.h>

#include "alerting/channel.h"
#include "base/http.h"

/* Enough for servers that answer with the whole message they were sent. */
#define POST_BODY_MAX (64 * 1024)
#define POST_KEPT_MAX 3

struct post; /* a client */

/* `allow` are the netguard exceptions. `loop` is not running. */
int post_open(struct post **out, struct loop *loop,
    const struct option_list *allow, struct err *err);

void post_free(struct post *p);

struct post_answer {
	struct err err;           /* ERR_NONE if a whole response came */
	int status;               /* 0 if none came */
	bool head_whole;          /* status and headers count, body or not */
	int64_t retry_after_ms;   /* -1 = not asked for */
	char location[200];       /* of a redirect, printable; or "" */
	char body[POST_BODY_MAX]; /* its beginning, as it came */
	size_t body_len;
	char kept[POST_KEPT_MAX][64]; /* by post_keep(), printable; "" = not */
};

/* Fills in guard, timeout and body limits of *request; blocks until the answer
 * or the deadline (boot clock). */
void post_send(struct post *p, struct http_request *request,
    int64_t deadline_ms, struct post_answer *answer);

/* Several at once: start them, more in callbacks if need be, then run until
 * all are answered. One callback each, never from inside post_start. */
typedef void post_fn(void *ctx, const struct post_answer *answer);
void post_start(struct post *p, struct http_request *request,
    int64_t deadline_ms, post_fn *fn, void *ctx);
void post_run(struct post *p);

/* Answers keep these headers from now on: at most POST_KEPT_MAX names in lower
 * case, NULL-ended, not copied. */
void post_keep(struct post *p, const char *const *names);

/*
 * The meaning of an answer where the protocol has no word of its own:
 * 2xx delivered; 410 disabled; 400, 405, 413, … rejected, as the same request
 * would be refused again; everything else is tried again: server errors, 408,
 * 425, 429, redirects (never followed), and 401, 403, 404, 407, which a person
 * mends on either side while the alert waits. A refusal counts although its
 * body broke off; a success does not: the message goes out again, under the
 * same key.
 */
void post_receipt(const struct post_answer *answer, struct receipt *r);

/* A URL as base/http_url.h has it, http:// only with `allow_http`; the message
 * starts with "url". NULL is fine: its lack is reported already. */
int post_check_url(const char *url, bool allow_http, struct err *err);
/* Every entry must be something netguard_new() takes. */
int post_check_allow(const struct option_list *allow, struct err *err);

extern const char *const post_schemes[]; /* for OPTION_URL */

#endif
