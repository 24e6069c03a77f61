#include "agent/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "agent/delivery.h"
#include "agent/path.h"
#include "agent/stories.h"
#include "agent/tell.h"
#include "agent/whom.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define ORPHANS 1000 /* critical alarms that no path could take */

struct orphan;

struct dispatch {
	struct agent *agent;
	struct path **paths;
	const char **names; /* NULL-ended, as many */
	size_t count;
	struct orphan *orphans;
	unsigned orphan_count;
};

struct orphan { /* given up by its channel, and by no other told yet */
	struct orphan *next;
	struct delivery *delivery;
	char *from, *why;
};

static void
orphan_free(struct orphan *o)
{
	delivery_free(o->delivery);
	free(o->from);
	free(o->why);
	free(o);
}

static void
drop_orphan(struct dispatch *d)
{
	struct orphan *o = d->orphans;

	d->orphans = o->next;
	orphan_free(o);
}

struct dispatch *
dispatch_new(struct agent *a)
{
	struct dispatch *d = mem_alloc(sizeof(*d));

	d->agent = a;
	d->names = mem_array(1, sizeof(*d->names));
	return d;
}

void
dispatch_free(struct dispatch *d)
{
	if (d == NULL)
		return;
	while (d->orphans != NULL)
		drop_orphan(d);
	for (size_t i = 0; i < d->count; i++)
		path_free(d->paths[i]);
	free(d->paths);
	free(d->names);
	free(d);
}

static struct path *
find(const struct dispatch *d, const char *name)
{
	int i = str_index(d->names, name);

	return i < 0 ? NULL : d->paths[i];
}

/* Who was told of an open incident that the receiver forgets by itself. */
static void
restore_refresh(void *ctx, struct story *story)
{
	struct dispatch *d = ctx;

	if (story->incident.status == INCIDENT_RESOLVED)
		return;
	for (size_t i = 0; i < d->count; i++)
		if (channel_set_has(&story->notice.told, i))
			path_refresh(d->paths[i], story->incident.id,
			    story->incident.seq);
}

static void
restore_refreshes(struct dispatch *d)
{
	for (size_t i = 0; i < d->count; i++)
		path_forget_refreshes(d->paths[i]);
	stories_each(d->agent, restore_refresh, d);
}

void
dispatch_configure(struct dispatch *d)
{
	const struct config *c = d->agent->config;
	struct path **paths = mem_array(c->channel_count, sizeof(*paths));
	const char **names = mem_array(c->channel_count + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < c->channel_count; i++) {
		const struct config_channel *channel = &c->channels[i];
		struct path *p = find(d, channel->name);

		if (p == NULL)
			p = path_new(d->agent, channel->name);
		path_configure(p, channel);
		names[count] = path_name(p);
		paths[count++] = p;
	}
	stories_rename(d->agent, d->names, names);
	for (size_t i = 0; i < d->count; i++) {
		if (config_find_channel(c, d->names[i]) != NULL)
			continue;
		path_drop_all(d->paths[i]);
		path_free(d->paths[i]);
	}
	free(d->paths);
	free(d->names);
	d->paths = paths;
	d->names = names;
	d->count = count;
	restore_refreshes(d);
}

const char *const *
dispatch_channels(const struct dispatch *d, size_t *count)
{
	*count = d->count;
	return d->names;
}

bool
dispatch_enabled(const struct dispatch *d, size_t channel)
{
	return path_enabled(d->paths[channel]);
}

static char *
copy_or_null(const char *text)
{
	return text != NULL ? mem_strdup(text) : NULL;
}

void
dispatch_add(
    struct dispatch *d, size_t channel, const struct dispatch_message *m)
{
	struct path *p = d->paths[channel];
	struct delivery *x = delivery_new(m->incident, m->seq, m->text);
	int64_t after_ms = path_fallback_after_ms(p);

	x->event = m->event;
	x->severity = m->severity;
	x->because = copy_or_null(m->because);
	x->created_ms = x->due_ms = clock_wall_ms();
	if (path_merges(p) && m->grouping != NULL) {
		x->grouping = mem_strdup(m->grouping);
		x->due_ms += m->wait_ms;
	}
	if (m->needs_proof && after_ms > 0)
		x->fallback_ms = x->due_ms + after_ms;
	path_add(p, x, false);
	path_put_row(p, x);
}

