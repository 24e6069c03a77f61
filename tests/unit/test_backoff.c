#include "alerting/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void
follows_the_schedule_within_the_jitter(void **state)
{
	static const int want_s[] = {
	    1, 2, 5, 10, 30, 60, 60, 60, 60, 60, 120, 240, 480, 600, 600, 600};

	(void)state;
	for (unsigned i = 0; i < sizeof(want_s) / sizeof(want_s[0]); i++) {
		int64_t base = (int64_t)want_s[i] * 1000;

		for (uint64_t seed = 0; seed < 500; seed++) {
			int64_t got = backoff_delay_ms(i + 1, -1, seed);

			assert_in_range(got, base * 8 / 10, base * 12 / 10);
		}
	}
	assert_in_range(backoff_delay_ms(4000000000u, -1, 1), 480000, 720000);
	assert_in_range(backoff_delay_ms(0, -1, 1), 800, 1200);
}

static void
is_the_same_for_a_seed_and_spreads_over_seeds(void **state)
{
	int below = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 1000; seed++) {
		int64_t got = backoff_delay_ms(6, -1, seed);

		assert_int_equal(got, backoff_delay_ms(6, -1, seed));
		below += got < 60000;
	}
	assert_in_range(below, 400, 600);
}

static void
obeys_retry_after_up_to_an_hour(void **state)
{
	(void)state;
	assert_int_equal(backoff_delay_ms(1, 5000, 7), 5000);
	assert_int_equal(backoff_delay_ms(1, 1000000000, 7), 3600000);
	assert_int_equal(backoff_delay_ms(6, 0, 7), backoff_delay_ms(6, -1, 7));
	assert_int_equal(
	    backoff_delay_ms(14, 1000, 7), backoff_delay_ms(14, -1, 7));
}

static void
gives_up_after_a_day_and_a_few_attempts(void **state)
{
	(void)state;
	assert_false(
	    backoff_exhausted(100, 1000, 1000 + BACKOFF_GIVE_UP_MS - 1));
	assert_true(backoff_exhausted(100, 1000, 1000 + BACKOFF_GIVE_UP_MS));
	/* the agent itself was down for a week */
	assert_false(backoff_exhausted(1, 1000, 1000 + 7 * BACKOFF_GIVE_UP_MS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_the_schedule_within_the_jitter),
	    cmocka_unit_test(is_the_same_for_a_seed_and_spreads_over_seeds),
	    cmocka_unit_test(obeys_retry_after_up_to_an_hour),
	    cmocka_unit_test(gives_up_after_a_day_and_a_few_attempts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
