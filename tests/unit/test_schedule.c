#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/schedule.h"

static void
takes_the_earliest_first(void **state)
{
	struct schedule *s = schedule_new();
	uint32_t id;
	int64_t due_ms;

	(void)state;
	schedule_set(s, 7, 300);
	schedule_set(s, 1, 100);
	schedule_set(s, 90, 200);
	assert_int_equal(schedule_next(s), 100);
	assert_int_equal(schedule_first(s), 1);
	assert_false(schedule_take(s, 99, &id, &due_ms));
	assert_true(schedule_take(s, 1000, &id, &due_ms));
	assert_int_equal(id, 1);
	assert_true(schedule_take(s, 1000, &id, &due_ms));
	assert_int_equal(id, 90);
	assert_int_equal(due_ms, 200);
	assert_true(schedule_take(s, 1000, &id, &due_ms));
	assert_int_equal(id, 7);
	assert_false(schedule_take(s, 1000, &id, &due_ms));
	assert_true(schedule_next(s) == INT64_MAX);
	schedule_free(s);
}

static void
moves_and_removes(void **state)
{
	struct schedule *s = schedule_new();
	uint32_t id;
	int64_t due_ms;

	(void)state;
	schedule_set(s, 1, 100);
	schedule_set(s, 2, 200);
	schedule_set(s, 1, 300);
	assert_int_equal(schedule_due(s, 1), 300);
	assert_true(schedule_take(s, 250, &id, &due_ms));
	assert_int_equal(id, 2);
	schedule_remove(s, 1);
	schedule_remove(s, 1);
	schedule_remove(s, 5000);
	assert_true(schedule_due(s, 1) == INT64_MAX);
	assert_true(schedule_next(s) == INT64_MAX);
	schedule_free(s);
}

/* Against a plain array, through many random changes. */
static void
agrees_with_a_plain_array(void **state)
{
	enum { IDS = 200, STEPS = 200000 };
	struct schedule *s = schedule_new();
	int64_t due[IDS];
	unsigned seed = 20261122;

	(void)state;
	for (int i = 0; i < IDS; i++)
		due[i] = INT64_MAX;
	for (int step = 0; step < STEPS; step++) {
		uint32_t id = (uint32_t)rand_r(&seed) % IDS, got;
		int64_t least = INT64_MAX, at;

		switch (rand_r(&seed) % 3) {
		case 0:
			due[id] = rand_r(&seed) % 1000;
			schedule_set(s, id, due[id]);
			break;
		case 1:
			due[id] = INT64_MAX;
			schedule_remove(s, id);
			break;
		default:
			if (schedule_take(s, 500, &got, &at)) {
				assert_int_equal(due[got], at);
				due[got] = INT64_MAX;
			}
		}
		for (int i = 0; i < IDS; i++)
			least = due[i] < least ? due[i] : least;
		assert_true(schedule_next(s) == least);
		assert_true(schedule_due(s, id) == due[id]);
	}
	schedule_free(s);
}

static void
slots_are_aligned_to_the_wall_clock(void **state)
{
	uint64_t hash = schedule_hash("portal");
	int64_t every = 30000, offset = 1700000000000 + 123;
	int64_t first = schedule_slot(hash, every, 1000, offset);

	(void)state;
	assert_true(first > 1000 && first <= 1000 + every);
	assert_int_equal(
	    schedule_slot(hash, every, first, offset), first + every);
	assert_int_equal(schedule_slot(hash, every, first - 1, offset), first);
	/* Another boot clock, the same wall clock: the same slot. */
	assert_int_equal(
	    schedule_slot(hash, every, 1000 - 777, offset + 777), first - 777);
	assert_int_not_equal(
	    schedule_hash("portal") % 30000, schedule_hash("portal2") % 30000);
}

static void
early_is_a_little_of_the_interval(void **state)
{
	(void)state;
	assert_int_equal(schedule_early_ms(1000), 50);
	assert_int_equal(schedule_early_ms(20000), 1000);
	assert_int_equal(schedule_early_ms(6 * 3600 * 1000), 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_the_earliest_first),
	    cmocka_unit_test(moves_and_removes),
	    cmocka_unit_test(agrees_with_a_plain_array),
	    cmocka_unit_test(early_is_a_little_of_the_interval),
	    cmocka_unit_test(slots_are_aligned_to_the_wall_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