static bool
may_take(const struct dispatch *d, const struct config_channel *from,
    const struct story *story, size_t i)
{
	return path_works(d->paths[i]) && !str_eq(d->names[i], from->name) &&
	       !channel_set_has(&story->notice.told, i);
}

/* The named ones in their order; any, if none are named. */
static int
next_path(const struct dispatch *d, const struct config_channel *from,
    const struct story *story)
{
	const struct option_list *named = &from->fallback;

	for (size_t n = 0; n < named->count; n++) {
		int i = str_index(d->names, named->items[n]);

		if (i >= 0 && may_take(d, from, story, (size_t)i))
			return i;
	}
	for (size_t i = 0; named->count == 0 && i < d->count; i++)
		if (may_take(d, from, story, i))
			return (int)i;
	return -1;
}

static void
copy_to(struct dispatch *d, size_t channel, const struct delivery *x,
    const char *from, const char *why)
{
	char for_[32], *because;
	struct dispatch_message m = {.incident = x->incident,
	    .seq = x->seq,
	    .event = x->event,
	    .severity = x->severity,
	    .text = x->message,
	    .needs_proof = true};

	str_duration_human(for_, (clock_wall_ms() - x->created_ms) * 1000);
	because = mem_printf(
	    "%s could not deliver it within %s: %.200s", from, for_, why);
	m.because = because;
	log_kv(LOG_LEVEL_WARN, "another path is used", "incident", x->incident,
	    "channel", d->names[channel], "because", because, NULL);
	dispatch_add(d, channel, &m);
	free(because);
}

bool
dispatch_fall_back(struct dispatch *d, const char *from,
    const struct delivery *x, const char *why)
{
	struct story *story = stories_find(d->agent, x->incident);
	const struct config_channel *c =
	    config_find_channel(d->agent->config, from);
	int next;

	if (story == NULL || c == NULL || !story->notice.ringing)
		return true; /* somebody has it, or it is over */
	if (whom_is_muted(d->agent, x->incident, x->event))
		return false;
	next = next_path(d, c, story);
	if (next < 0)
		return false;
	notice_told(&story->notice, (size_t)next);
	tell_keep(d->agent, story);
	copy_to(d, (size_t)next, x, from, why);
	return true;
}

void
dispatch_orphan(struct dispatch *d, const char *from, const struct delivery *x,
    const char *why)
{
	struct orphan *o;

	if (dispatch_fall_back(d, from, x, why) || d->orphan_count >= ORPHANS)
		return;
	log_kv(LOG_LEVEL_ERROR, "no other path is left", "incident",
	    x->incident, "channel", from, "why", why, NULL);
	o = mem_alloc(sizeof(*o));
	o->delivery = delivery_new(x->incident, x->seq, NULL);
	o->delivery->event = x->event;
	o->delivery->severity = x->severity;
	o->delivery->created_ms = x->created_ms;
	o->from = mem_strdup(from);
	o->why = mem_strdup(why);
	o->next = d->orphans;
	d->orphans = o;
	d->orphan_count++;
}

static void
look_after_orphans(struct dispatch *d)
{
	struct orphan **at = &d->orphans;

	if (d->orphans == NULL)
		return;
	writer_begin(d->agent->writer);
	while (*at != NULL) {
		struct orphan *o = *at;

		if (!dispatch_fall_back(d, o->from, o->delivery, o->why)) {
			at = &o->next;
			continue;
		}
		*at = o->next;
		d->orphan_count--;
		orphan_free(o);
	}
	dispatch_sent(d, writer_end(d->agent->writer, true));
}

bool
dispatch_usable(const struct dispatch *d, size_t channel)
{
	return path_usable(d->paths[channel]);
}

void
dispatch_rebase(struct dispatch *d, int64_t jump_ms)
{
	for (size_t i = 0; i < d->count; i++)
		path_rebase(d->paths[i], jump_ms);
}

void
dispatch_answered(struct dispatch *d, const char *incident)
{
	for (size_t i = 0; i < d->count; i++)
		path_answered(d->paths[i], incident);
}

void
dispatch_sent(struct dispatch *d, uint64_t group)
{
	for (size_t i = 0; i < d->count; i++)
		path_sent(d->paths[i], group);
}

void
dispatch_committed(struct dispatch *d)
{
	for (size_t i = 0; i < d->count; i++)
		path_pump(d->paths[i]);
}

struct batched { /* a delivery that was put into a message with others */
	char *key;
	struct delivery *delivery;
};

struct loading {
	struct dispatch *dispatch;
	struct batched *batched;
	size_t batched_count;
	struct delivery_row *strays; /* of channels that left */
	size_t stray_count;
};

