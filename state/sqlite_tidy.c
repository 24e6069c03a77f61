#include "base/str.h"
#include "state/sqlite_pack.h"
#include "state/sqlite_samples.h"

/* What one slice does at most: a few milliseconds each. */
#define HOURS_PER_SLICE     256
#define DAYS_PER_SLICE      64 /* each looks at its hours */
#define ROWS_PER_SLICE      1024
#define INCIDENTS_PER_SLICE 16
#define INCIDENT_ID_SIZE    256

/* Late enough for the last arrivals to be packed. */
#define HOUR_GRACE_MS ((int64_t)15 * 60 * 1000)
#define DAY_GRACE_MS  ((int64_t)30 * 60 * 1000)

/* Free pages are used again; only a real surplus goes back to the disk. */
#define FREE_PAGES_MIN   1024
#define FREE_PAGES_SHARE 4 /* one in so many */

struct tidy {
	struct sqlite_store *s;
	const struct store_retention *keep;
	int64_t now_ms;
	int64_t raw_floor, hour_floor; /* hours; older sources were deleted */
	bool worked;
};

static int
pack(struct tidy *t, struct err *err)
{
	return packer_step(t->s, t->now_ms, &t->worked, err);
}

/*
 * A roll-up is worked out from what it sums up: an hour's from its block, a
 * day's from its hours. If that was deleted since (its time lies before the
 * `floor`), what is there now came late, is added, and then deleted.
 */
static int
store_rollup(struct tidy *t, const struct rollup_key *key,
    const struct rollup *fresh, bool late, struct err *err)
{
	struct rollup stored;
	bool found;

	if (!late)
		return rollup_write(t->s, key, fresh, err);
	if (rollup_read(t->s, key, &stored, &found, err) != 0)
		return -1;
	if (!found)
		return rollup_write(t->s, key, fresh, err);
	rollup_merge(&stored, fresh);
	return rollup_write(t->s, key, &stored, err);
}

static int
roll_hour(struct tidy *t, int64_t hour, int64_t series, struct err *err)
{
	struct rollup_key key = {ROLLUP_HOUR, hour, series};
	struct samples block;
	bool late = hour < t->raw_floor;
	struct rollup r;

	if (block_read(t->s, hour, series, &block, err) != 0)
		return -1;
	rollup_samples(&r, block.list, block.count);
	samples_fini(&block);
	if (store_rollup(t, &key, &r, late, err) != 0)
		return -1;
	if (late && sqlite_run2(t->s, DROP_BLOCK, hour, series, err) != 0)
		return -1;
	return sqlite_run2(t->s, ADD_STALE_DAY, hour / DAY_HOURS, series, err);
}

static int
sum_hours(struct tidy *t, int64_t day, int64_t series, bool drop,
    struct rollup *sum, struct err *err)
{
	struct rollup_key key = {ROLLUP_HOUR, day * DAY_HOURS, series};
	struct rollup hour;
	bool found;

	rollup_init(sum);
	for (int i = 0; i < DAY_HOURS; i++, key.n++) {
		if (rollup_read(t->s, &key, &hour, &found, err) != 0)
			return -1;
		if (!found)
			continue;
		rollup_merge(sum, &hour);
		if (drop &&
		    sqlite_run2(t->s, DROP_ROLLUP, key.n, series, err) != 0)
			return -1;
	}
	return 0;
}

static int
roll_day(struct tidy *t, int64_t day, int64_t series, struct err *err)
{
	struct rollup_key key = {ROLLUP_DAY, day, series};
	bool late = day * DAY_HOURS < t->hour_floor;
	struct rollup r;

	if (sum_hours(t, day, series, late, &r, err) != 0 ||
	    store_rollup(t, &key, &r, late, err) != 0)
		return -1;
	return sqlite_run2(t->s, SEEN_SERIES, series, day, err);
}

static int
drop_stale(struct tidy *t, const struct rollup_key *key, struct err *err)
{
	sqlite3_stmt *st = sqlite_take(t->s, DROP_STALE, err);

	if (st == NULL)
		return -1;
	sqlite3_bind_int(st, 1, (int)key->step);
	sqlite3_bind_int64(st, 2, key->n);
	sqlite3_bind_int64(st, 3, key->series);
	return sqlite_run(t->s, DROP_STALE, st, err);
}

