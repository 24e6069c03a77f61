#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void
copies_and_reports_a_cut(void **state)
{
	char dst[4];

	(void)state;
	assert_int_equal(str_copy(dst, sizeof(dst), "abc"), 0);
	assert_string_equal(dst, "abc");
	assert_int_equal(str_copy(dst, sizeof(dst), "abcd"), -1);
	assert_string_equal(dst, "abc");
	assert_int_equal(str_copy(dst, sizeof(dst), ""), 0);
	assert_string_equal(dst, "");
	assert_int_equal(str_copy(dst, 1, "x"), -1);
	assert_string_equal(dst, "");
	dst[0] = 'k';
	assert_int_equal(str_copy(dst, 0, ""), -1);
	assert_int_equal(dst[0], 'k');
}

static void
prints_and_reports_a_cut(void **state)
{
	char dst[4];

	(void)state;
	assert_int_equal(str_printf(dst, sizeof(dst), "%d", 123), 0);
	assert_string_equal(dst, "123");
	assert_int_equal(str_printf(dst, sizeof(dst), "%d", 1234), -1);
	assert_string_equal(dst, "123");
}

static void
compares(void **state)
{
	(void)state;
	assert_true(str_eq("", ""));
	assert_false(str_eq("a", "A"));
	assert_true(str_starts("https://x", "https://"));
	assert_true(str_starts("x", ""));
	assert_false(str_starts("http", "https"));
	assert_true(str_ends("a.yaml", ".yaml"));
	assert_true(str_ends("x", ""));
	assert_false(str_ends("aml", ".yaml"));
	assert_false(str_ends("a.yaml ", ".yaml"));
}

static void
finds_in_a_list(void **state)
{
	const char *const list[] = {"ok", "failed", NULL};
	const char *const none[] = {NULL};

	(void)state;
	assert_int_equal(str_index(list, "ok"), 0);
	assert_int_equal(str_index(list, "failed"), 1);
	assert_int_equal(str_index(list, "fail"), -1);
	assert_int_equal(str_index(list, ""), -1);
	assert_int_equal(str_index(none, "ok"), -1);
}

static void
measures_edit_distance(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} cases[] = {
	    {"", "", 0},
	    {"", "abc", 3},
	    {"abc", "", 3},
	    {"abc", "abc", 0},
	    {"abc", "abd", 1},
	    {"abc", "abcd", 1},
	    {"abc", "ac", 1},
	    {"abc", "acb", 1},
	    {"ab", "ba", 1},
	    {"kitten", "sitting", 3},
	    {"timeout", "tiemout", 1},
	    {"ca", "abc", 3},
	};
	char longer[301], longest[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    str_distance(cases[i].a, cases[i].b), cases[i].distance);
		assert_int_equal(
		    str_distance(cases[i].b, cases[i].a), cases[i].distance);
	}
	memset(longer, 'a', 300);
	longer[300] = '\0';
	assert_int_equal(str_distance(longer, "a"), 255);
	assert_int_equal(str_distance(longer, longer), 0);
	memset(longest, 'b', 255);
	longest[255] = '\0';
	assert_int_equal(str_distance(longest, ""), 255);
	longer[255] = '\0';
	assert_int_equal(str_distance(longest, longer), 255);
}

static void
suggests_only_likely_typos(void **state)
{
	const char *const list[] = {
	    "every", "timeout", "target", "retry_every", "tcp", NULL};
	const char *const twins[] = {"cat", "car", NULL};

	(void)state;
	assert_string_equal(str_nearest(list, "timout"), "timeout");
	assert_string_equal(str_nearest(list, "tiemout"), "timeout");
	assert_string_equal(str_nearest(list, "evry"), "every");
	assert_string_equal(str_nearest(list, "tpc"), "tcp");
	assert_string_equal(str_nearest(list, "retry-evrey"), "retry_every");
	assert_null(str_nearest(list, "x"));
	assert_null(str_nearest(list, ""));
	assert_null(str_nearest(list, "colour"));
	assert_null(str_nearest(list, "udp"));
	/* the first of two that are equally near */
	assert_string_equal(str_nearest(twins, "cab"), "cat");
}

static bool
is_text(const char *s)
{
	return str_is_text(s, strlen(s));
}

static void
tells_text_from_bytes(void **state)
{
	(void)state;
	assert_true(is_text(""));
	assert_true(is_text("tab\tand\nnewline, ümlaut, 語, 🔔"));
	assert_false(is_text("carriage\rreturn"));
	assert_false(is_text("\x1b[31m"));
	assert_false(is_text("\x7f"));
	assert_false(is_text("\xc2\x85")); /* U+0085, a C1 control */
	assert_false(is_text("\xff"));
	assert_false(is_text("cut \xe8\xaa"));
	assert_false(str_is_text("a\0b", 3));
}

/* size is that of the whole buffer; what lies past it must not change */
static void
shown_as(const char *src, size_t len, size_t size, const char *expected)
{
	char dst[64];

	assert_true(size < sizeof(dst));
	memset(dst, '#', sizeof(dst));
	str_printable(dst, size, src, len);
	assert_string_equal(dst, expected);
	assert_int_equal(dst[size], '#');
}

static void
makes_bytes_printable(void **state)
{
	(void)state;
	shown_as("plain ümlaut", 13, 60, "plain ümlaut");
	shown_as("a\0b", 3, 60, "a\\x00b");
	shown_as("\x1b[31mred", 8, 60, "\\x1b[31mred");
	shown_as("two\nlines\r\n", 11, 60, "two lines  ");
	shown_as("\xff\xc3", 2, 60, "\\xff\\xc3");
	shown_as("\xc2\x85", 2, 60, "\\xc2\\x85");
	shown_as("\x7f", 1, 60, "\\x7f");
	/* a right-to-left override would let "exe" read as something else */
	shown_as("a\xe2\x80\xae"
		 "b",
	    5, 60, "a?b");
	shown_as("a\xe2\x80\xa8"
		 "b",
	    5, 60, "a?b");
	shown_as("", 0, 60, "");
}

static void
cuts_what_is_shown_between_characters(void **state)
{
	char dst[1] = {'#'};

	(void)state;
	shown_as("abcdef", 6, 7, "abcdef");
	shown_as("abcdef", 6, 6, "ab…");
	shown_as("abcdef", 6, 4, "…");
	shown_as("abcdef", 6, 3, "ab");
	/* an escape or a character is never shown in part */
	shown_as("ab\x01"
		 "cdef",
	    7, 9, "ab…");
	shown_as("aüüü", 7, 7, "aü…");
	shown_as("üüü", 6, 3, "ü");
	shown_as("abc", 3, 1, "");
	str_printable(dst, 0, "abc", 3);
	assert_int_equal(dst[0], '#');
}

static void
trims(void **state)
{
	char a[] = " \t\r\n x y \v\f\n", b[] = "   ", c[] = "", d[] = "x";

	(void)state;
	assert_string_equal(str_trim(a), "x y");
	assert_string_equal(str_trim(b), "");
	assert_string_equal(str_trim(c), "");
	assert_string_equal(str_trim(d), "x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(copies_and_reports_a_cut),
	    cmocka_unit_test(prints_and_reports_a_cut),
	    cmocka_unit_test(compares),
	    cmocka_unit_test(finds_in_a_list),
	    cmocka_unit_test(measures_edit_distance),
	    cmocka_unit_test(suggests_only_likely_typos),
	    cmocka_unit_test(tells_text_from_bytes),
	    cmocka_unit_test(makes_bytes_printable),
	    cmocka_unit_test(cuts_what_is_shown_between_characters),
	    cmocka_unit_test(trims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
