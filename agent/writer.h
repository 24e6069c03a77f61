/*
 * The write-behind queue between what the core decides and the store. Changes
 * that belong together (observation, memory, incident, event, deliveries) are
 * one group and commit in one transaction. A group that matters commits before
 * the loop's next turn; an uneventful observation may wait for company up to
 * WRITER_WAIT_MS, which is all a crash can lose of history, never of facts.
 *
 * If the store will not commit, groups stay here, in order, and are tried
 * again; alerts leave from memory meanwhile. Uneventful observations have a
 * ceiling: past it the oldest are dropped, and counted. What matters is kept.
 */
#ifndef AGENT_WRITER_H
#define AGENT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "state/store.h"

#define WRITER_WAIT_MS 5000
#define WRITER_SOON_MS 100
#define WRITER_MAX     (48 * 1024 * 1024) /* bytes waiting */

struct writer;

struct writer_ops {
	/* Everything up to this group number is on disk. */
	void (*committed)(void *ctx, uint64_t group);
	/* The store stopped (why != NULL) or started to commit again. */
	void (*trouble)(void *ctx, const struct err *why);
};

struct writer *writer_new(struct loop *loop, struct store *store,
    const struct writer_ops *ops, void *ctx);
void writer_free(struct writer *w); /* flushes once more first */

void writer_begin(struct writer *w);
/* Rows are copied. Only between begin and end. */
void writer_observation(struct writer *w, const struct observation_row *row);
void writer_probe(struct writer *w, const struct probe_row *row);
void writer_incident(struct writer *w, const struct incident_row *row);
void writer_event(struct writer *w, const struct event_row *row);
void writer_delivery(struct writer *w, const struct delivery_row *row);
void writer_attempt(struct writer *w, const struct attempt_row *row);
void writer_finding(struct writer *w, const struct finding_row *row);
void writer_mute(struct writer *w, const struct mute_row *row);
void writer_drop_mute(struct writer *w, const char *id);
void writer_drop_probe(struct writer *w, const char *name);
/* The group's number. `matters`: commit in this turn of the loop. */
uint64_t writer_end(struct writer *w, bool matters);
/* It matters, but may wait WRITER_SOON_MS for company. */
uint64_t writer_end_soon(struct writer *w);

void writer_flush(struct writer *w); /* now; blocks for the disk */
uint64_t writer_committed(const struct writer *w);
bool writer_failing(const struct writer *w);
const char *writer_reason(const struct writer *w); /* "" when fine */
unsigned writer_waiting(const struct writer *w);   /* groups */
uint64_t writer_dropped(const struct writer *w);   /* observations, ever */

#endif
