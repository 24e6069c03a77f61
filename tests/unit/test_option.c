/* base/option.c: filling a struct from JSON, and every way that it refuses. */
#include "base/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/outcome.h"

struct inner {
	struct option_ranges status;
	char *body;
	int64_t limit_ms;
};

struct step {
	char *name;
	int64_t count;
};

struct sample {
	char *target;
	char *secret;
	int method;
	bool follow;
	int64_t count, every_ms, bytes;
	double ratio;
	enum severity severity;
	struct option_list names;
	struct option_map headers;
	struct inner expect;
	struct option_array steps;
	json_t *any;
};

static const char *const methods[] = {"GET", "HEAD", "POST", NULL};
static const char *const schemes[] = {"https", "http", NULL};

static const struct option inner_options[] = {
    {.name = "status",
	OPTION(RANGES, struct inner, status),
	.standard = "200-299",
	.min = 100,
	.max = 599},
    {.name = "body", OPTION(STRING, struct inner, body), .max = 10},
    {.name = "within", OPTION(DURATION, struct inner, limit_ms)},
    OPTION_END,
};

static const struct option step_options[] = {
    {.name = "name",
	OPTION(STRING, struct step, name),
	.flags = OPTION_REQUIRED},
    {.name = "count", OPTION(INT, struct step, count), .standard = "3"},
    OPTION_END,
};

static const struct option sample_options[] = {
    {.name = "target",
	OPTION(URL, struct sample, target),
	.words = schemes,
	.flags = OPTION_REQUIRED},
    {.name = "secret", OPTION(SECRET, struct sample, secret), .max = 12},
    {.name = "method",
	OPTION(ENUM, struct sample, method),
	.words = methods,
	.standard = "HEAD"},
    {.name = "follow", OPTION(BOOL, struct sample, follow), .standard = "true"},
    {.name = "count",
	OPTION(INT, struct sample, count),
	.min = 1,
	.max = 9,
	.standard = "5"},
    {.name = "every",
	OPTION(DURATION, struct sample, every_ms),
	.min = 15000,
	.max = 86400000,
	.standard = "30s"},
    {.name = "bytes",
	OPTION(SIZE, struct sample, bytes),
	.max = 1 << 20,
	.standard = "64KiB"},
    {.name = "ratio",
	OPTION(DOUBLE, struct sample, ratio),
	.max = 1,
	.standard = "0.5"},
    {.name = "severity",
	OPTION(SEVERITY, struct sample, severity),
	.standard = "high"},
    {.name = "names",
	OPTION(LIST, struct sample, names),
	.max = 3,
	.standard = "a, b"},
    {.name = "headers", OPTION(MAP, struct sample, headers)},
    {.name = "expect",
	OPTION(SECTION, struct sample, expect),
	.section = inner_options},
    {.name = "steps",
	OPTION(SECTIONS, struct sample, steps),
	.section = step_options,
	.section_size = sizeof(struct step)},
    {.name = "any", OPTION(JSON, struct sample, any)},
    OPTION_END,
};

struct seen {
	struct buf text; /* "path: text\n" of each mistake */
	const json_t *at;
};

static void
on_mistake(void *ctx, const json_t *at, const char *path, const char *text)
{
	struct seen *seen = ctx;

	buf_printf(&seen->text, "%s: %s\n", path, text);
	seen->at = at;
}

static bool
all_hidden(void *ctx, const json_t *at)
{
	(void)ctx, (void)at;
	return true;
}

static json_t *
json_of(const char *text)
{
	json_error_t why;
	json_t *value = json_loads(text, 0, &why);

	if (value == NULL)
		fail_msg("%s: %s", text, why.text);
	return value;
}

