#include "agent/path.h"

#include <stdlib.h>
#include <string.h>

#include "agent/answer.h"
#include "agent/link.h"
#include "agent/results.h"
#include "alerting/backoff.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define RESTART_MIN_MS 250
#define RESTART_MAX_MS 30000
#define SICK_FAILURES  3     /* in a row, or … */
#define SICK_OLD_MS    60000 /* … something waits this long: people hear it */
#define BODIES_KEPT                                                            \
	500 /* messages in memory per path; the rest are read
                                from the store when their turn comes */

struct path {
	struct agent *agent;
	char *name;
	const struct channel_kind *kind;
	json_t *options;
	int64_t timeout_ms;
	bool enabled, disabled;
	struct link *link;
	struct loop_timer *timer;
	int64_t restart_ms, not_before_ms; /* boot clock */
	struct delivery_line line;
	unsigned unsent;          /* added, and their group has not ended yet */
	struct delivery *current; /* in the worker's hands */
	int64_t sent_ms;          /* boot clock, of the current */
	unsigned dead, failures;  /* failures in a row */
	uint64_t delivered, attempts, failed, restarts;
	int64_t last_delivered_ms;
	double seconds_sum;
	char last_error[sizeof(((struct receipt *)0)->detail)];
};

static void
health(struct path *p, enum outcome outcome, const char *reason)
{
	char name[CONFIG_NAME_MAX + 32];

	str_printf(name, sizeof(name), SELF_PREFIX "path/%s", p->name);
	results_self(p->agent, name, outcome, reason);
}

static void
put_row(struct path *p, const struct delivery *x, enum delivery_status status,
    const struct receipt *r)
{
	struct delivery_row row = {.incident = x->incident,
	    .seq = x->seq,
	    .channel = p->name,
	    .status = status,
	    .attempts = x->attempts,
	    .created_ms = x->created_ms,
	    .due_ms = x->due_ms,
	    .done_ms = status == DELIVERY_PENDING ? 0 : clock_wall_ms(),
	    .code = r != NULL ? r->code : 0,
	    .detail = r != NULL ? r->detail : NULL};

	writer_delivery(p->agent->writer, &row);
}

void
path_put_row(struct path *p, const struct delivery *x)
{
	put_row(p, x, DELIVERY_PENDING, NULL);
}

static void
finish(struct path *p, struct delivery *x)
{
	delivery_line_remove(&p->line, x);
	delivery_free(x);
}

static void
log_receipt(struct path *p, const struct delivery *x, enum log_level level,
    const char *what, const struct receipt *r)
{
	char key[DELIVERY_KEY_MAX], attempts[16];

	delivery_key(key, x->incident, x->seq, p->name);
	str_printf(attempts, sizeof(attempts), "%u", x->attempts);
	log_kv(level, what, "delivery", key, "attempts", attempts, "receipt",
	    r->detail, NULL);
}

static void
succeeded(struct path *p, struct delivery *x, const struct receipt *r)
{
	p->delivered++;
	p->failures = 0;
	p->last_error[0] = '\0';
	p->last_delivered_ms = clock_wall_ms();
	p->seconds_sum +=
	    (double)(p->last_delivered_ms - x->created_ms) / 1000.0;
	put_row(p, x, DELIVERY_DELIVERED, r);
	log_receipt(p, x, LOG_LEVEL_INFO, "delivered", r);
	finish(p, x);
}

static void
bury(struct path *p, struct delivery *x, const struct receipt *r)
{
	p->dead++;
	put_row(p, x, DELIVERY_DEAD, r);
	log_receipt(p, x, LOG_LEVEL_ERROR, "dead letter", r);
	finish(p, x);
}

static void
try_later(struct path *p, struct delivery *x, const struct receipt *r)
{
	int64_t now_ms = clock_wall_ms();
	char key[DELIVERY_KEY_MAX];

	if (backoff_exhausted(x->attempts, x->first_try_ms, now_ms)) {
		bury(p, x, r);
		return;
	}
	delivery_key(key, x->incident, x->seq, p->name);
	x->due_ms = now_ms + backoff_delay_ms(x->attempts, r->retry_after_ms,
				 schedule_hash(key));
	put_row(p, x, DELIVERY_PENDING, r);
	log_receipt(p, x, LOG_LEVEL_WARN, "not delivered, will try again", r);
}

static void
failed(struct path *p, const struct receipt *r)
{
	p->failed++;
	p->failures++;
	str_copy(p->last_error, sizeof(p->last_error), r->detail);
}

