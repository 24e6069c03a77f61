/* What leaves next by this path, and what it says: agent/path_own.h. */
#include <stdlib.h>
#include <string.h>

#include "agent/digest.h"
#include "agent/link.h"
#include "agent/links.h"
#include "agent/path_own.h"
#include "agent/stories.h"
#include "agent/subscribe.h"
#include "agent/whom.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/str.h"

#define STORE_RETRY_MS 5000
#define MUTE_LOOK_MS   5000 /* what waited is muted meanwhile */
#define BATCH_MAX      20000
#define MEMBERS_BESIDE 1024 /* of a line: what link.c puts around them */
#define DIGEST_COST    5.0  /* messages that one digest counts for, at most */

/* ---- the cap ---- */

/* How many messages may leave now? */
static double
tokens(struct path *p)
{
	int64_t now_ms = clock_boot_ms();
	double rate = (double)p->traits.per_minute / 60000.0;
	double burst = p->traits.burst > 0 ? (double)p->traits.burst : 1;

	if (p->traits.per_minute == 0)
		return BATCH_MAX;
	if (p->tokens_ms == 0)
		p->tokens = burst;
	else
		p->tokens += (double)(now_ms - p->tokens_ms) * rate;
	if (p->tokens > burst)
		p->tokens = burst;
	p->tokens_ms = now_ms;
	return p->tokens;
}

static int64_t
next_token_ms(const struct path *p)
{
	double rate = (double)p->traits.per_minute / 60000.0;

	return (int64_t)((1.0 - p->tokens) / rate) + 1;
}

/* For what arrived; what did not is bounded by the breaker. */
void
path_pay(struct path *p, const struct delivery *x)
{
	double cost = x->batch != NULL ? (double)x->batch->count : 1;

	if (p->traits.per_minute > 0)
		p->tokens -= cost < DIGEST_COST ? cost : DIGEST_COST;
}

/* ---- what a message says ---- */

static int
load(struct path *p, const struct delivery *x, json_t **out, struct err *err)
{
	char *stored = NULL;
	const char *text = x->message;
	int rc;

	*out = NULL;
	if (text == NULL) {
		if (store_get_event(p->agent->store, x->incident, x->seq,
			&stored, err) != 0)
			return -1;
		text = stored;
	}
	rc = json_parse(out, text, strlen(text), err);
	free(stored);
	return rc == 0 ? 0 : err_wrap(err, "the stored message");
}

/* The link is made now, for this channel: it is a right that never lies in the
 * state. "" when there is none. */
static void
make_ack_url(
    struct path *p, const struct delivery *x, char url[LINKS_URL_MAX + 1])
{
	const struct story *story = stories_find(p->agent, x->incident);
	struct links_ack what = {.alarm = 0};

	url[0] = '\0';
	if (x->event == EVENT_RESOLVED || x->event == EVENT_TEST ||
	    story == NULL || story->incident.status != INCIDENT_OPEN)
		return;
	str_copy(what.incident, sizeof(what.incident), x->incident);
	str_copy(what.channel, sizeof(what.channel), p->name);
	what.alarm = story->incident.alarms;
	links_ack_url(p->agent, &what, url);
}

static void
put_own(struct path *p, json_t *message, const char *key, const char *because)
{
	json_put_str(message, "delivery", key);
	if (because != NULL)
		json_put_str(message, "because", because);
	if (p->traits.subscribers)
		json_put(
		    message, "subscribers", subscribe_list(p->agent, p->name));
}

static int
compose_one(
    struct path *p, const struct delivery *x, json_t **out, struct err *err)
{
	char key[DELIVERY_KEY_MAX], url[LINKS_URL_MAX + 1];

	if (load(p, x, out, err) != 0)
		return -1;
	make_ack_url(p, x, url);
	if (url[0] != '\0')
		json_put_str(
		    json_object_get(*out, "incident"), "acknowledge_url", url);
	put_own(p, *out, delivery_key(key, x->incident, x->seq, p->name),
	    x->because);
	return 0;
}

static int
digest_load(void *ctx, const struct delivery *x, json_t **out, struct err *err)
{
	return load(ctx, x, out, err);
}

static int
compose(struct path *p, const struct delivery *x, json_t **out, struct err *err)
{
	if (x->batch == NULL)
		return compose_one(p, x, out, err);
	*out = digest_build(x->batch, digest_load, p, err);
	if (*out == NULL)
		return -1;
	json_put_str(*out, "agent", p->agent->config->agent_name);
	put_own(p, *out, x->batch->key, NULL);
	return 0;
}

static void
members_of(struct buf *out, const char *name, json_t *value)
{
	char *text = json_text(value);

	buf_printf(out, "\"%s\":", name);
	buf_puts(out, text);
	free(text);
	json_decref(value);
}

