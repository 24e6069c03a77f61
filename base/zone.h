/*
 * A time zone as a pure table: when its clocks change, from 2020 to 2060. What
 * comes before has the first offset, what comes after the last.
 *
 * zone_new() asks the C library, which reads the system's tzdata; it changes
 * TZ for that moment, so it belongs where a configuration is read, never beside
 * another thread. All the rest is pure.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdint.h>

#include "base/err.h"

#define ZONE_NAME_MAX 63

struct zone;

/* "Europe/Berlin"; "UTC", which needs no file; "local", what the machine is set
 * to. ERR_CONFIG with the nearest name if there is no such. zone_free() it. */
int zone_new(struct zone **out, const char *name, struct err *err);
void zone_free(struct zone *z); /* NULL is fine */

const char *zone_name(const struct zone *z);

/* Seconds to add to UTC. */
int32_t zone_offset_s(const struct zone *z, int64_t utc_ms);

/* What its clocks show, as milliseconds for base/civil.h; and back. A time that
 * the clocks leave out (spring) is the moment after the gap, one that they show
 * twice (autumn) is the first. */
int64_t zone_local_ms(const struct zone *z, int64_t utc_ms);
int64_t zone_utc_ms(const struct zone *z, int64_t local_ms);

/* "2026-12-24 18:00" in the zone, or RFC 3339, which says its own offset. From
 * 2020 to 2060. ERR_INPUT with an example. */
int zone_parse(
    const struct zone *z, const char *text, int64_t *utc_ms, struct err *err);

#endif