static void
keep_stray(struct loading *l, const struct delivery_row *row)
{
	struct delivery_row *copy;

	l->strays = mem_grow(l->strays, l->stray_count + 1, sizeof(*l->strays));
	copy = &l->strays[l->stray_count++];
	*copy = *row;
	copy->incident = mem_strdup(row->incident);
	copy->channel = mem_strdup(row->channel);
	copy->status = DELIVERY_DROPPED;
	copy->done_ms = clock_wall_ms();
	copy->detail = "the channel left the configuration";
}

static void
note_batched(struct loading *l, struct delivery *x, const char *key)
{
	l->batched =
	    mem_grow(l->batched, l->batched_count + 1, sizeof(*l->batched));
	l->batched[l->batched_count++] = (struct batched){mem_strdup(key), x};
}

static int
take_row(void *ctx, const struct delivery_row *row)
{
	struct loading *l = ctx;
	struct path *p = find(l->dispatch, row->channel);
	struct delivery *x;

	if (p == NULL) {
		if (row->status == DELIVERY_PENDING)
			keep_stray(l, row);
		return 0;
	}
	if (row->status == DELIVERY_DEAD) {
		path_count_dead(p, row);
		return 0;
	}
	x = delivery_new(row->incident, row->seq, NULL);
	x->created_ms = row->created_ms;
	x->due_ms = row->due_ms;
	x->attempts = row->attempts;
	x->event = (enum event_type)row->event;
	x->severity = row->severity;
	x->grouping = copy_or_null(row->grouping);
	x->because = copy_or_null(row->because);
	x->fallback_ms = row->fallback_ms;
	path_add(p, x, true);
	if (row->batch != NULL)
		note_batched(l, x, row->batch);
	return 0;
}

static int
take_poll(void *ctx, const struct delivery_row *row)
{
	struct loading *l = ctx;
	struct path *p = find(l->dispatch, row->channel);

	if (p != NULL)
		path_poll(p, row);
	return 0;
}

/* Messages that were put together before the agent stopped stay together. */
static void
rejoin(struct loading *l)
{
	for (size_t i = 0; i < l->batched_count;) {
		const char *key = l->batched[i].key;
		size_t n = i;
		struct delivery **members =
		    mem_array(l->batched_count - i, sizeof(*members));

		for (; n < l->batched_count && str_eq(l->batched[n].key, key);
		     n++)
			members[n - i] = l->batched[n].delivery;
		batch_new(key, members, n - i);
		i = n;
	}
	for (size_t i = 0; i < l->batched_count; i++)
		free(l->batched[i].key);
	free(l->batched);
}

static int
by_key(const void *a, const void *b)
{
	const struct batched *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order != 0 ? order
	                  : (x->delivery->arrival > y->delivery->arrival) -
	                        (x->delivery->arrival < y->delivery->arrival);
}

static int
restore_proofs(struct dispatch *d, struct err *err)
{
	int64_t done_ms;

	for (size_t i = 0; i < d->count; i++) {
		if (store_last_proof(
			d->agent->store, d->names[i], &done_ms, err) != 0)
			return -1;
		path_restore_proof(d->paths[i], done_ms);
	}
	return 0;
}

static void
drop_strays(struct dispatch *d, struct loading *l)
{
	if (l->stray_count == 0)
		return;
	writer_begin(d->agent->writer);
	for (size_t i = 0; i < l->stray_count; i++) {
		struct delivery_row *row = &l->strays[i];

		writer_delivery(d->agent->writer, row);
		log_kv(LOG_LEVEL_WARN,
		    "a delivery is dropped: its channel left the configuration",
		    "incident", row->incident, "channel", row->channel, NULL);
		free((char *)(uintptr_t)row->incident);
		free((char *)(uintptr_t)row->channel);
	}
	writer_end(d->agent->writer, true);
	free(l->strays);
}

