/*
 * Names to addresses and records, on the loop, over libunbound's event API: no
 * threads, own deadline, DNSSEC verdict. Numeric addresses are answered without
 * a query; /etc/hosts is honoured. Workers only: the core resolves nothing.
 */
#ifndef BASE_RESOLVE_H
#define BASE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/loop.h"

#define RESOLVE_ADDRESSES_MAX 16

struct resolver;
struct resolve; /* a look-up under way */

enum dnssec { DNSSEC_INSECURE, DNSSEC_SECURE, DNSSEC_BOGUS };

struct resolver_config {
	const char *const
	    *servers; /* "192.0.2.53", "127.0.0.1@5353"; NULL-ended;
	                               NULL = /etc/resolv.conf */
	const char
	    *trust_anchor_file;  /* DS/DNSKEY file; NULL = Debian's root key
	                                  if it is there, else no validation */
	const char *hosts_file;  /* NULL = /etc/hosts */
	const char *resolv_conf; /* NULL = /etc/resolv.conf */
};

int resolver_new(struct resolver **out, struct loop *loop,
    const struct resolver_config *config, struct err *err);
void resolver_free(struct resolver *r); /* cancels what is under way */

struct resolve_addresses {
	struct sockaddr_storage items[RESOLVE_ADDRESSES_MAX]; /* port set */
	size_t count;
	int64_t took_us;
};
/* family: AF_UNSPEC (IPv6 first, as RFC 6724 would), AF_INET, AF_INET6.
 * Exactly one callback (never from inside this call), unless cancelled. On
 * failure err says why in words: "portal.example.org does not exist",
 * "no resolver answered within 5 s (192.0.2.53)". */
typedef void resolve_addresses_fn(
    void *ctx, const struct resolve_addresses *found, const struct err *err);
struct resolve *
resolve_addresses(struct resolver *r, const char *host, uint16_t port,
    int family, int64_t timeout_ms, resolve_addresses_fn *fn, void *ctx);

/* Validated, unlike addresses: those TLS protects better, and they must also
 * resolve where the site's own resolver passes no signatures on. */
struct resolve_records {
	int rcode; /* 0 NOERROR, 3 NXDOMAIN, … (RFC 1035, 6895) */
	enum dnssec dnssec;
	const char *why_bogus;      /* or NULL */
	const uint8_t *const *data; /* rdata of each record of the asked type;
	                               names inside are whole, not compressed */
	const size_t *lengths;
	size_t count;
	const uint8_t *packet; /* the whole answer */
	size_t packet_len;
	const char *canonical; /* after CNAMEs; or NULL */
	int64_t ttl_s; /* what is left of it; at most 5 s are kept. -1 = none */
	int64_t took_us;
};
typedef void resolve_records_fn(
    void *ctx, const struct resolve_records *found, const struct err *err);
struct resolve *resolve_records(struct resolver *r, const char *name,
    int rrtype, int64_t timeout_ms, resolve_records_fn *fn, void *ctx);

void resolve_cancel(struct resolve *q); /* no callback after */

#endif
