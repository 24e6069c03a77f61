/*
 * From a name in `notify` to channels, at a time: a channel is itself, a person
 * the channels that reach them, a rotation whoever has it then. Pure.
 */
#ifndef AGENT_DUTY_H
#define AGENT_DUTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config.h"

/* Set chosen[i] for each of `channels` (NULL-ended) that the name stands for;
 * the others stay as they are. 0, or -1 if nothing has this name. */
int duty_resolve(const struct config *c, const char *name, int64_t now_ms,
    const char *const *channels, bool *chosen);

/* The name as people read it: "pager", "anna", "web (anna until 2026-11-30
 * 09:00 UTC)". Returns dst. */
const char *duty_text(char *dst, size_t size, const struct config *c,
    const char *name, int64_t now_ms);

#endif
