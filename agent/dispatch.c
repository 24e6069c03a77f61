#include "agent/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "agent/delivery.h"
#include "agent/path.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

struct dispatch {
	struct agent *agent;
	struct path **paths;
	const char **names; /* NULL-ended, as many */
	size_t count;
};

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

void
dispatch_add(struct dispatch *d, size_t channel, const char *incident, int seq,
    const char *message)
{
	struct delivery *x = delivery_new(incident, seq, message);

	x->created_ms = x->due_ms = clock_wall_ms();
	path_add(d->paths[channel], x);
	path_put_row(d->paths[channel], x);
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

struct loading {
	struct dispatch *dispatch;
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
		path_count_dead(p);
		return 0;
	}
	x = delivery_new(row->incident, row->seq, NULL);
	x->created_ms = row->created_ms;
	x->due_ms = row->due_ms;
	x->attempts = row->attempts;
	path_add(p, x);
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
	struct loading l = {.dispatch = d};
	struct store *s = d->agent->store;
	int rc = store_each_delivery(s, &pending, take_row, &l, err);

	if (rc == 0)
		rc = store_each_delivery(s, &dead, take_row, &l, err);
	drop_strays(d, &l);
	if (rc != 0)
		return err_wrap(err, "reading deliveries");
	dispatch_sent(d, 0);
	return 0;
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
	path_add(w.path, w.delivery);
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
