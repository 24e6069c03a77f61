/* base/option_assign.c: `-o key=value` into nested members. */
#include "base/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct inner {
	char *body;
};

struct sample {
	char *method;
	struct option_list names;
	struct option_map headers;
	struct inner expect;
	struct option_array steps;
	json_t *any;
};

static const struct option inner_options[] = {
    {.name = "body", OPTION(STRING, struct inner, body)},
    OPTION_END,
};

static const struct option sample_options[] = {
    {.name = "method", OPTION(STRING, struct sample, method)},
    {.name = "names", OPTION(LIST, struct sample, names)},
    {.name = "headers", OPTION(MAP, struct sample, headers)},
    {.name = "expect",
	OPTION(SECTION, struct sample, expect),
	.section = inner_options},
    {.name = "steps",
	OPTION(SECTIONS, struct sample, steps),
	.section = inner_options,
	.section_size = sizeof(struct inner)},
    {.name = "any", OPTION(JSON, struct sample, any)},
    OPTION_END,
};

static void
assign_all(const char *const *texts, const char *wanted)
{
	json_t *obj = json_object(), *want = json_loads(wanted, 0, NULL);
	struct err err = ERR_INIT;

	for (; *texts != NULL; texts++)
		if (option_assign(obj, sample_options, *texts, &err) < 0)
			fail_msg("%s", err.text);
	assert_true(json_equal(obj, want));
	json_decref(obj);
	json_decref(want);
}

static void
refuses(const char *text, const char *wanted)
{
	json_t *obj = json_object();
	struct err err = ERR_INIT;

	assert_int_equal(option_assign(obj, sample_options, text, &err), -1);
	assert_string_equal(err.text, wanted);
	json_decref(obj);
}

static void
keys_nest_and_lists_grow(void **state)
{
	static const char *const texts[] = {"method=a=b", "method=GET",
	    "names=x", "names=y", "headers.X.Y=1", "headers.Z=", "any=[1,2]",
	    "expect.body=a.b=c", NULL};

	(void)state;
	assign_all(texts,
	    "{\"method\":\"GET\",\"names\":[\"x\",\"y\"],"
	    "\"headers\":{\"X.Y\":\"1\",\"Z\":\"\"},\"any\":[1,2],"
	    "\"expect\":{\"body\":\"a.b=c\"}}");
}

static void
text_that_is_no_json_stays_text(void **state)
{
	static const char *const texts[] = {"any=[1,", NULL};

	(void)state;
	assign_all(texts, "{\"any\":\"[1,\"}");
}

static void
mistakes_say_what_to_write(void **state)
{
	(void)state;
	refuses("method", "\"method\" is not KEY=VALUE");
	refuses("=x", "\"=x\" is not KEY=VALUE");
	refuses("metod=x", "metod: unknown key; did you mean method?");
	refuses(
	    "expect.bdoy=x", "expect.bdoy: unknown key; did you mean body?");
	refuses("body=x", "body: unknown key; did you mean expect.body?");
	refuses("expect=x", "expect: a section takes expect.KEY=VALUE");
	refuses("headers=x", "headers: a map takes headers.NAME=VALUE");
	refuses("method.x=y", "method has no keys of its own");
	refuses("steps=x", "steps: a list of sections needs a configuration "
			   "file");
	refuses("method=\x01",
	    "an option is not UTF-8 text or has control characters");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_nest_and_lists_grow),
	    cmocka_unit_test(text_that_is_no_json_stays_text),
	    cmocka_unit_test(mistakes_say_what_to_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
