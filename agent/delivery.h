/*
 * A delivery in memory: one event of one incident to one channel, and the
 * waiting line of a channel: what is due first goes first, but the deliveries
 * of one incident keep their order. Pure but for memory; adding, removing and
 * finding the next cost O(log n).
 */
#ifndef AGENT_DELIVERY_H
#define AGENT_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alerting/incident.h"

#define DELIVERY_KEY_MAX     (INCIDENT_ID_LEN + 96)
#define DELIVERY_WAIT_MAX_MS ((int64_t)3600 * 1000) /* alerting/backoff.h */
#define DELIVERY_NO_GROUP    UINT64_MAX /* its writer group is not over yet */

/* Deliveries that went, or are to go, out in one message. What is in one stays
 * in it until that message is done, so that it has one idempotency key. */
struct batch {
	char key[DELIVERY_KEY_MAX];
	struct delivery **members; /* the first leads */
	size_t count;
};

struct delivery {
	char incident[INCIDENT_ID_LEN + 1];
	int seq;
	enum event_type event;
	enum severity severity;
	char *message;  /* JSON; NULL = it is in the store's event */
	char *because;  /* why this channel gets it; NULL */
	char *grouping; /* what others share to join its message; NULL */
	unsigned attempts;
	int64_t created_ms, due_ms; /* wall clock */
	int64_t first_try_ms;       /* wall clock; 0 = not tried yet */
	int64_t fallback_ms;        /* wall clock; 0 = no fallback */
	uint64_t group;             /* committed with it, or NO_GROUP */
	struct batch *batch;        /* NULL = alone */

	/* The line's own. */
	struct delivery *earlier, *later; /* of the same incident */
	struct delivery *before, *after;  /* in the order of arrival */
	struct delivery *same_bucket;     /* firsts of incidents */
	uint64_t arrival;
	size_t place; /* in the heap, from 1; 0 = another one comes first */
};

struct delivery_line {
	struct delivery *first, *last; /* in the order of arrival */
	unsigned count;
	uint64_t arrivals;
	struct delivery **heap; /* from 1: those that nothing precedes */
	size_t heap_count, heap_room;
	struct delivery **buckets; /* first delivery of each incident */
	size_t bucket_count;       /* a power of two */
};

struct delivery *
delivery_new(const char *incident, int seq, const char *message); /* copied */
void delivery_free(struct delivery *x);
/* "<incident>-<seq>-<channel>": the idempotency key. Returns dst. */
const char *delivery_key(char dst[DELIVERY_KEY_MAX], const char *incident,
    int seq, const char *channel);

void delivery_line_init(struct delivery_line *line);
void delivery_line_fini(struct delivery_line *line); /* it must be empty */
void delivery_line_add(struct delivery_line *line, struct delivery *x);
void delivery_line_remove(struct delivery_line *line, struct delivery *x);
/* After x's due_ms changed. */
void delivery_line_moved(struct delivery_line *line, struct delivery *x);
/* What was put off is due at once: the receiver is well again. */
void delivery_line_hurry(struct delivery_line *line, int64_t now_ms);
/* The next to try: earliest due of those that no other of their incident
 * precedes and whose group is committed. *wake_ms = when the next one is due
 * if none is now (INT64_MAX: nothing to wait for). */
struct delivery *delivery_line_next(const struct delivery_line *line,
    int64_t now_ms, uint64_t committed, int64_t *wake_ms);

/* Those that may join `leader` in one message, itself first: committed, not
 * tried yet, in no batch, no earlier one of their incident left out; and due
 * by `due_ms`, or, if that is 0, of its grouping. At most `max`; the array is
 * the caller's. */
size_t
delivery_line_join(const struct delivery_line *line, struct delivery *leader,
    int64_t due_ms, uint64_t committed, size_t max, struct delivery ***out);

/* They become one batch with this key; takes the array. */
struct batch *
batch_new(const char *key, struct delivery **members, size_t count);
void batch_free(struct batch *b); /* the members stay, each alone */

#endif
