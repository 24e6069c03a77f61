/*
 * Running probes: when each is due, handing it to its kind's pool, what a
 * result or a dead worker means for the next run.
 */
#ifndef AGENT_RUNS_H
#define AGENT_RUNS_H

#include "agent/agent.h"

void runs_start(struct agent *a);
void runs_stop(struct agent *a);
/* Targets were added or changed: (re)plan this one. soon_ms: first run. */
void runs_plan(struct agent *a, struct target *t, int64_t soon_ms);
void runs_forget(struct agent *a, struct target *t);
/* Now, beside its schedule, unless it is running, off or quarantined. */
void runs_now(struct agent *a, struct target *t);
void runs_arm(struct agent *a); /* after the schedule changed */
/* The wall clock jumped: slots are re-based. */
void runs_rebase(struct agent *a);

#endif
