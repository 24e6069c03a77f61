#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/loop.h"

struct seen {
	struct loop *loop;
	struct loop_timer *timer;
	char order[32];
	size_t count;
	int fds[2];
};

static void
note(struct seen *s, char what)
{
	s->order[s->count++] = what;
	s->order[s->count] = '\0';
}

static void
stop(void *ctx)
{
	struct seen *s = ctx;

	note(s, 'S');
	loop_stop(s->loop);
}

static void
second(void *ctx)
{
	note(ctx, '2');
}

static void
first(void *ctx)
{
	struct seen *s = ctx;

	note(s, '1');
	loop_defer(s->loop, stop, s); /* behind what is there already */
}

static void
deferred_calls_run_in_order(void **state)
{
	struct seen s = {.loop = loop_new()};

	(void)state;
	loop_defer(s.loop, first, &s);
	loop_defer(s.loop, second, &s);
	loop_run(s.loop);
	assert_string_equal(s.order, "12S");
	loop_free(s.loop);
}

static void
undefer_all(void *ctx)
{
	struct seen *s = ctx;

	loop_undefer(s->loop, s->order); /* another ctx: `second` is gone */
	loop_defer(s->loop, stop, s);
}

static void
forgotten_calls_do_not_run(void **state)
{
	struct seen s = {.loop = loop_new()};

	(void)state;
	loop_defer(s.loop, undefer_all, &s);
	loop_defer(s.loop, second, s.order);
	loop_run(s.loop);
	assert_string_equal(s.order, "S");
	loop_free(s.loop);
}

static void
again(void *ctx)
{
	struct seen *s = ctx;

	note(s, 't');
	if (s->count < 3)
		loop_timer_arm_ms(s->timer, 1);
	else
		loop_stop(s->loop);
}

static void
timers_fire_once_each_time_they_are_armed(void **state)
{
	struct seen s = {.loop = loop_new()};
	int64_t begin_us = clock_boot_us();

	(void)state;
	s.timer = loop_timer_new(s.loop, again, &s);
	loop_timer_arm_ms(s.timer, 1000000);
	loop_timer_arm_us(s.timer, 500);
	loop_run(s.loop);
	assert_string_equal(s.order, "ttt");
	assert_true(clock_boot_us() - begin_us < 100 * 1000 * 1000);
	assert_true(loop_lag_us(s.loop) >= 0);
	loop_timer_free(s.timer);
	loop_free(s.loop);
}

static void
ready(void *ctx, int fd, unsigned what)
{
	struct seen *s = ctx;
	char byte;

	assert_int_equal(what, LOOP_READ);
	assert_int_equal(read(fd, &byte, 1), 1);
	note(s, byte);
	if (byte == 'b')
		loop_stop(s->loop);
}

static void
descriptors_are_watched_while_wanted(void **state)
{
	struct seen s = {.loop = loop_new()};
	struct loop_fd *w;

	(void)state;
	assert_int_equal(pipe(s.fds), 0);
	w = loop_fd_new(s.loop, s.fds[0], LOOP_READ, ready, &s);
	assert_int_equal(write(s.fds[1], "ab", 2), 2);
	loop_run(s.loop);
	assert_string_equal(s.order, "ab");
	loop_fd_interest(w, 0);
	assert_int_equal(write(s.fds[1], "c", 1), 1);
	loop_defer(s.loop, stop, &s);
	loop_run(s.loop);
	assert_string_equal(s.order, "abS");
	loop_fd_free(w);
	close(s.fds[0]);
	close(s.fds[1]);
	loop_free(s.loop);
}

static void
signalled(void *ctx, int signo)
{
	struct seen *s = ctx;

	assert_int_equal(signo, SIGUSR1);
	note(s, 'u');
	loop_stop(s->loop);
}

static void
raise_it(void *ctx)
{
	(void)ctx;
	kill(getpid(), SIGUSR1);
}

static void
signals_arrive_as_callbacks(void **state)
{
	struct seen s = {.loop = loop_new()};

	(void)state;
	loop_on_signal(s.loop, SIGUSR1, signalled, &s);
	loop_defer(s.loop, raise_it, &s);
	loop_run(s.loop);
	assert_string_equal(s.order, "u");
	loop_free(s.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(deferred_calls_run_in_order),
	    cmocka_unit_test(forgotten_calls_do_not_run),
	    cmocka_unit_test(timers_fire_once_each_time_they_are_armed),
	    cmocka_unit_test(descriptors_are_watched_while_wanted),
	    cmocka_unit_test(signals_arrive_as_callbacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
