#include "state/block.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/mem.h"
#include "state/varint.h"

#define FORMAT         1
#define FLAGS_BITS     3
#define OUTCOME_MASK   3
#define DETAIL_FLAG    4
#define SAMPLE_MIN_LEN 2
#define SAMPLE_MAX_LEN (2 * VARINT_MAX)

uint8_t
sample_flags(const struct sample *s)
{
	return (uint8_t)(s->outcome | (s->detail ? DETAIL_FLAG : 0));
}

void
sample_set_flags(struct sample *s, unsigned flags)
{
	s->outcome = flags & OUTCOME_MASK;
	s->detail = (flags & DETAIL_FLAG) != 0;
}

static int
by_time(const void *left, const void *right)
{
	const struct sample *a = left, *b = right;

	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

size_t
sample_sort(struct sample *s, size_t count)
{
	size_t kept = 0;
	bool sorted = true;

	for (size_t i = 0; i < count; i++) {
		s[i].order = (uint32_t)i;
		if (i > 0 && s[i - 1].at_ms >= s[i].at_ms)
			sorted = false;
	}
	if (sorted)
		return count;
	qsort(s, count, sizeof(*s), by_time);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && s[kept - 1].at_ms == s[i].at_ms)
			kept--;
		s[kept++] = s[i];
	}
	return kept;
}

uint8_t *
block_encode(int64_t base_ms, const struct sample *s, size_t count, size_t *len)
{
	uint8_t *out = mem_array(count + 1, SAMPLE_MAX_LEN);
	int64_t at_ms = base_ms, beat_ms = 0;
	size_t n = 0;

	out[n++] = FORMAT;
	for (size_t i = 0; i < count; i++) {
		int64_t gap_ms = s[i].at_ms - at_ms;

		CHECK(
		    gap_ms >= (i > 0) && s[i].at_ms - base_ms < BLOCK_SPAN_MS);
		n += varint_put(
		    out + n, varint_fold(gap_ms - beat_ms) << FLAGS_BITS |
				 sample_flags(&s[i]));
		n += varint_put(out + n, (uint64_t)s[i].duration_us + 1);
		beat_ms = gap_ms;
		at_ms = s[i].at_ms;
	}
	*len = n;
	return out;
}

/* The sample after one at s->at_ms that came *beat_ms after its own
 * predecessor; the bytes it took, 0 if they make no sense. */
static size_t
decode_sample(struct sample *s, int64_t *beat_ms, const uint8_t *in, size_t len)
{
	uint64_t head, duration;
	size_t used = varint_get(in, len, &head), more;
	int64_t drift_ms;

	if (used == 0)
		return 0;
	more = varint_get(in + used, len - used, &duration);
	drift_ms = varint_unfold(head >> FLAGS_BITS);
	if (more == 0 || duration > (uint64_t)INT64_MAX + 1 ||
	    drift_ms > BLOCK_SPAN_MS || drift_ms < -BLOCK_SPAN_MS)
		return 0;
	*beat_ms += drift_ms;
	s->at_ms += *beat_ms;
	s->duration_us = (int64_t)(duration - 1);
	sample_set_flags(s, (unsigned)(head & (OUTCOME_MASK | DETAIL_FLAG)));
	return used + more;
}

int
block_decode(struct sample **out, size_t *count, int64_t base_ms,
    const void *data, size_t len, struct err *err)
{
	const uint8_t *in = data;
	struct sample s = {.at_ms = base_ms}, *list;
	int64_t beat_ms = 0;
	size_t n = 0;

	*out = NULL;
	*count = 0;
	if (len == 0 || in[0] != FORMAT)
		return err_set(err, ERR_CORRUPT, "not a block of observations");
	list = mem_array(len / SAMPLE_MIN_LEN, sizeof(*list));
	for (size_t at = 1; at < len;) {
		size_t used = decode_sample(&s, &beat_ms, in + at, len - at);

		if (used == 0 || beat_ms < (n > 0) ||
		    s.at_ms - base_ms >= BLOCK_SPAN_MS) {
			free(list);
			return err_set(err, ERR_CORRUPT,
			    "a block of observations is damaged at byte %zu",
			    at);
		}
		list[n++] = s;
		at += used;
	}
	*out = list;
	*count = n;
	return 0;
}
