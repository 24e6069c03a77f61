/*
 * libunbound on the loop: the one place that touches it. A context is made
 * when the first question is asked, since it costs about 1 MiB.
 */
#ifndef BASE_RESOLVE_UPSTREAM_H
#define BASE_RESOLVE_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"

#define UPSTREAM_SERVERS_MAX 8

struct upstream;
struct upstream_query;

struct upstream_config {
	char servers[UPSTREAM_SERVERS_MAX][64]; /* "192.0.2.53@5353" */
	size_t server_count;
	char trust_anchor_file[1024]; /* "" = do not validate */
};

struct upstream_reply {
	int rcode;             /* libunbound's own, when there is no packet */
	const uint8_t *packet; /* NULL if no server gave a usable answer */
	size_t packet_len;
	bool secure, bogus;
	const char *why_bogus; /* or NULL */
};
typedef void upstream_fn(void *ctx, const struct upstream_reply *reply);

struct upstream *
upstream_new(struct loop *loop, const struct upstream_config *config);
/* Goes at once, or when the questions still with libunbound came back. */
void upstream_retire(struct upstream *u);
/* Goes now, with all its questions. */
void upstream_free(struct upstream *u);

/* Exactly one callback, never from inside this call. NULL with err if the
 * question cannot be asked at all. Never gives up by itself for long. */
struct upstream_query *upstream_ask(struct upstream *u, const char *name,
    int rrtype, upstream_fn *fn, void *ctx, struct err *err);
void upstream_forget(struct upstream_query *q); /* no callback after */

#endif
