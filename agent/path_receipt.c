/* What became of what was sent: agent/path_own.h. */
#include <stdlib.h>

#include "agent/path_own.h"
#include "agent/schedule.h"
#include "agent/subscribe.h"
#include "alerting/backoff.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define BREAKER_FAILURES 3 /* in a row: then the path rests between tries */
#define REST_MAX_MS      30000
#define ASKED_MAX_MS     900000 /* longest rest that a receiver may ask for */

/* ---- rows ---- */

static void
put_row(struct path *p, const struct delivery *x, enum delivery_status status,
    const struct receipt *r)
{
	bool done = status != DELIVERY_PENDING;
	struct delivery_row row = {.incident = x->incident,
	    .seq = x->seq,
	    .channel = p->name,
	    .status = status,
	    .attempts = x->attempts,
	    .created_ms = x->created_ms,
	    .due_ms = x->due_ms,
	    .done_ms = done ? clock_wall_ms() : 0,
	    .code = r != NULL ? r->code : 0,
	    .detail = r != NULL ? r->detail : NULL,
	    .event = (int)x->event,
	    .severity = x->severity,
	    .batch = x->batch != NULL ? x->batch->key : NULL,
	    .grouping = x->grouping,
	    .because = x->because,
	    .fallback_ms = done ? 0 : x->fallback_ms};

	if (status == DELIVERY_DELIVERED) {
		row.remote_id = r->remote_id[0] != '\0' ? r->remote_id : NULL;
		if (r->poll_after_ms >= 0 && x->batch == NULL)
			row.poll_ms = clock_wall_ms() + r->poll_after_ms;
	}
	writer_delivery(p->agent->writer, &row);
}

void
path_put_row(struct path *p, const struct delivery *x)
{
	put_row(p, x, DELIVERY_PENDING, NULL);
}

static const char *
message_key(
    char dst[DELIVERY_KEY_MAX], const struct path *p, const struct delivery *x)
{
	if (x->batch == NULL)
		return delivery_key(dst, x->incident, x->seq, p->name);
	str_copy(dst, DELIVERY_KEY_MAX, x->batch->key);
	return dst;
}

static void
put_attempt(struct path *p, const struct delivery *x, const struct receipt *r)
{
	char key[DELIVERY_KEY_MAX];
	struct attempt_row row = {.message = message_key(key, p, x),
	    .n = x->attempts,
	    .at_ms = p->current.sent_ms,
	    .took_us = clock_boot_us() - p->current.sent_us,
	    .status = (int)r->status,
	    .code = r->code,
	    .remote_id = r->remote_id[0] != '\0' ? r->remote_id : NULL,
	    .detail = r->detail};

	writer_attempt(p->agent->writer, &row);
}

static void
log_receipt(struct path *p, const struct delivery *x, enum log_level level,
    const char *what, const struct receipt *r)
{
	char key[DELIVERY_KEY_MAX], attempts[16];

	str_printf(attempts, sizeof(attempts), "%u", x->attempts);
	log_kv(level, what, "delivery", message_key(key, p, x), "attempts",
	    attempts, "receipt", r->detail, NULL);
}

/* ---- one delivery of the message ---- */

static void
finish(struct path *p, struct delivery *x)
{
	if (x->fallback_ms != 0)
		p->fallbacks--;
	delivery_line_remove(&p->line, x);
	delivery_free(x);
}

static void
deliver(struct path *p, struct delivery *x, const struct receipt *r)
{
	put_row(p, x, DELIVERY_DELIVERED, r);
	path_follow_delivered(p, x, r);
	p->delivered++;
	p->seconds_sum += (double)(clock_wall_ms() - x->created_ms) / 1000.0;
	finish(p, x);
}

void
path_bury(struct path *p, struct delivery *x, const struct receipt *r)
{
	p->dead++;
	if (x->event == EVENT_TEST)
		p->unproven = true;
	put_row(p, x, DELIVERY_DEAD, r);
	log_receipt(p, x, LOG_LEVEL_ERROR, "dead letter", r);
	if (x->fallback_ms != 0)
		dispatch_orphan(p->agent->dispatch, p->name, x, r->detail);
	finish(p, x);
}

static void
try_later(
    struct path *p, struct delivery *x, int64_t due_ms, const struct receipt *r)
{
	x->due_ms = due_ms;
	delivery_line_moved(&p->line, x);
	put_row(p, x, DELIVERY_PENDING, r);
}

/* ---- the message ---- */

struct members { /* of the message, one or a batch */
	struct delivery **list;
	size_t count;
	struct delivery *one;
	struct batch *batch;
};

static struct members
members(struct delivery *x)
{
	struct members m = {.one = x, .batch = x->batch};

	m.count = m.batch != NULL ? m.batch->count : 1;
	return m;
}

static struct delivery *
member(struct members *m, size_t i)
{
	return m->batch != NULL ? m->batch->members[i] : m->one;
}