static int
find_stale(struct tidy *t, enum rollup_step step, int64_t end,
    struct rollup_key keys[HOURS_PER_SLICE], int *count, struct err *err)
{
	sqlite3_stmt *st = sqlite_take(t->s, STALE, err);
	int rc;

	*count = 0;
	if (st == NULL)
		return -1;
	sqlite3_bind_int(st, 1, (int)step);
	sqlite3_bind_int64(st, 2, end);
	sqlite3_bind_int(
	    st, 3, step == ROLLUP_HOUR ? HOURS_PER_SLICE : DAYS_PER_SLICE);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		keys[(*count)++] = (struct rollup_key){step,
		    sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1)};
	if (rc != SQLITE_DONE)
		sqlite_fail(t->s, rc, err);
	sqlite_give(t->s, STALE, st);
	return rc == SQLITE_DONE ? 0 : -1;
}

/* The stale hours or days before `end`, some at a time. */
static int
roll(struct tidy *t, enum rollup_step step, int64_t end,
    int (*one)(struct tidy *t, int64_t n, int64_t series, struct err *err),
    struct err *err)
{
	struct rollup_key keys[HOURS_PER_SLICE];
	int count;

	if (find_stale(t, step, end, keys, &count, err) != 0)
		return -1;
	for (int i = 0; i < count; i++) {
		if (one(t, keys[i].n, keys[i].series, err) != 0 ||
		    drop_stale(t, &keys[i], err) != 0)
			return -1;
	}
	t->worked = count > 0;
	return 0;
}

/* Hours (days) before these are finished, and rolled up by this stage. */
static int64_t
hours_end(const struct tidy *t)
{
	return (t->now_ms - HOUR_GRACE_MS) / HOUR_MS;
}

static int64_t
days_end(const struct tidy *t)
{
	return (t->now_ms - DAY_GRACE_MS) / DAY_MS;
}

static int
roll_hours(struct tidy *t, struct err *err)
{
	return roll(t, ROLLUP_HOUR, hours_end(t), roll_hour, err);
}

static int
roll_days(struct tidy *t, struct err *err)
{
	return roll(t, ROLLUP_DAY, days_end(t), roll_day, err);
}

/* What is older than `keep_ms`, in whole units; 0 = nothing is. */
static int64_t
cutoff(const struct tidy *t, int64_t keep_ms, int64_t unit_ms)
{
	if (keep_ms <= 0 || keep_ms > t->now_ms)
		return 0;
	return (t->now_ms - keep_ms) / unit_ms;
}

static int
expire(struct tidy *t, enum statement which, int64_t end, struct err *err)
{
	if (sqlite_run2(t->s, which, end, ROWS_PER_SLICE, err) != 0)
		return -1;
	t->worked = sqlite3_changes(t->s->db) > 0;
	return 0;
}

static int
expire_raw(struct tidy *t, struct err *err)
{
	int64_t end = cutoff(t, t->keep->raw_ms, HOUR_MS);

	if (end > hours_end(t))
		end = hours_end(t);
	if (sqlite_run2(t->s, RAISE_RAW_FLOOR, end, 0, err) != 0 ||
	    expire(t, EXPIRE_BLOCKS, end, err) != 0)
		return -1;
	return t->worked ? 0 : expire(t, EXPIRE_DETAILS, end * HOUR_MS, err);
}

/* By whole days, so that a day has all its hours or none. */
static int
expire_hours(struct tidy *t, struct err *err)
{
	int64_t end = cutoff(t, t->keep->hourly_ms, DAY_MS);

	if (end > days_end(t))
		end = days_end(t);
	if (sqlite_run2(t->s, RAISE_HOUR_FLOOR, end * DAY_HOURS, 0, err) != 0)
		return -1;
	return expire(t, EXPIRE_HOURS, end * DAY_HOURS, err);
}

static int
expire_days(struct tidy *t, struct err *err)
{
	return expire(
	    t, EXPIRE_DAYS, cutoff(t, t->keep->daily_ms, DAY_MS), err);
}