/* What became of the delivery in the worker's hands: one group. */
static void
settle(struct path *p, const struct receipt *r)
{
	struct delivery *x = p->current;

	p->current = NULL;
	x->attempts++;
	p->attempts++;
	writer_begin(p->agent->writer);
	switch (r->status) {
	case RECEIPT_DELIVERED:
		succeeded(p, x, r);
		break;
	case RECEIPT_RETRY:
		failed(p, r);
		try_later(p, x, r);
		break;
	case RECEIPT_REJECTED:
		failed(p, r);
		bury(p, x, r);
		break;
	case RECEIPT_DISABLED:
		failed(p, r);
		p->disabled = true;
		bury(p, x, r);
		break;
	}
	fault_point("receipt decided");
	writer_end(p->agent->writer, true);
}

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
	settle(p, &r);
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
		receipt_set(&r, RECEIPT_RETRY, 0,
		    "its worker was %s; whether it arrived is not known", why);
		settle(p, &r);
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

/* The job's members, with the key of this delivery in the message. */
static int
compose(
    struct path *p, const struct delivery *x, struct buf *out, struct err *err)
{
	char *stored = NULL, key[DELIVERY_KEY_MAX];
	const char *text = x->message;
	json_t *message = NULL;
	char *full;

	if (text == NULL) {
		if (store_get_event(p->agent->store, x->incident, x->seq,
			&stored, err) != 0)
			return -1;
		text = stored;
	}
	if (json_parse(&message, text, strlen(text), err) != 0) {
		free(stored);
		return err_wrap(err, "the stored message");
	}
	free(stored);
	json_put_str(message, "delivery",
	    delivery_key(key, x->incident, x->seq, p->name));
	full = json_text(message);
	json_decref(message);
	buf_puts(out, "\"message\":");
	buf_puts(out, full);
	free(full);
	return 0;
}

/* Nothing to send any more: it cannot ever be delivered. */
static void
give_up(struct path *p, struct delivery *x, const struct err *why)
{
	struct receipt r = RECEIPT_INIT;

	receipt_set(&r, RECEIPT_REJECTED, 0, "%s", why->text);
	writer_begin(p->agent->writer);
	failed(p, &r);
	bury(p, x, &r);
	writer_end(p->agent->writer, true);
}

static void
send_now(struct path *p, struct delivery *x)
{
	struct buf members;
	struct err err = ERR_INIT;

	buf_init(&members, LINES_MAX / 2);
	if (compose(p, x, &members, &err) != 0) {
		bool stored = x->group <= writer_committed(p->agent->writer);

		if (stored &&
		    (err.code == ERR_MISSING || err.code == ERR_PROTO))
			give_up(p, x, &err);
		else /* the store's trouble: come back */
			loop_timer_arm_ms(p->timer, RESTART_MAX_MS);
	} else if (link_send(p->link, 0, p->timeout_ms, buf_str(&members)) ==
		   0) {
		p->current = x;
		p->sent_ms = clock_boot_ms();
		if (x->first_try_ms == 0)
			x->first_try_ms = clock_wall_ms();
		fault_point("delivery sent");
	}
	buf_fini(&members);
}

void
path_pump(struct path *p)
{
	struct writer *w = p->agent->writer;
	uint64_t committed =
	    writer_failing(w) ? UINT64_MAX - 1 : writer_committed(w);
	int64_t wake_ms, now_ms = clock_wall_ms();
	struct delivery *x;

	if (!p->enabled || p->disabled || p->current != NULL ||
	    p->agent->stopping || !staff(p) || link_slots(p->link) == 0)
		return;
	x = delivery_line_next(&p->line, now_ms, committed, &wake_ms);
	if (x != NULL)
		send_now(p, x);
	else if (wake_ms != INT64_MAX)
		loop_timer_arm_ms(p->timer,
		    wake_ms - now_ms > 30000 ? 30000 : wake_ms - now_ms + 1);
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
	p->timer = loop_timer_new(a->loop, pump_timer, p);
	return p;
}

