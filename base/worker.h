/*
 * The life of a worker process, shared by probe and path workers: says hello,
 * takes jobs from stdin, answers on stdout, dies when the core does.
 * One JSON value a line (docs/worker-protocol.md):
 *
 *   core → worker  {"config":{…}}                         path workers, once
 *   worker → core  {"hello":{"protocol":1,"version":"…","role":"probe",
 *                            "kind":"uptime","max_jobs":500}}
 *   core → worker  {"job":{"id":17,"timeout_ms":10000,…}}
 *   worker → core  {"result":{"id":17,…}}
 *
 * A job that passes its deadline is expired here; the core kills a worker that
 * does not even manage that.
 */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"

#define WORKER_PROTOCOL    1
#define WORKER_TIMEOUT_MAX (10 * 60 * 1000) /* ms */
#define WORKER_JOB_ID_MAX  ((int64_t)1 << 52)

struct worker;
struct worker_job {
	struct worker *worker;
	int64_t id;
	int64_t deadline_ms; /* boot clock */
	void *state;         /* the role's own */
};

struct worker_ops {
	const char *role; /* "probe" or "path" */
	const char *kind; /* "uptime", "email", … */
	unsigned max_jobs;
	/* The first line of a path worker; NULL for probes. */
	int (*configure)(void *ctx, const json_t *config, struct err *err);
	/* Begin a job; leads to exactly one worker_result(). A job that cannot
	 * even be read is answered by returning -1 with err. */
	int (*start)(void *ctx, struct worker_job *job, const json_t *body,
	    struct err *err);
	/* The deadline passed: let go of it; the worker answers by itself with
	 * what expired() returns. NULL if start() never outlives its call. */
	json_t *(*expire)(void *ctx, struct worker_job *job);
	/* What to answer when start() returned -1. Members of the result. */
	json_t *(*refuse)(void *ctx, const struct err *err);
};

/* Runs until stdin ends. Returns the process's exit status. */
int worker_run(struct loop *loop, const struct worker_ops *ops, void *ctx);

/* Answer a job; takes body (an object without "id"). Frees the job. */
void worker_result(struct worker_job *job, json_t *body);

#endif
