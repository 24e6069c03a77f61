#include "probes/registry.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "base/str.h"
#include "base/worker.h"

#define NAME_MAX_LEN  64
#define TICK_FIRST_US 10000 /* most runs are over before */
#define TICK_US       50000
/* A result that took this many times the loop's lag is the target's doing. */
#define LAG_FACTOR 4

#define MEMORY_MAX    ((uint64_t)2 << 30) /* address space, not use */
#define FILES_PER_JOB 4 /* a resolver's sockets and two addresses at once */
#define FILES_MORE    64

#define PROBE(kind) extern const struct probe_kind probe_##kind;
#include "probes/kinds.def"
#undef PROBE

const struct probe_kind *const probe_kinds[] = {
#define PROBE(kind) &probe_##kind,
#include "probes/kinds.def"
#undef PROBE
    NULL,
};

struct host { /* the worker process */
	struct loop *loop;
	const struct probe_kind *kind;
	struct resolver *resolver; /* these two from the first job on */
	struct http *http;
	struct loop_timer *tick; /* armed while jobs run: it measures lag */
	int64_t tick_due_us;
	unsigned running;
};

struct run {
	struct probe_job job;
	struct host *host;
	struct worker_job *at;
	void *config;
	json_t *memory;
	int64_t started_us; /* boot clock */
};

const struct probe_kind *
probe_kind_find(const char *name)
{
	for (size_t i = 0; probe_kinds[i] != NULL; i++)
		if (str_eq(probe_kinds[i]->name, name))
			return probe_kinds[i];
	return NULL;
}

static struct run *
run_of(const struct probe_job *job)
{
	union {
		const struct probe_job *in;
		struct run *out; /* whose first member it is */
	} u = {job};

	return u.out;
}

static void
tick_arm(struct host *host, int64_t after_us)
{
	host->tick_due_us = clock_boot_us() + after_us;
	loop_timer_arm_us(host->tick, after_us);
}

static void
tick(void *ctx)
{
	tick_arm(ctx, TICK_US);
}

int64_t
probe_lag_us(const struct probe_job *job)
{
	const struct host *host = run_of(job)->host;
	int64_t lag_us = loop_lag_us(host->loop);
	int64_t late_us = clock_boot_us() - host->tick_due_us;

	return late_us > lag_us ? late_us : lag_us;
}

static void
run_free(struct run *run)
{
	struct host *host = run->host;

	if (--host->running == 0)
		loop_timer_disarm(host->tick);
	option_free(host->kind->options, run->config);
	free(run->config);
	json_decref(run->memory);
	free(run);
}

static json_t *
result_of(const struct run *run, struct observation *obs)
{
	const struct option *table = run->host->kind->options;
	json_t *body = json_object();

	if (run->job.config != NULL) {
		option_redact(table, run->job.config, obs->reason);
		option_redact_json(table, run->job.config, obs->facts);
		option_redact_json(table, run->job.config, obs->findings);
	}
	json_put_str(body, "outcome", outcome_names[obs->outcome]);
	json_put_str(body, "reason", obs->reason);
	json_put_int(body, "duration_us", clock_boot_us() - run->started_us);
	json_put_int(body, "lag_us", probe_lag_us(&run->job));
	json_put(
	    body, "facts", obs->facts != NULL ? obs->facts : json_object());
	json_put(body, "metrics",
	    obs->metrics != NULL ? obs->metrics : json_object());
	json_put(body, "findings",
	    obs->findings != NULL ? obs->findings : json_array());
	if (obs->memory != NULL)
		json_put(body, "memory", obs->memory);
	return body;
}

void
probe_done(struct probe_job *job, struct observation *obs)
{
	struct run *run = run_of(job);
	struct worker_job *at = run->at;
	json_t *body = result_of(run, obs);

	run_free(run);
	worker_result(at, body);
}

static int
host_ready(struct host *host, struct err *err)
{
	static const struct resolver_config system_wide = {NULL, NULL, NULL};

	if (host->resolver == NULL &&
	    resolver_new(&host->resolver, host->loop, &system_wide, err) != 0)
		return err_wrap(err, "starting the resolver");
	if (host->http == NULL &&
	    http_new(&host->http, host->loop, host->resolver, err) != 0)
		return err_wrap(err, "starting the HTTP client");
	return 0;
}