void
path_free(struct path *p)
{
	if (p == NULL)
		return;
	while (p->line.first != NULL)
		finish(p, p->line.first);
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

void
path_configure(struct path *p, const struct config_channel *channel)
{
	bool same = p->kind == channel->kind && p->options != NULL &&
	            json_equal(p->options, channel->options);

	p->timeout_ms = channel->timeout_ms;
	p->enabled = channel->enabled;
	if (!same) {
		struct link *old = p->link;
		struct receipt r = RECEIPT_INIT;

		p->link = NULL;
		link_free(old);
		if (p->current != NULL) {
			receipt_set(&r, RECEIPT_RETRY, 0,
			    "the channel's configuration changed meanwhile");
			settle(p, &r);
		}
		p->kind = channel->kind;
		json_decref(p->options);
		p->options = json_incref(channel->options);
		p->disabled = false;
		p->failures = 0;
		p->last_error[0] = '\0';
		p->not_before_ms = 0;
	}
	path_pump(p);
}

/* The ceiling: the oldest that is not in the worker's hands gives way. */
static void
make_room(struct path *p)
{
	struct delivery *x = p->line.first;
	struct receipt r = RECEIPT_INIT;

	if (p->line.count < DISPATCH_PENDING_MAX)
		return;
	if (x == p->current)
		x = x->next;
	receipt_set(&r, RECEIPT_REJECTED, 0,
	    "more than %d waited for this channel", DISPATCH_PENDING_MAX);
	bury(p, x, &r);
}

void
path_add(struct path *p, struct delivery *x)
{
	if (p->line.count >= BODIES_KEPT && !writer_failing(p->agent->writer)) {
		free(x->message);
		x->message = NULL;
	}
	make_room(p);
	delivery_line_add(&p->line, x);
	p->unsent++;
}

void
path_sent(struct path *p, uint64_t group)
{
	if (p->unsent == 0)
		return;
	p->unsent = 0;
	for (struct delivery *x = p->line.first; x != NULL; x = x->next)
		if (x->group == UINT64_MAX)
			x->group = group;
	path_pump(p);
}

void
path_drop_all(struct path *p)
{
	struct receipt r = RECEIPT_INIT;

	receipt_set(
	    &r, RECEIPT_REJECTED, 0, "the channel left the configuration");
	writer_begin(p->agent->writer);
	for (struct delivery *x = p->line.first; x != NULL; x = x->next)
		put_row(p, x, DELIVERY_DROPPED, &r);
	writer_end(p->agent->writer, true);
}

void
path_count_dead(struct path *p)
{
	p->dead++;
}

void
path_forget_dead(struct path *p)
{
	if (p->dead > 0)
		p->dead--;
}

void
path_status(const struct path *p, struct dispatch_status *out)
{
	*out = (struct dispatch_status){.name = p->name,
	    .kind = p->kind->name,
	    .enabled = p->enabled,
	    .disabled = p->disabled,
	    .ready = p->link != NULL && link_ready(p->link),
	    .pending = p->line.count,
	    .dead = p->dead,
	    .last_delivered_ms = p->last_delivered_ms,
	    .last_error = p->last_error,
	    .delivered = p->delivered,
	    .attempts = p->attempts,
	    .failures = p->failed,
	    .restarts = p->restarts,
	    .seconds_sum = p->seconds_sum,
	    .pid = p->link != NULL ? (int)link_pid(p->link) : 0};
	if (p->line.first != NULL)
		out->oldest_ms = p->line.first->created_ms;
}

bool
path_works(const struct path *p)
{
	return p->enabled && !p->disabled && p->failures < SICK_FAILURES &&
	       p->link != NULL && link_ready(p->link);
}

bool
path_busy(const struct path *p)
{
	return p->current != NULL;
}

bool
path_enabled(const struct path *p)
{
	return p->enabled;
}

static bool
is_sick(const struct path *p)
{
	int64_t old_ms = 0;

	if (p->line.first != NULL)
		old_ms = clock_wall_ms() - p->line.first->created_ms;
	return p->failures >= SICK_FAILURES || old_ms > SICK_OLD_MS;
}

void
path_tick(struct path *p)
{
	char reason[500];

	if (!p->enabled)
		health(p, OUTCOME_OK, "it is switched off");
	else if (p->disabled)
		health(p, OUTCOME_FAILED,
		    "the receiver says it is gone (410); the channel rests "
		    "until its configuration changes");
	else if (is_sick(p)) {
		str_printf(reason, sizeof(reason), "%u waiting; last: %.300s",
		    p->line.count,
		    p->last_error[0] ? p->last_error : "no answer yet");
		health(p, OUTCOME_FAILED, reason);
	} else if (p->failures == 0 && p->line.count == 0)
		health(p, OUTCOME_OK, "it delivers");
}
