/*
 * A set of channels, each named by its place in the agent's list of them.
 */
#ifndef ALERTING_CHANNEL_SET_H
#define ALERTING_CHANNEL_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_SET_MAX 128

struct channel_set {
	uint64_t bits[CHANNEL_SET_MAX / 64];
};

static inline bool
channel_set_has(const struct channel_set *s, size_t channel)
{
	return s->bits[channel / 64] >> channel % 64 & 1;
}

static inline void
channel_set_add(struct channel_set *s, size_t channel)
{
	s->bits[channel / 64] |= (uint64_t)1 << channel % 64;
}

static inline void
channel_set_join(struct channel_set *s, const struct channel_set *other)
{
	for (size_t i = 0; i < CHANNEL_SET_MAX / 64; i++)
		s->bits[i] |= other->bits[i];
}

static inline bool
channel_set_empty(const struct channel_set *s)
{
	uint64_t any = 0;

	for (size_t i = 0; i < CHANNEL_SET_MAX / 64; i++)
		any |= s->bits[i];
	return any == 0;
}

#endif
