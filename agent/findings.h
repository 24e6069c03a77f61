/*
 * Findings: facts that somebody must see, each told once, ever. What was told
 * is known from the store; what the store has not taken yet, from memory.
 */
#ifndef AGENT_FINDINGS_H
#define AGENT_FINDINGS_H

#include "agent/agent.h"
#include "agent/results.h"

/* Inside a writer group: tell the new ones of a result. Were there any? */
bool
findings_take(struct agent *a, const struct target *t, const struct result *r);

/* Everything is on disk: the memory of it can go. */
void findings_committed(struct agent *a);

#endif
