#include "state/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define BASE INT64_C(1795000000000) /* any; need not be a whole hour here */

static void
assert_same(const struct sample *a, const struct sample *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_true(a[i].at_ms == b[i].at_ms);
		assert_true(a[i].duration_us == b[i].duration_us);
		assert_int_equal(a[i].outcome, b[i].outcome);
		assert_int_equal(a[i].detail, b[i].detail);
	}
}

static size_t
assert_round_trip(const struct sample *s, size_t count)
{
	struct sample *back;
	struct err err = ERR_INIT;
	size_t len, found;
	uint8_t *bytes = block_encode(BASE, s, count, &len);

	if (block_decode(&back, &found, BASE, bytes, len, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(found, count);
	assert_same(back, s, count);
	free(back);
	free(bytes);
	return len;
}

static void
nothing_comes_back_as_nothing(void **state)
{
	(void)state;
	assert_round_trip(NULL, 0);
}

static void
every_field_comes_back(void **state)
{
	static const struct sample s[] = {
	    {BASE, -1, 0, OUTCOME_UNKNOWN, false},
	    {BASE + 1, 0, 0, OUTCOME_OK, true},
	    {BASE + 2, INT64_MAX, 0, OUTCOME_FAILED, true},
	    {BASE + 1800000, 1, 0, OUTCOME_DEGRADED, false},
	    {BASE + BLOCK_SPAN_MS - 1, 12345, 0, OUTCOME_OK, false},
	};

	(void)state;
	assert_round_trip(s, 5);
	assert_round_trip(s + 4, 1);
}

static void
a_regular_beat_takes_few_bytes(void **state)
{
	struct sample s[120] = {{0}};

	(void)state;
	for (int i = 0; i < 120; i++) {
		s[i].at_ms = BASE + i * 30000 + i % 3;
		s[i].duration_us = 12000 + i * 10;
	}
	assert_true(assert_round_trip(s, 120) <= 120 * 4);
}

static void
sorting_keeps_the_last_of_equal_times(void **state)
{
	struct sample s[] = {
	    {.at_ms = 30, .duration_us = 1},
	    {.at_ms = 10, .duration_us = 2},
	    {.at_ms = 30, .duration_us = 3},
	    {.at_ms = 20, .duration_us = 4},
	    {.at_ms = 10, .duration_us = 5},
	    {.at_ms = 30, .duration_us = 6},
	};

	(void)state;
	assert_int_equal(sample_sort(s, 6), 3);
	assert_int_equal(s[0].duration_us, 5);
	assert_int_equal(s[1].duration_us, 4);
	assert_int_equal(s[2].duration_us, 6);
	assert_int_equal(sample_sort(s, 3), 3);
	assert_int_equal(sample_sort(s, 0), 0);
}

static void
broken_bytes_are_refused(void **state)
{
	static const struct {
		uint8_t bytes[16];
		size_t len;
	} bad[] = {
	    {{0}, 0},                            /* nothing */
	    {{9, 0, 0}, 3},                      /* another format */
	    {{1, 0}, 2},                         /* no duration */
	    {{1, 0x80}, 2},                      /* cut in a number */
	    {{1, 0x08, 0}, 3},                   /* before the hour */
	    {{1, 0, 0, 0, 0}, 5},                /* the same time twice */
	    {{1, 0x80, 0xd0, 0xbb, 0x1b, 0}, 6}, /* after the hour */
	    {{1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
		12}, /* a duration that is too large */
	};
	struct sample *out;
	struct err err;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(block_decode(&out, &count, BASE, bad[i].bytes,
				     bad[i].len, &err),
		    -1);
		assert_int_equal(err.code, ERR_CORRUPT);
		assert_null(out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_comes_back_as_nothing),
	    cmocka_unit_test(every_field_comes_back),
	    cmocka_unit_test(a_regular_beat_takes_few_bytes),
	    cmocka_unit_test(sorting_keeps_the_last_of_equal_times),
	    cmocka_unit_test(broken_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
