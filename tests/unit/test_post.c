#include "alerting/post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "tests/unit/peer.h"

#define PATIENT_MS 60000 /* for scripts that end */
#define SHORT_MS   600   /* for those that do not */
#define SEND(text_)                                                            \
	{                                                                      \
		.what = PEER_SEND, .text = text_                               \
	}
#define ANSWER(...)                                                            \
	(const struct peer_step[])                                             \
	{                                                                      \
		{.what = PEER_READ}, __VA_ARGS__,                              \
		{                                                              \
			.what = PEER_CLOSE                                     \
		}                                                              \
	}

struct bench {
	struct loop *loop;
	struct post *post;
};

static int
setup(void **state)
{
	static char address[] = "127.0.0.1";
	char *local[] = {address};
	const struct option_list allow = {local, 1};
	struct bench *b = test_calloc(1, sizeof(*b));
	struct err err = ERR_INIT;

	b->loop = loop_new();
	assert_int_equal(post_open(&b->post, b->loop, &allow, &err), 0);
	*state = b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	post_free(b->post);
	loop_free(b->loop);
	test_free(b);
	return 0;
}

/* One message to one script; the receipt comes before the deadline, or at it
 * if the script never ends. */
static struct receipt
play(struct bench *b, const struct peer_step *script, int64_t within_ms,
    const char *host)
{
	struct http_request request = {.method = "POST", .body = "{}"};
	struct receipt r = RECEIPT_INIT;
	struct post_answer answer;
	struct peer p;
	char url[64];

	peer_open(&p, b->loop, script);
	str_printf(url, sizeof(url), "http://%s:%u/", host, p.port);
	request.url = url;
	request.body_len = 2;
	post_send(b->post, &request, clock_boot_ms() + within_ms, &answer);
	post_receipt(&answer, &r);
	if (!str_eq(host, "127.0.0.1"))
		assert_int_equal(p.connections, 0);
	peer_shut(&p);
	return r;
}

#define OK    "HTTP/1.1 200 OK\r\n"
#define BUSY  "HTTP/1.1 429 Too Many Requests\r\n"
#define EMPTY "Content-Length: 0\r\n\r\n"
#define TEN   "Content-Length: 10\r\n\r\n"

