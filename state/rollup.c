#include "state/rollup.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
rollup_init(struct rollup *r)
{
	memset(r, 0, sizeof(*r));
	r->p50_us = r->p90_us = r->p99_us = r->max_us = -1;
}

static int
by_value(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

static int64_t
nearest_rank(const int64_t *sorted, size_t count, unsigned percent)
{
	return sorted[(count * percent + 99) / 100 - 1];
}

void
rollup_samples(struct rollup *r, const struct sample *s, size_t count)
{
	int64_t *took = mem_array(count, sizeof(*took));
	size_t n = 0;

	rollup_init(r);
	for (size_t i = 0; i < count; i++) {
		r->count[s[i].outcome]++;
		if (s[i].outcome > OUTCOME_DEGRADED || s[i].duration_us < 0)
			continue;
		histogram_add(&r->latency, s[i].duration_us);
		took[n++] = s[i].duration_us;
	}
	if (n > 0) {
		qsort(took, n, sizeof(*took), by_value);
		r->p50_us = nearest_rank(took, n, 50);
		r->p90_us = nearest_rank(took, n, 90);
		r->p99_us = nearest_rank(took, n, 99);
		r->max_us = took[n - 1];
	}
	free(took);
}

/* The bucket's middle may lie past the largest value there was. */
static int64_t
percentile(const struct rollup *r, unsigned percent)
{
	int64_t us = histogram_percentile(&r->latency, percent);

	return us < r->max_us ? us : r->max_us;
}

void
rollup_merge(struct rollup *into, const struct rollup *from)
{
	for (int i = 0; i < OUTCOME_COUNT; i++)
		into->count[i] += from->count[i];
	if (from->max_us > into->max_us)
		into->max_us = from->max_us;
	histogram_merge(&into->latency, &from->latency);
	into->p50_us = percentile(into, 50);
	into->p90_us = percentile(into, 90);
	into->p99_us = percentile(into, 99);
}

bool
rollup_empty(const struct rollup *r)
{
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		if (r->count[i] > 0)
			return false;
	}
	return true;
}
