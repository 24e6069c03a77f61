#include "agent/mutes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/silence_json.h"
#include "agent/stories.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define TIDY_MS 60000

struct mutes {
	struct mute *items; /* the stored ones, then the configuration's */
	size_t count;
	size_t stored;   /* so many are ours; the rest is borrowed */
	int64_t tidy_ms; /* boot clock: when to look again */
};

static bool
is_over(const struct mute *m, int64_t now_ms)
{
	return mute_state(m, now_ms, NULL) == MUTE_OVER;
}

/* Room for one more stored one, which the caller fills. */
static struct mute *
insert_stored(struct mutes *s)
{
	s->items = mem_grow(s->items, s->count + 1, sizeof(*s->items));
	memmove(s->items + s->stored + 1, s->items + s->stored,
	    (s->count - s->stored) * sizeof(*s->items));
	s->count++;
	return &s->items[s->stored++];
}

static void
erase_stored(struct mutes *s, size_t i)
{
	CHECK(i < s->stored);
	mute_fini(&s->items[i]);
	memmove(s->items + i, s->items + i + 1,
	    (s->count - i - 1) * sizeof(*s->items));
	s->count--;
	s->stored--;
}

/* A damaged one is reported and left alone: news that leaves although somebody
 * silenced it is better than no agent. */
static int
take_row(void *ctx, const struct mute_row *row)
{
	struct mutes *s = ctx;
	struct mute m = {.kind = MUTE_SILENCE};
	struct err err = ERR_INIT;
	json_t *json = NULL;

	if (json_parse(&json, row->body, strlen(row->body), &err) != 0 ||
	    mute_from_json(&m, json, &err) != 0) {
		log_error("the stored silence %.20s is damaged and not used: "
			  "%s",
		    row->id, err.text);
		mute_fini(&m);
	} else {
		*insert_stored(s) = m;
	}
	json_decref(json);
	return 0;
}

int
mutes_open(struct agent *a, struct err *err)
{
	a->mutes = mem_alloc(sizeof(*a->mutes));
	if (store_each_mute(a->store, take_row, a->mutes, err) != 0)
		return err_wrap(err, "reading silences");
	mutes_configure(a);
	return 0;
}

void
mutes_close(struct agent *a)
{
	struct mutes *s = a->mutes;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->stored; i++)
		mute_fini(&s->items[i]);
	free(s->items);
	free(s);
	a->mutes = NULL;
}

void
mutes_configure(struct agent *a)
{
	struct mutes *s = a->mutes;
	const struct config *c = a->config;

	s->count = s->stored + c->mute_count;
	s->items = mem_grow(s->items, s->count + 1, sizeof(*s->items));
	if (c->mute_count > 0)
		memcpy(s->items + s->stored, c->mutes,
		    c->mute_count * sizeof(*s->items));
}

static void
keep(struct agent *a, const struct mute *m)
{
	json_t *json = mute_to_json(m);
	char *body = json_text(json);

	writer_mute(a->writer, &(struct mute_row){m->id, body});
	free(body);
	json_decref(json);
}

void
mutes_tick(struct agent *a)
{
	struct mutes *s = a->mutes;
	int64_t now_ms = clock_wall_ms();

	if (clock_boot_ms() < s->tidy_ms)
		return;
	s->tidy_ms = clock_boot_ms() + TIDY_MS;
	for (size_t i = s->stored; i-- > 0;) {
		const struct mute *m = &s->items[i];

		if (!is_over(m, now_ms) || now_ms - m->until_ms < MUTES_KEPT_MS)
			continue;
		writer_begin(a->writer);
		writer_drop_mute(a->writer, m->id);
		writer_end(a->writer, false);
		erase_stored(s, i);
	}
}

const char *
mutes_find(struct agent *a, const struct route_facts *facts,
    const char *incident_id, char *dst, size_t size, int64_t *until_ms)
{
	const struct mute *m = mute_find(a->mutes->items, a->mutes->count,
	    facts, incident_id, clock_wall_ms(), until_ms);

	return m != NULL ? mute_text(dst, size, m, *until_ms) : NULL;
}

static const struct mute *
by_id(const struct mutes *s, const char *id)
{
	for (size_t i = 0; i < s->count; i++)
		if (str_eq(s->items[i].id, id))
			return &s->items[i];
	return NULL;
}

