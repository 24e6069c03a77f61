#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
