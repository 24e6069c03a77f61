/*
 * A series' observations and roll-ups, hour by hour, day by day. Hours and
 * days are counted from 1970-01-01T00:00Z.
 */
#ifndef STATE_SQLITE_SAMPLES_H
#define STATE_SQLITE_SAMPLES_H

#include "state/rollup.h"
#include "state/sqlite.h"

#define HOUR_MS   BLOCK_SPAN_MS
#define DAY_HOURS 24
#define DAY_MS    (DAY_HOURS * HOUR_MS)

enum rollup_step { ROLLUP_HOUR, ROLLUP_DAY }; /* as stored */
struct rollup_key {
	enum rollup_step step;
	int64_t n; /* which hour or day */
	int64_t series;
};

struct samples { /* sorted by time */
	struct sample *list;
	size_t count;
};
void samples_fini(struct samples *v);
/* Add more of them, in any order; of two with one time the added one stays. */
void
samples_add(struct samples *v, const struct sample *more, size_t more_count);

/* The packed observations of an hour. */
int block_read(struct sqlite_store *s, int64_t hour, int64_t series,
    struct samples *out, struct err *err);
int block_write(struct sqlite_store *s, int64_t hour, int64_t series,
    const struct samples *v, struct err *err);

/* The arrivals of a series that are not packed yet, from_ms <= at < to_ms. */
int recent_read(struct sqlite_store *s, int64_t series, int64_t from_ms,
    int64_t to_ms, struct samples *out, struct err *err);

/* *found = is there one? `out` is empty if not. */
int rollup_read(struct sqlite_store *s, const struct rollup_key *key,
    struct rollup *out, bool *found, struct err *err);
int rollup_write(struct sqlite_store *s, const struct rollup_key *key,
    const struct rollup *r, struct err *err);

#endif