static void
new_id(const struct mutes *s, char id[MUTE_ID_LEN + 1])
{
	uint64_t random;

	do {
		CHECK(getrandom(&random, sizeof(random), 0) ==
		      (ssize_t)sizeof(random));
		mute_id(id, random);
	} while (by_id(s, id) != NULL);
}

struct found {
	unsigned count;
	char id[INCIDENT_ID_LEN + 1];
};

static int
take_incident(void *ctx, const struct incident_row *row)
{
	struct found *f = ctx;

	f->count++;
	str_copy(f->id, sizeof(f->id), row->id);
	return 0;
}

/* The beginning of an incident's id becomes the whole. */
static int
complete_incident(struct agent *a, struct mute *m, struct err *err)
{
	struct incident_filter filter = {.id_prefix = m->incident, .limit = 2};
	struct found f = {.count = 0};

	if (m->incident[0] == '\0')
		return 0;
	writer_flush(a->writer);
	if (store_each_incident(a->store, &filter, take_incident, &f, err) < 0)
		return -1;
	if (f.count == 0)
		return err_set(
		    err, ERR_MISSING, "there is no incident %s", m->incident);
	if (f.count > 1)
		return err_set(err, ERR_INPUT,
		    "%s is the beginning of more than one incident's id",
		    m->incident);
	str_copy(m->incident, sizeof(m->incident), f.id);
	return 0;
}

static size_t
count_current(const struct mutes *s, int64_t now_ms)
{
	size_t count = 0;

	for (size_t i = 0; i < s->stored; i++)
		count += !is_over(&s->items[i], now_ms);
	return count;
}

int
mutes_add(struct agent *a, const json_t *body, char **id, struct err *err)
{
	struct mutes *s = a->mutes;
	struct mute m;

	if (count_current(s, clock_wall_ms()) >= MUTES_STORED_MAX)
		return err_set(err, ERR_REFUSED,
		    "there are %d silences already: remove some (tocsin "
		    "silence list)",
		    MUTES_STORED_MAX);
	if (silence_json_read(&m, body, clock_wall_ms(), err) < 0 ||
	    complete_incident(a, &m, err) < 0) {
		mute_fini(&m);
		return -1;
	}
	new_id(s, m.id);
	log_kv(LOG_LEVEL_INFO, "silence added", "id", m.id, "by", m.author,
	    "reason", m.reason, NULL);
	writer_begin(a->writer);
	keep(a, &m);
	writer_end(a->writer, true);
	*insert_stored(s) = m;
	*id = mem_strdup(m.id);
	stories_recheck(a);
	writer_flush(a->writer); /* the answer says it is kept */
	return 0;
}

int
mutes_remove(
    struct agent *a, const char *id, const char *actor, struct err *err)
{
	struct mutes *s = a->mutes;
	const struct mute *m = by_id(s, id);

	if (m == NULL)
		return err_set(
		    err, ERR_MISSING, "there is no silence %.64s", id);
	if (m >= s->items + s->stored)
		return err_set(err, ERR_REFUSED,
		    "%.64s stands in the configuration: take it out there, "
		    "and tocsin reload",
		    id);
	log_kv(LOG_LEVEL_INFO, "silence removed", "id", id, "by", actor, NULL);
	writer_begin(a->writer);
	writer_drop_mute(a->writer, id);
	writer_end(a->writer, true);
	erase_stored(s, (size_t)(m - s->items));
	stories_recheck(a);
	writer_flush(a->writer);
	return 0;
}

json_t *
mutes_list(const struct agent *a, bool all)
{
	const struct mutes *s = a->mutes;
	int64_t now_ms = clock_wall_ms();
	json_t *list = json_array();

	for (size_t i = 0; i < s->count; i++)
		if (all || !is_over(&s->items[i], now_ms))
			json_array_append_new(
			    list, silence_json_show(
				      &s->items[i], i < s->stored, now_ms));
	return list;
}

json_t *
mutes_show(const struct agent *a, const char *id)
{
	const struct mutes *s = a->mutes;
	const struct mute *m = by_id(s, id);

	return m == NULL ? NULL
	                 : silence_json_show(
			       m, m < s->items + s->stored, clock_wall_ms());
}