int
dispatch_load(struct dispatch *d, struct err *err)
{
	struct delivery_filter pending = {.status = DELIVERY_PENDING};
	struct delivery_filter dead = {.status = DELIVERY_DEAD};
	struct delivery_filter polled = {
	    .status = DELIVERY_DELIVERED, .polled = true};
	struct loading l = {.dispatch = d};
	struct store *s = d->agent->store;
	int rc = store_each_delivery(s, &pending, take_row, &l, err);

	if (rc == 0)
		rc = store_each_delivery(s, &dead, take_row, &l, err);
	if (rc == 0)
		rc = store_each_delivery(s, &polled, take_poll, &l, err);
	if (rc == 0)
		rc = restore_proofs(d, err);
	if (l.batched_count > 0)
		qsort(l.batched, l.batched_count, sizeof(*l.batched), by_key);
	rejoin(&l);
	restore_refreshes(d);
	drop_strays(d, &l);
	if (rc != 0)
		return err_wrap(err, "reading deliveries");
	dispatch_sent(d, 0);
	return 0;
}

struct poll_end {
	struct writer *writer;
	int seq;
	const char *channel;
	struct delivery_row row;
	bool found;
};

static int
take_polled(void *ctx, const struct delivery_row *row)
{
	struct poll_end *e = ctx;

	if (row->seq != e->seq || !str_eq(row->channel, e->channel))
		return 0;
	e->found = true;
	writer_begin(e->writer);
	e->row = *row;
	e->row.poll_ms = 0;
	writer_delivery(e->writer, &e->row);
	writer_end_soon(e->writer);
	return 1;
}

void
dispatch_poll_over(
    struct dispatch *d, const char *incident, int seq, const char *channel)
{
	struct delivery_filter filter = {
	    .incident = incident, .channel = channel, .status = -1};
	struct poll_end e = {
	    .writer = d->agent->writer, .seq = seq, .channel = channel};
	struct err err = ERR_INIT;

	writer_flush(d->agent->writer);
	if (store_each_delivery(
		d->agent->store, &filter, take_polled, &e, &err) != 0)
		log_warn("the end of a question to %s is not kept: %s", channel,
		    err.text);
}

struct wanted {
	struct dispatch *dispatch;
	const char *key;
	struct delivery *delivery;
	struct path *path;
	int status;
};

static int
match_key(void *ctx, const struct delivery_row *row)
{
	struct wanted *w = ctx;
	char key[DELIVERY_KEY_MAX];

	delivery_key(key, row->incident, row->seq, row->channel);
	if (!str_eq(key, w->key))
		return 0;
	w->status = (int)row->status;
	w->path = find(w->dispatch, row->channel);
	w->delivery = delivery_new(row->incident, row->seq, NULL);
	w->delivery->event = (enum event_type)row->event;
	w->delivery->severity = row->severity;
	return 1;
}

int
dispatch_resend(struct dispatch *d, const char *key, struct err *err)
{
	struct wanted w = {.dispatch = d, .key = key};
	char incident[INCIDENT_ID_LEN + 1];
	struct delivery_filter filter = {.incident = incident, .status = -1};

	str_copy(incident, sizeof(incident), key);
	writer_flush(d->agent->writer);
	if (store_each_delivery(d->agent->store, &filter, match_key, &w, err) !=
	    0)
		return -1;
	if (w.delivery == NULL)
		return err_set(
		    err, ERR_MISSING, "there is no delivery %.100s", key);
	if (w.path == NULL || w.status == DELIVERY_PENDING ||
	    w.status == DELIVERY_DELIVERED) {
		delivery_free(w.delivery);
		return err_set(err, ERR_REFUSED, "%.100s %s", key,
		    w.path == NULL ? "belongs to a channel that is not in the "
				     "configuration"
		    : w.status == DELIVERY_PENDING ? "is under way already"
						   : "has arrived");
	}
	if (w.status == DELIVERY_DEAD)
		path_forget_dead(w.path);
	w.delivery->created_ms = w.delivery->due_ms = clock_wall_ms();
	writer_begin(d->agent->writer);
	path_add(w.path, w.delivery, false);
	path_put_row(w.path, w.delivery);
	dispatch_sent(d, writer_end(d->agent->writer, true));
	return 0;
}

bool
dispatch_status(
    const struct dispatch *d, size_t channel, struct dispatch_status *out)
{
	if (channel >= d->count)
		return false;
	path_status(d->paths[channel], out);
	return true;
}

bool
dispatch_any_path(const struct dispatch *d)
{
	bool any = d->count == 0;

	for (size_t i = 0; i < d->count; i++)
		any = any || path_works(d->paths[i]);
	return any;
}

void
dispatch_tick(struct dispatch *d)
{
	look_after_orphans(d);
	for (size_t i = 0; i < d->count; i++)
		path_tick(d->paths[i]);
}

bool
dispatch_idle(const struct dispatch *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (path_busy(d->paths[i]))
			return false;
	return true;
}
