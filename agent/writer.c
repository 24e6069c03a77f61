#include "agent/writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"

#define GROUPS_PER_TRANSACTION 2000
#define RETRY_MIN_MS           1000
#define RETRY_MAX_MS           10000
#define REST_MS                2 /* after a flush, when its alerts have left */

enum change_type {
	CHANGE_OBSERVATION,
	CHANGE_PROBE,
	CHANGE_INCIDENT,
	CHANGE_EVENT,
	CHANGE_DELIVERY,
	CHANGE_ATTEMPT,
	CHANGE_FINDING,
	CHANGE_MUTE,
	CHANGE_DROP_MUTE,
	CHANGE_DROP_PROBE,
};

struct change {
	struct change *next;
	enum change_type type;
	size_t size;
	union {
		struct observation_row observation;
		struct probe_row probe;
		struct incident_row incident;
		struct event_row event;
		struct delivery_row delivery;
		struct attempt_row attempt;
		struct finding_row finding;
		struct mute_row mute;
		const char *name;
	} row;
	/* the rows' strings follow in the same allocation */
};

struct group {
	struct group *next;
	uint64_t number;
	struct change *first, **last;
	size_t size;
	bool matters;
	bool refused; /* the store can never take it: our own mistake */
};

struct writer {
	struct loop *loop;
	struct store *store;
	const struct writer_ops *ops;
	void *ctx;
	struct loop_timer *timer, *rest;
	int64_t timer_ms; /* boot clock; 0 = not armed */
	bool flush_queued;
	struct group *first, **last;
	struct group *open; /* between begin and end */
	uint64_t number, committed, dropped;
	size_t size;
	unsigned waiting;
	int64_t retry_ms;
	struct err why; /* ERR_NONE: fine */
};

static void
free_group(struct group *g)
{
	while (g->first != NULL) {
		struct change *c = g->first;

		g->first = c->next;
		free(c);
	}
	free(g);
}