static void
succeeded(struct path *p, struct members *m, const struct receipt *r)
{
	bool was_sick = p->failures > 0;

	p->failures = 0;
	p->unproven = false;
	p->last_error[0] = '\0';
	p->last_delivered_ms = clock_wall_ms();
	p->rest_ms = 0;
	path_pay(p, m->one);
	log_receipt(p, m->one, LOG_LEVEL_INFO, "delivered", r);
	if (m->batch != NULL) {
		p->digests++;
		p->merged += m->count;
	}
	for (size_t i = 0; i < m->count; i++)
		deliver(p, member(m, i), r);
	if (m->batch != NULL) {
		m->batch->count = 0; /* its members are gone */
		batch_free(m->batch);
	}
	if (was_sick)
		delivery_line_hurry(&p->line, clock_wall_ms());
}

static void
bury_all(struct path *p, struct members *m, const struct receipt *r)
{
	for (size_t i = 0; i < m->count; i++)
		path_bury(p, member(m, i), r);
	if (m->batch != NULL) {
		m->batch->count = 0; /* its members are gone */
		batch_free(m->batch);
	}
}

void
path_bury_message(struct path *p, struct delivery *x, const struct receipt *r)
{
	struct members m = members(x);

	bury_all(p, &m, r);
}

void
path_put_off(struct path *p, struct delivery *x, int64_t due_ms)
{
	struct members m = members(x);

	for (size_t i = 0; i < m.count; i++) {
		member(&m, i)->due_ms = due_ms;
		delivery_line_moved(&p->line, member(&m, i));
	}
}

static void
retry(struct path *p, struct members *m, const struct receipt *r)
{
	int64_t now_ms = clock_wall_ms(), due_ms;
	char key[DELIVERY_KEY_MAX];

	if (backoff_exhausted(m->one->attempts, m->one->first_try_ms, now_ms)) {
		bury_all(p, m, r);
		return;
	}
	due_ms = now_ms + backoff_delay_ms(m->one->attempts, r->retry_after_ms,
			      schedule_hash(message_key(key, p, m->one)));
	log_receipt(
	    p, m->one, LOG_LEVEL_WARN, "not delivered, will try again", r);
	for (size_t i = 0; i < m->count; i++)
		try_later(p, member(m, i), due_ms, r);
}

/* ---- the path ---- */

/* The breaker: a receiver that fails again and again, or asks for a pause, is
 * tried with one message at a time until it takes one. */
static void
rest(struct path *p, const struct receipt *r)
{
	int64_t rest_ms = 0, asked_ms = r->retry_after_ms;

	if (p->failures >= BREAKER_FAILURES)
		rest_ms = backoff_delay_ms(p->failures - BREAKER_FAILURES + 1,
		    -1, schedule_hash(p->name));
	if (rest_ms > REST_MAX_MS)
		rest_ms = REST_MAX_MS;
	if (asked_ms > ASKED_MAX_MS)
		asked_ms = ASKED_MAX_MS;
	if (asked_ms > rest_ms)
		rest_ms = asked_ms;
	if (rest_ms > 0)
		p->rest_ms = clock_boot_ms() + rest_ms;
}

static void
failed(struct path *p, const struct receipt *r)
{
	p->failed++;
	p->failures++;
	str_copy(p->last_error, sizeof(p->last_error), r->detail);
	if (r->status == RECEIPT_RETRY)
		rest(p, r);
	if (r->status == RECEIPT_DISABLED)
		p->disabled = true;
}

static void
settle_delivery(struct path *p, const struct receipt *r)
{
	struct members m = members(p->current.delivery);

	p->attempts++;
	for (size_t i = 0; i < m.count; i++)
		member(&m, i)->attempts++;
	put_attempt(p, m.one, r);
	if (r->status != RECEIPT_DELIVERED)
		failed(p, r);
	if (r->status == RECEIPT_DELIVERED)
		succeeded(p, &m, r);
	else if (r->status == RECEIPT_RETRY)
		retry(p, &m, r);
	else
		bury_all(p, &m, r);
}

/* A receipt may wait a moment for company on its way to the disk: if it is
 * lost in a crash, the same message leaves again under the same key. */
void
path_settle(struct path *p, const struct receipt *r)
{
	enum path_job job = p->current.job;

	if (job != JOB_DELIVER) {
		path_follow_settle(p, r);
		return;
	}
	if (r->gone != NULL)
		subscribe_forget(p->agent, p->name, r->gone);
	writer_begin(p->agent->writer);
	settle_delivery(p, r);
	p->current = (struct path_current){.job = JOB_NONE};
	fault_point("receipt decided");
	if (r->status == RECEIPT_DELIVERED)
		writer_end_soon(p->agent->writer);
	else
		dispatch_sent(
		    p->agent->dispatch, writer_end(p->agent->writer, true));
}
