/*
 * The probe workers of one kind: hands jobs to a worker with a free slot,
 * starts another when all are full, restarts the dead with back-off. A job
 * that was in flight when its worker died comes back to its owner as lost; the
 * owner submits it again `alone`, in a worker that holds nothing else, so that
 * the one that kills workers can be told from those that were near.
 */
#ifndef AGENT_POOL_H
#define AGENT_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/answer.h"
#include "agent/supervise.h"
#include "base/loop.h"
#include "probes/probe.h"

#define POOL_WORKERS_MAX  4
#define POOL_DEATHS_ALARM 5     /* this many … */
#define POOL_DEATHS_MS    60000 /* … in this long is trouble */

struct pool;

struct pool_ops {
	/* JSON members of the job for this id, in a buffer that is reset for
	 * each; -1 if it is not wanted any more. Called just before sending. */
	int (*compose)(void *ctx, uint32_t id, struct buf *members);
	void (*result)(void *ctx, uint32_t id, const json_t *body,
	    const struct probe_answer *answer);
	void (*lost)(void *ctx, uint32_t id, bool alone, const char *why);
	/* Workers of this kind keep dying (why), or have stopped to (NULL). */
	void (*trouble)(
	    void *ctx, const struct probe_kind *kind, const char *why);
};

struct pool *pool_new(struct loop *loop, struct supervisor *s,
    const struct probe_kind *kind, const struct pool_ops *ops, void *ctx);
void pool_free(struct pool *p);

const struct probe_kind *pool_kind(const struct pool *p);
/* Queue a job; the id must not be queued or in flight already. */
void pool_submit(struct pool *p, uint32_t id, int64_t timeout_ms, bool alone);
unsigned pool_workers(const struct pool *p);
unsigned pool_waiting(const struct pool *p);
uint64_t pool_restarts(const struct pool *p);

#endif
