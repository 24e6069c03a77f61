#include "alerting/webpush_tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static struct webpush_subscriber
subscriber(const char *id)
{
	struct webpush_subscriber s = {.host = "push.example.net"};

	str_copy(s.id, sizeof(s.id), id);
	return s;
}

/* List the subscriber and note an answer with this status. */
static void
note(struct webpush_round *round, const char *id, int status)
{
	struct webpush_subscriber s = subscriber(id);
	struct webpush_outcome outcome = {webpush_tally_meaning(status), status,
	    status == 429 ? 9000 : -1, "a reason"};

	webpush_tally_list(round, id);
	webpush_tally_note(round, &s, &outcome);
}

static struct receipt
receipt_of(const struct webpush_round *round)
{
	struct receipt r = RECEIPT_INIT;

	webpush_tally_receipt(round, &r);
	return r;
}

static void
what_a_status_means(void **state)
{
	static const struct {
		int status;
		enum webpush_result result;
	} cases[] = {{201, WEBPUSH_TAKEN}, {200, WEBPUSH_TAKEN},
	    {202, WEBPUSH_TAKEN}, {404, WEBPUSH_GONE}, {410, WEBPUSH_GONE},
	    {400, WEBPUSH_REFUSED}, {401, WEBPUSH_REFUSED},
	    {403, WEBPUSH_REFUSED}, {413, WEBPUSH_REFUSED},
	    {429, WEBPUSH_LATER}, {408, WEBPUSH_LATER}, {500, WEBPUSH_LATER},
	    {503, WEBPUSH_LATER}, {301, WEBPUSH_LATER}, {0, WEBPUSH_LATER}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    webpush_tally_meaning(cases[i].status), cases[i].result);
}

static void
what_receipt_follows(void **state)
{
	static const struct {
		int statuses[3];
		enum receipt_status receipt;
		int code;
	} cases[] = {
	    {{201, 201, 201}, RECEIPT_DELIVERED, 201},
	    {{201, 410, 403}, RECEIPT_DELIVERED, 201},
	    {{201, 503, 410}, RECEIPT_RETRY, 503},
	    {{400, 429, 410}, RECEIPT_RETRY, 429},
	    {{410, 404, 410}, RECEIPT_RETRY, 0},
	    {{400, 413, 410}, RECEIPT_REJECTED, 400},
	    {{400, 403, 410}, RECEIPT_RETRY, 400},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct webpush_tally *t = webpush_tally_new();
		struct webpush_round *round = webpush_tally_begin(t, "k");
		struct receipt r;

		note(round, "aaaaaaaaaaaa", cases[i].statuses[0]);
		note(round, "bbbbbbbbbbbb", cases[i].statuses[1]);
		note(round, "cccccccccccc", cases[i].statuses[2]);
		r = receipt_of(round);
		assert_int_equal(r.status, cases[i].receipt);
		assert_int_equal(r.code, cases[i].code);
		webpush_tally_free(t);
	}
}

static void
attempts_add_up(void **state)
{
	struct webpush_tally *t = webpush_tally_new();
	struct webpush_round *round = webpush_tally_begin(t, "one");
	struct receipt r;

	(void)state;
	note(round, "aaaaaaaaaaaa", 201);
	note(round, "bbbbbbbbbbbb", 429);
	assert_int_equal(
	    webpush_tally_list(round, "cccccccccccc"), WEBPUSH_UNTRIED);
	r = receipt_of(round);
	assert_int_equal(r.status, RECEIPT_RETRY);
	assert_int_equal(r.retry_after_ms, 9000);
	assert_non_null(strstr(r.detail,
	    "1 of 3 took it; 2 later (bbbbbbbbbbbb at push.example.net: "
	    "a reason)"));

	webpush_tally_begin(t, "another");
	round = webpush_tally_begin(t, "one");
	assert_int_equal(
	    webpush_tally_list(round, "aaaaaaaaaaaa"), WEBPUSH_TAKEN);
	assert_int_equal(
	    webpush_tally_list(round, "bbbbbbbbbbbb"), WEBPUSH_LATER);
	/* cccc has unsubscribed meanwhile, and holds nobody up. */
	note(round, "bbbbbbbbbbbb", 201);
	r = receipt_of(round);
	assert_int_equal(r.status, RECEIPT_DELIVERED);
	assert_string_equal(r.detail, "2 of 2 took it");
	webpush_tally_free(t);
}

static void
says_how_to_subscribe(void **state)
{
	struct webpush_tally *t = webpush_tally_new();
	struct webpush_round *round = webpush_tally_begin(t, "k");
	struct receipt r = receipt_of(round);

	(void)state;
	assert_int_equal(r.status, RECEIPT_RETRY);
	assert_non_null(strstr(r.detail, "tocsin channel invite"));
	note(round, "aaaaaaaaaaaa", 410);
	r = receipt_of(round);
	assert_int_equal(r.status, RECEIPT_RETRY);
	assert_non_null(strstr(r.detail, "1 gone, forgotten; invite again"));
	webpush_tally_free(t);
}

static void
remembers_only_so_much(void **state)
{
	struct webpush_tally *t = webpush_tally_new();
	struct webpush_round *round;
	char key[40];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "%d", i);
		note(webpush_tally_begin(t, key), "aaaaaaaaaaaa", 201);
		note(webpush_tally_begin(t, "kept"), "aaaaaaaaaaaa", 201);
	}
	round = webpush_tally_begin(t, "kept");
	assert_int_equal(
	    webpush_tally_list(round, "aaaaaaaaaaaa"), WEBPUSH_TAKEN);
	round = webpush_tally_begin(t, "1");
	assert_int_equal(
	    webpush_tally_list(round, "aaaaaaaaaaaa"), WEBPUSH_UNTRIED);
	for (int i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "%012d", i);
		webpush_tally_list(round, key);
	}
	assert_int_equal(
	    webpush_tally_list(round, "000000000299"), WEBPUSH_REFUSED);
	webpush_tally_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_status_means),
	    cmocka_unit_test(what_receipt_follows),
	    cmocka_unit_test(attempts_add_up),
	    cmocka_unit_test(says_how_to_subscribe),
	    cmocka_unit_test(remembers_only_so_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