/* A series ends with the last day that is known of it. */
static int
expire_series(struct tidy *t, struct err *err)
{
	int64_t end = cutoff(t, t->keep->daily_ms, DAY_MS);

	if (end <= t->s->series_day)
		return 0;
	t->s->series_day = end;
	if (sqlite_run2(t->s, EXPIRE_SERIES, end, 0, err) != 0)
		return -1;
	if (sqlite3_changes(t->s->db) > 0)
		series_forget(&t->s->series);
	return 0;
}

/* The incident that was resolved first, if that is long enough ago. */
static int
expired_incident(
    struct tidy *t, int64_t end_ms, char *id, size_t size, struct err *err)
{
	sqlite3_stmt *st = sqlite_take(t->s, EXPIRED_INCIDENT, err);
	int rc;

	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, end_ms);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		str_copy(id, size, sqlite_column_str(st, 0));
	else if (rc != SQLITE_DONE)
		sqlite_fail(t->s, rc, err);
	sqlite_give(t->s, EXPIRED_INCIDENT, st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static int
drop_incident(struct tidy *t, const char *id, struct err *err)
{
	static const enum statement drops[] = {
	    DROP_ATTEMPTS, DROP_DELIVERIES, DROP_EVENTS, DROP_INCIDENT};

	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++) {
		sqlite3_stmt *st = sqlite_take(t->s, drops[i], err);

		if (st == NULL)
			return -1;
		sqlite_bind_str(st, 1, id);
		if (sqlite_run(t->s, drops[i], st, err) != 0)
			return -1;
	}
	return 0;
}

static int
expire_incidents(struct tidy *t, struct err *err)
{
	int64_t end_ms = cutoff(t, t->keep->incidents_ms, 1);
	char id[INCIDENT_ID_SIZE];

	for (int i = 0; i < INCIDENTS_PER_SLICE; i++) {
		id[0] = '\0';
		if (expired_incident(t, end_ms, id, sizeof(id), err) != 0)
			return -1;
		if (id[0] == '\0')
			return 0;
		t->worked = true;
		if (drop_incident(t, id, err) != 0)
			return -1;
	}
	return 0;
}

static int
release_pages(struct tidy *t, struct err *err)
{
	int64_t all, unused;
	int rc;

	if (sqlite_number(t->s, ALL_PAGES, 0, 0, &all, err) != 0 ||
	    sqlite_number(t->s, FREE_PAGES, 0, 0, &unused, err) != 0)
		return -1;
	if (unused < FREE_PAGES_MIN || unused < all / FREE_PAGES_SHARE)
		return 0;
	t->worked = true;
	rc = sqlite3_exec(
	    t->s->db, "PRAGMA incremental_vacuum(64)", NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : sqlite_fail(t->s, rc, err);
}

/* In this order: nothing is deleted before what sums it up is written. */
static int (*const stages[])(struct tidy *t, struct err *err) = {
    pack,
    roll_hours,
    roll_days,
    expire_raw,
    expire_hours,
    expire_days,
    expire_series,
    expire_incidents,
    release_pages,
};

/* The first stage that has something to do. */
static int
slice(struct tidy *t, struct err *err)
{
	if (sqlite_number(t->s, RAW_FLOOR, 0, 0, &t->raw_floor, err) != 0 ||
	    sqlite_number(t->s, HOUR_FLOOR, 0, 0, &t->hour_floor, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		if (stages[i](t, err) != 0)
			return -1;
		if (t->worked)
			return 0;
	}
	return 0;
}

int
sqlite_tidy(struct store *store, const struct store_retention *keep,
    int64_t now_ms, bool *more, struct err *err)
{
	struct tidy t = {
	    .s = sqlite_self(store), .keep = keep, .now_ms = now_ms};

	if (sqlite_begin(store, err) != 0)
		return -1;
	if (slice(&t, err) != 0 || sqlite_commit(store, err) != 0) {
		sqlite_rollback(store);
		return err_wrap(err, "tidying the history");
	}
	*more = t.worked;
	return 0;
}
