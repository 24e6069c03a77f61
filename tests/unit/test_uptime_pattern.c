#include "probes/uptime_pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void
match(const char *pattern, const char *text, size_t len,
    enum uptime_match expected)
{
	assert_int_equal(uptime_pattern_once(pattern, text, len), expected);
}

static void
matches(void **state)
{
	(void)state;
	match("well", "all is well", 11, UPTIME_MATCH_YES);
	match("^well", "all is well", 11, UPTIME_MATCH_NO);
	match("", "", 0, UPTIME_MATCH_YES);
	match("gr\xc3\xbc.e",
	    "gr\xc3\xbc\xc3\x9f"
	    "e",
	    7, UPTIME_MATCH_YES);
	match("\\x{00}b", "a\0b", 3, UPTIME_MATCH_YES);
	match("well", "\xff\xfe well", 7, UPTIME_MATCH_YES); /* broken UTF-8 */
}

static void
says_where_it_ended(void **state)
{
	struct uptime_pattern *p = NULL;
	size_t end = 99;

	(void)state;
	assert_int_equal(uptime_pattern_new(&p, "2[0-9]+ ", NULL), 0);
	assert_int_equal(
	    uptime_pattern_match(p, "x 220 mail", 10, &end), UPTIME_MATCH_YES);
	assert_int_equal(end, 6);
	uptime_pattern_free(p);
	uptime_pattern_free(NULL);
}

static void
says_what_is_wrong_with_a_pattern(void **state)
{
	struct uptime_pattern *p = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(uptime_pattern_new(&p, "a(b", &err), -1);
	assert_null(p);
	assert_string_equal(err.text,
	    "the regular expression is wrong at character 4: missing closing "
	    "parenthesis");
	match("a(b", "ab", 2, UPTIME_MATCH_TIRED);
}

/* Each of these would take minutes to ages without the budget. */
static void
gives_up_rather_than_hang(void **state)
{
	size_t len = 1 << 20;
	char *text = mem_alloc(len + 1);

	(void)state;
	memset(text, 'a', len);
	match("^(a?)+$", text, len, UPTIME_MATCH_TIRED);
	match("\\p{L}*\\d", text, len, UPTIME_MATCH_TIRED);
	text[len - 1] = 'b'; /* the last byte that the pattern needs is there */
	match("(a+)+[cb]c?x*[^b]", text, len, UPTIME_MATCH_TIRED);
	match("(a|aa)+[0-9]", text, len, UPTIME_MATCH_TIRED);
	match("(.|\\n)*[0-9]", text, len, UPTIME_MATCH_TIRED);
	match("a*b$", text, len, UPTIME_MATCH_YES);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(matches),
	    cmocka_unit_test(says_where_it_ended),
	    cmocka_unit_test(says_what_is_wrong_with_a_pattern),
	    cmocka_unit_test(gives_up_rather_than_hang),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
