#include "base/loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"

#define LAG_WINDOW_MS 5000

struct deferred {
	loop_fn *fn; /* NULL once forgotten */
	void *ctx;
};

struct loop_signal {
	struct loop_signal *next;
	struct event *event;
	loop_signal_fn *fn;
	void *ctx;
};

struct loop {
	struct event_base *base;
	bool stopping;
	struct deferred *deferred;
	size_t deferred_count, deferred_room;
	struct loop_signal *signals;
	int64_t lag_now_us,
	    lag_before_us; /* worst of this and the last window */
	int64_t lag_window_ms;
};

struct loop_timer {
	struct loop *loop;
	struct event event;
	int64_t due_us; /* boot clock */
	loop_fn *fn;
	void *ctx;
};

struct loop_fd {
	struct loop *loop;
	struct event event;
	int fd;
	unsigned interest;
	loop_fd_fn *fn;
	void *ctx;
};

/* Calls deferred meanwhile go behind these and run in a later turn; until one
 * runs, loop_undefer must still find it. */
static void
run_deferred(struct loop *loop)
{
	size_t count = loop->deferred_count;

	for (size_t i = 0; i < count; i++) {
		struct deferred d = loop->deferred[i];

		loop->deferred[i].fn = NULL;
		if (d.fn != NULL)
			d.fn(d.ctx);
	}
	loop->deferred_count -= count;
	for (size_t i = 0; i < loop->deferred_count; i++)
		loop->deferred[i] = loop->deferred[count + i];
}

struct loop *
loop_new(void)
{
	struct loop *loop = mem_alloc(sizeof(*loop));
	struct event_config *config = event_config_new();

	CHECK(config != NULL);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	/* An fd that is dropped and watched again in one turn costs one system
	 * call instead of two. We never watch a dup of a watched fd. */
	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	loop->base = event_base_new_with_config(config);
	event_config_free(config);
	CHECK(loop->base != NULL);
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	while (loop->signals != NULL) {
		struct loop_signal *s = loop->signals;

		loop->signals = s->next;
		event_free(s->event);
		free(s);
	}
	event_base_free(loop->base);
	free(loop->deferred);
	free(loop);
}

void
loop_run(struct loop *loop)
{
	loop->stopping = false;
	while (!loop->stopping) {
		int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;

		run_deferred(loop);
		if (loop->deferred_count > 0)
			flags |= EVLOOP_NONBLOCK;
		if (!loop->stopping)
			event_base_loop(loop->base, flags);
	}
}

void
loop_stop(struct loop *loop)
{
	loop->stopping = true;
	event_base_loopbreak(loop->base);
}

void
loop_defer(struct loop *loop, loop_fn *fn, void *ctx)
{
	if (loop->deferred_count == loop->deferred_room) {
		loop->deferred_room = loop->deferred_room * 2 + 16;
		loop->deferred = mem_grow(loop->deferred, loop->deferred_room,
		    sizeof(*loop->deferred));
	}
	loop->deferred[loop->deferred_count++] = (struct deferred){fn, ctx};
}

void
loop_undefer(struct loop *loop, void *ctx)
{
	for (size_t i = 0; i < loop->deferred_count; i++)
		if (loop->deferred[i].ctx == ctx)
			loop->deferred[i].fn = NULL;
}

static void
note_lag(struct loop *loop, int64_t late_us)
{
	int64_t now_ms = clock_boot_ms();

	if (now_ms - loop->lag_window_ms >= LAG_WINDOW_MS) {
		bool stale = now_ms - loop->lag_window_ms >= 2 * LAG_WINDOW_MS;

		loop->lag_before_us = stale ? 0 : loop->lag_now_us;
		loop->lag_now_us = 0;
		loop->lag_window_ms = now_ms;
	}
	if (late_us > loop->lag_now_us)
		loop->lag_now_us = late_us;
}

int64_t
loop_lag_us(const struct loop *loop)
{
	return loop->lag_now_us > loop->lag_before_us ? loop->lag_now_us
	                                              : loop->lag_before_us;
}

static void
timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	note_lag(t->loop, clock_boot_us() - t->due_us);
	t->fn(t->ctx);
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx)
{
	struct loop_timer *t = mem_alloc(sizeof(*t));

	t->loop = loop;
	t->fn = fn;
	t->ctx = ctx;
	CHECK(evtimer_assign(&t->event, loop->base, timer_fired, t) == 0);
	return t;
}

void
loop_timer_arm_us(struct loop_timer *t, int64_t after_us)
{
	struct timeval tv;

	if (after_us < 0)
		after_us = 0;
	t->due_us = clock_boot_us() + after_us;
	tv.tv_sec = after_us / 1000000;
	tv.tv_usec = after_us % 1000000;
	CHECK(evtimer_add(&t->event, &tv) == 0);
}

void
loop_timer_arm_ms(struct loop_timer *t, int64_t after_ms)
{
	loop_timer_arm_us(t, after_ms * 1000);
}

void
loop_timer_disarm(struct loop_timer *t)
{
	evtimer_del(&t->event);
}

void
loop_timer_free(struct loop_timer *t)
{
	if (t == NULL)
		return;
	evtimer_del(&t->event);
	free(t);
}

static void
fd_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *w = arg;
	unsigned ready = 0;

	if (what & EV_READ)
		ready |= LOOP_READ;
	if (what & EV_WRITE)
		ready |= LOOP_WRITE;
	w->fn(w->ctx, fd, ready);
}

void
loop_fd_interest(struct loop_fd *w, unsigned interest)
{
	short what = EV_PERSIST;

	if (interest == w->interest)
		return;
	event_del(&w->event);
	w->interest = interest;
	if (interest == 0)
		return;
	if (interest & LOOP_READ)
		what |= EV_READ;
	if (interest & LOOP_WRITE)
		what |= EV_WRITE;
	event_assign(&w->event, w->loop->base, w->fd, what, fd_ready, w);
	CHECK(event_add(&w->event, NULL) == 0);
}

struct loop_fd *
loop_fd_new(
    struct loop *loop, int fd, unsigned interest, loop_fd_fn *fn, void *ctx)
{
	struct loop_fd *w = mem_alloc(sizeof(*w));

	w->loop = loop;
	w->fd = fd;
	w->fn = fn;
	w->ctx = ctx;
	event_assign(&w->event, loop->base, fd, EV_PERSIST, fd_ready, w);
	loop_fd_interest(w, interest);
	return w;
}

void
loop_fd_free(struct loop_fd *w)
{
	if (w == NULL)
		return;
	event_del(&w->event);
	free(w);
}

static void
signal_fired(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)what;
	s->fn(s->ctx, signo);
}

void
loop_on_signal(struct loop *loop, int signo, loop_signal_fn *fn, void *ctx)
{
	struct loop_signal *s = mem_alloc(sizeof(*s));

	s->fn = fn;
	s->ctx = ctx;
	s->event = evsignal_new(loop->base, signo, signal_fired, s);
	CHECK(s->event != NULL && event_add(s->event, NULL) == 0);
	s->next = loop->signals;
	loop->signals = s;
}

struct event_base *
loop_base(struct loop *loop)
{
	return loop->base;
}