/* Strings of a row, copied behind the change: each pointer is redirected. */
static struct change *
copy_change(struct writer *w, enum change_type type, const char **strings[],
    size_t count)
{
	size_t size = sizeof(struct change);
	struct change *c;
	char *at;

	CHECK(w->open != NULL);
	for (size_t i = 0; i < count; i++)
		if (*strings[i] != NULL)
			size += strlen(*strings[i]) + 1;
	c = mem_alloc(size);
	c->type = type;
	c->size = size;
	at = (char *)(c + 1);
	for (size_t i = 0; i < count; i++) {
		size_t len;

		if (*strings[i] == NULL)
			continue;
		len = strlen(*strings[i]) + 1;
		memcpy(at, *strings[i], len);
		*strings[i] = at;
		at += len;
	}
	*w->open->last = c;
	w->open->last = &c->next;
	w->open->size += size;
	return c;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void
writer_observation(struct writer *w, const struct observation_row *row)
{
	struct observation_row r = *row;
	const char **s[] = {&r.probe, &r.region, &r.detail};

	copy_change(w, CHANGE_OBSERVATION, s, COUNT(s))->row.observation = r;
}

void
writer_probe(struct writer *w, const struct probe_row *row)
{
	struct probe_row r = *row;
	const char **s[] = {
	    &r.name, &r.kind, &r.target, &r.verdict, &r.memory, &r.last};

	copy_change(w, CHANGE_PROBE, s, COUNT(s))->row.probe = r;
}

void
writer_incident(struct writer *w, const struct incident_row *row)
{
	struct incident_row r = *row;
	const char **s[] = {&r.id, &r.probe, &r.body};

	copy_change(w, CHANGE_INCIDENT, s, COUNT(s))->row.incident = r;
}

void
writer_event(struct writer *w, const struct event_row *row)
{
	struct event_row r = *row;
	const char **s[] = {&r.incident, &r.body};

	copy_change(w, CHANGE_EVENT, s, COUNT(s))->row.event = r;
}

void
writer_delivery(struct writer *w, const struct delivery_row *row)
{
	struct delivery_row r = *row;
	const char **s[] = {&r.incident, &r.channel, &r.detail, &r.batch,
	    &r.grouping, &r.because, &r.remote_id};

	copy_change(w, CHANGE_DELIVERY, s, COUNT(s))->row.delivery = r;
}

void
writer_attempt(struct writer *w, const struct attempt_row *row)
{
	struct attempt_row r = *row;
	const char **s[] = {&r.message, &r.remote_id, &r.detail};

	copy_change(w, CHANGE_ATTEMPT, s, COUNT(s))->row.attempt = r;
}

void
writer_finding(struct writer *w, const struct finding_row *row)
{
	struct finding_row r = *row;
	const char **s[] = {&r.probe, &r.key, &r.incident};

	copy_change(w, CHANGE_FINDING, s, COUNT(s))->row.finding = r;
}

void
writer_mute(struct writer *w, const struct mute_row *row)
{
	struct mute_row r = *row;
	const char **s[] = {&r.id, &r.body};

	copy_change(w, CHANGE_MUTE, s, COUNT(s))->row.mute = r;
}

void
writer_drop_mute(struct writer *w, const char *id)
{
	const char **s[] = {&id};

	copy_change(w, CHANGE_DROP_MUTE, s, COUNT(s))->row.name = id;
}

void
writer_drop_probe(struct writer *w, const char *name)
{
	const char **s[] = {&name};

	copy_change(w, CHANGE_DROP_PROBE, s, COUNT(s))->row.name = name;
}

static int
apply(struct store *s, const struct change *c, struct err *err)
{
	switch (c->type) {
	case CHANGE_OBSERVATION:
		return store_put_observation(s, &c->row.observation, err);
	case CHANGE_PROBE:
		return store_put_probe(s, &c->row.probe, err);
	case CHANGE_INCIDENT:
		return store_put_incident(s, &c->row.incident, err);
	case CHANGE_EVENT:
		return store_put_event(s, &c->row.event, err);
	case CHANGE_DELIVERY:
		return store_put_delivery(s, &c->row.delivery, err);
	case CHANGE_ATTEMPT:
		return store_put_attempt(s, &c->row.attempt, err);
	case CHANGE_FINDING:
		return store_put_finding(s, &c->row.finding, err);
	case CHANGE_MUTE:
		return store_put_mute(s, &c->row.mute, err);
	case CHANGE_DROP_MUTE:
		return store_drop_mute(s, c->row.name, err);
	case CHANGE_DROP_PROBE:
		return store_drop_probe(s, c->row.name, err);
	}
	CHECK(!"a change of unknown type");
	return -1;
}

/* One transaction of whole groups; *count of them if it committed. */
static int
write_groups(struct writer *w, unsigned *count, struct err *err)
{
	struct group *g = w->first;

	*count = 0;
	if (store_begin(w->store, err) != 0)
		return -1;
	fault_point("transaction begun");
	for (; g != NULL && *count < GROUPS_PER_TRANSACTION; g = g->next) {
		for (struct change *c = g->first; c != NULL; c = c->next) {
			if (apply(w->store, c, err) != 0) {
				store_rollback(w->store);
				g->refused = err->code == ERR_INPUT;
				return -1;
			}
		}
		++*count;
	}
	fault_point("before commit");
	if (store_commit(w->store, err) != 0) {
		store_rollback(w->store);
		return -1;
	}
	fault_point("after commit");
	return 0;
}

/* A group that can never be written must not hold up those behind it. */
static bool
drop_refused(struct writer *w, const struct err *why)
{
	for (struct group **at = &w->first; *at != NULL; at = &(*at)->next) {
		struct group *g = *at;

		if (!g->refused)
			continue;
		log_error("a change is not kept: %s", why->text);
		*at = g->next;
		if (w->last == &g->next)
			w->last = at;
		w->size -= g->size;
		w->waiting--;
		free_group(g);
		return true;
	}
	return false;
}

static void
drop_first(struct writer *w)
{
	struct group *g = w->first;

	w->first = g->next;
	if (w->first == NULL)
		w->last = &w->first;
	w->size -= g->size;
	w->waiting--;
	free_group(g);
}

static void
arm(struct writer *w, int64_t after_ms)
{
	w->timer_ms = clock_boot_ms() + after_ms;
	loop_timer_arm_ms(w->timer, after_ms);
}

static void
fail(struct writer *w, const struct err *err)
{
	bool news = w->why.code == ERR_NONE;

	w->why = *err;
	w->retry_ms = news ? RETRY_MIN_MS : w->retry_ms * 2;
	if (w->retry_ms > RETRY_MAX_MS)
		w->retry_ms = RETRY_MAX_MS;
	arm(w, w->retry_ms);
	if (news)
		w->ops->trouble(w->ctx, &w->why);
}

void
writer_flush(struct writer *w)
{
	struct err err = ERR_INIT;
	bool wrote = false;

	loop_timer_disarm(w->timer);
	w->timer_ms = 0;
	while (w->first != NULL) {
		unsigned count;

		if (write_groups(w, &count, &err) != 0) {
			if (drop_refused(w, &err))
				continue;
			fail(w, &err);
			return;
		}
		wrote = true;
		for (; count > 0; count--) {
			w->committed = w->first->number;
			drop_first(w);
		}
	}
	if (w->why.code != ERR_NONE) {
		w->why = (struct err)ERR_INIT;
		w->ops->trouble(w->ctx, NULL);
	}
	if (!wrote)
		return;
	loop_timer_arm_ms(w->rest, REST_MS);
	w->ops->committed(w->ctx, w->committed);
}

static void
rest(void *ctx)
{
	struct writer *w = ctx;

	if (w->why.code == ERR_NONE && w->open == NULL)
		store_rest(w->store);
}

static void
flush_soon(void *ctx)
{
	struct writer *w = ctx;

	w->flush_queued = false;
	if (w->why.code == ERR_NONE)
		writer_flush(w);
}

static void
flush_timer(void *ctx)
{
	writer_flush(ctx);
}

struct writer *
writer_new(struct loop *loop, struct store *store, const struct writer_ops *ops,
    void *ctx)
{
	struct writer *w = mem_alloc(sizeof(*w));

	w->loop = loop;
	w->store = store;
	w->ops = ops;
	w->ctx = ctx;
	w->last = &w->first;
	w->timer = loop_timer_new(loop, flush_timer, w);
	w->rest = loop_timer_new(loop, rest, w);
	return w;
}

void
writer_free(struct writer *w)
{
	if (w == NULL)
		return;
	writer_flush(w);
	loop_undefer(w->loop, w);
	loop_timer_free(w->timer);
	loop_timer_free(w->rest);
	while (w->first != NULL)
		drop_first(w);
	free(w);
}

void
writer_begin(struct writer *w)
{
	CHECK(w->open == NULL);
	w->open = mem_alloc(sizeof(*w->open));
	w->open->last = &w->open->first;
}

/* Past the ceiling: the oldest groups that hold nothing but an uneventful
 * observation go. What matters stays, however much it is. */
static void
shed(struct writer *w)
{
	struct group **at = &w->first;

	while (w->size > WRITER_MAX && *at != NULL) {
		struct group *g = *at;

		if (g->matters) {
			at = &g->next;
			continue;
		}
		*at = g->next;
		w->size -= g->size;
		w->waiting--;
		w->dropped++;
		free_group(g);
	}
	if (*at == NULL)
		w->last = at;
}

static void
end_group(struct writer *w, bool matters)
{
	struct group *g = w->open;

	CHECK(g != NULL);
	w->open = NULL;
	g->matters = matters;
	g->number = ++w->number;
	*w->last = g;
	w->last = &g->next;
	w->size += g->size;
	w->waiting++;
	if (w->size > WRITER_MAX)
		shed(w);
}

/* Unless it is to be sooner already, or the retry timer is running. */
static void
flush_within(struct writer *w, int64_t after_ms)
{
	if (w->why.code != ERR_NONE || w->flush_queued)
		return;
	if (w->timer_ms == 0 || w->timer_ms > clock_boot_ms() + after_ms)
		arm(w, after_ms);
}

uint64_t
writer_end(struct writer *w, bool matters)
{
	end_group(w, matters);
	if (!matters) {
		flush_within(w, WRITER_WAIT_MS);
	} else if (w->why.code == ERR_NONE && !w->flush_queued) {
		w->flush_queued = true;
		loop_defer(w->loop, flush_soon, w);
	}
	return w->number;
}

uint64_t
writer_end_soon(struct writer *w)
{
	end_group(w, true);
	flush_within(w, WRITER_SOON_MS);
	return w->number;
}

uint64_t
writer_committed(const struct writer *w)
{
	return w->committed;
}

bool
writer_failing(const struct writer *w)
{
	return w->why.code != ERR_NONE;
}

const char *
writer_reason(const struct writer *w)
{
	return w->why.text;
}

unsigned
writer_waiting(const struct writer *w)
{
	return w->waiting;
}

uint64_t
writer_dropped(const struct writer *w)
{
	return w->dropped;
}
