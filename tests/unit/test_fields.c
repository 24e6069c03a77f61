#include "alerting/fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum colour { RED, GREEN };
static const char *const colours[] = {"red", "green", NULL};

struct thing {
	int64_t since_ms;
	unsigned count;
	bool ready;
	enum colour colour;
	char name[8];
};

static const struct field fields[] = {
    {FIELD(TIME, struct thing, since_ms)},
    {FIELD(COUNT, struct thing, count), .max = 9},
    {FIELD(BOOL, struct thing, ready)},
    {FIELD(ENUM, struct thing, colour), .names = colours},
    {FIELD(TEXT, struct thing, name)},
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static int
parse(struct thing *t, const char *text, struct err *err)
{
	json_t *json = json_loads(text, 0, NULL);
	int result;

	assert_non_null(json);
	result = fields_from_json(fields, FIELDS, t, json, err);
	json_decref(json);
	return result;
}

static void
test_there_and_back(void **unused)
{
	struct thing a = {INT64_MAX, 9, true, GREEN, "sevenXX"}, b;
	json_t *json = fields_to_json(fields, FIELDS, &a);
	char *text = json_dumps(json, JSON_COMPACT);

	(void)unused;
	assert_string_equal(text,
	    "{\"since_ms\":9223372036854775807,\"count\":9,\"ready\":true,"
	    "\"colour\":\"green\",\"name\":\"sevenXX\"}");
	memset(&b, 0xff, sizeof(b));
	assert_int_equal(fields_from_json(fields, FIELDS, &b, json, NULL), 0);
	assert_int_equal(b.since_ms, a.since_ms);
	assert_int_equal(b.count, a.count);
	assert_true(b.ready);
	assert_int_equal(b.colour, GREEN);
	assert_string_equal(b.name, a.name);
	free(text);
	json_decref(json);
}

static void
test_refuses(void **unused)
{
	static const char *const cases[][2] = {
	    {"{}", "since_ms"},
	    {"{\"since_ms\":-1}", "since_ms"},
	    {"{\"since_ms\":1,\"count\":10}", "count"},
	    {"{\"since_ms\":1,\"count\":-1}", "count"},
	    {"{\"since_ms\":1,\"count\":1.0}", "count"},
	    {"{\"since_ms\":1,\"count\":1}", "ready"},
	    {"{\"since_ms\":1,\"count\":1,\"ready\":1}", "ready"},
	    {"{\"since_ms\":1,\"count\":1,\"ready\":null}", "ready"},
	    {"{\"since_ms\":1,\"count\":1,\"ready\":true,"
	     "\"colour\":\"blue\"}",
		"colour"},
	    {"{\"since_ms\":1,\"count\":1,\"ready\":true,"
	     "\"colour\":\"red\",\"name\":\"eightXXX\"}",
		"name"},
	    {"{\"since_ms\":1,\"count\":1,\"ready\":true,"
	     "\"colour\":\"red\",\"name\":\"x\",\"more\":1}",
		"more"},
	    {"[]", "object"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		struct thing t;

		assert_int_equal(parse(&t, cases[i][0], &err), -1);
		if (strstr(err.text, cases[i][1]) == NULL)
			fail_msg("%s: %s", cases[i][0], err.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