static void
says_what_each_answer_means(void **state)
{
	const struct {
		const struct peer_step *script;
		enum receipt_status status;
		int code;
		int64_t retry_after_ms;
		const char *text;
	} cases[] = {
	    {ANSWER(SEND(OK EMPTY)), RECEIPT_DELIVERED, 200, -1, "status 200"},
	    {ANSWER(SEND("HTTP/1.1 204 No Content\r\n\r\n")), RECEIPT_DELIVERED,
		204, -1, "status 204"},
	    {ANSWER(SEND(OK TEN "0123456789")), RECEIPT_DELIVERED, 200, -1,
		"body begins \"0123456789\""},
	    {ANSWER(SEND("HTTP/1.1 500 Oops\r\n" EMPTY)), RECEIPT_RETRY, 500,
		-1, "status 500"},
	    {ANSWER(SEND("HTTP/1.1 400 No\r\n" EMPTY)), RECEIPT_REJECTED, 400,
		-1, "status 400"},
	    {ANSWER(SEND("HTTP/1.1 410 Gone\r\n" EMPTY)), RECEIPT_DISABLED, 410,
		-1, "gone for good"},
	    {ANSWER(
		 SEND("HTTP/1.1 302 Found\r\nLocation: http://a/\r\n" EMPTY)),
		RECEIPT_RETRY, 302, -1, "a redirect to http://a/"},
	    {ANSWER(SEND(BUSY "Retry-After: 7\r\n" EMPTY)), RECEIPT_RETRY, 429,
		7000, "too many requests"},
	    {ANSWER(SEND(
		 BUSY "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n" EMPTY)),
		RECEIPT_RETRY, 429, 0, "too many requests"},
	    {ANSWER(SEND(BUSY EMPTY)), RECEIPT_RETRY, 429, -1,
		"too many requests"},
	    {ANSWER(SEND(BUSY "Retry-After: soon\r\n" EMPTY)), RECEIPT_RETRY,
		429, -1, "too many requests"},
	    /* What a refusal says counts, even if its body breaks off. */
	    {ANSWER(SEND(BUSY "Retry-After: 7\r\n" TEN "half")), RECEIPT_RETRY,
		429, 7000, "closed in the middle of the response"},
	    {ANSWER(SEND("HTTP/1.1 410 Gone\r\n" TEN "half")), RECEIPT_DISABLED,
		410, -1, "closed in the middle of the response"},
	    {ANSWER(SEND("HTTP/1.1 400 No\r\n" TEN "half")), RECEIPT_REJECTED,
		400, -1, "closed in the middle of the response"},
	    /* A success that breaks off is none. */
	    {ANSWER(SEND(OK TEN "half")), RECEIPT_RETRY, 200, -1,
		"closed in the middle of the response"},
	    {ANSWER(SEND(OK "Content-")), RECEIPT_RETRY, 200, -1, "closed"},
	    {ANSWER(SEND("HTTP/1.1 103 Early Hints\r\n\r\n")), RECEIPT_RETRY, 0,
		-1, "in the middle of the response"},
	    {ANSWER(SEND("HTTP/1.1 102 Wait\r\n\r\n"
			 "HTTP/1.1 200 OK\r\n" EMPTY)),
		RECEIPT_DELIVERED, 200, -1, "status 200"},
	    {ANSWER(SEND("SSH-2.0-x\r\n")), RECEIPT_RETRY, 0, -1,
		"not valid HTTP"},
	    {ANSWER({.what = PEER_RESET}), RECEIPT_RETRY, 0, -1, "reset"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct receipt r =
		    play(*state, cases[i].script, PATIENT_MS, "127.0.0.1");

		if (strstr(r.detail, cases[i].text) == NULL)
			fail_msg("%zu: \"%s\" does not say \"%s\"", i, r.detail,
			    cases[i].text);
		if (r.status != cases[i].status || r.code != cases[i].code ||
		    r.retry_after_ms != cases[i].retry_after_ms)
			fail_msg("%zu: %s, code %d, again in %d ms: %s", i,
			    receipt_names[r.status], r.code,
			    (int)r.retry_after_ms, r.detail);
	}
}

static void
waits_no_longer_than_until_the_deadline(void **state)
{
	const struct {
		const struct peer_step *script;
		int code;
		const char *text;
	} cases[] = {
	    {ANSWER({.what = PEER_HOLD}), 0, "waiting for the first byte"},
	    {ANSWER(SEND(OK), {.what = PEER_DRIP, .text = "A: b\r\n", .ms = 9}),
		200, "response not complete within"},
	    {ANSWER(SEND(OK TEN "0123"), {.what = PEER_HOLD}), 200,
		"response not complete within"},
	    {ANSWER(SEND(OK "\r\n"), {.what = PEER_DRIP, .text = "x", .ms = 9}),
		200, "response not complete within"},
	    {ANSWER(SEND("HTTP/1.1 102 Wait\r\n\r\n"), {.what = PEER_HOLD}), 0,
		"response not complete within"},
	    {ANSWER({.what = PEER_DRIP,
		 .text = "HTTP/1.1 102 Wait\r\n\r\n",
		 .ms = 9}),
		0, "response not complete within"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct receipt r =
		    play(*state, cases[i].script, SHORT_MS, "127.0.0.1");

		assert_int_equal(r.status, RECEIPT_RETRY);
		if (r.code != cases[i].code ||
		    strstr(r.detail, cases[i].text) == NULL)
			fail_msg("%zu: code %d, %s", i, r.code, r.detail);
	}
}

/* A refusal that drips: what it asks for is known long before its body. */
static void
obeys_a_refusal_that_never_ends(void **state)
{
	struct receipt r = play(*state,
	    ANSWER(SEND(BUSY "Retry-After: 30\r\n" TEN),
		{.what = PEER_DRIP_IT, .text = "0123456789", .ms = 400}),
	    SHORT_MS, "127.0.0.1");

	assert_int_equal(r.status, RECEIPT_RETRY);
	assert_int_equal(r.code, 429);
	assert_int_equal(r.retry_after_ms, 30000);
}

static void
drinks_from_no_hose(void **state)
{
	struct receipt r;

	r = play(*state,
	    ANSWER(
		{.what = PEER_FLOOD, .text = "HTTP/1.1 102 W\r\nA: b\r\n\r\n"}),
	    PATIENT_MS, "127.0.0.1");
	assert_int_equal(r.status, RECEIPT_RETRY);
	assert_int_equal(r.code, 0);
	assert_non_null(strstr(r.detail, "headers larger than 64 KiB"));

	r = play(*state,
	    ANSWER(SEND(OK), {.what = PEER_FLOOD, .text = "X-More: more\r\n"}),
	    PATIENT_MS, "127.0.0.1");
	assert_int_equal(r.status, RECEIPT_RETRY);
	assert_non_null(strstr(r.detail, "headers larger than 64 KiB"));

	r = play(*state,
	    ANSWER(SEND(BUSY "Retry-After: 9\r\n"),
		{.what = PEER_FLOOD, .text = "X-More: more\r\n"}),
	    PATIENT_MS, "127.0.0.1");
	assert_int_equal(r.status, RECEIPT_RETRY);

	/* Of a body the beginning is enough. */
	r = play(*state,
	    ANSWER(SEND(OK "\r\n"), {.what = PEER_FLOOD, .text = "more"}),
	    PATIENT_MS, "127.0.0.1");
	if (r.status != RECEIPT_DELIVERED ||
	    strstr(r.detail, "body begins \"moremore") == NULL)
		fail_msg("%s: %s", receipt_names[r.status], r.detail);
}

static void
speaks_to_no_address_without_leave(void **state)
{
	static const char *const hosts[] = {"127.0.0.2", "[::ffff:127.0.0.2]",
	    "[::1]", "0.0.0.0", "[::]", "169.254.169.254"};
	struct receipt r;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		r = play(*state, ANSWER(SEND(OK EMPTY)), PATIENT_MS, hosts[i]);
		assert_int_equal(r.status, RECEIPT_RETRY);
		assert_int_equal(r.code, 0);
		if (strstr(r.detail, "to allow it, put") == NULL)
			fail_msg("%s: %s", hosts[i], r.detail);
	}
}

static void
has_no_time_left(void **state)
{
	struct bench *b = *state;
	struct http_request request = {.url = "http://127.0.0.1/"};
	struct receipt r = RECEIPT_INIT;
	struct post_answer answer;

	post_send(b->post, &request, clock_boot_ms(), &answer);
	post_receipt(&answer, &r);
	assert_int_equal(r.status, RECEIPT_RETRY);
	assert_string_equal(r.detail, "no time left before the deadline");
}

static void
checks_urls_as_they_are_written(void **state)
{
	static const char *const wrong[] = {"https://me:pw@a.example/",
	    "https://0x7f.1/", "https://2130706433/", "https://127.1/",
	    "https://127.0.0.1./", "https://[fe80::1%25eth0]/",
	    "https://%6cocalhost/",
	    ("https://b\xc3\xbc"
	     "cher.example/"),
	    "ftp://a.example/", "https://a.example:0/"};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (post_check_url(wrong[i], true, &err) == 0)
			fail_msg("%s is fine", wrong[i]);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_true(str_starts(err.text, "url: "));
	}
	assert_int_equal(post_check_url(NULL, false, &err), 0);
	assert_int_equal(post_check_url("https://a.example/", false, &err), 0);
	assert_int_equal(post_check_url("http://a.example/", true, &err), 0);
	assert_int_equal(post_check_url("http://a.example/", false, &err), -1);
	assert_int_equal(post_check_url("HTTP://a.example/", false, &err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_what_each_answer_means),
	    cmocka_unit_test(waits_no_longer_than_until_the_deadline),
	    cmocka_unit_test(obeys_a_refusal_that_never_ends),
	    cmocka_unit_test(drinks_from_no_hose),
	    cmocka_unit_test(speaks_to_no_address_without_leave),
	    cmocka_unit_test(has_no_time_left),
	    cmocka_unit_test(checks_urls_as_they_are_written),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
