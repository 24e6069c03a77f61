/*
 * Telling: an event of an incident becomes a message, a row of its timeline,
 * and a delivery for each channel that is to hear of it now.
 */
#ifndef AGENT_TELL_H
#define AGENT_TELL_H

#include "agent/agent.h"
#include "agent/results.h"

/* Something happened. Inside a writer group. `r` gives facts and metrics; may
 * be NULL. A loose story that is resolved by it is gone afterwards. */
void tell(struct agent *a, struct story *story,
    const struct incident_step *step, const struct result *r);

/* Time passed: pages that are due, and what was held back, leave. Opens and
 * ends writer groups of its own. */
void tell_time(struct agent *a, struct story *story);

/* A test of one channel: its own little story, told to nobody else. */
void tell_test(struct agent *a, struct story *story, size_t channel);

/* Put the story's row into the open group. */
void tell_keep(struct agent *a, const struct story *story);

#endif
