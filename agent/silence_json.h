/*
 * Mutes as the API takes and shows them. Pure.
 */
#ifndef AGENT_SILENCE_JSON_H
#define AGENT_SILENCE_JSON_H

#include <jansson.h>

#include "alerting/mute.h"

/* *out is to be finished either way; it has no id yet. */
int silence_json_read(
    struct mute *out, const json_t *body, int64_t now_ms, struct err *err);

/* The caller's. `stored`: made by a person, not by the configuration. */
json_t *silence_json_show(const struct mute *m, bool stored, int64_t now_ms);

#endif
