/*
 * One hour of one series' observations in a few bytes each: what a time was
 * later than the regular beat, the outcome, the duration. Pure.
 */
#ifndef STATE_BLOCK_H
#define STATE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/outcome.h"

#define BLOCK_SPAN_MS ((int64_t)3600 * 1000)

struct sample {
	int64_t at_ms;
	int64_t duration_us; /* -1 = none */
	uint32_t order;      /* used by sample_sort */
	uint8_t outcome;     /* enum outcome */
	bool detail;         /* more is stored elsewhere */
};

/* As one small number and back: outcome, + 4 when there is a detail. */
uint8_t sample_flags(const struct sample *s);
void sample_set_flags(struct sample *s, unsigned flags);

/* Sort by time. Of several with the same time the last one given stays;
 * returns how many are left. */
size_t sample_sort(struct sample *s, size_t count);

/* Sorted samples with base_ms <= at_ms < base_ms + BLOCK_SPAN_MS. The bytes
 * are the caller's, freed with free(). */
uint8_t *block_encode(
    int64_t base_ms, const struct sample *s, size_t count, size_t *len);

/* *out is the caller's, also when it holds nothing. ERR_CORRUPT if the bytes
 * are not what block_encode makes. */
int block_decode(struct sample **out, size_t *count, int64_t base_ms,
    const void *data, size_t len, struct err *err);

#endif
