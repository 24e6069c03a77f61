#include "base/smtp_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void
sent(struct smtp_trace *t, const char *s)
{
	smtp_trace_sent(t, s, strlen(s));
}

static void
got(struct smtp_trace *t, const char *s)
{
	smtp_trace_received(t, s, strlen(s));
}

static void
follows_a_mail(void **state)
{
	struct smtp_trace t = {.verb = ""};

	(void)state;
	got(&t, "220 mail ESMTP\r\n");
	sent(&t, "EHLO me\r\n");
	got(&t, "250-mail\r\n250-SIZE\r\n25");
	got(&t, "0 HELP\r\n");
	assert_string_equal(t.last.text, "mail SIZE HELP");
	sent(&t, "MAIL FROM:<a@b>\r\n");
	got(&t, "250 2.1.0 Ok\r\n");
	sent(&t, "RCPT TO:<c@d>\r\n");
	got(&t, "250 2.1.5 Ok\r\n");
	sent(&t, "RCPT TO:<e@f>\r\n");
	got(&t, "550-5.1.1 no\r\n550 5.1.1 such user\r\n");
	sent(&t, "DATA\r\n");
	got(&t, "354 go on\r\n");
	sent(&t, "RCPT is a word in the mail\r\n");
	sent(&t, ".\r\n");
	got(&t, "250 2.0.0 Ok: queued as 4F2A\r\n");
	sent(&t, "QUIT\r\n");
	got(&t, "221 Bye\r\n");
	assert_int_equal(t.recipient_count, 2);
	assert_int_equal(t.recipients[0].code, 250);
	assert_int_equal(t.recipients[1].code, 550);
	assert_string_equal(t.recipients[1].text, "5.1.1 no 5.1.1 such user");
	assert_int_equal(t.message.code, 250);
	assert_string_equal(t.message.text, "2.0.0 Ok: queued as 4F2A");
	assert_int_equal(t.refusal.code, 0);
	assert_false(t.injected);
}

static void
keeps_the_first_refusal_and_no_password(void **state)
{
	struct smtp_trace t = {.verb = ""};
	const char *p = (const char *)&t;

	(void)state;
	sent(&t, "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n");
	got(&t, "535 5.7.8 no\r\n");
	sent(&t, "bWFpbA==\r\n");
	sent(&t, "QUIT\r\n");
	got(&t, "421 bye\r\n");
	assert_int_equal(t.refusal.code, 535);
	assert_string_equal(t.refused_verb, "AUTH");
	for (size_t i = 0; i + 8 < sizeof(t); i++)
		assert_memory_not_equal(p + i, "AGFsaWNl", 8);
}

static void
takes_a_refused_data_for_a_refused_mail(void **state)
{
	struct smtp_trace t = {.verb = ""};

	(void)state;
	sent(&t, "DATA\r\n");
	got(&t, "554 no\r\n");
	sent(&t, "QUIT\r\n");
	got(&t, "221 bye\r\n");
	assert_int_equal(t.message.code, 554);
	assert_string_equal(t.at, "DATA");
}

static void
sees_what_is_slipped_in(void **state)
{
	static const struct {
		const char *first, *second;
		bool injected;
	} cases[] = {
	    {"220 go\r\n", NULL, false},
	    {"220-go\r\n", "220 on\r\n", false},
	    {"220 go\r\n250-AUTH PLAIN\r\n", NULL, true},
	    {"220 go\r\n", "250", true},
	    {"220 go\r\n", "2", true},
	    {"454 no\r\n", "421 bye\r\n", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smtp_trace t = {.verb = ""};

		sent(&t, "STARTTLS\r\n");
		got(&t, cases[i].first);
		if (cases[i].second != NULL)
			got(&t, cases[i].second);
		assert_int_equal(t.injected, cases[i].injected);
		sent(&t, "EHLO me\r\n");
		got(&t, "250 fine\r\n");
		assert_int_equal(t.injected, cases[i].injected);
	}
}

/* Whether a second try could double the mail. */
static void
knows_when_the_server_may_have_the_mail(void **state)
{
	struct smtp_trace t = {.verb = ""};

	(void)state;
	got(&t, "220 mail\r\n");
	sent(&t, "DATA\r\n");
	assert_false(t.may_have_mail);
	got(&t, "451 later\r\n");
	assert_false(t.may_have_mail);
	sent(&t, "DATA\r\n");
	got(&t, "354 go on\r\n");
	assert_true(t.may_have_mail);
	t = (struct smtp_trace){.verb = ""};
	sent(&t, "BDAT 100 LAST\r\n");
	sent(&t, "MAIL is a word in the mail\r\n");
	assert_true(t.may_have_mail);
}

static void
keeps_why_a_token_is_refused(void **state)
{
	struct smtp_trace t = {.verb = ""};

	(void)state;
	sent(&t, "AUTH OAUTHBEARER\r\n");
	got(&t, "334 \r\n");
	assert_int_equal(t.challenge.code, 0);
	sent(&t, "bixhPQ==\r\n");
	got(&t, "334 eyJzdGF0dXMiOiI0MDEifQ==\r\n");
	sent(&t, "AQ==\r\n");
	got(&t, "535 no\r\n");
	assert_string_equal(t.challenge.text, "eyJzdGF0dXMiOiI0MDEifQ==");
	assert_int_equal(t.refusal.code, 535);
}

static void
survives_anything(void **state)
{
	struct smtp_trace t = {.verb = ""};
	char longer[3000];

	(void)state;
	memset(longer, 'x', sizeof(longer));
	smtp_trace_received(&t, longer, sizeof(longer));
	got(&t, "\n\n\r\n250\n9999 x\n-\n");
	for (int i = 0; i < 3 * SMTP_RECIPIENTS_MAX; i++) {
		sent(&t, "RCPT TO:<x@y>\r\n");
		got(&t, "250 ok\r\n");
	}
	assert_int_equal(t.recipient_count, SMTP_RECIPIENTS_MAX);
	smtp_trace_sent(&t, "", 0);
	smtp_trace_received(&t, "", 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_a_mail),
	    cmocka_unit_test(keeps_the_first_refusal_and_no_password),
	    cmocka_unit_test(takes_a_refused_data_for_a_refused_mail),
	    cmocka_unit_test(sees_what_is_slipped_in),
	    cmocka_unit_test(knows_when_the_server_may_have_the_mail),
	    cmocka_unit_test(keeps_why_a_token_is_refused),
	    cmocka_unit_test(survives_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
