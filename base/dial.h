/*
 * A TCP connection to the first of some addresses that takes it, before a
 * deadline. For processes that may block: path workers.
 */
#ifndef BASE_DIAL_H
#define BASE_DIAL_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/resolve.h"

/* The descriptor (non-blocking, the caller's) and the index of the address it
 * is connected to, or -1 with err: "connect to 192.0.2.7:25 refused". Each
 * address gets its share of the time that is left. */
int dial(const struct resolve_addresses *to, int64_t deadline_ms, size_t *which,
    struct err *err);

#endif
