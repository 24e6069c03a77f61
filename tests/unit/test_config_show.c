/* agent/config_show.c: what it writes, the strict reader reads back. */
#include "agent/config_show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config_yaml.h"

static void
expect_yaml(const char *json, const char *wanted)
{
	json_t *value = json_loads(json, 0, NULL);
	struct buf out;

	assert_non_null(value);
	buf_init(&out, 65536);
	config_show_yaml(&out, value);
	assert_string_equal(buf_str(&out), wanted);
	buf_fini(&out);
	json_decref(value);
}

static void
maps_and_lists_are_blocks(void **state)
{
	(void)state;
	expect_yaml("{\"a\":{\"b\":\"c\",\"d\":[\"e\",{\"f\":1,\"g\":{}}]},"
		    "\"h\":[],\"i\":true}",
	    "a:\n  b: c\n  d:\n    - e\n    - f: 1\n      g: {}\n"
	    "h: []\ni: true\n");
}

static void
what_could_be_misread_is_quoted(void **state)
{
	(void)state;
	expect_yaml("{\"a\":\"no\",\"b\":\"1.10\",\"c\":\"\",\"d\":\"-x\","
		    "\"e\":\"a: b\",\"f\":\"x\\ny\",\"g h\":\"#\"}",
	    "a: \"no\"\nb: \"1.10\"\nc: \"\"\nd: \"-x\"\ne: \"a: b\"\n"
	    "f: \"x\\ny\"\n\"g h\": \"#\"\n");
}

static void
it_reads_back(void **state)
{
	static const char text[] =
	    "{\"~\":\"~\",\"null\":\"null\",\"a\":[[\"x\",[\"y\"]],"
	    "{\"z\":[\"true\"]}],\"caf\xc3\xa9\":\"\\u0001\\\"\\\\ ${\","
	    "\"b\":{\"- c\":\"'\",\"\xe2\x80\xa6\":\"? :\"}}";
	struct config_mistakes mistakes = {NULL, 0};
	struct config_yaml *yaml = config_yaml_new(&mistakes);
	json_t *value = json_loads(text, 0, NULL), *again;
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	config_show_yaml(&out, value);
	again = config_yaml_read(yaml, "x", buf_str(&out), out.len);
	assert_int_equal(mistakes.count, 0);
	assert_true(json_equal(value, again));
	json_decref(value);
	json_decref(again);
	config_yaml_free(yaml);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(maps_and_lists_are_blocks),
	    cmocka_unit_test(what_could_be_misread_is_quoted),
	    cmocka_unit_test(it_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
