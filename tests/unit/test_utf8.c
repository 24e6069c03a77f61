#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
decodes_at_every_boundary(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint32_t code;
	} cases[] = {
	    {"\x00", 1, 0},
	    {"\x7f", 1, 0x7f},
	    {"\xc2\x80", 2, 0x80},
	    {"\xdf\xbf", 2, 0x7ff},
	    {"\xe0\xa0\x80", 3, 0x800},
	    {"\xed\x9f\xbf", 3, 0xd7ff},
	    {"\xee\x80\x80", 3, 0xe000},
	    {"\xef\xbf\xbf", 3, 0xffff},
	    {"\xf0\x90\x80\x80", 4, 0x10000},
	    {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t code = 0xdead;

		assert_int_equal(utf8_next(cases[i].bytes, cases[i].len, &code),
		    cases[i].len);
		assert_int_equal(code, cases[i].code);
		/* one byte short is nothing at all */
		assert_int_equal(
		    utf8_next(cases[i].bytes, cases[i].len - 1, &code), 0);
	}
}

static void
refuses_broken_sequences(void **state)
{
	static const char *const wrong[] = {
	    "\x80", /* continues nothing */
	    "\xbf",
	    "\xc0\x80", /* overlong NUL */
	    "\xc1\xbf",
	    "\xe0\x9f\xbf", /* overlong */
	    "\xf0\x8f\xbf\xbf",
	    "\xed\xa0\x80", /* surrogates */
	    "\xed\xbf\xbf",
	    "\xf4\x90\x80\x80", /* past U+10FFFF */
	    "\xf8\x88\x80\x80\x80",
	    "\xfe",
	    "\xff",
	    "\xc3(", /* not continued */
	    "\xe8\xaa(",
	    "\xf0\x9f\x94(",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		uint32_t code = 0;

		assert_int_equal(
		    utf8_next(wrong[i], strlen(wrong[i]), &code), 0);
	}
}

static void
knows_controls(void **state)
{
	(void)state;
	assert_true(utf8_is_control(0));
	assert_true(utf8_is_control(0x1f));
	assert_false(utf8_is_control(0x20));
	assert_false(utf8_is_control(0x7e));
	assert_true(utf8_is_control(0x7f));
	assert_true(utf8_is_control(0x9f));
	assert_false(utf8_is_control(0xa0));
}

static void
knows_what_deceives(void **state)
{
	(void)state;
	assert_false(utf8_is_deceptive(0x2027));
	assert_true(utf8_is_deceptive(0x2028));
	assert_true(utf8_is_deceptive(0x2029));
	assert_true(utf8_is_deceptive(0x202a));
	assert_true(utf8_is_deceptive(0x202e));
	assert_false(utf8_is_deceptive(0x202f));
	assert_false(utf8_is_deceptive(0x2065));
	assert_true(utf8_is_deceptive(0x2066));
	assert_true(utf8_is_deceptive(0x2069));
	assert_false(utf8_is_deceptive(0x206a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decodes_at_every_boundary),
	    cmocka_unit_test(refuses_broken_sequences),
	    cmocka_unit_test(knows_controls),
	    cmocka_unit_test(knows_what_deceives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
