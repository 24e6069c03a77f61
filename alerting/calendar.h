/*
 * When something holds, as people write it, in a time zone; pure:
 *
 *   22:00-07:00                              every day, over midnight
 *   Mon-Fri 08:00-18:00, Sat 10:00-14:00
 *   first Sun 02:00-04:00                    of the month; also second, third,
 *                                            fourth, last
 *   day 1 02:00-04:00                        of the month; also last day
 *   2026-12-24 18:00 to 2026-12-27 08:00     once
 *
 * and any of these after each other, with commas. A day is the one on which it
 * begins. Begin and end are what the zone's clocks show: on a day when they
 * change, a window is shorter or longer, and one that lies in the hour that is
 * left out does not take place (base/zone.h).
 */
#ifndef ALERTING_CALENDAR_H
#define ALERTING_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define CALENDAR_TEXT_MAX 500 /* bytes */

struct calendar;

/* ERR_CONFIG says what is wrong and how it is right, beginning with the key to
 * blame: "when: …" or "time_zone: …". calendar_free() it. */
int calendar_new(struct calendar **out, const char *text, const char *zone_name,
    struct err *err);
void calendar_free(struct calendar *c); /* NULL is fine */

/* Does it hold now? If so, *until_ms (may be NULL) is when it ends, windows
 * that meet taken together; at most CALENDAR_LOOK_MS ahead, where it still
 * holds and may be asked again. */
#define CALENDAR_LOOK_MS ((int64_t)40 * 86400 * 1000)
bool
calendar_covers(const struct calendar *c, int64_t now_ms, int64_t *until_ms);

/* When it next begins to hold, after now; INT64_MAX = never. */
int64_t calendar_next_ms(const struct calendar *c, int64_t now_ms);

/* As it was written, without the white space around; and its zone. */
const char *calendar_text(const struct calendar *c);
const char *calendar_zone(const struct calendar *c);

#endif
