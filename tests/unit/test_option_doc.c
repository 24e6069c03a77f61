/* base/option_doc.c and option_schema.c: what the rows say of themselves. */
#include "base/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct inner {
	struct option_ranges status;
};

struct sample {
	char *target;
	int method;
	int64_t every_ms, count;
	struct inner expect;
	struct option_array steps;
};

static const char *const methods[] = {"GET", "POST", NULL};
static const char *const schemes[] = {"https", "tcp", NULL};

static const struct option inner_options[] = {
    {.name = "status",
	OPTION(RANGES, struct inner, status),
	.standard = "200-299",
	.help = "what a | b answers"},
    OPTION_END,
};

static const struct option sample_options[] = {
    {.name = "target",
	OPTION(URL, struct sample, target),
	.words = schemes,
	.flags = OPTION_REQUIRED,
	.help = "what to watch"},
    {.name = "method",
	OPTION(ENUM, struct sample, method),
	.words = methods,
	.standard = "GET",
	.help = "how to ask"},
    {.name = "every",
	OPTION(DURATION, struct sample, every_ms),
	.min = 15000,
	.max = 86400000,
	.standard = "30s",
	.help = "how often to look, counted from start to start, whatever "
		"the last run said"},
    {.name = "count",
	OPTION(INT, struct sample, count),
	.min = 1,
	.max = 9,
	.standard = "3",
	.help = "how many"},
    {.name = "expect",
	OPTION(SECTION, struct sample, expect),
	.section = inner_options,
	.help = "what is good"},
    {.name = "steps",
	OPTION(SECTIONS, struct sample, steps),
	.section = inner_options,
	.section_size = sizeof(struct inner),
	.help = "one by one"},
    OPTION_END,
};

static void
markdown_has_a_row_for_each_key(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 8192);
	option_markdown(&out, sample_options, "");
	assert_string_equal(buf_str(&out),
	    "| `target` | URL: `https` or `tcp` | **required** | what to "
	    "watch |\n"
	    "| `method` | `GET` or `POST` | `GET` | how to ask |\n"
	    "| `every` | duration, 15s to 1d | `30s` | how often to look, "
	    "counted from start to start, whatever the last run said |\n"
	    "| `count` | number, 1 to 9 | `3` | how many |\n"
	    "| `expect` | section |  | what is good |\n"
	    "| `expect.status` | ranges | `200-299` | what a \\| b answers "
	    "|\n"
	    "| `steps` | list of sections |  | one by one |\n"
	    "| `steps[].status` | ranges | `200-299` | what a \\| b answers "
	    "|\n");
	buf_fini(&out);
}

static void
help_is_wrapped(void **state)
{
	static const char wanted[] =
	    "  every  (default 30s)\n"
	    "      how often to look, counted from start to\n"
	    "      start, whatever the last run said: duration,\n"
	    "      15s to 1d\n";
	struct buf out;

	(void)state;
	buf_init(&out, 8192);
	option_help(&out, sample_options, "", 50);
	assert_non_null(strstr(buf_str(&out), wanted));
	assert_non_null(strstr(buf_str(&out), "  target  (required)\n"));
	assert_non_null(strstr(buf_str(&out), "  expect.status"));
	buf_fini(&out);
}

static json_t *
member(json_t *schema, const char *key)
{
	json_t *s = json_object_get(json_object_get(schema, "properties"), key);

	assert_non_null(s);
	return s;
}

static void
schema_says_types_limits_and_words(void **state)
{
	json_t *schema = option_schema(sample_options), *s;

	(void)state;
	assert_string_equal(json_string_value(json_array_get(
				json_object_get(schema, "required"), 0)),
	    "target");
	s = member(schema, "method");
	assert_int_equal(json_array_size(json_object_get(s, "enum")), 2);
	assert_string_equal(
	    json_string_value(json_object_get(s, "default")), "GET");
	s = member(schema, "count");
	assert_int_equal(json_integer_value(json_object_get(s, "minimum")), 1);
	assert_int_equal(json_integer_value(json_object_get(s, "default")), 3);
	s = member(schema, "expect");
	assert_true(json_is_false(json_object_get(s, "additionalProperties")));
	member(s, "status");
	assert_string_equal(json_string_value(json_object_get(
				member(schema, "target"), "pattern")),
	    "^(https|tcp)://|\\$\\{");
	json_decref(schema);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(markdown_has_a_row_for_each_key),
	    cmocka_unit_test(help_is_wrapped),
	    cmocka_unit_test(schema_says_types_limits_and_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
