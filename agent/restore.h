/*
 * What the store knew when the agent started: verdicts, memories, newest
 * incidents with their timelines. Damaged rows are reported and skipped: a
 * probe without a past is better than no probe.
 */
#ifndef AGENT_RESTORE_H
#define AGENT_RESTORE_H

#include "agent/agent.h"

int restore_all(struct agent *a, struct err *err);
/* The open incidents that no probe's verdict holds: those of findings and
 * people go on; those of probes that left while the agent was away are closed,
 * and who was told of them is told that. After the paths are there. */
void restore_loose(struct agent *a);

int restore_incident(const struct agent *a, struct story *out,
    const struct incident_row *row, struct err *err);
int restore_timeline(struct store *s, struct story *story, struct err *err);

#endif
