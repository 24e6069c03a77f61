/* agent/command_args.c: a command line by a command's rows. Mistakes, which
 * are printed, are held by tests/golden/config/docs.py. */
#include "agent/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct command_flag flags[] = {
    {'o', "option", "KEY=VALUE", "set it"},
    {0, "json", NULL, "print JSON"},
    COMMAND_FLAG_CONFIG,
    {0},
};

static const struct command sample = {
    .name = "sample it",
    .usage = "[-o KEY=VALUE] A [B]",
    .help = "for tests",
    .flags = flags,
    .words_min = 1,
    .words_max = 2,
};

/* At most 8 words; "it" stands in front of them. */
static int
parse(struct command_args *args, char **argv)
{
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	return command_parse(args, &sample, argc, argv);
}

static void
flags_and_words_mix(void **state)
{
	char words[][16] = {
	    "it", "-o", "a=b", "x", "--json", "--option=c=d", "-c", "f", "y"};
	char *argv[10] = {NULL};
	struct command_args args;

	(void)state;
	for (int i = 0; i < 9; i++)
		argv[i] = words[i];
	assert_int_equal(parse(&args, argv), -1);
	assert_int_equal(args.word_count, 2);
	assert_string_equal(args.words[0], "x");
	assert_string_equal(args.words[1], "y");
	assert_int_equal(args.given_count, 4);
	assert_string_equal(args.given[0].value, "a=b");
	assert_string_equal(command_value(&args, "option"), "c=d");
	assert_true(command_has(&args, "json"));
	assert_string_equal(command_config(&args), "f");
	command_args_fini(&args);
}

static void
defaults_hold_without_flags(void **state)
{
	char it[] = "it", x[] = "x", dashes[] = "--", looks[] = "-o";
	char *argv[] = {it, x, dashes, looks, NULL};
	struct command_args args;

	(void)state;
	assert_int_equal(parse(&args, argv), -1);
	assert_int_equal(args.word_count, 2);
	assert_string_equal(args.words[1], "-o");
	assert_false(command_has(&args, "json"));
	assert_null(command_value(&args, "option"));
	assert_string_equal(command_config(&args), COMMAND_CONFIG_FILE);
	command_args_fini(&args);
}

static void
wrong_usage_exits_with_two(void **state)
{
	static const char *const lines[][5] = {{"it"}, {"it", "a", "b", "c"},
	    {"it", "a", "--jsn"}, {"it", "a", "-o"}, {"it", "a", "-x"},
	    {"it", "a", "--json=5"}};
	struct command_args args;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char words[5][12], *argv[6] = {NULL};

		for (int n = 0; n < 5 && lines[i][n] != NULL; n++) {
			snprintf(words[n], sizeof(words[n]), "%s", lines[i][n]);
			argv[n] = words[n];
		}
		assert_int_equal(parse(&args, argv), EXIT_FAILED);
	}
}

static void
help_is_no_failure(void **state)
{
	char it[] = "it", help[] = "--help";
	char *argv[] = {it, help, NULL};
	struct command_args args;

	(void)state;
	assert_int_equal(parse(&args, argv), EXIT_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flags_and_words_mix),
	    cmocka_unit_test(defaults_hold_without_flags),
	    cmocka_unit_test(wrong_usage_exits_with_two),
	    cmocka_unit_test(help_is_no_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
