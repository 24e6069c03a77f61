/*
 * The regular test: a quiet message through every channel, so that a path that
 * no longer reaches anybody is found before it is needed. What does not arrive
 * is that path's trouble (agent/path_health.c).
 */
#ifndef AGENT_DRILL_H
#define AGENT_DRILL_H

#include "agent/agent.h"

/* When was the last one? From the store, at the start. */
int drill_restore(struct agent *a, struct err *err);
/* Once a second: is it time? */
void drill_tick(struct agent *a);

#endif
