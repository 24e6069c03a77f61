/*
 * Everything that keeps bad news back at run time: the configuration's
 * silences, maintenance windows and quiet hours, and those that people made by
 * command, which are in the store. In one array, so that one question is asked.
 */
#ifndef AGENT_MUTES_H
#define AGENT_MUTES_H

#include <jansson.h>

#include "agent/agent.h"
#include "alerting/mute.h"

#define MUTES_STORED_MAX 1000
#define MUTES_KEPT_MS    ((int64_t)7 * 86400 * 1000) /* after their end */

struct mutes;

/* After the store is open and a->config is there. */
int mutes_open(struct agent *a, struct err *err);
void mutes_close(struct agent *a);
/* a->config is another one; before the old one is freed. */
void mutes_configure(struct agent *a);
/* Once a second: those that ended long ago go. */
void mutes_tick(struct agent *a);

/* What keeps this news back now: "silence 4k2x9 by anna until …" in dst, or
 * NULL. *until_ms: ask again then, or when mutes changed. */
const char *mutes_find(struct agent *a, const struct route_facts *facts,
    const char *incident_id, char *dst, size_t size, int64_t *until_ms);

/* From a request's body, by the rows of mute_options and "kind" (silence, or
 * maintenance). On disk when it returns, if the store takes it. *id is the
 * caller's. ERR_INPUT, ERR_REFUSED (too many), ERR_MISSING (no such
 * incident). */
int mutes_add(struct agent *a, const json_t *body, char **id, struct err *err);
/* ERR_MISSING, or ERR_REFUSED for what the configuration file holds. */
int mutes_remove(
    struct agent *a, const char *id, const char *actor, struct err *err);

/* Those that hold or will, and with `all` what ended lately. The caller's. */
json_t *mutes_list(const struct agent *a, bool all);
json_t *mutes_show(const struct agent *a, const char *id); /* or NULL */

#endif
