#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static json_t *
parsed(const char *text)
{
	struct err err = ERR_INIT;
	json_t *value = NULL;

	if (json_parse(&value, text, strlen(text), &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return value;
}

static void
parses_any_single_value(void **state)
{
	static const char *const right[] = {"{}", "[]", "1", "\"x\"", "null",
	    "true", " {\"a\":[1,2,{\"b\":null}]}\n", "-0.5e3", "\"\\u00fc\\n\"",
	    "9223372036854775807"};

	(void)state;
	for (size_t i = 0; i < COUNT(right); i++)
		json_decref(parsed(right[i]));
}

static void
refuses_what_is_not_exactly_one_value(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} wrong[] = {
	    {"", 0},
	    {" ", 1},
	    {"{", 1},
	    {"{}x", 3},
	    {"{} {}", 5},
	    {"{\"a\":1,\"a\":2}", 13}, /* duplicate key */
	    {"{\"a\":1,}", 8},
	    {"{a:1}", 5},
	    {"'x'", 3},
	    {"\"\\u0000\"", 8}, /* NUL in a string */
	    {"{\"\\u0000\":1}", 12},
	    {"\"a\0b\"", 5},
	    {"{}\0", 3},
	    {"\"\xff\"", 3},
	    {"\"\xed\xa0\x80\"", 5},
	    {"\"\\ud800\"", 8},
	    {"9223372036854775808", 19},
	    {"1e999", 5},
	    {"01", 2},
	    {"NaN", 3},
	    {"\"line\nbreak\"", 12},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct err err = ERR_INIT;
		json_t *value = NULL;

		assert_int_equal(
		    json_parse(&value, wrong[i].text, wrong[i].len, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.text, "JSON"));
	}
}

static void
an_error_repeats_nothing_that_could_mislead(void **state)
{
	struct err err = ERR_INIT;
	json_t *value;

	(void)state;
	assert_int_equal(json_parse(&value, "{\x1b[31m}", 7, &err), -1);
	assert_null(strchr(err.text, '\x1b'));
	assert_null(strchr(err.text, '\n'));
}

/* `depth` levels of [ or {"k":, then the same number of ends */
static int
parse_nested(size_t depth, bool objects)
{
	char *text = calloc(1, depth * 6 + 2), *at = text;
	json_t *value = NULL;
	int result;

	assert_non_null(text);
	for (size_t i = 0; i < depth; i++) {
		const char *open = objects ? "{\"k\":" : "[";

		memcpy(at, open, strlen(open));
		at += strlen(open);
	}
	*at++ = '1';
	memset(at, objects ? '}' : ']', depth);
	result = json_parse(&value, text, strlen(text), NULL);
	json_decref(value);
	free(text);
	return result;
}

static void
refuses_deep_nesting(void **state)
{
	struct err err = ERR_INIT;
	json_t *value;

	(void)state;
	for (int objects = 0; objects < 2; objects++) {
		assert_int_equal(parse_nested(JSON_DEPTH_MAX, objects), 0);
		assert_int_equal(parse_nested(JSON_DEPTH_MAX + 1, objects), -1);
		assert_int_equal(parse_nested(100000, objects), -1);
	}
	assert_int_equal(json_parse(&value, "[[[[[[[[[[[[[[[[[", 17, &err), -1);
	assert_non_null(strstr(err.text, "deeper than 16"));
	/* brackets in strings, and many that are not inside one another */
	value = parsed("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"");
	json_decref(value);
	value = parsed("\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"");
	json_decref(value);
	value = parsed("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]");
	json_decref(value);
}

#define SAMPLE                                                                 \
	"{\"name\":\"portal\",\"count\":7,\"half\":0.5,\"on\":true,"           \
	"\"off\":false,\"none\":null,\"list\":[],\"sub\":{\"x\":1}}"

/* Each line: what was asked of SAMPLE must fail and say this. */
#define SAYS(call, part)                                                       \
	do {                                                                   \
		err = (struct err)ERR_INIT;                                    \
		assert_int_equal(call, -1);                                    \
		assert_int_equal(err.code, ERR_INPUT);                         \
		if (strstr(err.text, part) == NULL)                            \
			fail_msg("\"%s\" lacks \"%s\"", err.text, part);       \
	} while (0)

static void
needs_members(void **state)
{
	const char *const words[] = {"site", "portal", NULL};
	json_t *obj = parsed(SAMPLE), *sub = NULL;
	const char *s = NULL;
	int64_t n = 0;
	int i = -1;

	(void)state;
	assert_int_equal(json_need_str(obj, "name", 6, &s, NULL), 0);
	assert_string_equal(s, "portal");
	assert_int_equal(json_need_int(obj, "count", 7, 7, &n, NULL), 0);
	assert_int_equal(n, 7);
	assert_int_equal(json_need_enum(obj, "name", words, &i, NULL), 0);
	assert_int_equal(i, 1);
	assert_int_equal(json_need_obj(obj, "sub", &sub, NULL), 0);
	assert_int_equal(json_int(sub, "x", 0), 1);
	json_decref(obj);
}

static void
says_why_a_needed_member_will_not_do(void **state)
{
	const char *const words[] = {"site", "page", NULL};
	json_t *obj = parsed(SAMPLE), *sub = NULL, *list = json_array();
	const char *s = NULL;
	struct err err;
	int64_t n = 0;
	int i = -1;

	(void)state;
	SAYS(json_need_str(obj, "nam", 9, &s, &err), "\"nam\" is missing");
	SAYS(json_need_str(obj, "none", 9, &s, &err),
	    "\"none\" is null, but must be a string");
	SAYS(json_need_str(obj, "count", 9, &s, &err),
	    "\"count\" is a number, but must be a string");
	SAYS(json_need_str(obj, "name", 5, &s, &err),
	    "\"name\" is 6 bytes long, but at most 5 are allowed");
	SAYS(json_need_int(obj, "name", 0, 9, &n, &err),
	    "\"name\" is a string, but must be a whole number");
	SAYS(json_need_int(obj, "half", 0, 9, &n, &err),
	    "\"half\" is a number with a fraction");
	SAYS(json_need_int(obj, "on", 0, 9, &n, &err), "is a boolean");
	SAYS(json_need_int(obj, "count", 0, 6, &n, &err),
	    "\"count\" is 7, but must be from 0 to 6");
	SAYS(json_need_int(obj, "count", 8, 9, &n, &err), "from 8 to 9");
	SAYS(json_need_enum(obj, "name", words, &i, &err),
	    "\"name\" is \"portal\", but must be one of site, page");
	SAYS(json_need_enum(obj, "count", words, &i, &err), "must be a string");
	SAYS(json_need_obj(obj, "list", &sub, &err),
	    "\"list\" is a list, but must be an object");
	SAYS(json_need_obj(obj, "gone", &sub, &err), "\"gone\" is missing");
	SAYS(json_need_str(list, "x", 9, &s, &err),
	    "expected an object with \"x\", found a list");
	SAYS(json_need_str(NULL, "x", 9, &s, &err), "found nothing");
	assert_null(s);
	assert_null(sub);
	assert_int_equal(n, 0);
	assert_int_equal(i, -1);
	json_decref(obj);
	json_decref(list);
}

static void
leaves_defaults_for_absent_options(void **state)
{
	json_t *obj = parsed(SAMPLE);
	const char *s = "before";
	bool flag = true;
	int64_t n = 42;

	(void)state;
	assert_int_equal(json_opt_str(obj, "gone", 9, &s, NULL), 0);
	assert_int_equal(json_opt_str(obj, "none", 9, &s, NULL), 0);
	assert_string_equal(s, "before");
	assert_int_equal(json_opt_int(obj, "gone", 0, 9, &n, NULL), 0);
	assert_int_equal(json_opt_int(obj, "none", 0, 9, &n, NULL), 0);
	assert_int_equal(n, 42);
	assert_int_equal(json_opt_bool(obj, "gone", &flag, NULL), 0);
	assert_int_equal(json_opt_bool(obj, "none", &flag, NULL), 0);
	assert_true(flag);

	assert_int_equal(json_opt_str(obj, "name", 6, &s, NULL), 0);
	assert_string_equal(s, "portal");
	assert_int_equal(json_opt_int(obj, "count", 0, 9, &n, NULL), 0);
	assert_int_equal(n, 7);
	assert_int_equal(json_opt_bool(obj, "off", &flag, NULL), 0);
	assert_false(flag);
	assert_int_equal(json_opt_bool(obj, "on", &flag, NULL), 0);
	assert_true(flag);
	json_decref(obj);
}

static void
judges_options_that_are_there(void **state)
{
	json_t *obj = parsed(SAMPLE);
	const char *s = NULL;
	bool flag = true;
	struct err err;
	int64_t n = 42;

	(void)state;
	SAYS(json_opt_str(obj, "name", 5, &s, &err), "at most 5");
	SAYS(json_opt_int(obj, "count", 0, 6, &n, &err), "from 0 to 6");
	SAYS(json_opt_bool(obj, "count", &flag, &err),
	    "\"count\" is a number, but must be true or false");
	assert_true(flag);
	assert_int_equal(n, 42);
	json_decref(obj);
}

static void
refuses_unknown_members(void **state)
{
	const char *const few[] = {"timeout", "target", NULL};
	json_t *right = parsed("{\"target\":1}"),
	       *typo = parsed("{\"target\":1,\"tiemout\":1}"),
	       *wrong = parsed("{\"\\u001b[31mcolour\":1}"),
	       *list = parsed("[]");
	struct err err;

	(void)state;
	assert_int_equal(json_only(right, few, NULL), 0);
	SAYS(json_only(typo, few, &err),
	    "unknown member \"tiemout\"; did you mean \"timeout\"?");
	SAYS(json_only(wrong, few, &err), "unknown member \"\\x1b[31mcolour\"");
	assert_null(strstr(err.text, "did you mean"));
	SAYS(json_only(list, few, &err), "expected an object, found a list");
	SAYS(json_only(NULL, few, &err), "found nothing");
	json_decref(right);
	json_decref(typo);
	json_decref(wrong);
	json_decref(list);
}

static void
reads_our_own_json_without_fuss(void **state)
{
	json_t *obj = parsed(SAMPLE);

	(void)state;
	assert_string_equal(json_str(obj, "name"), "portal");
	assert_string_equal(json_str(obj, "gone"), "");
	assert_string_equal(json_str(obj, "count"), "");
	assert_string_equal(json_str(NULL, "name"), "");
	assert_int_equal(json_int(obj, "count", 1), 7);
	assert_int_equal(json_int(obj, "name", 1), 1);
	assert_int_equal(json_int(obj, "half", 1), 1);
	assert_true(json_bool(obj, "on", false));
	assert_false(json_bool(obj, "off", true));
	assert_true(json_bool(obj, "gone", true));
	assert_true(json_bool(obj, "count", true));
	json_decref(obj);
}

static void
text_is(json_t *value, const char *expected)
{
	char *text = json_text(value);

	assert_string_equal(text, expected);
	free(text);
	json_decref(value);
}

static void
writes_members_in_order(void **state)
{
	json_t *obj = json_object();

	(void)state;
	json_put_str(obj, "z", "x");
	json_put_int(obj, "a", INT64_MIN);
	json_put_real(obj, "r", 0.1);
	json_put_real(obj, "nan", NAN);
	json_put_real(obj, "inf", INFINITY);
	json_put_bool(obj, "t", true);
	json_put_bool(obj, "f", false);
	json_put_time(obj, "at", 1);
	json_put_time(obj, "never", 0);
	json_put_str(obj, "null", NULL);
	json_put(obj, "sub", json_array());
	json_put(obj, "nothing", NULL);
	json_put_int(obj, "z", 2); /* again: replaced, in its old place */
	text_is(obj,
	    "{\"z\":2,\"a\":-9223372036854775808,\"r\":0.1,\"nan\":null,"
	    "\"inf\":null,\"t\":true,\"f\":false,"
	    "\"at\":\"1970-01-01T00:00:00.001Z\",\"never\":null,\"null\":null,"
	    "\"sub\":[],\"nothing\":null}");
}

static void
replaces_what_is_not_utf8(void **state)
{
	json_t *obj = json_object();

	(void)state;
	json_put_str(obj, "a", "x\xff\xc3(ü");
	json_put_str(obj, "b", "\x1b");
	json_put_text(obj, "c",
	    "t\ta\nb\r\x1b[0m\0\x7f"
	    "e\xc2\x85",
	    15);
	json_put_text(obj, "d", "\xe8\xaa", 2);
	json_put_text(obj, "e", "", 0);
	text_is(obj,
	    "{\"a\":\"x\xef\xbf\xbd\xef\xbf\xbd(ü\",\"b\":\"\\u001B\","
	    "\"c\":\"t\\ta\\nb[0me\",\"d\":\"\xef\xbf\xbd\xef\xbf\xbd\","
	    "\"e\":\"\"}");
}

static void
writes_any_value(void **state)
{
	(void)state;
	text_is(json_integer(5), "5");
	text_is(json_null(), "null");
	text_is(json_string("ü\"\n"), "\"ü\\\"\\n\"");
	text_is(json_real(1e300), "1e300");
	text_is(json_real(2), "2.0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_any_single_value),
	    cmocka_unit_test(refuses_what_is_not_exactly_one_value),
	    cmocka_unit_test(an_error_repeats_nothing_that_could_mislead),
	    cmocka_unit_test(refuses_deep_nesting),
	    cmocka_unit_test(needs_members),
	    cmocka_unit_test(says_why_a_needed_member_will_not_do),
	    cmocka_unit_test(leaves_defaults_for_absent_options),
	    cmocka_unit_test(judges_options_that_are_there),
	    cmocka_unit_test(refuses_unknown_members),
	    cmocka_unit_test(reads_our_own_json_without_fuss),
	    cmocka_unit_test(writes_members_in_order),
	    cmocka_unit_test(replaces_what_is_not_utf8),
	    cmocka_unit_test(writes_any_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
