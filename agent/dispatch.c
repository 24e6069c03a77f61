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

static int
take_row(void *ctx, const struct delivery_row *row)
{
	struct dispatch *d = ctx;
	struct path *p = find(d, row->channel);
	struct delivery *x;

	if (p == NULL) {
		log_kv(LOG_LEVEL_WARN,
		    "a delivery waits for a channel that is not in the "
		    "configuration",
		    "incident", row->incident, "channel", row->channel, NULL);
		return 0;
	}
	if (row->status == DELIVERY_DEAD) {
		path_count_dead(p);
		return 0;
	}
	if (row->status != DELIVERY_PENDING)
		return 0;
	x = delivery_new(row->incident, row->seq, NULL);
	x->created_ms = row->created_ms;
	x->due_ms = row->due_ms;
	x->attempts = row->attempts;
	path_add(p, x);
	return 0;
}

int
dispatch_load(struct dispatch *d, struct err *err)
{
	struct delivery_filter pending = {.status = DELIVERY_PENDING};
	struct delivery_filter dead = {.status = DELIVERY_DEAD};

	if (store_each_delivery(d->agent->store, &pending, take_row, d, err) !=
		0 ||
	    store_each_delivery(d->agent->store, &dead, take_row, d, err) != 0)
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
	w->delivery->created_ms = row->created_ms;
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
	if (w.path == NULL || w.status == DELIVERY_PENDING) {
		delivery_free(w.delivery);
		return err_set(err, ERR_REFUSED, "%.100s %s", key,
		    w.path == NULL ? "belongs to a channel that is not in the "
				     "configuration"
				   : "is under way already");
	}
	if (w.status == DELIVERY_DEAD)
		path_forget_dead(w.path);
	w.delivery->due_ms = clock_wall_ms();
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
