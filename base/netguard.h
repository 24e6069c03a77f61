/*
 * Which addresses we may speak to. Judges a numeric address (never a name)
 * against the special-purpose registries (RFC 6890 and its updates), cloud
 * metadata addresses, and the exceptions an operator wrote. Pure.
 */
#ifndef BASE_NETGUARD_H
#define BASE_NETGUARD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

struct netguard; /* a set of allowed prefixes over the built-in refusals */

/* `allow`: CIDRs such as "10.0.0.0/8", "127.0.0.1", "fd00::/8", or "private"
 * for every built-in refusal but metadata addresses. */
int netguard_new(struct netguard **out, const char *const *allow, size_t count,
    struct err *err);
void netguard_free(struct netguard *g);

/* May we connect there? -1 with ERR_REFUSED and the range's name ("127.0.0.1
 * is a loopback address; allow it with …") if not. v4-mapped, NAT64, 6to4 and
 * Teredo addresses are judged by the IPv4 address inside. NULL g = only the
 * built-in refusals. */
int netguard_judge(
    const struct netguard *g, const struct sockaddr *sa, struct err *err);

/* Numeric text with port: "192.0.2.7:443", "[2001:db8::1]:443". Returns dst. */
const char *netguard_text(char dst[64], const struct sockaddr *sa);

#endif
