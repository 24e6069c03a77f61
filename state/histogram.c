#include "state/histogram.h"

#include <stdbool.h>
#include <string.h>

#include "state/varint.h"

#define FORMAT     1
#define STEPS      16 /* buckets for every doubling */
#define STEPS_BITS 4
#define TOP_BIT    40 /* of the largest value that has its own bucket */

/* Encoded, a bucket is one number: how many buckets it is past the one before,
 * times 16, plus its count. A count from 15 on writes 15 and then the rest. */
#define COUNT_BITS 4
#define COUNT_MORE 15

void
histogram_init(struct histogram *h)
{
	memset(h, 0, sizeof(*h));
}

static unsigned
bucket_of(int64_t us)
{
	uint64_t v = us > 0 ? (uint64_t)us : 0;
	unsigned top;

	if (v < STEPS)
		return (unsigned)v;
	top = 63 - (unsigned)__builtin_clzll(v);
	if (top > TOP_BIT)
		return HISTOGRAM_BUCKETS - 1;
	return (top - STEPS_BITS + 1) * STEPS +
	       (unsigned)((v >> (top - STEPS_BITS)) & (STEPS - 1));
}

/* The middle of what falls into a bucket. */
static int64_t
value_of(unsigned bucket)
{
	unsigned shift;
	int64_t low;

	if (bucket < STEPS)
		return bucket;
	shift = bucket / STEPS - 1;
	low = (int64_t)(STEPS + bucket % STEPS) << shift;
	return low + ((int64_t)1 << shift) / 2;
}

static void
add_count(struct histogram *h, unsigned bucket, uint32_t n)
{
	uint32_t room = UINT32_MAX - h->count[bucket];

	if (n > room)
		n = room;
	h->count[bucket] += n;
	h->total += n;
}

void
histogram_add(struct histogram *h, int64_t us)
{
	add_count(h, bucket_of(us), 1);
}

void
histogram_merge(struct histogram *into, const struct histogram *from)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		add_count(into, i, from->count[i]);
}

int64_t
histogram_percentile(const struct histogram *h, unsigned percent)
{
	uint64_t rank, seen = 0;

	if (h->total == 0)
		return -1;
	rank = (h->total * percent + 99) / 100;
	if (rank == 0)
		rank = 1;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->count[i];
		if (seen >= rank)
			return value_of(i);
	}
	return value_of(HISTOGRAM_BUCKETS - 1);
}

size_t
histogram_encode(const struct histogram *h, uint8_t out[HISTOGRAM_ENCODED_MAX])
{
	size_t len = 0;
	unsigned next = 0;

	out[len++] = FORMAT;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint32_t n = h->count[i];
		uint32_t low = n < COUNT_MORE ? n : COUNT_MORE;

		if (n == 0)
			continue;
		len += varint_put(
		    out + len, (uint64_t)(i - next) << COUNT_BITS | low);
		if (low == COUNT_MORE)
			len += varint_put(out + len, n - COUNT_MORE);
		next = i + 1;
	}
	return len;
}

/* One bucket; the bytes it took, 0 if they make no sense. */
static size_t
decode_bucket(
    struct histogram *h, const uint8_t *in, size_t len, unsigned *next)
{
	uint64_t head = 0, skip, n, more = 0;
	size_t used = varint_get(in, len, &head), extra;

	skip = head >> COUNT_BITS;
	n = head & COUNT_MORE;
	if (used == 0 || n == 0 || skip >= HISTOGRAM_BUCKETS - *next)
		return 0;
	if (n == COUNT_MORE) {
		extra = varint_get(in + used, len - used, &more);
		if (extra == 0 || more > UINT32_MAX - n)
			return 0;
		used += extra;
	}
	*next += (unsigned)skip;
	add_count(h, *next, (uint32_t)(n + more));
	*next += 1;
	return used;
}

int
histogram_decode(
    struct histogram *h, const void *data, size_t len, struct err *err)
{
	const uint8_t *in = data;
	unsigned next = 0;

	histogram_init(h);
	if (len == 0 || in[0] != FORMAT)
		return err_set(err, ERR_CORRUPT, "not a latency histogram");
	for (size_t at = 1; at < len;) {
		size_t used = decode_bucket(h, in + at, len - at, &next);

		if (used == 0)
			return err_set(err, ERR_CORRUPT,
			    "a latency histogram is damaged at byte %zu", at);
		at += used;
	}
	return 0;
}
