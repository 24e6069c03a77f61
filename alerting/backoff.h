/*
 * When to try again: pure, deterministic for a given seed. Paging wants fast
 * first retries and no multi-day tail: the first attempt at once, then after 1,
 * 2, 5, 10, 30, 60 s, some more times after 60 s, then ever later up to 10 min,
 * ±20 % jitter. Retry-After is obeyed up to an hour; it can only lengthen.
 */
#ifndef ALERTING_BACKOFF_H
#define ALERTING_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#define BACKOFF_GIVE_UP_MS ((int64_t)24 * 3600 * 1000) /* then a dead letter */

/* Milliseconds to wait after the attempt-th failure (1, 2, …); retry_after_ms
 * is -1 or what the other side asked for; seed makes the jitter. */
int64_t
backoff_delay_ms(unsigned attempt, int64_t retry_after_ms, uint64_t seed);

/* Has it been tried long enough? */
bool backoff_exhausted(unsigned attempt, int64_t first_ms, int64_t now_ms);

#endif
