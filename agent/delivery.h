/*
 * A delivery in memory: one event of one incident to one channel, and the
 * waiting line of a channel. Pure but for memory.
 */
#ifndef AGENT_DELIVERY_H
#define AGENT_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alerting/incident.h"

#define DELIVERY_KEY_MAX     (INCIDENT_ID_LEN + 96)
#define DELIVERY_WAIT_MAX_MS ((int64_t)3600 * 1000) /* alerting/backoff.h */

struct delivery {
	char incident[INCIDENT_ID_LEN + 1];
	int seq;
	char *message; /* JSON; NULL = it is in the store's event */
	unsigned attempts;
	int64_t created_ms, due_ms; /* wall clock */
	int64_t first_try_ms;       /* wall clock; 0 = not tried yet */
	uint64_t group; /* committed with it; UINT64_MAX = not ended yet */
	struct delivery
	    *before; /* of the same incident, waits in front; NULL */
	struct delivery *next;
};

struct delivery_line { /* in the order of arrival */
	struct delivery *first, **last;
	unsigned count;
};

struct delivery *
delivery_new(const char *incident, int seq, const char *message); /* copied */
void delivery_free(struct delivery *x);
/* "<incident>-<seq>-<channel>": the idempotency key. Returns dst. */
const char *delivery_key(char dst[DELIVERY_KEY_MAX], const char *incident,
    int seq, const char *channel);

void delivery_line_init(struct delivery_line *line);
void delivery_line_add(struct delivery_line *line, struct delivery *x);
void delivery_line_remove(struct delivery_line *line, struct delivery *x);
/* The next to try: earliest due of those that no other of their incident
 * precedes and whose group is committed. *wake_ms = when the next one is due
 * if none is now (INT64_MAX: nothing to wait for). */
struct delivery *delivery_line_next(const struct delivery_line *line,
    int64_t now_ms, uint64_t committed, int64_t *wake_ms);

#endif
