#include "alerting/email.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char token[] = "ya29.token";

static void
begins_with_the_one_that_can(void **state)
{
	static const struct {
		int backend;
		bool tls, oauth, avoid;
		enum email_backend first;
	} cases[] = {
	    {EMAIL_BACKEND_AUTO, false, false, false, EMAIL_BACKEND_LIBESMTP},
	    {EMAIL_BACKEND_AUTO, true, false, false, EMAIL_BACKEND_CURL},
	    {EMAIL_BACKEND_AUTO, false, true, false, EMAIL_BACKEND_CURL},
	    {EMAIL_BACKEND_AUTO, false, false, true, EMAIL_BACKEND_CURL},
	    {EMAIL_BACKEND_CURL, false, false, false, EMAIL_BACKEND_CURL},
	    {EMAIL_BACKEND_LIBESMTP, false, false, true,
		EMAIL_BACKEND_LIBESMTP},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct email_config config = {.backend = cases[i].backend,
		    .oauth_token = cases[i].oauth ? token : NULL};
		struct email_server server = {.implicit_tls = cases[i].tls};

		assert_int_equal(
		    email_backend_first(&config, &server, cases[i].avoid),
		    cases[i].first);
	}
}

/* The other library is for what the first one broke, never for a second
 * opinion, and never at the risk of a second mail. */
static void
switches_only_when_nothing_was_decided(void **state)
{
	static const struct {
		const char *what;
		int session, sender, recipient, message;
		bool distrusted, injected, may_have_mail, yes;
	} cases[] = {
	    {"a broken line", 0, 0, 0, 0, false, false, false, true},
	    {"broken after RCPT", 0, 250, 250, 0, false, false, false, true},
	    {"not understood", 502, 0, 0, 0, false, false, false, true},
	    {"delivered", 0, 250, 250, 250, false, false, true, false},
	    {"no service", 554, 0, 0, 0, false, false, false, false},
	    {"wrong password", 535, 0, 0, 0, false, false, false, false},
	    {"sender refused", 0, 550, 0, 0, false, false, false, false},
	    {"greylisted", 0, 250, 451, 0, false, false, false, false},
	    {"mail refused", 0, 250, 250, 554, false, false, true, false},
	    {"no answer to the mail", 0, 250, 250, 354, false, false, true,
		false},
	    {"wrong certificate", 0, 0, 0, 0, true, false, false, false},
	    {"plaintext slipped in", 0, 0, 0, 0, false, true, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct email_result result = {.count = 1,
		    .recipients = {{.code = cases[i].recipient}},
		    .session = {.code = cases[i].session},
		    .sender = {.code = cases[i].sender},
		    .message = {.code = cases[i].message},
		    .distrusted = cases[i].distrusted};
		struct smtp_trace trace = {.injected = cases[i].injected,
		    .may_have_mail = cases[i].may_have_mail};

		if (email_backend_may_switch(&result, &trace) != cases[i].yes)
			fail_msg("%s", cases[i].what);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(begins_with_the_one_that_can),
	    cmocka_unit_test(switches_only_when_nothing_was_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
