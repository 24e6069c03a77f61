/*
 * Numbers in as few bytes as they need: seven bits a byte, lowest first, the
 * top bit says that another byte follows. Pure; for the encodings in this
 * folder.
 */
#ifndef STATE_VARINT_H
#define STATE_VARINT_H

#include <stddef.h>
#include <stdint.h>

#define VARINT_MAX 10 /* bytes of the largest number */

/* Writes at most VARINT_MAX bytes; returns how many. */
static inline size_t
varint_put(uint8_t *out, uint64_t value)
{
	size_t n = 0;

	while (value >= 0x80) {
		out[n++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	out[n++] = (uint8_t)value;
	return n;
}

/* Returns how many bytes the number took, 0 if it is cut or too large. */
static inline size_t
varint_get(const uint8_t *in, size_t len, uint64_t *value)
{
	uint64_t v = 0;
	size_t n = 0;

	while (n < len && n < VARINT_MAX) {
		uint64_t bits = in[n] & 0x7f;

		if (n == VARINT_MAX - 1 && bits > 1)
			return 0;
		v |= bits << (7 * n);
		if ((in[n++] & 0x80) == 0) {
			*value = v;
			return n;
		}
	}
	return 0;
}

/* Small negative numbers become small positive ones. */
static inline uint64_t
varint_fold(int64_t v)
{
	return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t
varint_unfold(uint64_t v)
{
	return (int64_t)((v >> 1) ^ ((v & 1) != 0 ? UINT64_MAX : 0));
}

#endif
