/*
 * One DNS query on the loop: over UDP, to the next server when one is silent
 * or refuses, over TCP when the answer does not fit (RFC 1035 section 4.2,
 * RFC 7766). No cache, no recursion of our own.
 */
#ifndef PROBES_UPTIME_WIRE_H
#define PROBES_UPTIME_WIRE_H

#include <sys/socket.h>

#include "base/loop.h"
#include "probes/uptime_answer.h"

#define UPTIME_WIRE_SERVERS_MAX 3

struct uptime_wire;

struct uptime_wire_query {
	struct sockaddr_storage servers[UPTIME_WIRE_SERVERS_MAX];
	size_t server_count; /* at least 1 */
	const char *name;    /* a domain name that uptime_query() takes */
	int type;
	int64_t timeout_ms;
};

/* Set the servers to those that this machine asks. */
int uptime_wire_system(struct uptime_wire_query *query, struct err *err);

/* Exactly one call; the answer is borrowed, and empty if err says why there is
 * none. `server` is who answered or was asked last: "192.0.2.53:53". */
typedef void uptime_wire_fn(void *ctx, const struct uptime_answer *answer,
    const char *server, const struct err *err);

struct uptime_wire *uptime_wire_new(struct loop *loop,
    const struct uptime_wire_query *query, uptime_wire_fn *fn, void *ctx);
/* Safe in the callback, and needed after it. NULL is fine. */
void uptime_wire_free(struct uptime_wire *w);

#endif
