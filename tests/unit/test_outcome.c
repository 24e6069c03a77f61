#include "base/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
every_outcome_has_its_word(void **state)
{
	enum outcome o = OUTCOME_OK;

	(void)state;
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		assert_int_equal(outcome_parse(outcome_names[i], &o), 0);
		assert_int_equal(o, i);
	}
	assert_null(outcome_names[OUTCOME_COUNT]);
	assert_string_equal(outcome_names[OUTCOME_DEGRADED], "degraded");
	assert_int_equal(outcome_parse("OK", &o), -1);
	assert_int_equal(outcome_parse("", &o), -1);
	assert_int_equal(o, OUTCOME_UNKNOWN);
}

static void
every_severity_has_its_word(void **state)
{
	enum severity s = SEVERITY_INFO;

	(void)state;
	for (int i = 0; i < SEVERITY_COUNT; i++) {
		assert_int_equal(severity_parse(severity_names[i], &s), 0);
		assert_int_equal(s, i);
	}
	assert_null(severity_names[SEVERITY_COUNT]);
	assert_int_equal(severity_parse("urgent", &s), -1);
	/* they are compared with <, so their order is their meaning */
	assert_true(SEVERITY_INFO < SEVERITY_LOW);
	assert_true(SEVERITY_HIGH < SEVERITY_CRITICAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_outcome_has_its_word),
	    cmocka_unit_test(every_severity_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
