/*
 * The event loop of a process: timers, file descriptors, signals and deferred
 * calls, over libevent. One thread. Nothing here blocks but loop_run.
 *
 * A callback never frees the object that called it; it asks for that with
 * loop_defer(). Timers are measured on CLOCK_MONOTONIC by libevent; what must
 * survive suspend keeps its own due times in boot time and wakes at least
 * every 30 s (agent/schedule.c).
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_fd;
struct event_base;

#define LOOP_READ  1u
#define LOOP_WRITE 2u

typedef void loop_fn(void *ctx);
typedef void loop_fd_fn(void *ctx, int fd, unsigned ready); /* LOOP_READ|… */
typedef void loop_signal_fn(void *ctx, int signo);

struct loop *loop_new(void);
void loop_free(struct loop *loop); /* runs no callbacks any more */
void loop_run(struct loop *loop);  /* until loop_stop() */
void loop_stop(struct loop *loop);

/* Run fn(ctx) after the current callback returned, once, in order. */
void loop_defer(struct loop *loop, loop_fn *fn, void *ctx);
/* Forget deferred calls with this ctx. */
void loop_undefer(struct loop *loop, void *ctx);

/* One-shot timers; re-arming replaces the old time. Free is safe any time. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx);
void loop_timer_arm_ms(struct loop_timer *t, int64_t after_ms);
void loop_timer_arm_us(struct loop_timer *t, int64_t after_us);
void loop_timer_disarm(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* Watch fd (not owned) until freed; level-triggered. */
struct loop_fd *loop_fd_new(
    struct loop *loop, int fd, unsigned interest, loop_fd_fn *fn, void *ctx);
void loop_fd_interest(struct loop_fd *w, unsigned interest); /* 0 = pause */
void loop_fd_free(struct loop_fd *w);

/* For the life of the loop. */
void
loop_on_signal(struct loop *loop, int signo, loop_signal_fn *fn, void *ctx);

/* How late the loop's last timers fired, decaying maximum over about 10 s, in
 * microseconds: our own load, never to be reported as a target's latency. */
int64_t loop_lag_us(const struct loop *loop);

/* For base/http.c, base/lines.c, base/resolve.c and base/httpd.c, which hand
 * the base on to libraries that speak libevent. */
struct event_base *loop_base(struct loop *loop);

#endif
