#include "alerting/email.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static char first[] = "a@example.org", second[] = "b@example.org";
static char *people[] = {first, second};
static const struct option_list to = {people, 2};

static const struct {
	const char *what;
	int message, one, two, sender, session;
	const char *verb, *trouble;
	enum receipt_status status;
	int code;
	const char *detail; /* part of it */
} cases[] = {
    {"accepted", 250, 250, 251, 250, 0, "", "", RECEIPT_DELIVERED, 250, "250"},
    {"taken, then cut at QUIT", 250, 250, 250, 250, 0, "", "cut",
	RECEIPT_DELIVERED, 250, "250"},
    {"one refused for good", 250, 250, 550, 250, 0, "", "", RECEIPT_REJECTED,
	550, "b@example.org: the server answered 550 no (1 of 2 addresses"},
    {"one greylisted", 250, 451, 250, 250, 0, "", "", RECEIPT_RETRY, 451,
	"a@example.org: the server answered 451 no (1 of 2 addresses"},
    {"one for good, one greylisted", 0, 550, 451, 250, 0, "", "", RECEIPT_RETRY,
	451, "0 of 2 addresses have it"},
    {"nobody accepted", 0, 550, 553, 250, 0, "", "", RECEIPT_REJECTED, 550,
	"0 of 2 addresses have it"},
    {"needs a login", 0, 530, 530, 250, 0, "", "", RECEIPT_RETRY, 530, ""},
    {"the mail refused", 554, 250, 250, 250, 0, "", "", RECEIPT_REJECTED, 554,
	"the mail"},
    {"no room", 452, 250, 250, 250, 0, "", "", RECEIPT_RETRY, 452, "the mail"},
    {"the sender refused", 0, 0, 0, 550, 0, "", "", RECEIPT_REJECTED, 550,
	"our sender address"},
    {"the sender needs a login", 0, 0, 0, 530, 0, "", "", RECEIPT_RETRY, 530,
	"check user and password"},
    {"wrong password", 0, 0, 0, 0, 535, "AUTH", "dropped", RECEIPT_RETRY, 535,
	"535 no to AUTH; check user and password"},
    {"wrong password, then everything refused", 551, 554, 554, 250, 535, "AUTH",
	"", RECEIPT_RETRY, 535, "check user and password"},
    {"pipelined after a refused sender", 503, 503, 503, 550, 0, "", "",
	RECEIPT_REJECTED, 550, "our sender address"},
    {"pipelined after refused recipients", 503, 550, 550, 250, 0, "", "",
	RECEIPT_REJECTED, 550, "0 of 2 addresses have it"},
    {"no service", 0, 0, 0, 0, 554, "", "dropped", RECEIPT_RETRY, 554,
	"to our connection"},
    {"no answer to the mail", 354, 250, 250, 250, 0, "", "it was at DATA",
	RECEIPT_RETRY, 0, "it was at DATA"},
    {"a silent server", 0, 0, 0, 0, 0, "", "", RECEIPT_RETRY, 0,
	"it may have arrived"},
    {"one refused, then the line broke", 0, 550, 250, 250, 0, "", "cut off",
	RECEIPT_RETRY, 0, "cut off"},
};

static void
put(struct smtp_reply *r, int code)
{
	*r = (struct smtp_reply){code, "no"};
}

static void
means_what_the_replies_mean(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct email_result s = {.count = 2, .who = {0, 1}};
		struct receipt r = {.code = -1};

		put(&s.message, cases[i].message);
		put(&s.recipients[0], cases[i].one);
		put(&s.recipients[1], cases[i].two);
		put(&s.sender, cases[i].sender);
		put(&s.session, cases[i].session);
		str_copy(s.session_verb, sizeof(s.session_verb), cases[i].verb);
		str_copy(s.trouble, sizeof(s.trouble), cases[i].trouble);
		email_receipt(&s, &to, &r);
		if (r.status != cases[i].status || r.code != cases[i].code ||
		    strstr(r.detail, cases[i].detail) == NULL)
			fail_msg("%s: %s %d \"%s\"", cases[i].what,
			    receipt_names[r.status], r.code, r.detail);
		assert_int_equal(r.retry_after_ms, -1);
	}
}

static void
names_the_right_person_in_a_later_attempt(void **state)
{
	struct email_result s = {.count = 1, .who = {1}};
	struct receipt r;

	(void)state;
	put(&s.recipients[0], 550);
	email_receipt(&s, &to, &r);
	assert_non_null(strstr(r.detail, "b@example.org"));
	assert_non_null(strstr(r.detail, "1 of 2 addresses have it"));
}

static void
finds_the_name_in_the_queue(void **state)
{
	static const struct {
		const char *answer, *id;
	} answers[] = {
	    {"2.0.0 Ok: queued as 4F2A31C0B7", "4F2A31C0B7"},
	    {"2.0.0 Ok: queued as 4XtLkQ2Gz2z1Qq.", "4XtLkQ2Gz2z1Qq"},
	    {"OK id=1sZxQ1-000Abc-2k", "1sZxQ1-000Abc-2k"},
	    {"2.0.0 48M6xIP2012345 Message accepted for delivery",
		"48M6xIP2012345"},
	    {"2.0.0 OK  1795320000 5b1f17b1804b1-42cc.19 - gsmtp",
		"5b1f17b1804b1-42cc.19"},
	    {"2.6.0 <a@b> [InternalId=1234567, Hostname=X] Queued mail",
		"1234567"},
	    {"Ok 010001917b6c7a3e-0b8f7f2a-000000",
		"010001917b6c7a3e-0b8f7f2a-000000"},
	    {"2.0.0 Ok", ""},
	    {"Ok taken", ""},
	    {"queued as ", ""},
	    {"", ""},
	};
	char id[40], little[4];

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		email_queue_id(id, sizeof(id), answers[i].answer);
		assert_string_equal(id, answers[i].id);
	}
	email_queue_id(little, sizeof(little), answers[0].answer);
	assert_string_equal(little, "");
}

/* What a person has to renew differs. */
static void
blames_the_token_where_one_was_shown(void **state)
{
	struct email_result s = {.count = 1, .oauth = true};
	struct receipt r = RECEIPT_INIT;

	(void)state;
	put(&s.session, 334);
	str_copy(s.session_verb, sizeof(s.session_verb), "AUTH");
	email_receipt(&s, &to, &r);
	assert_int_equal(r.status, RECEIPT_RETRY);
	assert_non_null(strstr(r.detail, "check the OAuth token"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(means_what_the_replies_mean),
	    cmocka_unit_test(names_the_right_person_in_a_later_attempt),
	    cmocka_unit_test(finds_the_name_in_the_queue),
	    cmocka_unit_test(blames_the_token_where_one_was_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