/* Put `value` where the text has an empty member of that name. Before the ones
 * that we fill (alerting/message.c) there are only texts of ours and texts
 * whose quotes are escaped, so the first such place is the right one. */
static const char *
fill_empty(
    struct buf *out, const char *text, const char *member, const char *value)
{
	char empty[40], *quoted;
	const char *at;
	json_t *json;

	if (value == NULL || value[0] == '\0')
		return text;
	str_printf(empty, sizeof(empty), "\"%s\":\"\"", member);
	at = strstr(text, empty);
	CHECK(at != NULL);
	at += strlen(empty) - 2;
	buf_add(out, text, (size_t)(at - text));
	json = json_string(value);
	quoted = json_text(json);
	buf_puts(out, quoted);
	free(quoted);
	json_decref(json);
	return at + 2;
}

/* A message that was built in this process and is still at hand need not be
 * taken apart and put together again. */
static bool
compose_text(struct path *p, const struct delivery *x, struct buf *out)
{
	char key[DELIVERY_KEY_MAX], url[LINKS_URL_MAX + 1];
	const char *text = x->message;

	if (text == NULL || x->batch != NULL || p->traits.subscribers)
		return false;
	delivery_key(key, x->incident, x->seq, p->name);
	make_ack_url(p, x, url);
	buf_puts(out, "\"message\":");
	text = fill_empty(out, text, "delivery", key);
	text = fill_empty(out, text, "because", x->because);
	text = fill_empty(out, text, "acknowledge_url", url);
	buf_puts(out, text);
	return true;
}

static int
compose_members(
    struct path *p, const struct delivery *x, struct buf *out, struct err *err)
{
	json_t *message;

	if (compose_text(p, x, out))
		return 0;
	if (compose(p, x, &message, err) != 0)
		return -1;
	members_of(out, "message", message);
	return 0;
}

static bool
hand_over(struct path *p, struct buf *members, enum path_job job)
{
	if (link_send(p->link, 0, p->timeout_ms, buf_str(members)) != 0)
		return false;
	link_flush(p->link);
	p->current.job = job;
	p->current.sent_ms = clock_wall_ms();
	p->current.sent_us = clock_boot_us();
	return true;
}

/* ---- deliveries ---- */

/* It can never be made: its message is not there, or not readable. */
static void
give_up(struct path *p, struct delivery *x, const struct err *why)
{
	struct receipt r = RECEIPT_INIT;

	receipt_set(&r, RECEIPT_REJECTED, 0, "%s", why->text);
	writer_begin(p->agent->writer);
	p->failed++;
	path_bury_message(p, x, &r);
	dispatch_sent(p->agent->dispatch, writer_end(p->agent->writer, true));
}

/* The store does not give it: others need not wait for that. */
static void
stand_back(
    struct path *p, struct delivery *x, int64_t until_ms, const struct err *why)
{
	p->failures++;
	str_copy(p->last_error, sizeof(p->last_error), why->text);
	path_put_off(p, x, until_ms);
}

static bool
send_now(struct path *p, struct delivery *x, int64_t *wake_ms)
{
	bool stored = x->group <= writer_committed(p->agent->writer), sent;
	struct buf members;
	struct err err = ERR_INIT;

	buf_init(&members, LINES_MAX - MEMBERS_BESIDE);
	if (compose_members(p, x, &members, &err) != 0) {
		bool gone = stored &&
		            (err.code == ERR_MISSING || err.code == ERR_PROTO);

		*wake_ms = clock_wall_ms() + (gone ? 0 : STORE_RETRY_MS);
		if (gone)
			give_up(p, x, &err);
		else
			stand_back(p, x, *wake_ms, &err);
		buf_fini(&members);
		return false;
	}
	if (p->lost)
		buf_puts(&members, ",\"lost\":true");
	sent = hand_over(p, &members, JOB_DELIVER);
	buf_fini(&members);
	if (!sent)
		return false;
	p->current.delivery = x;
	if (x->first_try_ms == 0)
		x->first_try_ms = p->current.sent_ms;
	fault_point("delivery sent");
	return true;
}

static bool
one_incident(struct delivery *const *list, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (!str_eq(list[i]->incident, list[0]->incident))
			return false;
	return true;
}

/* Should x leave together with others? Because they are of one group, or
 * because there are more than may leave one by one. */
static size_t
company(struct path *p, struct delivery *x, uint64_t committed,
    struct delivery ***out)
{
	size_t count;

