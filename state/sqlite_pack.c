#include "state/sqlite_pack.h"

#include <stdlib.h>

#include "base/mem.h"
#include "state/sqlite_samples.h"

#define PACK_AFTER_MS    ((int64_t)10 * 60 * 1000)
#define RUN_MIN          32768 /* arrivals; or RUN_PER_SERIES if that is more */
#define RUN_PER_SERIES   8
#define READ_PER_SLICE   16384
#define DELETE_PER_SLICE 16384
#define SERIES_PER_SLICE 384
#define NONE             UINT32_MAX

struct arrival {
	struct sample sample;
	uint32_t before; /* the previous one of its series, or NONE */
};

struct packer {
	int64_t first_id, last_id;   /* the run */
	int64_t read_id;             /* the next to read */
	int64_t series, last_series; /* the next to pack, the last there is */
	int64_t deleted_id;          /* the last that is deleted */
	struct arrival *arrivals;    /* in their order */
	uint32_t count;
	uint32_t *newest; /* by series: its last arrival, or NONE */
};

void
packer_free(struct packer *p)
{
	if (p == NULL)
		return;
	free(p->arrivals);
	free(p->newest);
	free(p);
}

/* Is there enough to pack? */
static int
due(struct sqlite_store *s, struct packer *p, int64_t now_ms, bool *yes,
    struct err *err)
{
	int64_t most, oldest_ms;

	*yes = false;
	if (sqlite_number(s, FIRST_ARRIVAL, 0, 0, &p->first_id, err) != 0 ||
	    sqlite_number(s, LAST_ARRIVAL, 0, -1, &p->last_id, err) != 0 ||
	    sqlite_number(s, LAST_SERIES, 0, 0, &p->last_series, err) != 0 ||
	    sqlite_number(s, OLDEST_ARRIVAL, 0, INT64_MAX, &oldest_ms, err) !=
		0)
		return -1;
	most = p->last_series * RUN_PER_SERIES;
	if (most < RUN_MIN)
		most = RUN_MIN;
	*yes = p->last_id - p->first_id >= most - 1 ||
	       oldest_ms <= now_ms - PACK_AFTER_MS;
	if (p->last_id - p->first_id >= most)
		p->last_id = p->first_id + most - 1;
	return 0;
}

static struct packer *
start(const struct packer *plan)
{
	struct packer *p = mem_dup(plan, sizeof(*plan));
	size_t series = (size_t)p->last_series + 1;

	p->read_id = p->first_id;
	p->deleted_id = p->first_id - 1;
	p->arrivals = mem_array(
	    (size_t)(p->last_id - p->first_id + 1), sizeof(*p->arrivals));
	p->newest = mem_array(series, sizeof(*p->newest));
	for (size_t i = 0; i < series; i++)
		p->newest[i] = NONE;
	return p;
}

static int
read_arrivals(struct sqlite_store *s, struct packer *p, struct err *err)
{
	sqlite3_stmt *st = sqlite_take(s, READ_ARRIVALS, err);
	int64_t end = p->read_id + READ_PER_SLICE;
	int rc;

	if (st == NULL)
		return -1;
	if (end > p->last_id + 1)
		end = p->last_id + 1;
	sqlite3_bind_int64(st, 1, p->read_id);
	sqlite3_bind_int64(st, 2, end - 1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t series = sqlite3_column_int64(st, 0);
		struct arrival *a = &p->arrivals[p->count];

		if (series < 0 || series > p->last_series)
			continue;
		a->sample.at_ms = sqlite3_column_int64(st, 1);
		sample_set_flags(
		    &a->sample, (unsigned)sqlite3_column_int(st, 2));
		a->sample.duration_us = sqlite_column_some(st, 3);
		a->before = p->newest[series];
		p->newest[series] = p->count++;
	}
	p->read_id = end;
	if (rc != SQLITE_DONE)
		sqlite_fail(s, rc, err);
	sqlite_give(s, READ_ARRIVALS, st);
	return rc == SQLITE_DONE ? 0 : -1;
}

/* A series' arrivals, sorted; of two with one time the later arrival. */
static void
gather(const struct packer *p, int64_t series, struct samples *out)
{
	uint32_t newest = p->newest[series];
	size_t count = 0, left;

	for (uint32_t i = newest; i != NONE; i = p->arrivals[i].before)
		count++;
	out->list = mem_array(count, sizeof(*out->list));
	left = count;
	for (uint32_t i = newest; i != NONE; i = p->arrivals[i].before)
		out->list[--left] = p->arrivals[i].sample;
	out->count = sample_sort(out->list, count);
}

/* Put arrivals of one hour into its block, whose roll-up is then stale. */
static int
merge_hour(struct sqlite_store *s, int64_t series, const struct sample *list,
    size_t count, struct err *err)
{
	int64_t hour = list[0].at_ms / HOUR_MS;
	struct samples block;
	int result;

	if (block_read(s, hour, series, &block, err) != 0)
		return -1;
	samples_add(&block, list, count);
	result = block_write(s, hour, series, &block, err);
	samples_fini(&block);
	if (result != 0)
		return -1;
	return sqlite_run2(s, ADD_STALE_HOUR, hour, series, err);
}

static int
pack_series(struct sqlite_store *s, const struct packer *p, int64_t series,
    struct err *err)
{
	struct samples v;
	int result = 0;

	gather(p, series, &v);
	for (size_t i = 0, end; result == 0 && i < v.count; i = end) {
		int64_t hour = v.list[i].at_ms / HOUR_MS;

		for (end = i;
		     end < v.count && v.list[end].at_ms / HOUR_MS == hour;)
			end++;
		result = merge_hour(s, series, v.list + i, end - i, err);
	}
	samples_fini(&v);
	return result;
}

static int
pack_some(struct sqlite_store *s, struct packer *p, struct err *err)
{
	int packed = 0;

	for (; p->series <= p->last_series; p->series++) {
		if (p->newest[p->series] == NONE)
			continue;
		if (packed++ == SERIES_PER_SLICE)
			return 0;
		if (pack_series(s, p, p->series, err) != 0)
			return -1;
	}
	return 0;
}

static int
delete_some(struct sqlite_store *s, struct packer *p, struct err *err)
{
	int64_t until = p->deleted_id + DELETE_PER_SLICE;

	if (until > p->last_id)
		until = p->last_id;
	if (sqlite_run2(s, DROP_ARRIVALS, until, 0, err) != 0)
		return -1;
	p->deleted_id = until;
	return 0;
}

int
packer_step(
    struct sqlite_store *s, int64_t now_ms, bool *worked, struct err *err)
{
	struct packer plan = {0}, *p;
	bool yes;

	if (s->packer == NULL) {
		if (due(s, &plan, now_ms, &yes, err) != 0)
			return -1;
		if (!yes)
			return 0;
		s->packer = start(&plan);
	}
	*worked = true;
	p = s->packer;
	if (p->read_id <= p->last_id)
		return read_arrivals(s, p, err);
	if (p->series <= p->last_series)
		return pack_some(s, p, err);
	if (delete_some(s, p, err) != 0)
		return -1;
	if (p->deleted_id == p->last_id) {
		packer_free(p);
		s->packer = NULL;
	}
	return 0;
}
