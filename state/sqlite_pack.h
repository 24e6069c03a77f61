/*
 * Arrivals come in the order of time, one small row each, all probes mixed:
 * cheap to append, dear to read by probe. From time to time a run of them is
 * packed into each series' hourly block, and then deleted.
 *
 * The run is read into memory first, then packed some series at a time, then
 * deleted. After a crash in between it is packed again, which changes nothing.
 */
#ifndef STATE_SQLITE_PACK_H
#define STATE_SQLITE_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct sqlite_store;
struct packer;

/* One slice, inside a transaction; *worked = it did something. Starts a run
 * when the oldest arrival is old enough, or there are many. */
int packer_step(
    struct sqlite_store *s, int64_t now_ms, bool *worked, struct err *err);
void packer_free(struct packer *p); /* NULL is fine */

#endif