static int
run_parse(struct run *run, const json_t *body, struct err *err)
{
	const struct probe_kind *kind = run->host->kind;
	const char *name = "";
	json_t *config = NULL;

	if (json_need_str(body, "probe", NAME_MAX_LEN, &name, err) != 0 ||
	    json_need_obj(body, "config", &config, err) != 0)
		return -1;
	run->job.name = name;
	run->memory = json_incref(json_object_get(body, "memory"));
	if (json_is_null(run->memory)) {
		json_decref(run->memory);
		run->memory = NULL;
	}
	run->job.memory = run->memory;
	return option_parse_one(kind->options, run->config, config, name, err);
}

static struct run *
run_new(struct host *host, struct worker_job *at)
{
	struct run *run = mem_alloc(sizeof(*run));

	run->host = host;
	run->at = at;
	run->config = mem_alloc(host->kind->config_size);
	run->started_us = clock_boot_us();
	if (host->running++ == 0)
		tick_arm(host, TICK_FIRST_US);
	return run;
}

static int
start(void *ctx, struct worker_job *at, const json_t *body, struct err *err)
{
	struct host *host = ctx;
	struct run *run = run_new(host, at);

	if (run_parse(run, body, err) != 0 || host_ready(host, err) != 0) {
		run_free(run);
		return -1;
	}
	run->job.config = run->config;
	run->job.deadline_ms = at->deadline_ms;
	run->job.loop = host->loop;
	run->job.resolver = host->resolver;
	run->job.http = host->http;
	at->state = run;
	host->kind->start(&run->job);
	return 0;
}

/* A job that found no end. If this process itself was late by a good part of
 * the time it had, the target may be well: then nobody knows. */
static json_t *
expire(void *ctx, struct worker_job *at)
{
	struct host *host = ctx;
	struct run *run = at->state;
	struct observation obs = {.outcome = OUTCOME_FAILED};
	int64_t had_us = at->deadline_ms * 1000 - run->started_us;
	int64_t lag_us = probe_lag_us(&run->job);
	char time[32];
	json_t *body;

	probe_reason(&obs, OUTCOME_FAILED, "no result within %s",
	    str_duration_human(time, had_us));
	host->kind->cancel(&run->job, &obs);
	if (obs.outcome != OUTCOME_UNKNOWN && lag_us * LAG_FACTOR >= had_us)
		probe_reason(&obs, OUTCOME_UNKNOWN,
		    "no result in time, but this agent itself was %s late",
		    str_duration_human(time, lag_us));
	body = result_of(run, &obs);
	run_free(run);
	return body;
}

static json_t *
refuse(void *ctx, const struct err *err)
{
	struct observation obs = {.outcome = OUTCOME_UNKNOWN};
	struct host *host = ctx;
	struct run nothing = {.host = host, .started_us = clock_boot_us()};

	host->tick_due_us = nothing.started_us;
	probe_reason(
	    &obs, OUTCOME_UNKNOWN, "this probe cannot run: %s", err->text);
	return result_of(&nothing, &obs);
}

static void
stop(void *ctx)
{
	loop_stop(ctx);
}

/* Jobs may be left that nobody waits for: then the process just ends. Else
 * run what was deferred, and what that deferred, before all goes. */
static void
host_end(struct host *host)
{
	if (host->running > 0)
		return;
	for (int i = 0; i < 3; i++) {
		loop_defer(host->loop, stop, host->loop);
		loop_run(host->loop);
	}
	http_free(host->http);
	resolver_free(host->resolver);
	loop_timer_free(host->tick);
	loop_free(host->loop);
}

int
probe_worker_main(const struct probe_kind *kind)
{
	static struct host host; /* what is left at the end hangs on it */
	const struct worker_ops ops = {
	    .role = "probe",
	    .kind = kind->name,
	    .max_jobs = kind->max_jobs,
	    .start = start,
	    .expire = expire,
	    .refuse = refuse,
	};
	const struct sandbox_limits limits = {
	    .memory_bytes = MEMORY_MAX,
	    .files = (uint64_t)kind->max_jobs * FILES_PER_JOB + FILES_MORE,
	};
	struct err err = ERR_INIT;
	int status;

	if (sandbox_enter(&limits, &err) != 0) {
		log_error("%s", err.text);
		return 2;
	}
	host.loop = loop_new();
	host.kind = kind;
	host.tick = loop_timer_new(host.loop, tick, &host);
	status = worker_run(host.loop, &ops, &host);
	host_end(&host);
	return status;
}
