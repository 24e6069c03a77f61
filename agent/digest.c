#include "agent/digest.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

struct digest {
	const struct delivery **items; /* the newest of each incident */
	size_t count;
	unsigned by_severity[SEVERITY_COUNT], by_event[EVENT_COUNT];
	enum severity worst;
	bool over; /* all of them are */
};

/* By incident, then newest first. */
static int
by_incident(const void *a, const void *b)
{
	const struct delivery *x = *(const struct delivery *const *)a;
	const struct delivery *y = *(const struct delivery *const *)b;
	int order = strcmp(x->incident, y->incident);

	return order != 0 ? order : y->seq - x->seq;
}

/* What is not over first, then the worst, then the oldest. */
static int
by_weight(const void *a, const void *b)
{
	const struct delivery *x = *(const struct delivery *const *)a;
	const struct delivery *y = *(const struct delivery *const *)b;
	int over = (x->event == EVENT_RESOLVED) - (y->event == EVENT_RESOLVED);

	if (over != 0)
		return over;
	if (x->severity != y->severity)
		return (int)y->severity - (int)x->severity;
	return (x->arrival > y->arrival) - (x->arrival < y->arrival);
}

static void
gather(struct digest *d, const struct batch *b)
{
	d->items = mem_array(b->count, sizeof(*d->items));
	memcpy(d->items, b->members, b->count * sizeof(*d->items));
	qsort(d->items, b->count, sizeof(*d->items), by_incident);
	for (size_t i = 0; i < b->count; i++)
		if (i == 0 || !str_eq(d->items[i]->incident,
				  d->items[d->count - 1]->incident))
			d->items[d->count++] = d->items[i];
	qsort(d->items, d->count, sizeof(*d->items), by_weight);
	d->over = true;
	for (size_t i = 0; i < d->count; i++) {
		const struct delivery *x = d->items[i];

		d->by_event[x->event]++;
		if (x->event == EVENT_RESOLVED)
			continue;
		d->over = false;
		d->by_severity[x->severity]++;
		if (x->severity > d->worst)
			d->worst = x->severity;
	}
}

static json_t *
counts(const unsigned *values, const char *const *names, size_t count)
{
	json_t *json = json_object();

	for (size_t i = 0; i < count; i++)
		if (values[i] > 0)
			json_put_int(json, names[i], values[i]);
	return json;
}

static void
copy(json_t *to, const char *key, const json_t *from, const char *member)
{
	json_t *value = json_object_get(from, member);

	if (value != NULL)
		json_put(to, key, json_incref(value));
}

static json_t *
item(const struct delivery *x, const json_t *message)
{
	const json_t *in = json_object_get(message, "incident");
	const json_t *probe = json_object_get(message, "probe");
	const json_t *seen = json_object_get(message, "observation");
	json_t *o = json_object();

	json_put_str(o, "id", x->incident);
	json_put_str(o, "event", event_names[x->event]);
	copy(o, "title", in, "title");
	copy(o, "severity", in, "severity");
	copy(o, "status", in, "status");
	copy(o, "probe", probe, "name");
	copy(o, "component", probe, "component");
	copy(o, "reason", seen, "reason");
	copy(o, "failing_since", in, "failing_since");
	copy(o, "url", in, "url");
	return o;
}

/* One that cannot be read any more is counted, and left out. */
static json_t *
list(const struct digest *d, digest_load_fn *load, void *ctx, struct err *err)
{
	json_t *items = json_array(), *message;

	for (size_t i = 0; i < d->count && i < DIGEST_LISTED_MAX; i++) {
		if (load(ctx, d->items[i], &message, err) != 0)
			continue;
		json_array_append_new(items, item(d->items[i], message));
		json_decref(message);
	}
	return items;
}

static json_t *
build(const struct digest *d, const struct batch *b, json_t *items)
{
	json_t *digest = json_object(), *json;
	char title[80];
	struct message m = {.delivery = b->key,
	    .event = EVENT_DIGEST,
	    .seq = b->members[0]->seq,
	    .at_ms = clock_wall_ms(),
	    .title = title,
	    .severity = d->worst,
	    .status = d->over ? "resolved" : "open",
	    .outcome = d->over ? OUTCOME_OK : OUTCOME_FAILED,
	    .digest = digest};

	str_printf(title, sizeof(title), "%zu incidents", d->count);
	json_put_int(digest, "count", (int64_t)d->count);
	json_put_int(digest, "left_out",
	    (int64_t)d->count - (int64_t)json_array_size(items));
	json_put(digest, "by_severity",
	    counts(d->by_severity, severity_names, SEVERITY_COUNT));
	json_put(
	    digest, "by_event", counts(d->by_event, event_names, EVENT_COUNT));
	json_put(digest, "incidents", items);
	json = message_build(&m);
	json_decref(digest);
	return json;
}

json_t *
digest_build(
    const struct batch *b, digest_load_fn *load, void *ctx, struct err *err)
{
	struct digest d = {.count = 0};
	json_t *items, *json = NULL;

	gather(&d, b);
	items = list(&d, load, ctx, err);
	if (json_array_size(items) > 0)
		json = build(&d, b, items);
	else
		json_decref(items);
	free(d.items);
	return json;
}
