/*
 * Telling: an event of an incident becomes a message, a row of its timeline,
 * and a delivery for each channel that its routes choose.
 */
#ifndef AGENT_TELL_H
#define AGENT_TELL_H

#include "agent/agent.h"
#include "agent/results.h"

/* All inside one writer group. `r` gives facts and metrics; may be NULL. */
void tell(struct agent *a, const struct target *t, struct story *story,
    const struct incident_step *step, const struct result *r);

/* A test of one channel: its own little story, told to nobody else. */
void tell_test(struct agent *a, struct story *story, size_t channel);

/* Put the incident's row into the open group. */
void tell_incident(struct agent *a, const struct incident *in);

/* Keep an event in the story's timeline (the newest MESSAGE_TIMELINE_MAX). */
void tell_remember(
    struct story *story, int64_t at_ms, enum event_type type, const char *text);

#endif
