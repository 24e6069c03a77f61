/*
 * What people do: acknowledge, resolve, annotate an incident, test a channel.
 * Each is an event of its incident like any other: stored, told, kept.
 */
#ifndef AGENT_ACTS_H
#define AGENT_ACTS_H

#include "agent/agent.h"

#define ACTS_DRILL SELF_PREFIX "drill" /* probe of the regular tests */

enum act { ACT_ACKNOWLEDGE, ACT_RESOLVE, ACT_NOTE };
extern const char *const act_names[]; /* NULL-ended */

/* `id` may be any unique beginning of an incident's id. -1: ERR_MISSING,
 * ERR_INPUT (bad text, ambiguous), ERR_REFUSED (not possible now). */
int acts_apply(struct agent *a, const char *id, enum act act, const char *actor,
    const char *text, struct err *err);

/* Somebody acknowledged on the other side of a channel. */
void acts_acknowledged_at(struct agent *a, const char *incident,
    const char *who, const char *channel, const char *kind);

/* A test message through one channel; *key is its delivery's, the caller's. */
int acts_test(struct agent *a, const char *channel, const char *actor,
    char **key, struct err *err);

/* The regular test, through every channel that is switched on. */
void acts_drill(struct agent *a);

#endif
