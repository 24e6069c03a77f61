#include "agent/path.h"

#include <stdlib.h>
#include <string.h>

#include "agent/answer.h"
#include "agent/path_own.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define RESTART_MIN_MS 250
#define RESTART_MAX_MS 30000
#define WAKE_MAX_MS    30000
#define BODIES_KEPT                                                            \
	500 /* messages in memory per path; the rest are read
                                from the store when their turn comes */

static void
worker_ready(void *ctx, struct link *link)
{
	struct path *p = ctx;

	(void)link;
	p->restart_ms = 0;
	path_pump(p);
}

static int
worker_result(void *ctx, struct link *link, uint32_t tag, const json_t *body,
    struct err *err)
{
	struct path *p = ctx;
	struct receipt r = RECEIPT_INIT;

	(void)link;
	(void)tag;
	if (answer_path(&r, body, err) != 0)
		return -1;
	fault_point("receipt arrived");
	p->lost = false;
	path_settle(p, &r);
	path_pump(p);
	return 0;
}

static void
worker_lost(void *ctx, struct link *link, const char *why, const uint32_t *tags,
    size_t count)
{
	struct path *p = ctx;
	struct receipt r = RECEIPT_INIT;

	(void)tags;
	link_free(link);
	p->link = NULL;
	p->restarts++;
	p->restart_ms = p->restart_ms == 0 ? RESTART_MIN_MS : p->restart_ms * 2;
	if (p->restart_ms > RESTART_MAX_MS)
		p->restart_ms = RESTART_MAX_MS;
	p->not_before_ms = clock_boot_ms() + p->restart_ms;
	log_kv(LOG_LEVEL_WARN, "a path worker is over", "channel", p->name,
	    "why", why, NULL);
	if (count > 0) {
		p->lost = true;
		receipt_set(&r, RECEIPT_RETRY, 0,
		    "its worker was %s; whether it arrived is not known", why);
		path_settle(p, &r);
	}
	path_pump(p);
}

/* Is there a worker, or can one be started now? */
static bool
staff(struct path *p)
{
	static const struct link_ops ops = {
	    worker_ready, worker_result, worker_lost};
	struct link_worker worker = {
	    .role = "path", .kind = p->kind->name, .config = p->options};
	struct err err = ERR_INIT;
	char name[CONFIG_NAME_MAX + 8];
	int64_t wait_ms = p->not_before_ms - clock_boot_ms();

	if (p->link != NULL)
		return true;
	if (wait_ms > 0) {
		loop_timer_arm_ms(p->timer, wait_ms + 1);
		return false;
	}
	str_printf(name, sizeof(name), "path:%s", p->name);
	worker.name = name;
	if (link_open(&p->link, p->agent->loop, p->agent->supervisor, &worker,
		&ops, p, &err) == 0)
		return true;
	log_error("channel %s: %s", p->name, err.text);
	p->not_before_ms = clock_boot_ms() + RESTART_MAX_MS;
	loop_timer_arm_ms(p->timer, RESTART_MAX_MS + 1);
	return false;
}

static bool
may_send(struct path *p)
{
	return p->enabled && !p->disabled && p->current.job == JOB_NONE &&
	       !p->agent->stopping && staff(p) && link_slots(p->link) > 0;
}

void
path_pump(struct path *p)
{
	struct writer *w = p->agent->writer;
	uint64_t committed =
	    writer_failing(w) ? DELIVERY_NO_GROUP - 1 : writer_committed(w);
	int64_t now_ms = clock_wall_ms(), wake_ms, follow_ms = INT64_MAX;
	int64_t rest_ms = p->rest_ms - clock_boot_ms();

	if (!may_send(p))
		return;
	if (rest_ms > 0) {
		loop_timer_arm_ms(p->timer, rest_ms + 1);
		return;
	}
	if (path_send_next(p, committed, &wake_ms) ||
	    path_send_follow(p, &follow_ms))
		return;
	if (follow_ms < wake_ms)
		wake_ms = follow_ms;
	if (wake_ms == INT64_MAX)
		return;
	wake_ms = wake_ms > now_ms ? wake_ms - now_ms : 0;
	loop_timer_arm_ms(
	    p->timer, wake_ms > WAKE_MAX_MS ? WAKE_MAX_MS : wake_ms + 1);
}

static void
pump_timer(void *ctx)
{
	path_pump(ctx);
}

struct path *
path_new(struct agent *a, const char *name)
{
	struct path *p = mem_alloc(sizeof(*p));

	p->agent = a;
	p->name = mem_strdup(name);
	delivery_line_init(&p->line);
	follow_init(&p->polls);
	follow_init(&p->refreshes);
	p->timer = loop_timer_new(a->loop, pump_timer, p);
	return p;
}

void
path_free(struct path *p)
{
	if (p == NULL)
		return;
	while (p->line.first != NULL) {
		struct delivery *x = p->line.first;

		batch_free(x->batch);
		delivery_line_remove(&p->line, x);
		delivery_free(x);
	}
	delivery_line_fini(&p->line);
	follow_free(p->current.follow);
	follow_clear(&p->polls);
	follow_clear(&p->refreshes);
	link_free(p->link);
	loop_timer_free(p->timer);
	json_decref(p->options);
	free(p->name);
	free(p);
}

