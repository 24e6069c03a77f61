#include "agent/health.h"

#include <string.h>

#include "agent/dispatch.h"
#include "agent/drill.h"
#include "agent/heartbeat.h"
#include "agent/mutes.h"
#include "agent/results.h"
#include "agent/runs.h"
#include "agent/stories.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/str.h"

#define TICK_MS      1000
#define TIDY_MS      60000
#define TIDY_SOON_MS 100   /* a slice is a few milliseconds */
#define JUMP_MS      10000 /* a step of the wall clock worth telling */

void
health_store(struct agent *a, const struct err *why)
{
	char reason[600];

	if (why == NULL) {
		results_self(a, SELF_PREFIX "store", OUTCOME_OK,
		    "the state database takes changes again");
		return;
	}
	log_error("the state database does not take changes: %s", why->text);
	str_printf(reason, sizeof(reason),
	    "the state database does not take changes (%.300s); alerts leave "
	    "from memory until it does",
	    why->text);
	results_self(a, SELF_PREFIX "store", OUTCOME_FAILED, reason);
}

static void
watch_clock(struct agent *a)
{
	int64_t offset_ms = clock_wall_ms() - clock_boot_ms();
	int64_t jump_ms = offset_ms - a->offset_ms;
	char by[32];

	if (jump_ms > -JUMP_MS && jump_ms < JUMP_MS)
		return;
	log_warn("the wall clock was set %s %s; schedules follow",
	    str_duration_human(by, (jump_ms < 0 ? -jump_ms : jump_ms) * 1000),
	    jump_ms < 0 ? "back" : "forward");
	runs_rebase(a);
	dispatch_rebase(a->dispatch, jump_ms);
	stories_recheck(a);
	if (a->drill_ms > clock_wall_ms())
		a->drill_ms = clock_wall_ms();
}

static void
tidy(void *ctx)
{
	struct agent *a = ctx;
	const struct config_history *h = &a->config->history;
	struct store_retention keep = {
	    h->raw_ms, h->hourly_ms, h->daily_ms, h->incidents_ms};
	struct err err = ERR_INIT;
	bool more = false;

	if (!writer_failing(a->writer) &&
	    store_tidy(a->store, &keep, clock_wall_ms(), &more, &err) != 0)
		log_warn("tidying history: %s", err.text);
	loop_timer_arm_ms(a->tidy, more ? TIDY_SOON_MS : TIDY_MS);
}

static void
watchdog(struct agent *a, int64_t now_ms)
{
	int64_t every_ms = notify_watchdog_ms();

	if (every_ms == 0 || now_ms < a->watchdog_ms)
		return;
	notify_send("WATCHDOG=1");
	a->watchdog_ms = now_ms + every_ms - TICK_MS;
}

bool
health_ready(struct agent *a, struct buf *reasons)
{
	if (writer_failing(a->writer))
		buf_printf(reasons,
		    "the state database does not take changes: %s\n",
		    writer_reason(a->writer));
	if (!dispatch_any_path(a->dispatch))
		buf_puts(reasons, "no path to people works\n");
	if (a->stopping)
		buf_puts(reasons, "the agent is stopping\n");
	return reasons->len == 0;
}

static void
tick(void *ctx)
{
	struct agent *a = ctx;
	int64_t now_ms = clock_boot_ms();

	loop_timer_arm_ms(a->tick, TICK_MS);
	watch_clock(a);
	results_tick(a);
	dispatch_tick(a->dispatch);
	drill_tick(a);
	mutes_tick(a);
	heartbeat_tick(a, now_ms);
	watchdog(a, now_ms);
}

void
health_start(struct agent *a)
{
	a->tick = loop_timer_new(a->loop, tick, a);
	a->tidy = loop_timer_new(a->loop, tidy, a);
	loop_timer_arm_ms(a->tick, TICK_MS);
	loop_timer_arm_ms(a->tidy, TIDY_MS);
}

void
health_stop(struct agent *a)
{
	loop_timer_free(a->tick);
	loop_timer_free(a->tidy);
	a->tick = a->tidy = NULL;
}
