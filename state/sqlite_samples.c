#include "state/sqlite_samples.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ROOM_MIN 16

void
samples_fini(struct samples *v)
{
	free(v->list);
	*v = (struct samples){0};
}

void
samples_add(struct samples *v, const struct sample *more, size_t more_count)
{
	if (more_count == 0)
		return;
	v->list = mem_grow(v->list, v->count + more_count, sizeof(*v->list));
	memcpy(v->list + v->count, more, more_count * sizeof(*more));
	v->count = sample_sort(v->list, v->count + more_count);
}

int
block_read(struct sqlite_store *s, int64_t hour, int64_t series,
    struct samples *out, struct err *err)
{
	sqlite3_stmt *st = sqlite_take(s, GET_BLOCK, err);
	int rc, result = 0;

	*out = (struct samples){0};
	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, hour);
	sqlite3_bind_int64(st, 2, series);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		result = block_decode(&out->list, &out->count, hour * HOUR_MS,
		    sqlite3_column_blob(st, 0),
		    (size_t)sqlite3_column_bytes(st, 0), err);
	else if (rc != SQLITE_DONE)
		result = sqlite_fail(s, rc, err);
	sqlite_give(s, GET_BLOCK, st);
	return result;
}

int
block_write(struct sqlite_store *s, int64_t hour, int64_t series,
    const struct samples *v, struct err *err)
{
	sqlite3_stmt *st = sqlite_take(s, PUT_BLOCK, err);
	uint8_t *bytes;
	size_t len;
	int result;

	if (st == NULL)
		return -1;
	bytes = block_encode(hour * HOUR_MS, v->list, v->count, &len);
	sqlite3_bind_int64(st, 1, hour);
	sqlite3_bind_int64(st, 2, series);
	sqlite3_bind_blob64(st, 3, bytes, len, SQLITE_STATIC);
	result = sqlite_run(s, PUT_BLOCK, st, err);
	free(bytes);
	return result;
}

int
recent_read(struct sqlite_store *s, int64_t series, int64_t from_ms,
    int64_t to_ms, struct samples *out, struct err *err)
{
	sqlite3_stmt *st = sqlite_take(s, RECENT_OF_SERIES, err);
	size_t room = 0;
	int rc;

	*out = (struct samples){0};
	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, series);
	sqlite3_bind_int64(st, 2, from_ms);
	sqlite3_bind_int64(st, 3, to_ms);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct sample *row;

		if (out->count == room) {
			room = room == 0 ? ROOM_MIN : room * 2;
			out->list =
			    mem_grow(out->list, room, sizeof(*out->list));
		}
		row = &out->list[out->count++];
		row->at_ms = sqlite3_column_int64(st, 0);
		sample_set_flags(row, (unsigned)sqlite3_column_int(st, 1));
		row->duration_us = sqlite_column_some(st, 2);
	}
	out->count = sample_sort(out->list, out->count);
	if (rc != SQLITE_DONE) {
		samples_fini(out);
		sqlite_fail(s, rc, err);
	}
	sqlite_give(s, RECENT_OF_SERIES, st);
	return rc == SQLITE_DONE ? 0 : -1;
}

static void
bind_key(sqlite3_stmt *st, const struct rollup_key *key)
{
	sqlite3_bind_int(st, 1, (int)key->step);
	sqlite3_bind_int64(st, 2, key->n);
	sqlite3_bind_int64(st, 3, key->series);
}

static int
read_columns(sqlite3_stmt *st, struct rollup *r, struct err *err)
{
	int64_t *const latency[] = {
	    &r->p50_us, &r->p90_us, &r->p99_us, &r->max_us};

	for (int i = 0; i < OUTCOME_COUNT; i++)
		r->count[i] = (unsigned)sqlite3_column_int64(st, i);
	for (int i = 0; i < 4; i++)
		*latency[i] = sqlite_column_some(st, OUTCOME_COUNT + i);
	if (sqlite3_column_type(st, OUTCOME_COUNT + 4) == SQLITE_NULL)
		return 0;
	return histogram_decode(&r->latency,
	    sqlite3_column_blob(st, OUTCOME_COUNT + 4),
	    (size_t)sqlite3_column_bytes(st, OUTCOME_COUNT + 4), err);
}

int
rollup_read(struct sqlite_store *s, const struct rollup_key *key,
    struct rollup *out, bool *found, struct err *err)
{
	sqlite3_stmt *st = sqlite_take(s, GET_ROLLUP, err);
	int rc, result = 0;

	rollup_init(out);
	*found = false;
	if (st == NULL)
		return -1;
	bind_key(st, key);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*found = true;
		result = read_columns(st, out, err);
	} else if (rc != SQLITE_DONE) {
		result = sqlite_fail(s, rc, err);
	}
	sqlite_give(s, GET_ROLLUP, st);
	return result;
}

int
rollup_write(struct sqlite_store *s, const struct rollup_key *key,
    const struct rollup *r, struct err *err)
{
	const int64_t latency[] = {r->p50_us, r->p90_us, r->p99_us, r->max_us};
	uint8_t bytes[HISTOGRAM_ENCODED_MAX];
	sqlite3_stmt *st = sqlite_take(s, PUT_ROLLUP, err);
	int column = 4;

	if (st == NULL)
		return -1;
	bind_key(st, key);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		sqlite3_bind_int64(st, column++, r->count[i]);
	for (int i = 0; i < 4; i++)
		sqlite_bind_some(st, column++, latency[i]);
	if (r->latency.total > 0)
		sqlite3_bind_blob64(st, column, bytes,
		    histogram_encode(&r->latency, bytes), SQLITE_STATIC);
	return sqlite_run(s, PUT_ROLLUP, st, err);
}