const char *
path_name(const struct path *p)
{
	return p->name;
}

/* Another worker, with other options: a clean slate. */
static void
replace(struct path *p, const struct config_channel *channel)
{
	struct link *old = p->link;
	struct receipt r = RECEIPT_INIT;

	p->link = NULL;
	link_free(old);
	if (p->current.job != JOB_NONE) {
		receipt_set(&r, RECEIPT_RETRY, 0,
		    "the channel's configuration changed meanwhile");
		path_settle(p, &r);
	}
	p->kind = channel->kind;
	json_decref(p->options);
	p->options = json_incref(channel->options);
	p->disabled = false;
	p->failures = 0;
	p->last_error[0] = '\0';
	p->not_before_ms = p->rest_ms = 0;
	delivery_line_hurry(&p->line, clock_wall_ms());
}

void
path_configure(struct path *p, const struct config_channel *channel)
{
	bool same = p->kind == channel->kind && p->options != NULL &&
	            json_equal(p->options, channel->options);

	p->timeout_ms = channel->timeout_ms;
	p->enabled = channel->enabled;
	p->fallback_after_ms = channel->fallback_after_ms;
	p->traits = channel->traits;
	if (!same)
		replace(p, channel);
	path_pump(p);
}

static bool
in_hands(const struct path *p, const struct delivery *x)
{
	const struct delivery *y = p->current.delivery;

	return x == y ||
	       (y != NULL && y->batch != NULL && x->batch == y->batch);
}

/* The ceiling: the oldest that is not in the worker's hands gives way. */
static void
make_room(struct path *p)
{
	struct delivery *x = p->line.first;
	struct receipt r = RECEIPT_INIT;

	if (p->line.count < DISPATCH_PENDING_MAX)
		return;
	while (x != NULL && (in_hands(p, x) || x->batch != NULL))
		x = x->after;
	if (x == NULL)
		return;
	receipt_set(&r, RECEIPT_REJECTED, 0,
	    "more than %d waited for this channel", DISPATCH_PENDING_MAX);
	path_bury(p, x, &r);
}

void
path_add(struct path *p, struct delivery *x, bool stored)
{
	if (p->line.count >= BODIES_KEPT && !writer_failing(p->agent->writer)) {
		free(x->message);
		x->message = NULL;
	}
	if (!stored)
		make_room(p);
	if (x->event == EVENT_RESOLVED)
		path_follow_end(p, x->incident);
	delivery_line_add(&p->line, x);
	p->unsent++;
	if (x->fallback_ms != 0)
		p->fallbacks++;
}

void
path_sent(struct path *p, uint64_t group)
{
	if (p->unsent == 0)
		return;
	for (struct delivery *x = p->line.last; x != NULL && p->unsent > 0;
	     x = x->before) {
		if (x->group != DELIVERY_NO_GROUP)
			continue;
		x->group = group;
		p->unsent--;
	}
	p->unsent = 0;
	path_pump(p);
}

bool
path_enabled(const struct path *p)
{
	return p->enabled;
}

bool
path_usable(const struct path *p)
{
	return p->enabled && !p->disabled;
}

void
path_rebase(struct path *p, int64_t jump_ms)
{
	for (struct delivery *x = p->line.first; x != NULL; x = x->after) {
		x->due_ms += jump_ms; /* all of them: their order stays */
		if (x->first_try_ms != 0)
			x->first_try_ms += jump_ms;
		if (x->fallback_ms != 0)
			x->fallback_ms += jump_ms;
	}
	path_follow_rebase(p, jump_ms);
	path_pump(p);
}

bool
path_merges(const struct path *p)
{
	return p->traits.digests;
}

bool
path_busy(const struct path *p)
{
	return p->current.job != JOB_NONE;
}

int64_t
path_fallback_after_ms(const struct path *p)
{
	return p->fallback_after_ms;
}

void
path_drop_all(struct path *p)
{
	int64_t now_ms = clock_wall_ms();

	writer_begin(p->agent->writer);
	for (struct delivery *x = p->line.first; x != NULL; x = x->after) {
		struct delivery_row row = {.incident = x->incident,
		    .seq = x->seq,
		    .channel = p->name,
		    .status = DELIVERY_DROPPED,
		    .attempts = x->attempts,
		    .created_ms = x->created_ms,
		    .due_ms = x->due_ms,
		    .done_ms = now_ms,
		    .detail = "the channel left the configuration",
		    .event = (int)x->event,
		    .severity = x->severity};

		writer_delivery(p->agent->writer, &row);
	}
	writer_end(p->agent->writer, true);
}

void
path_restore_proof(struct path *p, int64_t done_ms)
{
	p->last_delivered_ms = done_ms;
	p->unproven = p->dead_test_ms > done_ms;
}

void
path_count_dead(struct path *p, const struct delivery_row *row)
{
	p->dead++;
	if (row->event == EVENT_TEST && row->done_ms > p->dead_test_ms)
		p->dead_test_ms = row->done_ms;
}

void
path_forget_dead(struct path *p)
{
	if (p->dead > 0)
		p->dead--;
}
