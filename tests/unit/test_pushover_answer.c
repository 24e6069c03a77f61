#include "alerting/pushover_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static struct pushover_answer
read_text(const char *text)
{
	struct pushover_answer answer;

	pushover_answer_read(&answer, text, strlen(text));
	return answer;
}

static void
reads_what_was_taken(void **state)
{
	struct pushover_answer a =
	    read_text("{\"status\":1,\"request\":\"647d2300-702c-4b38\","
		      "\"receipt\":\"rLqVuqTRh62UzxtmqiaLzQmVcPgiCy\"}");

	(void)state;
	assert_true(a.ours);
	assert_true(a.accepted);
	assert_string_equal(a.request, "647d2300-702c-4b38");
	assert_string_equal(a.receipt, "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy");
	assert_string_equal(a.errors, "");
}

static void
reads_what_was_refused(void **state)
{
	struct pushover_answer a = read_text(
	    "{\"user\":\"invalid\",\"errors\":[\"user identifier is invalid\","
	    "7,\"and\\u0007so on\"],\"status\":0,\"request\":\"x\"}");

	(void)state;
	assert_true(a.ours);
	assert_false(a.accepted);
	assert_string_equal(
	    a.errors, "user identifier is invalid; and\\x07so on");
}

static void
reads_who_acknowledged(void **state)
{
	struct pushover_answer a = read_text(
	    "{\"status\":1,\"acknowledged\":1,\"acknowledged_by\":\"uKey\","
	    "\"acknowledged_by_device\":\"phone\",\"expired\":0}");

	(void)state;
	assert_true(a.acknowledged);
	assert_false(a.expired);
	assert_string_equal(a.device, "phone");
	a = read_text("{\"status\":1,\"acknowledged\":0,\"expired\":1}");
	assert_false(a.acknowledged);
	assert_true(a.expired);
}

static void
takes_no_other_for_the_service(void **state)
{
	static const char *const others[] = {"", "<html>", "[]", "null",
	    "{\"status\":\"1\"}", "{\"status\":true}", "{\"receipt\":\"r\"}",
	    "{\"status\":1} trailing"};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct pushover_answer a = read_text(others[i]);

		assert_false(a.ours);
		assert_false(a.accepted);
	}
}

static void
a_receipt_may_stand_in_a_url(void **state)
{
	static const char *const bad[] = {"", "a/b", "a?b", "a b", "..",
	    "0123456789012345678901234567890123456789012345678901234567890123x",
	    "rä"};
	struct pushover_answer a =
	    read_text("{\"status\":1,\"receipt\":\"../../1/x?y\"}");

	(void)state;
	assert_string_equal(a.receipt, "");
	assert_true(pushover_is_receipt("rLqVuqTRh62UzxtmqiaLzQmVcPgiCy"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(pushover_is_receipt(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_was_taken),
	    cmocka_unit_test(reads_what_was_refused),
	    cmocka_unit_test(reads_who_acknowledged),
	    cmocka_unit_test(takes_no_other_for_the_service),
	    cmocka_unit_test(a_receipt_may_stand_in_a_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
