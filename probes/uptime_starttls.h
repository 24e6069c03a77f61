/*
 * The plain words before TLS in eight protocols: what to wait for, what to
 * say, when the handshake may begin. Pure; what arrives is hostile.
 */
#ifndef PROBES_UPTIME_STARTTLS_H
#define PROBES_UPTIME_STARTTLS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

extern const char *const uptime_starttls_words[]; /* NULL-ended: "none", … */

struct uptime_starttls {
	int protocol;  /* index into the words; not 0 */
	unsigned step; /* 0 at first */
};

enum uptime_talk {
	UPTIME_TALK_MORE, /* wait for more bytes */
	UPTIME_TALK_DONE, /* begin the handshake */
	UPTIME_TALK_OVER, /* it will not: err says what it answered */
};

/* Look at what arrived and was not used yet: `used` of it is done with, out
 * gets what to send. Call it with nothing first, then with each arrival. */
struct uptime_arrival {
	const char *data;
	size_t len, used;
};
enum uptime_talk uptime_starttls_go(struct uptime_starttls *s, const char *host,
    struct uptime_arrival *in, struct buf *out, struct err *err);

#endif
