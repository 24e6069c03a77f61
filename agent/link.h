/*
 * The core's end of one worker: the protocol of base/worker.h seen from the
 * side that must not trust. Checks the hello, numbers the jobs, matches every
 * result to a job it sent, kills a worker that breaks the protocol, passes a
 * job's deadline plus a grace, or does not say hello in time.
 */
#ifndef AGENT_LINK_H
#define AGENT_LINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/supervise.h"
#include "base/err.h"

#define LINK_GRACE_MS 2000  /* past a job's deadline, then SIGKILL */
#define LINK_HELLO_MS 15000 /* to get ready in */
#define LINK_JOBS_MAX 4096

struct link;

struct link_ops {
	/* The worker said hello: it takes jobs now. */
	void (*ready)(void *ctx, struct link *link);
	/* An answer to the job sent with this tag. -1 with err if the body is
	 * not what a worker may say: then the worker is killed. */
	int (*result)(void *ctx, struct link *link, uint32_t tag,
	    const json_t *body, struct err *err);
	/* The worker is over; tags of jobs it still held. Free it here. */
	void (*lost)(void *ctx, struct link *link, const char *why,
	    const uint32_t *tags, size_t count);
};

struct link_worker {      /* what to start */
	const char *role; /* "probe", "path" */
	const char *kind;
	const char *name;     /* for logs: "probe uptime", "path pager" */
	const json_t *config; /* first line, or NULL */
};

int link_open(struct link **out, struct loop *loop, struct supervisor *s,
    const struct link_worker *worker, const struct link_ops *ops, void *ctx,
    struct err *err);
void link_free(struct link *l); /* no callback after; kills the worker */

bool link_ready(const struct link *l);
unsigned link_jobs(const struct link *l);  /* in flight */
unsigned link_slots(const struct link *l); /* free; 0 before the hello */
pid_t link_pid(const struct link *l);

/* Send {"job":{"id":…,"timeout_ms":…,<members>}}; members is JSON text without
 * braces. 0, or -1 if no slot is free. */
int link_send(
    struct link *l, uint32_t tag, int64_t timeout_ms, const char *members);

void link_flush(struct link *l); /* what was sent leaves now */

#endif