/* Parse text and expect exactly these mistakes, a line each. */
static void
expect_mistakes(const char *text, bool hidden, const char *wanted)
{
	struct sample s = {0};
	struct option_set set = {sample_options, &s};
	struct seen seen = {.at = NULL};
	struct option_report report = {
	    .mistake = on_mistake,
	    .hidden = hidden ? all_hidden : NULL,
	    .ctx = &seen,
	};
	json_t *obj = json_of(text);
	int rc;

	buf_init(&seen.text, 8192);
	rc = option_parse(&set, 1, obj, "p", &report);
	assert_string_equal(buf_str(&seen.text), wanted);
	assert_int_equal(rc, *wanted == '\0' ? 0 : -1);
	option_free(sample_options, &s);
	option_free(sample_options, &s); /* is harmless the second time */
	buf_fini(&seen.text);
	json_decref(obj);
}

#define GOOD "\"target\":\"https://a.example/\""

static void
refuses(const char *member, const char *wanted)
{
	char text[1024], line[1024];

	snprintf(text, sizeof(text), "{" GOOD ",%s}", member);
	snprintf(line, sizeof(line), "%s\n", wanted);
	expect_mistakes(text, false, line);
}

static void
defaults_fill_what_is_absent(void **state)
{
	struct sample s = {0};
	json_t *obj = json_of("{" GOOD ",\"count\":null}");
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
	    option_parse_one(sample_options, &s, obj, "", &err), 0);
	assert_string_equal(s.target, "https://a.example/");
	assert_null(s.secret);
	assert_int_equal(s.method, 1);
	assert_true(s.follow);
	assert_int_equal(s.count, 5);
	assert_int_equal(s.every_ms, 30000);
	assert_int_equal(s.bytes, 65536);
	assert_true(s.ratio == 0.5);
	assert_int_equal(s.severity, SEVERITY_HIGH);
	assert_int_equal(s.names.count, 2);
	assert_string_equal(s.names.items[1], "b");
	assert_true(option_ranges_has(&s.expect.status, 299));
	assert_false(option_ranges_has(&s.expect.status, 300));
	assert_int_equal(s.steps.count, 0);
	assert_null(s.any);
	option_free(sample_options, &s);
	json_decref(obj);
}

static void
values_come_as_text_or_typed(void **state)
{
	struct sample s = {0};
	const struct step *steps;
	json_t *obj = json_of("{" GOOD ",\"count\":\"7\",\"follow\":\"false\","
			      "\"ratio\":0.25,\"bytes\":100,\"names\":\"one\","
			      "\"headers\":{\"A\":\"b\",\"C\":\"4\"},"
			      "\"expect\":{\"status\":[\"2xx\",301],"
			      "\"within\":\"1m30s\"},"
			      "\"steps\":[{\"name\":\"x\"},"
			      "{\"name\":\"y\",\"count\":-8}],"
			      "\"any\":[1,{\"k\":true}]}");
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
	    option_parse_one(sample_options, &s, obj, "", &err), 0);
	steps = s.steps.items;
	assert_int_equal(s.count, 7);
	assert_false(s.follow);
	assert_true(s.ratio == 0.25);
	assert_int_equal(s.bytes, 100);
	assert_int_equal(s.names.count, 1);
	assert_string_equal(s.headers.items[1].value, "4");
	assert_true(option_ranges_has(&s.expect.status, 250));
	assert_true(option_ranges_has(&s.expect.status, 301));
	assert_int_equal(s.expect.limit_ms, 90000);
	assert_int_equal(s.steps.count, 2);
	assert_string_equal(steps[1].name, "y");
	assert_int_equal(steps[0].count, 3);
	assert_int_equal(steps[1].count, -8);
	assert_int_equal(json_array_size(s.any), 2);
	option_free(sample_options, &s);
	json_decref(obj);
}

