/*
 * What the tests of the webhook channel's formats share: compose a request,
 * compare its body with one written down, understand an answer.
 */
#ifndef TESTS_WEBHOOK_CASE_H
#define TESTS_WEBHOOK_CASE_H

#include "alerting/webhook_formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/message_sample.h"

#define CASE_URL "https://hooks.example.org/x"
#define CASE_ACK "https://tocsin.example.org/ack/7k3qx9v2tb?t=a(1)_b"
#define CASE_NOW (SAMPLE_AT + 1000)

/* Everything that somebody who means harm might try. */
#define CASE_HOSTILE                                                           \
	"<!channel> <@U1> @everyone <@&7> <https://evil.example|x> "           \
	"[x](https://evil.example) *b* _i_ `c` \xe2\x80\xaegnp.exe "           \
	"\x01\x1b[31m \xff\xfe \"q\" \\ & \xf0\x9f\x98\x80\n# head"

struct webhook_case {
	struct webhook_config config;
	struct message m;
	struct webhook_request request;
	json_t *body; /* of the last request */
	char *long_text;
};

static inline void
case_init(struct webhook_case *c, enum event_type event)
{
	static char url[] = CASE_URL;

	*c = (struct webhook_case){.config = {.url = url}};
	c->m = sample_message(event);
	c->m.ack_url = CASE_ACK;
}

/* A message with little in it, for bodies that are written down. */
static inline void
case_small(struct webhook_case *c, enum event_type event)
{
	case_init(c, event);
	sample_free(&c->m);
	c->m.labels = c->m.regions = c->m.facts = c->m.metrics = NULL;
	c->m.timeline_count = 0;
	c->m.kind = c->m.description = "";
	c->m.failing_since_ms = 0;
}

/* Its texts as long and as bad as can be: 100 kB each. */
static inline void
case_harm(struct webhook_case *c)
{
	const char **texts[] = {&c->m.title, &c->m.reason, &c->m.note,
	    &c->m.actor, &c->m.target, &c->m.description, &c->m.component,
	    &c->m.because, &c->m.agent, &c->m.probe, &c->m.kind,
	    &c->m.acknowledged_by};
	size_t one = strlen(CASE_HOSTILE), len = 0;

	c->long_text = mem_alloc(100 * 1024 + one + 1);
	for (; len < 100 * 1024; len += one)
		memcpy(c->long_text + len, CASE_HOSTILE, one + 1);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = c->long_text;
}

static inline void
case_compose(
    struct webhook_case *c, const struct webhook_format *format, size_t step)
{
	const struct webhook_job job = {.config = &c->config,
	    .message = &c->m,
	    .id = "7k3qx9v2tb-1-chat",
	    .now_ms = CASE_NOW};

	json_decref(c->body);
	free(c->request.body);
	c->request = (struct webhook_request){
	    .method = "POST", .content_type = "application/json"};
	if (c->config.url != NULL)
		str_copy(c->request.url, sizeof(c->request.url), c->config.url);
	format->compose(&job, step, &c->request);
	c->body = json_loads(c->request.body, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(c->body);
}

static inline void
case_fini(struct webhook_case *c)
{
	json_decref(c->body);
	free(c->request.body);
	free(c->long_text);
	sample_free(&c->m);
}

/* JSON is written with ' for " in these tests. */
static inline void
case_same(const json_t *got, const char *quoted)
{
	char *text = mem_strdup(quoted), *is;
	json_error_t why;
	json_t *want;

	for (char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	want = json_loads(text, 0, &why);
	if (want == NULL)
		fail_msg(
		    "the test's own JSON: %s, column %d", why.text, why.column);
	is = json_text(got);
	free(text);
	text = json_text(want);
	if (!json_equal(want, got)) {
		fprintf(stderr, "want %s\ngot  %s\n", text, is);
		fail();
	}
	free(is);
	free(text);
	json_decref(want);
}

/* An answer as it would come; body may be NULL. */
static inline struct receipt
case_understand(const struct webhook_format *format, int status,
    const char *body, int64_t retry_after_ms)
{
	struct post_answer answer = {
	    .status = status, .retry_after_ms = retry_after_ms};
	struct receipt r = RECEIPT_INIT;

	if (body != NULL) {
		str_copy(answer.body, sizeof(answer.body), body);
		answer.body_len = strlen(answer.body);
	}
	if (status == 0)
		err_set(&answer.err, ERR_TIMEOUT, "no answer within 15 s");
	format->understand(&answer, &r);
	return r;
}

#endif
