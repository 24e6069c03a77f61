#include <stdlib.h>

#include "state/sqlite_samples.h"

/* One store_each_history() at work. */
struct walk {
	struct sqlite_store *s;
	int64_t series;
	int64_t from_ms, to_ms;
	struct samples recent; /* not packed yet, of the whole range */
	int (*each)(void *ctx, const struct history_row *row);
	void *ctx;
	bool stopped; /* the caller had enough */
};

/* Everything known of an hour's single runs. */
static int
hour_samples(struct walk *w, int64_t hour, struct samples *out, struct err *err)
{
	const struct samples *r = &w->recent;
	size_t first = 0, end;

	if (block_read(w->s, hour, w->series, out, err) != 0)
		return -1;
	while (first < r->count && r->list[first].at_ms < hour * HOUR_MS)
		first++;
	for (end = first;
	     end < r->count && r->list[end].at_ms < (hour + 1) * HOUR_MS;)
		end++;
	samples_add(out, r->list + first, end - first);
	return 0;
}

/* As rolled up; an hour that is not yet is worked out from its runs. */
static int
hour_rollup(struct walk *w, int64_t hour, struct rollup *out, struct err *err)
{
	struct rollup_key key = {ROLLUP_HOUR, hour, w->series};
	struct samples samples;
	bool found;

	if (rollup_read(w->s, &key, out, &found, err) != 0)
		return -1;
	if (found)
		return 0;
	if (hour_samples(w, hour, &samples, err) != 0)
		return -1;
	rollup_samples(out, samples.list, samples.count);
	samples_fini(&samples);
	return 0;
}

static int
day_rollup(struct walk *w, int64_t day, struct rollup *out, struct err *err)
{
	struct rollup_key key = {ROLLUP_DAY, day, w->series};
	struct rollup hour;
	bool found;

	if (rollup_read(w->s, &key, out, &found, err) != 0)
		return -1;
	for (int64_t i = 0; !found && i < DAY_HOURS; i++) {
		if (hour_rollup(w, day * DAY_HOURS + i, &hour, err) != 0)
			return -1;
		rollup_merge(out, &hour);
	}
	return 0;
}

static void
show(struct walk *w, const struct rollup *r, int64_t from_ms)
{
	struct history_row row = {
	    .from_ms = from_ms,
	    .p50_us = r->p50_us,
	    .p90_us = r->p90_us,
	    .p99_us = r->p99_us,
	    .max_us = r->max_us,
	};

	if (rollup_empty(r))
		return;
	for (int i = 0; i < OUTCOME_COUNT; i++)
		row.count[i] = r->count[i];
	w->stopped = w->each(w->ctx, &row) != 0;
}

