#include "state/sqlite_series.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "state/sqlite.h"

#define DAY_MS   ((int64_t)24 * 3600 * 1000)
#define ROOM_MIN 64

struct series {
	int64_t id;
	uint64_t hash;
	const char *region; /* behind probe, in the same allocation */
	char probe[];
};

/* FNV-1a over both names and the NUL between them. */
static uint64_t
hash_of(const char *probe, const char *region)
{
	const char *const parts[] = {probe, region};
	uint64_t hash = 0xcbf29ce484222325u;

	for (int i = 0; i < 2; i++) {
		for (const char *c = parts[i];; c++) {
			hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
			if (*c == '\0')
				break;
		}
	}
	return hash;
}

/* The slot that holds the series, or the free one where it belongs. */
static struct series **
slot_of(const struct series_cache *c, uint64_t hash, const char *probe,
    const char *region)
{
	size_t i = hash & (c->room - 1);

	while (c->slot[i] != NULL &&
	       (c->slot[i]->hash != hash || !str_eq(c->slot[i]->probe, probe) ||
		   !str_eq(c->slot[i]->region, region)))
		i = (i + 1) & (c->room - 1);
	return &c->slot[i];
}

static void
make_room(struct series_cache *c)
{
	struct series_cache old = *c;

	if (c->room > 0 && c->used < c->room / 2)
		return;
	c->room = old.room == 0 ? ROOM_MIN : old.room * 2;
	c->slot = mem_array(c->room, sizeof(*c->slot));
	for (size_t i = 0; i < old.room; i++) {
		struct series *s = old.slot[i];

		if (s != NULL)
			*slot_of(c, s->hash, s->probe, s->region) = s;
	}
	free(old.slot);
}

static void
keep(struct series_cache *c, int64_t id, const char *probe, const char *region)
{
	size_t probe_size = strlen(probe) + 1, region_size = strlen(region) + 1;
	struct series *s = mem_alloc(sizeof(*s) + probe_size + region_size);

	s->id = id;
	s->hash = hash_of(probe, region);
	s->region = s->probe + probe_size;
	memcpy(s->probe, probe, probe_size);
	memcpy(s->probe + probe_size, region, region_size);
	make_room(c);
	*slot_of(c, s->hash, probe, region) = s;
	c->used++;
}

void
series_forget(struct series_cache *c)
{
	for (size_t i = 0; i < c->room; i++)
		free(c->slot[i]);
	free(c->slot);
	*c = (struct series_cache){0};
}

int
series_find(struct sqlite_store *s, const char *probe, const char *region,
    int64_t *id, struct err *err)
{
	struct series_cache *c = &s->series;
	sqlite3_stmt *st;
	int rc;

	if (c->room > 0) {
		struct series *known =
		    *slot_of(c, hash_of(probe, region), probe, region);

		if (known != NULL) {
			*id = known->id;
			return 0;
		}
	}
	*id = 0;
	st = sqlite_take(s, FIND_SERIES, err);
	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, probe);
	sqlite_bind_str(st, 2, region);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*id = sqlite3_column_int64(st, 0);
		keep(c, *id, probe, region);
	} else if (rc != SQLITE_DONE) {
		sqlite_fail(s, rc, err);
	}
	sqlite_give(s, FIND_SERIES, st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

int
series_id(struct sqlite_store *s, const char *probe, const char *region,
    int64_t at_ms, int64_t *id, struct err *err)
{
	sqlite3_stmt *st;

	if (series_find(s, probe, region, id, err) != 0)
		return -1;
	if (*id != 0)
		return 0;
	st = sqlite_take(s, ADD_SERIES, err);
	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, probe);
	sqlite_bind_str(st, 2, region);
	sqlite3_bind_int64(st, 3, at_ms / DAY_MS);
	if (sqlite_run(s, ADD_SERIES, st, err) != 0)
		return -1;
	*id = sqlite3_last_insert_rowid(s->db);
	keep(&s->series, *id, probe, region);
	return 0;
}
