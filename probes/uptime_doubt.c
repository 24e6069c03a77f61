/*
 * A second look at a name that was not found. libunbound says SERVFAIL both
 * when the resolvers say so and when none of them can be reached; the first is
 * the name's trouble, the second is ours. So they are asked once more, without
 * it; whatever they answer, they are there.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "probes/uptime.h"
#include "probes/uptime_wire.h"

struct run {
	struct uptime_run run;
	struct probe_job *job;
	struct loop *loop;
	struct uptime_facts facts;
	struct observation obs;
	struct uptime_wire *wire;
};

static void
run_free(void *ctx)
{
	struct run *run = ctx;

	uptime_wire_free(run->wire);
	free(run);
}

static void
answered(void *ctx, const struct uptime_answer *answer, const char *server,
    const struct err *err)
{
	struct run *run = ctx;

	(void)answer;
	(void)server;
	if (err->code == ERR_TIMEOUT || err->code == ERR_REFUSED) {
		run->facts.ours = true;
		err_set(&run->facts.err, ERR_TIMEOUT,
		    "no resolver of this machine answers: %s", err->text);
	}
	uptime_conclude(run->job, &run->facts, &run->obs);
	loop_defer(run->loop, run_free, run);
}

static void
cancel(struct probe_job *job)
{
	struct run *run = job->state;

	json_decref(run->obs.facts);
	json_decref(run->obs.metrics);
	run_free(run);
}

void
uptime_doubt(struct probe_job *job, const struct uptime_facts *facts,
    struct observation *obs)
{
	struct run *run = mem_alloc(sizeof(*run));
	struct uptime_wire_query query = {
	    .name = ".",
	    .type = uptime_record_type("NS"),
	    .timeout_ms = uptime_left_ms(job),
	};

	run->run.cancel = cancel;
	run->job = job;
	run->loop = job->loop;
	run->facts = *facts;
	run->facts.tls = NULL; /* borrowed from what is gone by then */
	run->obs = *obs;
	job->state = run;
	if (uptime_wire_system(&query, NULL) != 0) {
		uptime_conclude(job, &run->facts, &run->obs);
		free(run);
		return;
	}
	run->wire = uptime_wire_new(job->loop, &query, answered, run);
}
