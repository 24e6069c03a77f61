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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(means_what_the_replies_mean),
	    cmocka_unit_test(names_the_right_person_in_a_later_attempt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
