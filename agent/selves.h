/*
 * The agent's own troubles as targets ("tocsin/path/pager"): which of them
 * still have somebody who judges them. One that nobody judges would stay open
 * for ever.
 */
#ifndef AGENT_SELVES_H
#define AGENT_SELVES_H

#include "agent/agent.h"

/* After a (re)load: those of probes and channels that left are closed. */
void selves_sweep(struct agent *a);
/* After a start: workers and the store begin anew; a probe that was in
 * quarantine runs alone first. */
void selves_restarted(struct agent *a);

#endif
