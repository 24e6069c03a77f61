/*
 * The contract of a probe kind: the only header its author needs beside base/.
 *
 *   (config, memory) -> (observation, memory')
 *
 * A kind is one file, one line in kinds.def, one page in docs/probes/ and one
 * test (docs/adding-a-probe.md). It runs in a worker process, meets hostile
 * bytes there, and keeps nothing between jobs: what it must remember it
 * returns as memory and is given back next time.
 */
#ifndef PROBES_PROBE_H
#define PROBES_PROBE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/http.h"
#include "base/loop.h"
#include "base/option.h"
#include "base/outcome.h"
#include "base/resolve.h"

#define PROBE_REASON_MAX 400

struct probe_job {
	const char *name;   /* the probe's configured name */
	const void *config; /* filled from the kind's options; borrowed */
	const json_t
	    *memory; /* what the last run returned; NULL the first time */
	int64_t deadline_ms; /* boot clock; the job's, everything included */
	struct loop *loop;
	struct resolver *resolver; /* shared by the worker's jobs */
	struct http *http;         /* likewise */
	void *state;               /* the kind's own, for this job */
};

struct observation {
	enum outcome outcome;
	/* What a person wants to know first: "connect to 192.0.2.7:443 refused
	 * after 0.8 ms". Untrusted bytes are made printable by probe_reason. */
	char reason[PROBE_REASON_MAX];
	json_t *facts;    /* object of what was seen; NULL = {} */
	json_t *metrics;  /* object of numbers, units in names; NULL = {} */
	json_t *findings; /* of {key, severity, title, detail}; NULL = [] */
	json_t *memory;   /* for the next run; NULL = keep what there is */
};

struct probe_kind {
	const char *name;    /* "tls": config value, row key, its page */
	const char *summary; /* one line for `tocsin kinds` and the manual */
	const struct option *options; /* every key of this kind */
	size_t config_size;           /* the struct that those options fill */
	unsigned max_jobs; /* jobs that one worker may hold at once */
	int64_t every_ms, every_min_ms; /* default and least interval */
	int64_t timeout_ms;             /* default deadline of one run */
	/* Rules across options; may be NULL. Messages start with the key. */
	int (*check)(const void *config, struct err *err);
	/* Leads to exactly one probe_done(job, …), at once or later. */
	void (*start)(struct probe_job *job);
	/* The deadline passed: let go of everything, no probe_done after. May
	 * fill obs (what was it waiting for?); it comes as "failed: no result
	 * within 10 s". Set OUTCOME_UNKNOWN in it if that was our own doing. */
	void (*cancel)(struct probe_job *job, struct observation *obs);
};

/* Ends the job: takes what obs holds; `job` is gone when it returns. */
void probe_done(struct probe_job *job, struct observation *obs);

/* How late this process itself is running, microseconds: the part of any time
 * measured during the job that may be our own load. */
int64_t probe_lag_us(const struct probe_job *job);

/* Set outcome and reason; bytes that cannot be shown are escaped. */
void probe_reason(struct observation *obs, enum outcome outcome,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void
probe_fact(struct observation *obs, const char *key, json_t *value); /* takes */
void probe_metric(struct observation *obs, const char *key, double value);
void
probe_finding(struct observation *obs, const char *key, enum severity severity,
    const char *title, json_t *detail); /* takes detail */

#endif
