/*
 * One run of one probe in a worker of its own, here and now: for `tocsin
 * probe`, without an agent or a database.
 */
#ifndef AGENT_ONESHOT_H
#define AGENT_ONESHOT_H

#include <jansson.h>

#include "agent/config.h"
#include "base/err.h"

/* Blocks until the answer or the deadline. *out is one observation as
 * `tocsin probe --json` prints it; the caller's. -1 when there is none because
 * of our own doing (the worker died). */
int oneshot_probe(json_t **out, const struct config_probe *p, struct err *err);

#endif
