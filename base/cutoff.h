/*
 * A deadline for libraries that block and know none: when it passes, every
 * stream socket that the process opened since is shut down, so that whatever
 * sleeps in connect(), poll() or read() on one wakes with an error and returns.
 * A POSIX timer and its signal do it; no thread. One at a time per process.
 */
#ifndef BASE_CUTOFF_H
#define BASE_CUTOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* From here on: sockets that are open now are spared. */
int cutoff_start(int64_t deadline_ms, struct err *err); /* boot clock */

/* Another deadline, unless the first has passed. */
void cutoff_move(int64_t deadline_ms);

/* Cut at once. */
void cutoff_now(void);

/* Disarm. Was anything cut? */
bool cutoff_stop(void);

#endif
