#include "state/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define ERROR_PERCENT 5

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void
assert_near(int64_t found, int64_t exact)
{
	int64_t off = found > exact ? found - exact : exact - found;

	if (off * 100 > exact * ERROR_PERCENT)
		fail_msg("%lld is not within %d %% of %lld", (long long)found,
		    ERROR_PERCENT, (long long)exact);
}

static void
is_empty_at_first(void **state)
{
	struct histogram h;

	(void)state;
	histogram_init(&h);
	assert_int_equal(histogram_percentile(&h, 50), -1);
	assert_int_equal(h.total, 0);
}

static void
every_value_comes_back_within_the_error(void **state)
{
	struct histogram h;

	(void)state;
	for (int64_t us = 0; us < INT64_C(1) << 41; us += us / 9 + 1) {
		histogram_init(&h);
		histogram_add(&h, us);
		assert_near(histogram_percentile(&h, 50), us);
		assert_near(histogram_percentile(&h, 100), us);
	}
}

static void
buckets_neither_overlap_nor_leave_gaps(void **state)
{
	struct histogram h;
	int64_t before = -1;

	(void)state;
	for (int64_t us = 0; us < 100000; us++) {
		histogram_init(&h);
		histogram_add(&h, us);
		assert_true(histogram_percentile(&h, 50) >= before);
		before = histogram_percentile(&h, 50);
	}
}

static void
odd_values_count_at_the_ends(void **state)
{
	struct histogram h;

	(void)state;
	histogram_init(&h);
	histogram_add(&h, -5);
	histogram_add(&h, INT64_MAX);
	assert_int_equal(h.total, 2);
	assert_int_equal(histogram_percentile(&h, 50), 0);
	assert_true(histogram_percentile(&h, 100) >= INT64_C(1) << 40);
}

static int
by_value(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

static void
percentiles_are_near_the_exact_ones(void **state)
{
	static int64_t all[10000];
	static const unsigned percents[] = {1, 50, 90, 99, 100};
	uint64_t seed = 42;
	struct histogram h;

	(void)state;
	histogram_init(&h);
	for (size_t i = 0; i < 10000; i++) {
		/* From microseconds to minutes. */
		all[i] = (int64_t)(next_random(&seed) >>
				   (36 + next_random(&seed) % 26));
		histogram_add(&h, all[i]);
	}
	qsort(all, 10000, sizeof(all[0]), by_value);
	for (size_t i = 0; i < 5; i++)
		assert_near(histogram_percentile(&h, percents[i]),
		    all[percents[i] * 100 - 1]);
}

static void
adding_up_equals_counting_together(void **state)
{
	struct histogram parts[3], sum, all;
	uint64_t seed = 7;

	(void)state;
	histogram_init(&sum);
	histogram_init(&all);
	for (int p = 0; p < 3; p++) {
		histogram_init(&parts[p]);
		for (int i = 0; i < 500; i++) {
			int64_t us = (int64_t)(next_random(&seed) % 5000000);

			histogram_add(&parts[p], us);
			histogram_add(&all, us);
		}
		histogram_merge(&sum, &parts[p]);
	}
	assert_memory_equal(&sum, &all, sizeof(all));
}

static void
counts_stop_at_their_highest_value(void **state)
{
	struct histogram a, b;

	(void)state;
	histogram_init(&a);
	a.count[100] = UINT32_MAX - 1;
	a.total = UINT32_MAX - 1;
	b = a;
	histogram_merge(&a, &b);
	assert_int_equal(a.count[100], UINT32_MAX);
	assert_int_equal(a.total, UINT32_MAX);
}

static void
assert_round_trip(const struct histogram *h)
{
	static uint8_t bytes[HISTOGRAM_ENCODED_MAX];
	size_t len = histogram_encode(h, bytes);
	struct histogram back;
	struct err err = ERR_INIT;

	assert_true(len <= sizeof(bytes));
	assert_int_equal(histogram_decode(&back, bytes, len, &err), 0);
	assert_memory_equal(&back, h, sizeof(back));
}

static void
bytes_hold_all_of_it(void **state)
{
	struct histogram h;

	(void)state;
	histogram_init(&h);
	assert_round_trip(&h);
	for (unsigned n = 0; n < 40; n++) {
		histogram_init(&h);
		h.count[n * 15] = h.total = n + 1;
		assert_round_trip(&h);
	}
	histogram_init(&h);
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		h.count[i] = UINT32_MAX;
		h.total += UINT32_MAX;
	}
	assert_round_trip(&h);
}

static void
a_usual_hour_takes_few_bytes(void **state)
{
	uint8_t bytes[HISTOGRAM_ENCODED_MAX];
	uint64_t seed = 3;
	struct histogram h;

	(void)state;
	histogram_init(&h);
	for (int i = 0; i < 120; i++)
		histogram_add(&h, 20000 + (int64_t)(next_random(&seed) % 8000));
	assert_true(histogram_encode(&h, bytes) <= 32);
}

static void
broken_bytes_are_refused(void **state)
{
	static const struct {
		uint8_t bytes[16];
		size_t len;
	} bad[] = {
	    {{0}, 0},                   /* nothing */
	    {{2, 0x11}, 2},             /* another format */
	    {{1, 0x10}, 2},             /* a count of none */
	    {{1, 0x1f}, 2},             /* the rest is missing */
	    {{1, 0x80}, 2},             /* cut in a number */
	    {{1, 0x81, 0xa6, 0x04}, 4}, /* past the last bucket */
	    {{1, 0x1f, 0xff, 0xff, 0xff, 0xff, 0x7f}, 7}, /* count too large */
	};
	struct histogram h;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
		    histogram_decode(&h, bad[i].bytes, bad[i].len, &err), -1);
		assert_int_equal(err.code, ERR_CORRUPT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_empty_at_first),
	    cmocka_unit_test(every_value_comes_back_within_the_error),
	    cmocka_unit_test(buckets_neither_overlap_nor_leave_gaps),
	    cmocka_unit_test(odd_values_count_at_the_ends),
	    cmocka_unit_test(percentiles_are_near_the_exact_ones),
	    cmocka_unit_test(adding_up_equals_counting_together),
	    cmocka_unit_test(counts_stop_at_their_highest_value),
	    cmocka_unit_test(bytes_hold_all_of_it),
	    cmocka_unit_test(a_usual_hour_takes_few_bytes),
	    cmocka_unit_test(broken_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
