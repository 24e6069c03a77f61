#include "agent/manual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static int
read_text(struct manual *m, const char *text, struct err *err)
{
	json_t *json = json_loads(text, 0, NULL);
	int rc;

	assert_non_null(json);
	rc = manual_read(m, json, err);
	json_decref(json);
	return rc;
}

static void
fills_in_what_is_not_said(void **state)
{
	struct manual m;

	(void)state;
	assert_int_equal(read_text(&m, "{\"title\": \"x\"}", NULL), 0);
	assert_string_equal(m.title, "x");
	assert_string_equal(m.probe, "manual");
	assert_string_equal(m.actor, "somebody");
	assert_int_equal(m.severity, SEVERITY_HIGH);
	assert_null(m.key);
	assert_int_equal(m.labels.count, 0);
	manual_fini(&m);
}

static void
takes_all_that_is_said(void **state)
{
	struct manual m;

	(void)state;
	assert_int_equal(read_text(&m,
			     "{\"title\": \"x\", \"severity\": \"low\", "
			     "\"text\": \"t\", \"labels\": {\"a\": \"b\"}, "
			     "\"component\": \"c\", \"probe\": \"desk\", "
			     "\"runbook\": \"https://w/\", \"key\": \"k\", "
			     "\"actor\": \"kim\"}",
			     NULL),
	    0);
	assert_int_equal(m.severity, SEVERITY_LOW);
	assert_string_equal(m.labels.items[0].value, "b");
	assert_string_equal(m.runbook, "https://w/");
	assert_string_equal(m.key, "k");
	manual_fini(&m);
}

static void
says_what_is_wrong(void **state)
{
	static const char *const cases[][2] = {
	    {"{}", "title"},
	    {"[]", "object"},
	    {"{\"title\": \" \"}", "title: says nothing"},
	    {"{\"title\": \"x\", \"probe\": \"A b\"}", "probe:"},
	    {"{\"title\": \"x\", \"runbook\": \"file:///x\"}", "runbook:"},
	    {"{\"title\": \"x\", \"runbook\": \"\"}", "runbook:"},
	    {"{\"title\": \"x\", \"nothing\": 1}", "nothing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		struct manual m;

		assert_int_equal(read_text(&m, cases[i][0], &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		if (strstr(err.text, cases[i][1]) == NULL)
			fail_msg("%s: %s", cases[i][0], err.text);
		manual_fini(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fills_in_what_is_not_said),
	    cmocka_unit_test(takes_all_that_is_said),
	    cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
