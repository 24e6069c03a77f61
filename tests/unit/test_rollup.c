#include "state/rollup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
counts_and_exact_percentiles(void **state)
{
	struct sample s[104] = {{0}};
	struct rollup r;

	(void)state;
	for (int i = 0; i < 100; i++) {
		s[i].duration_us = (i * 37 % 100 + 1) * 1001;
		s[i].outcome = i < 10 ? OUTCOME_DEGRADED : OUTCOME_OK;
	}
	s[100] = (struct sample){.outcome = OUTCOME_FAILED, .duration_us = 9e9};
	s[101] = (struct sample){.outcome = OUTCOME_UNKNOWN, .duration_us = -1};
	s[102] =
	    (struct sample){.outcome = OUTCOME_UNKNOWN, .duration_us = 8e9};
	s[103] = (struct sample){.outcome = OUTCOME_OK, .duration_us = -1};
	rollup_samples(&r, s, 104);
	assert_int_equal(r.count[OUTCOME_OK], 91);
	assert_int_equal(r.count[OUTCOME_DEGRADED], 10);
	assert_int_equal(r.count[OUTCOME_FAILED], 1);
	assert_int_equal(r.count[OUTCOME_UNKNOWN], 2);
	assert_int_equal(r.p50_us, 50 * 1001);
	assert_int_equal(r.p90_us, 90 * 1001);
	assert_int_equal(r.p99_us, 99 * 1001);
	assert_int_equal(r.max_us, 100 * 1001);
	assert_int_equal(r.latency.total, 100);
}

static void
one_run_is_every_percentile(void **state)
{
	struct sample s = {.duration_us = 777, .outcome = OUTCOME_OK};
	struct rollup r;

	(void)state;
	rollup_samples(&r, &s, 1);
	assert_int_equal(r.p50_us, 777);
	assert_int_equal(r.p99_us, 777);
	assert_int_equal(r.max_us, 777);
}

static void
failures_alone_have_no_latency(void **state)
{
	struct sample s = {.duration_us = 777, .outcome = OUTCOME_FAILED};
	struct rollup r;

	(void)state;
	rollup_samples(&r, &s, 1);
	assert_false(rollup_empty(&r));
	assert_int_equal(r.p50_us, -1);
	assert_int_equal(r.max_us, -1);
	rollup_samples(&r, NULL, 0);
	assert_true(rollup_empty(&r));
}

static void
a_merge_adds_and_never_passes_the_maximum(void **state)
{
	struct sample fast = {.duration_us = 1000, .outcome = OUTCOME_OK};
	struct sample slow = {.duration_us = 1000001, .outcome = OUTCOME_OK};
	struct sample down = {.duration_us = -1, .outcome = OUTCOME_FAILED};
	struct rollup r, sum;

	(void)state;
	rollup_init(&sum);
	rollup_samples(&r, &down, 1);
	rollup_merge(&sum, &r);
	assert_int_equal(sum.p50_us, -1);
	rollup_samples(&r, &fast, 1);
	rollup_merge(&sum, &r);
	rollup_merge(&sum, &r);
	rollup_samples(&r, &slow, 1);
	rollup_merge(&sum, &r);
	assert_int_equal(sum.count[OUTCOME_OK], 3);
	assert_int_equal(sum.count[OUTCOME_FAILED], 1);
	assert_int_equal(sum.max_us, 1000001);
	assert_in_range(sum.p50_us, 950, 1050);
	assert_in_range(sum.p99_us, 950000, 1000001);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_and_exact_percentiles),
	    cmocka_unit_test(one_run_is_every_percentile),
	    cmocka_unit_test(failures_alone_have_no_latency),
	    cmocka_unit_test(a_merge_adds_and_never_passes_the_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
