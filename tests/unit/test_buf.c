#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void
is_a_string_from_the_start(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_string_equal(buf_str(&b), "");
	assert_null(b.data);
	assert_int_equal(buf_add(&b, "", 0), 0);
	assert_string_equal(buf_str(&b), "");
	buf_fini(&b);
	buf_fini(&b); /* twice is harmless */
}

static void
grows_and_stays_ended(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	for (size_t i = 0; i < 1000; i++) {
		assert_int_equal(buf_putc(&b, (char)('a' + i % 26)), 0);
		assert_int_equal(b.len, i + 1);
		assert_int_equal(strlen(buf_str(&b)), i + 1);
	}
	assert_int_equal(buf_str(&b)[25], 'z');
	assert_false(b.cut);
	buf_fini(&b);
}

static void
keeps_bytes_as_they_are(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(buf_add(&b, "a\0b", 3), 0);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4);
	buf_fini(&b);
}

static void
stops_at_its_ceiling(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(buf_puts(&b, "abc"), 0);
	assert_int_equal(buf_puts(&b, "de"), 0);
	assert_false(b.cut);
	assert_int_equal(buf_putc(&b, 'f'), -1);
	assert_true(b.cut);
	assert_string_equal(buf_str(&b), "abcde");
	assert_int_equal(buf_puts(&b, ""), 0); /* nothing was lost by that */
	assert_true(b.cut);
	buf_fini(&b);

	buf_init(&b, 5);
	assert_int_equal(buf_puts(&b, "abcdefgh"), -1);
	assert_string_equal(buf_str(&b), "abcde");
	assert_int_equal(b.len, 5);
	buf_fini(&b);

	buf_init(&b, 0);
	assert_int_equal(buf_putc(&b, 'x'), -1);
	assert_string_equal(buf_str(&b), "");
	buf_fini(&b);
}

static void
never_takes_more_than_its_ceiling(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	while (buf_puts(&b, "0123456789abc") == 0)
		assert_true(b.room <= 1001);
	assert_int_equal(b.len, 1000);
	assert_int_equal(b.room, 1001);
	buf_fini(&b);
}

static void
prints(void **state)
{
	char longer[2001];
	struct buf b;

	(void)state;
	memset(longer, 'x', 2000);
	longer[2000] = '\0';
	buf_init(&b, 2010);
	assert_int_equal(buf_printf(&b, "%d-%s", 7, "a"), 0);
	assert_string_equal(buf_str(&b), "7-a");
	assert_int_equal(
	    buf_printf(&b, "%s", longer), 0); /* past the stack's */
	assert_int_equal(b.len, 2003);
	assert_int_equal(buf_printf(&b, "%s", "12345678"), -1);
	assert_int_equal(b.len, 2010);
	assert_string_equal(buf_str(&b) + 2003, "1234567");
	buf_fini(&b);
}

static void
prints_at_the_edge_of_its_stack_buffer(void **state)
{
	(void)state;
	for (int width = 510; width <= 514; width++) {
		struct buf b;

		buf_init(&b, 4096);
		assert_int_equal(buf_printf(&b, "%*d", width, 7), 0);
		assert_int_equal(b.len, width);
		assert_int_equal(buf_str(&b)[width - 1], '7');
		buf_fini(&b);
	}
}

static void
clears_and_is_good_again(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 3);
	buf_puts(&b, "abcd");
	assert_true(b.cut);
	buf_clear(&b);
	assert_false(b.cut);
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(buf_puts(&b, "xyz"), 0);
	assert_string_equal(buf_str(&b), "xyz");
	buf_fini(&b);
	buf_clear(&b);
	assert_string_equal(buf_str(&b), "");
}

static void
hands_its_memory_over(void **state)
{
	struct buf b;
	char *s;

	(void)state;
	buf_init(&b, 8);
	s = buf_take(&b); /* never NULL */
	assert_string_equal(s, "");
	free(s);
	buf_puts(&b, "mine");
	s = buf_take(&b);
	assert_string_equal(s, "mine");
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(buf_puts(&b, "12345678"), 0); /* the ceiling stays */
	assert_int_equal(buf_putc(&b, '9'), -1);
	assert_string_equal(s, "mine");
	free(s);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_a_string_from_the_start),
	    cmocka_unit_test(grows_and_stays_ended),
	    cmocka_unit_test(keeps_bytes_as_they_are),
	    cmocka_unit_test(stops_at_its_ceiling),
	    cmocka_unit_test(never_takes_more_than_its_ceiling),
	    cmocka_unit_test(prints),
	    cmocka_unit_test(prints_at_the_edge_of_its_stack_buffer),
	    cmocka_unit_test(clears_and_is_good_again),
	    cmocka_unit_test(hands_its_memory_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