static void
limits_are_named(void **state)
{
	(void)state;
	refuses(
	    "\"every\":\"10s\"", "p.every: 10s is below the minimum of 15s");
	refuses("\"every\":\"2d\"", "p.every: 2d is above the maximum of 1d");
	refuses("\"count\":\"0\"", "p.count: 0 is below the minimum of 1");
	refuses("\"count\":10", "p.count: 10 is above the maximum of 9");
	refuses("\"count\":\"99999999999999999999\"",
	    "p.count: 99999999999999999999 is above the maximum of 9");
	refuses(
	    "\"bytes\":\"2MiB\"", "p.bytes: 2MiB is above the maximum of 1MiB");
	refuses("\"ratio\":1.5", "p.ratio: 1.5 is above the maximum of 1");
	refuses("\"secret\":\"0123456789abc\"",
	    "p.secret: 13 bytes are above the maximum of 12");
	refuses("\"names\":[\"a\",\"b\",\"c\",\"d\"]",
	    "p.names: allows at most 3, has 4");
	refuses("\"expect\":{\"status\":\"99\"}",
	    "p.expect.status: 99 is below the minimum of 100");
}

static void
malformed_values_are_refused(void **state)
{
	(void)state;
	refuses("\"follow\":\"yes\"",
	    "p.follow: yes is not a truth value; write true");
	refuses("\"follow\":\"off\"",
	    "p.follow: off is not a truth value; write false");
	refuses("\"follow\":\"maybe\"",
	    "p.follow: maybe is neither true nor false");
	refuses("\"count\":\"5x\"", "p.count: 5x is not a whole number");
	refuses("\"count\":\"\"", "p.count: \"\" is not a whole number");
	refuses("\"count\":\" 5\"", "p.count: \" 5\" is not a whole number");
	refuses("\"count\":5.5", "p.count: 5.5 is not a whole number");
	refuses("\"ratio\":\"nan\"", "p.ratio: nan is not a number");
	refuses("\"ratio\":\"inf\"", "p.ratio: inf is not a number");
	refuses("\"ratio\":\"1e999\"", "p.ratio: 1e999 is not a number");
	refuses("\"ratio\":\"0x1p3\"", "p.ratio: 0x1p3 is not a number");
	refuses("\"expect\":{\"status\":\"300-200\"}",
	    "p.expect.status: 300-200 ends before it starts");
	refuses("\"expect\":{\"status\":\"abc\"}",
	    "p.expect.status: abc is not a range; write 200, 200-299 or 2xx");
	refuses(
	    "\"names\":[\"a\",\"\"]", "p.names[1]: an item must not be empty");
}

static void
wrong_types_say_what_was_found(void **state)
{
	(void)state;
	refuses("\"every\":[1]", "p.every: expected duration, found list");
	refuses("\"secret\":5", "p.secret: expected secret text, found number");
	refuses("\"names\":{\"a\":\"b\"}",
	    "p.names: expected list of texts, found map");
	refuses("\"names\":[[\"a\"]]", "p.names[0]: expected text, found list");
	refuses("\"headers\":\"x\"",
	    "p.headers: expected map of texts, found text");
	refuses(
	    "\"headers\":{\"A\":{}}", "p.headers.A: expected text, found map");
	refuses(
	    "\"expect\":\"200\"", "p.expect: expected map of keys, found text");
	refuses("\"steps\":[\"x\"]",
	    "p.steps[0]: expected map of keys, found text");
	expect_mistakes("[]", false, "p: expected map of keys, found list\n");
}

static void
typos_get_a_suggestion(void **state)
{
	(void)state;
	refuses(
	    "\"methd\":\"GET\"", "p.methd: unknown key; did you mean method?");
	refuses("\"status\":200",
	    "p.status: unknown key; did you mean expect.status?");
	refuses("\"zzzzzzzz\":1", "p.zzzzzzzz: unknown key");
	refuses("\"expect\":{\"stauts\":1}",
	    "p.expect.stauts: unknown key; did you mean status?");
	refuses("\"method\":\"PSOT\"",
	    "p.method: PSOT is not one of GET, HEAD or POST; "
	    "did you mean POST?");
	refuses("\"severity\":\"hihg\"",
	    "p.severity: hihg is not one of info, low, medium, high or "
	    "critical; did you mean high?");
}

