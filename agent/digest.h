/*
 * Several deliveries as one message: what happened to how many incidents, and
 * the worst of them by name. Pure but for `load`.
 */
#ifndef AGENT_DIGEST_H
#define AGENT_DIGEST_H

#include <jansson.h>

#include "agent/delivery.h"
#include "base/err.h"

#define DIGEST_LISTED_MAX 50

/* The message of a delivery as JSON, the caller's. */
typedef int digest_load_fn(
    void *ctx, const struct delivery *x, json_t **out, struct err *err);

/* A message with event "digest" (alerting/message.h). Of each incident its
 * newest event counts. NULL with err when nothing of it could be loaded; the
 * caller's. */
json_t *digest_build(
    const struct batch *b, digest_load_fn *load, void *ctx, struct err *err);

#endif
