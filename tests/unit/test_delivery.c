#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/delivery.h"

static struct delivery *
add(struct delivery_line *line, const char *incident, int seq, int64_t due_ms,
    uint64_t group)
{
	struct delivery *x = delivery_new(incident, seq, "{}");

	x->due_ms = due_ms;
	x->group = group;
	delivery_line_add(line, x);
	return x;
}

static void
done(struct delivery_line *line, struct delivery *x)
{
	delivery_line_remove(line, x);
	delivery_free(x);
}

static void
keys_name_incident_event_and_channel(void **state)
{
	char key[DELIVERY_KEY_MAX];

	(void)state;
	assert_string_equal(delivery_key(key, "7k3qx9v2tb", 12, "oncall-mail"),
	    "7k3qx9v2tb-12-oncall-mail");
}

static void
one_incident_keeps_its_order(void **state)
{
	struct delivery_line line;
	struct delivery *open, *resolve, *other;
	int64_t wake;

	(void)state;
	delivery_line_init(&line);
	open = add(&line, "aaaaaaaaaa", 1, 5000, 1); /* being retried */
	resolve = add(&line, "aaaaaaaaaa", 2, 100, 1);
	other = add(&line, "bbbbbbbbbb", 1, 200, 1);
	assert_ptr_equal(delivery_line_next(&line, 1000, 1, &wake), other);
	done(&line, other);
	assert_null(delivery_line_next(&line, 1000, 1, &wake));
	assert_int_equal(wake, 5000);
	assert_ptr_equal(delivery_line_next(&line, 5000, 1, &wake), open);
	done(&line, open);
	assert_ptr_equal(delivery_line_next(&line, 5000, 1, &wake), resolve);
	done(&line, resolve);
	assert_null(delivery_line_next(&line, 5000, 1, &wake));
	assert_true(wake == INT64_MAX);
	assert_int_equal(line.count, 0);
	delivery_line_fini(&line);
}

static void
the_middle_of_an_incident_can_go(void **state)
{
	struct delivery_line line;
	struct delivery *a, *b, *c;
	int64_t wake;

	(void)state;
	delivery_line_init(&line);
	a = add(&line, "aaaaaaaaaa", 1, 0, 1);
	b = add(&line, "aaaaaaaaaa", 2, 0, 1);
	c = add(&line, "aaaaaaaaaa", 3, 0, 1);
	done(&line, b);
	assert_ptr_equal(delivery_line_next(&line, 1, 1, &wake), a);
	done(&line, a);
	assert_ptr_equal(delivery_line_next(&line, 1, 1, &wake), c);
	done(&line, c);
	a = add(&line, "aaaaaaaaaa", 4, 0, 1);
	assert_ptr_equal(delivery_line_next(&line, 1, 1, &wake), a);
	done(&line, a);
	delivery_line_fini(&line);
}

static void
order_holds_whatever_comes_first_from_the_store(void **state)
{
	struct delivery_line line;
	struct delivery *third, *first, *second;
	int64_t wake;

	(void)state;
	delivery_line_init(&line);
	third = add(&line, "aaaaaaaaaa", 3, 0, 1);
	first = add(&line, "aaaaaaaaaa", 1, 900, 1);
	second = add(&line, "aaaaaaaaaa", 2, 0, 1);
	assert_null(delivery_line_next(&line, 100, 1, &wake));
	assert_int_equal(wake, 900);
	assert_ptr_equal(delivery_line_next(&line, 900, 1, &wake), first);
	done(&line, first);
	assert_ptr_equal(delivery_line_next(&line, 900, 1, &wake), second);
	done(&line, second);
	assert_ptr_equal(delivery_line_next(&line, 900, 1, &wake), third);
	done(&line, third);
	delivery_line_fini(&line);
}

static void
a_clock_that_was_ahead_holds_nothing_back(void **state)
{
	struct delivery_line line;
	struct delivery *x;
	int64_t wake;

	(void)state;
	delivery_line_init(&line);
	x = add(&line, "aaaaaaaaaa", 1, 5 * DELIVERY_WAIT_MAX_MS, 1);
	assert_ptr_equal(delivery_line_next(&line, 1000, 1, &wake), x);
	done(&line, x);
	delivery_line_fini(&line);
}

static void
nothing_leaves_before_it_is_committed(void **state)
{
	struct delivery_line line;
	struct delivery *x;
	int64_t wake;

	(void)state;
	delivery_line_init(&line);
	x = add(&line, "aaaaaaaaaa", 1, 0, 8);
	assert_null(delivery_line_next(&line, 10, 7, &wake));
	assert_true(wake == INT64_MAX);
	assert_ptr_equal(delivery_line_next(&line, 10, 8, &wake), x);
	done(&line, x);
	delivery_line_fini(&line);
}

