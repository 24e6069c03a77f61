/*
 * A look-up and its resolver, inside base/resolve*.c:
 *   resolve.c            the resolver: files, servers, libunbound contexts
 *   resolve_lookup.c     a look-up's life; records
 *   resolve_addresses.c  what is an address, and in which order
 */
#ifndef BASE_RESOLVE_LOOKUP_H
#define BASE_RESOLVE_LOOKUP_H

#include <time.h>

#include "base/resolve.h"
#include "base/resolve_packet.h"
#include "base/resolve_system.h"
#include "base/resolve_upstream.h"

struct watched_file {
	char *path;
	int64_t checked_ms;
	struct timespec changed;
	off_t size;
	bool loaded;
};

struct resolver {
	struct loop *loop;
	struct resolve *lookups;
	struct watched_file hosts_file, resolv_file;
	bool own_servers; /* given by the caller: no resolv.conf */
	char *trust_anchor_file;
	struct hosts *hosts;
	struct resolv_conf system;
	struct upstream_config upstreams;
	struct upstream *plain, *validating;
};

struct half { /* the question for one family, or for records */
	struct resolve *lookup;
	struct upstream_query *query;
	int rrtype;
	bool asked, done;
	struct sockaddr_storage items[RESOLVE_ADDRESSES_MAX];
	size_t count;
	int rcode;
};

struct resolve {
	struct resolver *resolver;
	struct resolve *next, **link;
	int64_t started_us, timeout_ms;
	struct loop_timer *deadline;

	resolve_addresses_fn *addresses_fn;
	resolve_records_fn *records_fn;
	void *ctx;

	char *host;
	uint16_t port;
	int family;
	char *names[RESOLV_NAMES_MAX]; /* what the host may stand for */
	size_t name_count, name_at;
	struct half halves[2]; /* A and AAAA; or just the first */

	struct resolve_addresses found;
	struct err err;
};

/* resolve.c */
const struct hosts *resolver_hosts(struct resolver *r); /* as they are now */
void resolver_refresh(struct resolver *r); /* the servers, likewise */
struct upstream *resolver_upstream(struct resolver *r, bool validate);
void resolver_servers_text(
    const struct resolver *r, char *dst, size_t size); /* "a, b" */

/* resolve_lookup.c */
struct resolve *resolve_lookup_new(
    struct resolver *r, const char *host, int64_t timeout_ms, void *ctx);
int resolve_lookup_check_name(const char *name, struct err *err);
void resolve_lookup_forget(struct resolve *q); /* its questions */
void resolve_lookup_expire(struct resolve *q); /* ends it: no answer in time */
/* Ends it (arg is the look-up) with what is in found and err. */
void resolve_lookup_deliver(void *arg);
void resolve_lookup_deliver_later(struct resolve *q);

#endif
