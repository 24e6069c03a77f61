/*
 * The dead man's switch: while the agent can do its work it asks for an
 * outside URL (Healthchecks and the like) in an ordinary uptime worker. When
 * the pings stop, whoever listens there knows that nobody is watching.
 */
#ifndef AGENT_HEARTBEAT_H
#define AGENT_HEARTBEAT_H

#include "agent/agent.h"

void heartbeat_configure(struct agent *a); /* after each (re)load */
void heartbeat_tick(struct agent *a, int64_t now_ms);

#endif
