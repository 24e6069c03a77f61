/*
 * Dates as people write them, in the proleptic Gregorian calendar of the years
 * 0 to 9999, and milliseconds since 1970-01-01T00:00. Which clock the date was
 * read from (UTC, or a zone's: base/zone.h) is the caller's affair. Pure.
 */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdint.h>

#define CIVIL_DAY_MS   86400000LL
#define CIVIL_FIRST_MS (-62167219200000LL) /* 0000-01-01T00:00:00.000 */
#define CIVIL_LAST_MS  253402300799999LL   /* 9999-12-31T23:59:59.999 */

struct civil {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second, ms;
	int weekday; /* 0 = Monday; civil_to_ms does not look at it */
};

/* A time outside the years 0 to 9999 becomes the nearest one inside. */
struct civil civil_of(int64_t ms);

/* 0, or -1 if there is no such date or time of day. A leap second (:60) is
 * the first moment of the next minute. */
int civil_to_ms(const struct civil *c, int64_t *out);

int civil_month_days(int year, int month); /* 28 to 31 */

/* Read what stands at *s, and move past it; -1 if there is no such. The date
 * as "2026-12-24", which exists; the time of day as "18:00", "9:05" and, for
 * the end of a day, "24:00". */
int civil_read_date(const char **s, struct civil *c);
int civil_read_time(const char **s, struct civil *c);

#endif