	*out = NULL;
	if (!p->traits.digests || p->line.count < 2 || x->event == EVENT_TEST ||
	    x->attempts > 0)
		return 1;
	count = delivery_line_join(
	    &p->line, x, clock_wall_ms(), committed, BATCH_MAX, out);
	if ((double)count > p->tokens && p->traits.per_minute > 0 &&
	    !one_incident(*out, count))
		return count;
	free(*out);
	*out = NULL;
	if (x->grouping == NULL)
		return 1;
	count = delivery_line_join(&p->line, x, 0, committed, BATCH_MAX, out);
	if (count > 1 && !one_incident(*out, count))
		return count;
	free(*out);
	*out = NULL;
	return 1;
}

/* What goes into one message is written down before it leaves: a crash must
 * not make two messages of it that overlap. */
static void
pin(struct path *p, struct delivery **members, size_t count)
{
	char key[DELIVERY_KEY_MAX], own[DELIVERY_KEY_MAX];
	struct delivery *x = members[0];
	uint64_t group;

	str_printf(key, sizeof(key), "%s+%zu",
	    delivery_key(own, x->incident, x->seq, p->name), count);
	batch_new(key, members, count);
	writer_begin(p->agent->writer);
	for (size_t i = 0; i < count; i++)
		path_put_row(p, members[i]);
	group = writer_end(p->agent->writer, true);
	for (size_t i = 0; i < count; i++) {
		members[i]->group = group;
		members[i]->due_ms = x->due_ms;
		delivery_line_moved(&p->line, members[i]);
	}
}

bool
path_send_next(struct path *p, uint64_t committed, int64_t *wake_ms)
{
	int64_t now_ms = clock_wall_ms();
	struct delivery **members;
	struct delivery *x =
	    delivery_line_next(&p->line, now_ms, committed, wake_ms);
	size_t count;

	if (x == NULL)
		return false;
	if (tokens(p) < 1) {
		*wake_ms = now_ms + next_token_ms(p);
		return false;
	}
	if (x->batch == NULL &&
	    whom_is_muted(p->agent, x->incident, x->event)) {
		*wake_ms = now_ms + MUTE_LOOK_MS;
		path_put_off(p, x, *wake_ms);
		return false;
	}
	if (x->batch == NULL &&
	    (count = company(p, x, committed, &members)) > 1) {
		pin(p, members, count);
		if (!writer_failing(p->agent->writer))
			return false; /* it leaves when that is committed */
	}
	return send_now(p, x, wake_ms);
}

/* ---- what follows a delivery ---- */

static enum path_job
follow_members(struct path *p, const struct follow *f, bool poll,
    struct buf *members, struct err *err)
{
	struct delivery x = {.seq = f->seq, .event = EVENT_REMINDER};
	json_t *message;

	if (poll) {
		members_of(members, f->cancel ? "cancel" : "poll",
		    json_string(f->remote_id));
		return f->cancel ? JOB_CANCEL : JOB_POLL;
	}
	str_copy(x.incident, sizeof(x.incident), f->incident);
	if (compose_one(p, &x, &message, err) != 0)
		return JOB_NONE;
	members_of(members, "message", message);
	return JOB_REFRESH;
}

static void
unlink_follow(struct follow_list *list, struct follow *f)
{
	struct follow **at = &list->first;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	if (list->last == &f->next)
		list->last = at;
}

/* Repetitions come round in their order; a question that was put off, or that
 * is to be cancelled, may be due before the first. */
static struct follow *
earliest(const struct follow_list *list, bool poll)
{
	struct follow *best = list->first;

	for (struct follow *f = best; poll && f != NULL; f = f->next)
		if (f->due_ms < best->due_ms)
			best = f;
	return best;
}

static bool
send_follow(
    struct path *p, struct follow_list *list, bool poll, int64_t *wake_ms)
{
	struct follow *f = earliest(list, poll);
	int64_t now_ms = clock_wall_ms();
	struct err err = ERR_INIT;
	struct buf members;
	enum path_job job;
	bool sent;

	if (f == NULL)
		return false;
	if (f->due_ms > now_ms) {
		if (f->due_ms < *wake_ms)
			*wake_ms = f->due_ms;
		return false;
	}
	buf_init(&members, LINES_MAX / 2);
	job = follow_members(p, f, poll, &members, &err);
	sent = job != JOB_NONE && hand_over(p, &members, job);
	buf_fini(&members);
	unlink_follow(list, f);
	if (sent) {
		p->current.follow = f;
	} else if (err.code == ERR_MISSING &&
		   !writer_failing(p->agent->writer)) {
		follow_free(f); /* its event is gone: nothing to repeat */
	} else {
		f->due_ms = now_ms + STORE_RETRY_MS;
		follow_add(list, f);
	}
	return sent;
}

bool
path_send_follow(struct path *p, int64_t *wake_ms)
{
	return send_follow(p, &p->polls, true, wake_ms) ||
	       send_follow(p, &p->refreshes, false, wake_ms);
}
