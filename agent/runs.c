#include "agent/runs.h"

#include <stdlib.h>

#include "agent/results.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define WAKE_MS       30000 /* CLOCK_MONOTONIC stops in suspend */
#define EARLY_RUNS    8     /* together: more would measure each other */
#define QUARANTINE_MS ((int64_t)3600 * 1000)
#define BLIND_RUNS    5
#define STRIKES_MAX   2

static int64_t
next_slot(const struct agent *a, const struct target *t, int64_t after_ms)
{
	return schedule_slot(schedule_hash(t->config->name),
	    t->config->every_ms, after_ms, a->offset_ms);
}

static struct pool *pool_of(struct agent *a, const struct probe_kind *kind);

static int
compose(void *ctx, uint32_t id, struct buf *out)
{
	struct agent *a = ctx;
	struct target *t = agent_target(a, id);

	if (t == NULL)
		return -1;
	t->started_ms = clock_boot_ms();
	buf_printf(out, "\"probe\":\"%s\",\"config\":", t->config->name);
	buf_puts(out, t->config->options);
	buf_puts(out, ",\"memory\":");
	buf_puts(out, t->memory != NULL ? t->memory : "null");
	return 0;
}

/* Sooner than planned while a failure or a recovery is not confirmed yet. What
 * is not planned at all (off, or the heartbeat) stays so. */
static void
plan_retry(struct agent *a, struct target *t)
{
	int64_t planned_ms = schedule_due(a->schedule, t->id);
	int64_t due_ms = t->started_ms + t->config->retry_every_ms;

	if (!verdict_pending(&t->verdict) || planned_ms == INT64_MAX ||
	    planned_ms <= due_ms)
		return;
	schedule_set(a->schedule, t->id, due_ms);
	runs_arm(a);
}

/* The next slot, or sooner while something waits to be confirmed. */
static int64_t
next_run(const struct agent *a, const struct target *t)
{
	int64_t now_ms = clock_boot_ms(), slot_ms = next_slot(a, t, now_ms);
	int64_t retry_ms = now_ms + t->config->retry_every_ms;

	return verdict_pending(&t->verdict) && retry_ms < slot_ms ? retry_ms
	                                                          : slot_ms;
}

static void
release(struct agent *a, struct target *t)
{
	char name[CONFIG_NAME_MAX + 32];

	t->strikes = 0;
	t->blind = false;
	t->quarantined_ms = 0;
	str_printf(name, sizeof(name), SELF_PREFIX "probe/%s", t->config->name);
	results_self(a, name, OUTCOME_OK, "it runs again");
}

/* A probe that cannot look is no alarm of its target's, but somebody must know:
 * after some runs in a row that could not tell, it is one of our own. */
static void
watch_sight(struct agent *a, struct target *t)
{
	char name[CONFIG_NAME_MAX + 32], reason[500];

	if (t->blind || t->self || t->verdict.unknown_streak < BLIND_RUNS)
		return;
	t->blind = true;
	str_printf(name, sizeof(name), SELF_PREFIX "probe/%s", t->config->name);
	str_printf(reason, sizeof(reason),
	    "%u runs in a row could not tell; the last: %.300s",
	    t->verdict.unknown_streak, t->reason);
	results_self(a, name, OUTCOME_FAILED, reason);
}

static void
result(void *ctx, uint32_t id, const json_t *body,
    const struct probe_answer *answer)
{
	struct agent *a = ctx;
	struct target *t = agent_target(a, id);
	struct result r = {.outcome = answer->outcome,
	    .reason = answer->reason,
	    .duration_us = answer->duration_us,
	    .body = body,
	    .findings = answer->findings,
	    .memory = answer->memory};

	if (t == NULL)
		return;
	t->running = false;
	if (t->strikes > 0 || (t->blind && r.outcome != OUTCOME_UNKNOWN))
		release(a, t);
	results_take(a, t, &r);
	watch_sight(a, t);
	plan_retry(a, t);
}

static void
quarantine(struct agent *a, struct target *t, const char *why)
{
	char name[CONFIG_NAME_MAX + 32], reason[300];

	t->quarantined_ms = clock_boot_ms() + QUARANTINE_MS;
	str_printf(reason, sizeof(reason),
	    "its job ended two workers (the last was %s); it rests for an "
	    "hour. To try sooner: tocsin probe, or reload",
	    why);
	str_printf(name, sizeof(name), SELF_PREFIX "probe/%s", t->config->name);
	results_self(a, name, OUTCOME_FAILED, reason);
}

/* Its worker died: nothing is known about the target. Suspects run alone, so
 * that the guilty one is found; twice guilty is quarantined. */
static void
lost(void *ctx, uint32_t id, bool alone, const char *why)
{
	struct agent *a = ctx;
	struct target *t = agent_target(a, id);
	char reason[300];
	struct result r = {
	    .outcome = OUTCOME_UNKNOWN, .reason = reason, .duration_us = -1};

	if (t == NULL)
		return;
	t->running = false;
	str_printf(reason, sizeof(reason),
	    "the worker that ran it was %s; nothing is known", why);
	results_take(a, t, &r);
	if (alone || t->strikes == 0)
		t->strikes++;
	if (t->strikes >= STRIKES_MAX && alone) {
		quarantine(a, t, why);
		return;
	}
	t->running = true;
	pool_submit(
	    pool_of(a, t->config->kind), t->id, t->config->timeout_ms, true);
}

