/*
 * What remains of an hour or a day: how many runs came out how, and how long
 * the good ones took. An hour's percentiles are exact, worked out from its
 * observations; a merge's come from the histograms (state/histogram.h). Pure.
 */
#ifndef STATE_ROLLUP_H
#define STATE_ROLLUP_H

#include "base/outcome.h"
#include "state/block.h"
#include "state/histogram.h"

struct rollup {
	unsigned count[OUTCOME_COUNT];
	int64_t p50_us, p90_us, p99_us, max_us; /* ok and degraded; -1 = none */
	struct histogram latency;
};

void rollup_init(struct rollup *r);
void rollup_samples(struct rollup *r, const struct sample *s, size_t count);
void rollup_merge(struct rollup *into, const struct rollup *from);
bool rollup_empty(const struct rollup *r); /* not one run */

#endif
