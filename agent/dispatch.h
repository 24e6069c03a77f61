/*
 * Due deliveries to path workers, receipts back. One worker process, one queue
 * and one back-off per configured channel; they share nothing, so a sick path
 * delays no other. Within a channel the messages of one incident keep their
 * order. A delivery leaves once its row is committed, or at once while the
 * store does not commit (then the queue in memory is the truth).
 */
#ifndef AGENT_DISPATCH_H
#define AGENT_DISPATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/agent.h"
#include "agent/delivery.h"

/* Per channel; past it the oldest becomes a dead letter. */
#define DISPATCH_PENDING_MAX 50000

struct dispatch *dispatch_new(struct agent *a);
void dispatch_free(struct dispatch *d);

/* The configuration changed: start, stop, restart paths. Pending deliveries of
 * channels that left are dropped, visibly. */
void dispatch_configure(struct dispatch *d);

/* Which channels there are, for routing: NULL-ended names, borrowed. */
const char *const *dispatch_channels(const struct dispatch *d, size_t *count);

/* Is it switched on? Others are not told, nor tested. */
bool dispatch_enabled(const struct dispatch *d, size_t channel);
/* Switched on, and not gone (410)? Then it may be told of incidents. */
bool dispatch_usable(const struct dispatch *d, size_t channel);
/* The wall clock was set forward by so much (or back, if less than 0). */
void dispatch_rebase(struct dispatch *d, int64_t jump_ms);

struct dispatch_message { /* borrowed for the call */
	const char *incident;
	int seq;
	enum event_type event;
	enum severity severity;
	const char *text;     /* the message as JSON */
	const char *grouping; /* what others share to join it, or NULL */
	int64_t wait_ms;      /* for others of its grouping */
	bool needs_proof; /* unproven in time, another path tells it as well */
	const char *because; /* why this channel, or NULL */
};

/* Inside a writer group: a message to the i-th channel. dispatch_sent() after
 * writer_end(). */
void dispatch_add(
    struct dispatch *d, size_t channel, const struct dispatch_message *m);
/* Inside a writer group: channel `from` could not deliver x, `why`. The next
 * path that works tells it as well, and says so. False if there is none now, or
 * it is muted: ask again. */
bool dispatch_fall_back(struct dispatch *d, const char *from,
    const struct delivery *x, const char *why);
/* The same for one that is given up: asked again here until somebody has it. */
void dispatch_orphan(struct dispatch *d, const char *from,
    const struct delivery *x, const char *why);
/* Acknowledged or resolved: receivers need not be asked any more. */
void dispatch_answered(struct dispatch *d, const char *incident);
/* There is nothing more to ask about this delivery. */
void dispatch_poll_over(
    struct dispatch *d, const char *incident, int seq, const char *channel);
/* The group number that the added ones wait for. */
void dispatch_sent(struct dispatch *d, uint64_t group);
void dispatch_committed(struct dispatch *d); /* the writer moved on, or broke */

/* From the store, at the start. What waits for a channel that left meanwhile
 * is dropped, visibly. */
int dispatch_load(struct dispatch *d, struct err *err);

/* A dead (or dropped) letter goes out again. ERR_MISSING, ERR_REFUSED. */
int dispatch_resend(struct dispatch *d, const char *key, struct err *err);

struct dispatch_status {
	const char *name, *kind;
	bool enabled, disabled, ready; /* disabled: by a 410 */
	unsigned pending, dead;
	int64_t oldest_ms;         /* wall clock of the oldest pending, 0 */
	int64_t last_delivered_ms; /* wall clock of the last proof, 0 */
	bool resting;              /* the breaker is open */
	uint64_t digests, merged;  /* messages, and deliveries in them */
	const char *last_error;    /* "" */
	uint64_t delivered, attempts, failures, restarts;
	double seconds_sum; /* of deliveries: created to receipt */
	int pid;
};
bool dispatch_status(
    const struct dispatch *d, size_t channel, struct dispatch_status *out);

/* Is there a path that works, or none configured? (for /readyz) */
bool dispatch_any_path(const struct dispatch *d);
/* Health observations of each path, from health.c's tick. */
void dispatch_tick(struct dispatch *d);
bool dispatch_idle(const struct dispatch *d); /* nothing in flight */

#endif
