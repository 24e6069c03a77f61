/*
 * How long things took, as counts in log-scaled buckets: 16 buckets for every
 * doubling, so that a percentile read from them is off by at most 1/32 of its
 * value (3.2 %), whatever the spread. Histograms add up, which percentiles do
 * not: a day's come from its hours' histograms. Pure.
 */
#ifndef STATE_HISTOGRAM_H
#define STATE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HISTOGRAM_BUCKETS 608 /* up to 2^41 us, 25 days; longer counts there */

struct histogram {
	uint64_t total;
	uint32_t count[HISTOGRAM_BUCKETS]; /* stops at its highest value */
};

void histogram_init(struct histogram *h);
void histogram_add(struct histogram *h, int64_t us); /* negative counts as 0 */
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The value that `percent` of the runs did not exceed (nearest rank), -1 when
 * the histogram is empty. */
int64_t histogram_percentile(const struct histogram *h, unsigned percent);

/* Compact bytes: the buckets in use only, most of them in one byte. Returns
 * the length, at most HISTOGRAM_ENCODED_MAX. */
#define HISTOGRAM_ENCODED_MAX (1 + HISTOGRAM_BUCKETS * (3 + 5))
size_t
histogram_encode(const struct histogram *h, uint8_t out[HISTOGRAM_ENCODED_MAX]);

/* ERR_CORRUPT if the bytes are not what histogram_encode makes. */
int histogram_decode(
    struct histogram *h, const void *data, size_t len, struct err *err);

#endif
