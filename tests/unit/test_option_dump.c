/* base/option_dump.c: what comes back out is what went in. */
#include "base/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct inner {
	struct option_ranges status;
	int64_t within_ms;
};

struct item {
	int64_t count;
};

struct sample {
	char *url, *secret;
	int64_t bytes;
	struct option_list names;
	struct option_map tokens;
	struct inner expect;
	struct option_array items;
};

static const struct option inner_options[] = {
    {.name = "status",
	OPTION(RANGES, struct inner, status),
	.standard = "200-299"},
    {.name = "within", OPTION(DURATION, struct inner, within_ms)},
    OPTION_END,
};

static const struct option item_options[] = {
    {.name = "count", OPTION(INT, struct item, count), .standard = "1"},
    OPTION_END,
};

static const struct option sample_options[] = {
    {.name = "url", OPTION(URL, struct sample, url)},
    {.name = "secret", OPTION(SECRET, struct sample, secret)},
    {.name = "bytes", OPTION(SIZE, struct sample, bytes), .standard = "1KiB"},
    {.name = "names", OPTION(LIST, struct sample, names), .standard = "a"},
    {.name = "tokens",
	OPTION(MAP, struct sample, tokens),
	.flags = OPTION_SECRETS},
    {.name = "expect",
	OPTION(SECTION, struct sample, expect),
	.section = inner_options},
    {.name = "items",
	OPTION(SECTIONS, struct sample, items),
	.section = item_options,
	.section_size = sizeof(struct item)},
    OPTION_END,
};

static void
expect_dump(const char *in, bool all, bool hide, const char *wanted)
{
	struct sample s = {0};
	struct err err = ERR_INIT;
	json_t *obj = json_loads(in, 0, NULL);
	json_t *want = json_loads(wanted, 0, NULL), *got;

	assert_non_null(obj);
	assert_non_null(want);
	if (option_parse_one(sample_options, &s, obj, "", &err) < 0)
		fail_msg("%s", err.text);
	got = option_dump(sample_options, &s, all, hide);
	if (!json_equal(got, want))
		fail_msg("%s", json_dumps(got, JSON_COMPACT));
	option_free(sample_options, &s);
	json_decref(obj);
	json_decref(want);
	json_decref(got);
}

#define FULL                                                                   \
	"{\"url\":\"https://me:pw@a.example/x@y\",\"secret\":\"s\","           \
	"\"bytes\":\"1500B\",\"names\":[\"x\",\"y\"],"                         \
	"\"tokens\":{\"k\":\"v\"},\"expect\":{\"status\":\"200-299, 301\","    \
	"\"within\":\"1h30m\"},\"items\":[{\"count\":2}]}"

static void
only_differences_are_written(void **state)
{
	(void)state;
	expect_dump("{}", false, false, "{}");
	expect_dump("{\"bytes\":\"1024\",\"names\":\"a\","
		    "\"expect\":{\"status\":\"200-299\"}}",
	    false, false, "{}");
	expect_dump(FULL, false, false, FULL);
	expect_dump("{\"names\":[]}", false, false, "{\"names\":[]}");
}

static void
everything_is_written_when_asked(void **state)
{
	(void)state;
	expect_dump("{}", true, false,
	    "{\"bytes\":\"1KiB\",\"names\":[\"a\"],"
	    "\"expect\":{\"status\":\"200-299\",\"within\":\"0s\"}}");
}

static void
secrets_are_masked(void **state)
{
	(void)state;
	expect_dump(FULL, false, true,
	    "{\"url\":\"https://***@a.example/x@y\",\"secret\":\"***\","
	    "\"bytes\":\"1500B\",\"names\":[\"x\",\"y\"],"
	    "\"tokens\":{\"k\":\"***\"},\"expect\":{\"status\":"
	    "\"200-299, 301\",\"within\":\"1h30m\"},"
	    "\"items\":[{\"count\":2}]}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_differences_are_written),
	    cmocka_unit_test(everything_is_written_when_asked),
	    cmocka_unit_test(secrets_are_masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
