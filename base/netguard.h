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

/* A default for what is often one's own: a mail relay, another monitor. */
#define NETGUARD_OWN_NETWORKS                                                  \
	"127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, "        \
	"100.64.0.0/10, fc00::/7"

struct netguard; /* a set of allowed prefixes over the built-in refusals */

/* `allow`: CIDRs such as "10.0.0.0/8", "127.0.0.1", "fd00::/8". A metadata
 * address is opened only by its own, never by a range around it. */
int netguard_new(struct netguard **out, const char *const *allow, size_t count,
    struct err *err);
void netguard_free(struct netguard *g);

/* May we connect there? -1 with ERR_REFUSED if not; the text names address and
 * range: "127.0.0.1 is a loopback address (127.0.0.0/8); to allow it, put
 * \"127.0.0.1\" into allow_addresses", which is what every option of this kind
 * is called. v4-mapped and NAT64 addresses are judged by the IPv4 address
 * inside; 6to4 and Teredo by their own range and by that. NULL g = only the
 * built-in refusals. */
int netguard_judge(
    const struct netguard *g, const struct sockaddr *sa, struct err *err);

/* What a name led to: one refused address refuses them all, since good and bad
 * ones together are the mark of a rebinding attack. */
int netguard_judge_all(const struct netguard *g,
    const struct sockaddr_storage *items, size_t count, struct err *err);

/* For URLs that come from elsewhere than the configuration: port 443 only, but
 * for addresses among g's exceptions. -1 with ERR_REFUSED. */
int netguard_judge_port(const struct netguard *g,
    const struct sockaddr_storage *items, size_t count, struct err *err);

/* Numeric text with port: "192.0.2.7:443", "[2001:db8::1]:443". Returns dst. */
const char *netguard_text(char dst[64], const struct sockaddr *sa);

#endif
