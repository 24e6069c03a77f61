/*
 * Watching the watcher: once a second, reminders and held alerts, the state
 * of the paths, the store's housekeeping, clock jumps, the heartbeat and
 * systemd's watchdog. What is wrong with the agent itself becomes an incident
 * like any other ("tocsin/store", "tocsin/path/pager").
 */
#ifndef AGENT_HEALTH_H
#define AGENT_HEALTH_H

#include "agent/agent.h"
#include "base/buf.h"

void health_start(struct agent *a);
void health_stop(struct agent *a);

/* The writer's trouble callback. */
void health_store(struct agent *a, const struct err *why);

/* Is the agent able to do its work? Reasons why not, a line each. */
bool health_ready(struct agent *a, struct buf *reasons);

#endif