static void
trouble(void *ctx, const struct probe_kind *kind, const char *why)
{
	struct agent *a = ctx;
	char name[64], reason[300];

	str_printf(name, sizeof(name), SELF_PREFIX "worker/%s", kind->name);
	if (why == NULL) {
		results_self(a, name, OUTCOME_OK, "workers stay alive");
		return;
	}
	str_printf(reason, sizeof(reason),
	    "%d workers died within a minute; the last was %s",
	    POOL_DEATHS_ALARM, why);
	results_self(a, name, OUTCOME_FAILED, reason);
}

static struct pool *
pool_of(struct agent *a, const struct probe_kind *kind)
{
	static const struct pool_ops ops = {compose, result, lost, trouble};

	for (size_t i = 0; i < a->pool_count; i++)
		if (pool_kind(a->pools[i]) == kind)
			return a->pools[i];
	a->pools = mem_grow(a->pools, a->pool_count + 1, sizeof(*a->pools));
	a->pools[a->pool_count] =
	    pool_new(a->loop, a->supervisor, kind, &ops, a);
	return a->pools[a->pool_count++];
}

static void
run(struct agent *a, struct target *t)
{
	if (t->running) {
		t->skipped++;
		return;
	}
	if (t->quarantined_ms > clock_boot_ms())
		return;
	t->running = true;
	t->runs++;
	t->started_ms = clock_boot_ms();
	pool_submit(pool_of(a, t->config->kind), t->id, t->config->timeout_ms,
	    t->strikes > 0);
}

static void
note_late(struct agent *a, int64_t late_ms)
{
	if (late_ms < 0) /* it went with one that was due */
		late_ms = 0;
	a->late_ms[a->late_count++ % AGENT_LATE_KEPT] = (float)late_ms;
	a->late_sum_ms += (double)late_ms;
}

/* A wake-up costs more than a check. So a run that is due soon, measured by its
 * own interval, goes with one that is due now; but few at a time, or they would
 * measure each other. Its next slot is counted from the one it had. */
static bool
may_go_early(struct agent *a, int64_t now_ms, unsigned gone)
{
	int64_t due_ms = schedule_next(a->schedule), early_ms;
	const struct target *t;

	if (gone == 0 || gone >= EARLY_RUNS || due_ms == INT64_MAX)
		return false;
	t = agent_target(a, schedule_first(a->schedule));
	CHECK(t != NULL);
	early_ms = schedule_early_ms(t->config->every_ms);
	return due_ms <= now_ms + early_ms && !verdict_pending(&t->verdict);
}

static void
run_due(void *ctx)
{
	struct agent *a = ctx;
	int64_t now_ms = clock_boot_ms(), due_ms;
	unsigned gone = 0;
	uint32_t id;

	while (schedule_next(a->schedule) <= now_ms ||
	       may_go_early(a, now_ms, gone)) {
		struct target *t;

		schedule_take(a->schedule, INT64_MAX - 1, &id, &due_ms);
		t = agent_target(a, id);
		CHECK(t != NULL && t->config->enabled);
		note_late(a, clock_boot_ms() - due_ms);
		schedule_set(a->schedule, id,
		    next_slot(a, t, due_ms > now_ms ? due_ms : now_ms));
		run(a, t);
		gone++;
	}
	runs_arm(a);
}

void
runs_arm(struct agent *a)
{
	int64_t wait_ms = schedule_next(a->schedule) - clock_boot_ms();

	if (a->stopping)
		return;
	if (wait_ms > WAKE_MS)
		wait_ms = WAKE_MS;
	loop_timer_arm_ms(a->run_timer, wait_ms < 0 ? 0 : wait_ms);
}

void
runs_start(struct agent *a)
{
	a->schedule = schedule_new();
	a->run_timer = loop_timer_new(a->loop, run_due, a);
	a->offset_ms = clock_wall_ms() - clock_boot_ms();
}

void
runs_stop(struct agent *a)
{
	loop_timer_free(a->run_timer);
	a->run_timer = NULL;
	for (size_t i = 0; i < a->pool_count; i++)
		pool_free(a->pools[i]);
	free(a->pools);
	a->pools = NULL;
	a->pool_count = 0;
	schedule_free(a->schedule);
	a->schedule = NULL;
}

void
runs_plan(struct agent *a, struct target *t, int64_t soon_ms)
{
	int64_t slot_ms;

	if (!t->config->enabled) {
		runs_forget(a, t);
		return;
	}
	pool_of(a, t->config->kind);
	t->quarantined_ms = 0;
	slot_ms = next_run(a, t);
	if (clock_wall_ms() - t->last_ms >= t->config->every_ms &&
	    clock_boot_ms() + soon_ms < slot_ms)
		slot_ms = clock_boot_ms() + soon_ms;
	schedule_set(a->schedule, t->id, slot_ms);
}

void
runs_forget(struct agent *a, struct target *t)
{
	schedule_remove(a->schedule, t->id);
}

void
runs_now(struct agent *a, struct target *t)
{
	if (t->config->kind != NULL && t->config->enabled)
		run(a, t);
}

void
runs_rebase(struct agent *a)
{
	a->offset_ms = clock_wall_ms() - clock_boot_ms();
	for (uint32_t i = 0; i < a->target_count; i++) {
		struct target *t = a->targets[i];

		if (t != NULL && !t->self && t->config->enabled)
			schedule_set(a->schedule, t->id, next_run(a, t));
	}
	runs_arm(a);
}