static int
show_sample(struct walk *w, const struct sample *sample, struct err *err)
{
	struct history_row row = {
	    .from_ms = sample->at_ms,
	    .p50_us = sample->duration_us,
	    .p90_us = sample->duration_us,
	    .p99_us = sample->duration_us,
	    .max_us = sample->duration_us,
	};
	sqlite3_stmt *st = NULL;
	int rc = SQLITE_ROW;

	row.count[sample->outcome] = 1;
	if (sample->detail) {
		st = sqlite_take(w->s, GET_DETAIL, err);
		if (st == NULL)
			return -1;
		sqlite3_bind_int64(st, 1, sample->at_ms);
		sqlite3_bind_int64(st, 2, w->series);
		rc = sqlite3_step(st);
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		sqlite_fail(w->s, rc, err);
	else if (st != NULL && rc == SQLITE_ROW)
		row.detail = sqlite_column_str(st, 0);
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		w->stopped = w->each(w->ctx, &row) != 0;
	if (st != NULL)
		sqlite_give(w->s, GET_DETAIL, st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static int
show_raw(struct walk *w, int64_t hour, struct err *err)
{
	struct samples v;
	int result = 0;

	if (hour_samples(w, hour, &v, err) != 0)
		return -1;
	for (size_t i = 0; result == 0 && i < v.count && !w->stopped; i++) {
		if (v.list[i].at_ms >= w->from_ms && v.list[i].at_ms < w->to_ms)
			result = show_sample(w, &v.list[i], err);
	}
	samples_fini(&v);
	return result;
}

static int
show_hour(struct walk *w, int64_t hour, struct err *err)
{
	struct rollup r;

	if (hour_rollup(w, hour, &r, err) != 0)
		return -1;
	show(w, &r, hour * HOUR_MS);
	return 0;
}

static int
show_day(struct walk *w, int64_t day, struct err *err)
{
	struct rollup r;

	if (day_rollup(w, day, &r, err) != 0)
		return -1;
	show(w, &r, day * DAY_MS);
	return 0;
}

/* Narrow the range to where there is anything, so that "since 1970" costs no
 * more than what is stored. */
static int
narrow(struct walk *w, struct err *err)
{
	static const struct {
		enum statement first, last;
		int64_t step, unit_ms;
	} sources[] = {
	    {FIRST_BLOCK, LAST_BLOCK, 0, HOUR_MS},
	    {FIRST_ROLLUP, LAST_ROLLUP, ROLLUP_HOUR, HOUR_MS},
	    {FIRST_ROLLUP, LAST_ROLLUP, ROLLUP_DAY, DAY_MS},
	};
	const struct samples *r = &w->recent;
	int64_t low = INT64_MAX, high = 0;

	if (r->count > 0) {
		low = r->list[0].at_ms / DAY_MS * DAY_MS;
		high = r->list[r->count - 1].at_ms + 1;
	}
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		int64_t first, last, unit_ms = sources[i].unit_ms;

		if (sqlite_number(w->s, sources[i].first, sources[i].step, -1,
			&first, err) != 0 ||
		    sqlite_number(w->s, sources[i].last, sources[i].step, -1,
			&last, err) != 0)
			return -1;
		if (first >= 0 && first * unit_ms / DAY_MS * DAY_MS < low)
			low = first * unit_ms / DAY_MS * DAY_MS;
		if ((last + 1) * unit_ms > high)
			high = (last + 1) * unit_ms;
	}
	if (w->from_ms < low)
		w->from_ms = low;
	if (w->to_ms > high)
		w->to_ms = high;
	return 0;
}

/* The hours or days that begin in the range; raw, the hours it touches. */
static int
walk_range(struct walk *w, enum history_step step, struct err *err)
{
	static const struct {
		int64_t unit_ms;
		int (*show)(struct walk *w, int64_t n, struct err *err);
	} how[] = {
	    [HISTORY_RAW] = {HOUR_MS, show_raw},
	    [HISTORY_HOUR] = {HOUR_MS, show_hour},
	    [HISTORY_DAY] = {DAY_MS, show_day},
	};
	int64_t unit_ms = how[step].unit_ms, n;

	if (narrow(w, err) != 0)
		return -1;
	n = w->from_ms / unit_ms;
	if (step != HISTORY_RAW && n * unit_ms < w->from_ms)
		n++;
	for (; n * unit_ms < w->to_ms && !w->stopped; n++) {
		if (how[step].show(w, n, err) != 0)
			return -1;
	}
	return 0;
}

int
sqlite_each_history(struct store *store, const struct history_query *q,
    int (*each)(void *ctx, const struct history_row *row), void *ctx,
    struct err *err)
{
	struct walk w = {
	    .s = sqlite_self(store),
	    .from_ms = q->from_ms > 0 ? q->from_ms : 0,
	    .to_ms = q->to_ms,
	    .each = each,
	    .ctx = ctx,
	};
	int result;

	if (series_find(w.s, q->probe, q->region, &w.series, err) != 0)
		return -1;
	if (w.series == 0)
		return 0;
	/* A day or an hour that begins before to_ms may end after it. */
	if (recent_read(w.s, w.series, 0, INT64_MAX, &w.recent, err) != 0)
		return -1;
	result = walk_range(&w, q->step, err);
	samples_fini(&w.recent);
	return result;
}