static void
urls_need_a_known_scheme(void **state)
{
	(void)state;
	expect_mistakes("{\"target\":\"HTTPS://a/\"}", false, "");
	expect_mistakes(
	    "{\"target\":\"\"}", false, "p.target: must not be empty\n");
	expect_mistakes("{\"target\":\"a.example\"}", false,
	    "p.target: a.example is not a URL; write https://HOST/…\n");
	expect_mistakes("{\"target\":\"htps://a\"}", false,
	    "p.target: the URL's scheme: htps is not one of https or http; "
	    "did you mean https?\n");
	expect_mistakes("{\"target\":\"https://\"}", false,
	    "p.target: \"https://\" ends after its scheme\n");
	expect_mistakes("{\"target\":\"https://a b\"}", false,
	    "p.target: \"https://a b\" has a space or control character in "
	    "it\n");
}

static void
all_mistakes_come_in_one_run(void **state)
{
	(void)state;
	expect_mistakes("{\"every\":\"1s\",\"cuont\":2,\"steps\":[{}]}", false,
	    "p.target: required key is missing\n"
	    "p.every: 1s is below the minimum of 15s\n"
	    "p.steps[0].name: required key is missing\n"
	    "p.cuont: unknown key; did you mean count?\n");
}

static void
hidden_values_stay_hidden(void **state)
{
	(void)state;
	expect_mistakes("{\"target\":\"hunter2\",\"count\":\"hunter2\","
			"\"every\":\"hunter2\",\"bytes\":\"hunter2\","
			"\"method\":\"hunter2\",\"follow\":\"hunter2\","
			"\"ratio\":\"hunter2\","
			"\"expect\":{\"status\":\"hunter2\"}}",
	    true,
	    "p.target: the value is not a URL; write https://HOST/…\n"
	    "p.method: the value is not one of GET, HEAD or POST\n"
	    "p.follow: the value is neither true nor false\n"
	    "p.count: the value is not a whole number\n"
	    "p.every: the value is not a duration such as 30s or 1h30m\n"
	    "p.bytes: the value is not a size such as 64KiB or 10MB\n"
	    "p.ratio: the value is not a number\n"
	    "p.expect.status: the value is not a list of ranges\n");
}

static void
several_tables_share_an_object(void **state)
{
	struct inner a = {0};
	struct step b = {0};
	struct option_set sets[] = {{inner_options, &a}, {step_options, &b}};
	struct seen seen = {.at = NULL};
	struct option_report report = {.mistake = on_mistake, .ctx = &seen};
	json_t *obj = json_of("{\"name\":\"n\",\"body\":\"b\",\"bdoy\":\"\"}");

	(void)state;
	buf_init(&seen.text, 1024);
	assert_int_equal(option_parse(sets, 2, obj, "", &report), -1);
	assert_string_equal(
	    buf_str(&seen.text), "bdoy: unknown key; did you mean body?\n");
	assert_ptr_equal(seen.at, json_object_get(obj, "bdoy"));
	assert_string_equal(a.body, "b");
	assert_string_equal(b.name, "n");
	option_free(inner_options, &a);
	option_free(step_options, &b);
	buf_fini(&seen.text);
	json_decref(obj);
}

static void
the_first_mistake_is_the_error(void **state)
{
	struct sample s = {0};
	struct err err = ERR_INIT;
	json_t *obj = json_of("{\"count\":0,\"every\":\"1s\"}");

	(void)state;
	assert_int_equal(
	    option_parse_one(sample_options, &s, obj, "", &err), -1);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_string_equal(err.text, "target: required key is missing");
	option_free(sample_options, &s);
	json_decref(obj);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_fill_what_is_absent),
	    cmocka_unit_test(values_come_as_text_or_typed),
	    cmocka_unit_test(limits_are_named),
	    cmocka_unit_test(malformed_values_are_refused),
	    cmocka_unit_test(wrong_types_say_what_was_found),
	    cmocka_unit_test(typos_get_a_suggestion),
	    cmocka_unit_test(urls_need_a_known_scheme),
	    cmocka_unit_test(all_mistakes_come_in_one_run),
	    cmocka_unit_test(hidden_values_stay_hidden),
	    cmocka_unit_test(several_tables_share_an_object),
	    cmocka_unit_test(the_first_mistake_is_the_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
