#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/option.h"

struct conf {
	char *token, *name;
	struct option_map headers;
};

static const struct option table[] = {
    {.name = "token", OPTION(SECRET, struct conf, token)},
    {.name = "name", OPTION(STRING, struct conf, name)},
    {.name = "headers",
	OPTION(MAP, struct conf, headers),
	.flags = OPTION_SECRETS},
    OPTION_END,
};

static char token[] = "topsecret99", name[] = "portal";
static char key[] = "X-Key", value[] = "keykeykey1";
static struct option_pair pairs[] = {{key, value}};
static const struct conf conf = {
    .token = token, .name = name, .headers = {pairs, 1}};

static void
redacts(const char *from, const char *to)
{
	char text[200];

	assert_true(strlen(from) < sizeof(text));
	memcpy(text, from, strlen(from) + 1);
	option_redact(table, &conf, text);
	assert_string_equal(text, to);
}

static void
blots_out_secrets_and_nothing_else(void **state)
{
	(void)state;
	redacts("body begins \"Bearer topsecret99\"",
	    "body begins \"Bearer ***********\"");
	redacts("X-Key: keykeykey1, portal", "X-Key: **********, portal");
	redacts("topsecret99topsecret99", "**********************");
	redacts("nothing to see, top of it", "nothing to see, top of it");
	redacts("", "");
}

static void
blots_out_what_was_cut_short(void **state)
{
	(void)state;
	redacts("…Bearer topsecret", "…Bearer *********");
	redacts("…Bearer topsecr", "…Bearer topsecr"); /* under 8: a word */
}

static void
reaches_into_json(void **state)
{
	json_t *o = json_pack("{s:{s:[s,i]}}", "a", "b", "x topsecret99", 7);

	(void)state;
	option_redact_json(table, &conf, o);
	assert_string_equal(
	    json_string_value(json_array_get(
		json_object_get(json_object_get(o, "a"), "b"), 0)),
	    "x ***********");
	option_redact_json(table, &conf, NULL);
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blots_out_secrets_and_nothing_else),
	    cmocka_unit_test(blots_out_what_was_cut_short),
	    cmocka_unit_test(reaches_into_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