/* Against a plain list: the same order, whatever comes and goes. */
static void
many_come_and_go(void **state)
{
	struct delivery_line line;
	struct delivery *all[300] = {NULL};
	unsigned seed = 7;
	int64_t now_ms = 0, wake;

	(void)state;
	delivery_line_init(&line);
	for (unsigned n = 0; n < 20000; n++) {
		struct delivery *
		    *slot = &all[(seed = seed * 1103515245 + 12345) % 300],
		   *best = NULL, *x;
		char id[12];

		now_ms++;
		if (*slot == NULL) {
			snprintf(id, sizeof(id), "i%u", (seed >> 9) % 40);
			*slot = add(&line, id, (int)n,
			    (int64_t)((seed >> 4) % 20000), 1);
			continue;
		}
		x = delivery_line_next(&line, now_ms, 1, &wake);
		for (unsigned i = 0; i < 300; i++) {
			struct delivery *y = all[i];
			bool first = y != NULL;

			for (unsigned j = 0; first && j < 300; j++)
				first =
				    all[j] == NULL || all[j]->seq >= y->seq ||
				    strcmp(all[j]->incident, y->incident) != 0;
			if (first &&
			    (best == NULL || y->due_ms < best->due_ms ||
				(y->due_ms == best->due_ms &&
				    y->arrival < best->arrival)))
				best = y;
		}
		assert_ptr_equal(
		    x, best->due_ms <= now_ms ? best : (void *)NULL);
		if (x == NULL)
			assert_int_equal(wake, best->due_ms);
		if (seed >> 8 & 1) {
			(*slot)->due_ms = now_ms;
			delivery_line_moved(&line, *slot);
		} else {
			done(&line, *slot);
			*slot = NULL;
		}
	}
	for (unsigned i = 0; i < 300; i++)
		if (all[i] != NULL)
			done(&line, all[i]);
	delivery_line_fini(&line);
}

static void
a_batch_takes_what_may_join(void **state)
{
	struct delivery_line line;
	struct delivery *a, *b, *c, *d, *late, **members;
	struct batch *batch;

	(void)state;
	delivery_line_init(&line);
	a = add(&line, "aaaaaaaaaa", 1, 10, 1);
	b = add(&line, "bbbbbbbbbb", 1, 10, 1);
	c = add(&line, "aaaaaaaaaa", 2, 10, 1);
	d = add(&line, "dddddddddd", 1, 10, 9); /* not committed yet */
	late = add(&line, "eeeeeeeeee", 1, 90000, 1);
	assert_int_equal(
	    delivery_line_join(&line, a, 100, 1, 100, &members), 3);
	assert_ptr_equal(members[0], a);
	assert_ptr_equal(members[1], b);
	assert_ptr_equal(members[2], c);
	free(members);
	assert_int_equal(delivery_line_join(&line, a, 100, 1, 2, &members), 2);
	free(members);
	assert_int_equal(delivery_line_join(&line, a, 0, 1, 100, &members), 1);
	free(members);
	a->grouping = strdup("g");
	late->grouping = strdup("g");
	assert_int_equal(delivery_line_join(&line, a, 0, 1, 100, &members), 2);
	assert_ptr_equal(members[1], late);
	batch = batch_new("key+2", members, 2);
	assert_ptr_equal(late->batch, batch);
	assert_int_equal(
	    delivery_line_join(&line, b, 100, 9, 100, &members), 2);
	assert_ptr_equal(members[1], d); /* c waits for a */
	free(members);
	batch_free(batch);
	assert_null(a->batch);
	b->attempts = 1; /* its key is out there */
	assert_int_equal(
	    delivery_line_join(&line, a, 100, 1, 100, &members), 2);
	free(members);
	done(&line, a);
	done(&line, b);
	done(&line, c);
	done(&line, d);
	done(&line, late);
	delivery_line_fini(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_name_incident_event_and_channel),
	    cmocka_unit_test(one_incident_keeps_its_order),
	    cmocka_unit_test(the_middle_of_an_incident_can_go),
	    cmocka_unit_test(order_holds_whatever_comes_first_from_the_store),
	    cmocka_unit_test(a_clock_that_was_ahead_holds_nothing_back),
	    cmocka_unit_test(nothing_leaves_before_it_is_committed),
	    cmocka_unit_test(many_come_and_go),
	    cmocka_unit_test(a_batch_takes_what_may_join),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
