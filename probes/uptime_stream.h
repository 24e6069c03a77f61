/*
 * One TCP connection on the loop, plain at first and TLS from when its user
 * says so. Small answers only: what arrives is handed over as it comes.
 */
#ifndef PROBES_UPTIME_STREAM_H
#define PROBES_UPTIME_STREAM_H

#include <stddef.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/tls.h"

#define UPTIME_STREAM_BACKLOG 65536 /* bytes not yet taken by the peer */

struct uptime_stream;

struct uptime_stream_ops {
	/* The connection stands; or, after _secure, TLS does. */
	void (*ready)(void *ctx);
	void (*data)(void *ctx, const char *data, size_t len);
	/* Last: the other end closed (why->code == ERR_NONE), or the connection
	 * could not be made, secured or kept. */
	void (*end)(void *ctx, const struct err *why);
};

/* No callback from inside any of these. The address is copied. */
struct uptime_stream *
uptime_stream_new(struct loop *loop, const struct sockaddr *to,
    int64_t timeout_ms, const struct uptime_stream_ops *ops, void *ctx);
/* Safe in callbacks; none comes after. NULL is fine. */
void uptime_stream_free(struct uptime_stream *s);

/* Begin TLS; only in or after `ready`. options->address is filled in here. */
void uptime_stream_secure(
    struct uptime_stream *s, const struct tls_options *options);
/* 0, or -1: more than UPTIME_STREAM_BACKLOG is waiting. */
int uptime_stream_write(struct uptime_stream *s, const void *data, size_t len);

const char *uptime_stream_address(const struct uptime_stream *s);
/* NULL before _secure. */
const struct tls_certificate *uptime_stream_tls(const struct uptime_stream *s);

#endif
