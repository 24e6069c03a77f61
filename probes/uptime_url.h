/*
 * Targets and redirects of the kind `uptime`: what a URL names, and where a
 * Location header leads (RFC 3986 section 5.2). Pure.
 */
#ifndef PROBES_UPTIME_URL_H
#define PROBES_UPTIME_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define UPTIME_URL_MAX 2048 /* bytes, its NUL included */

enum uptime_scheme {
	UPTIME_HTTP,
	UPTIME_HTTPS,
	UPTIME_TCP,
	UPTIME_TLS,
	UPTIME_DNS,
	UPTIME_ICMP,
};

extern const char *const uptime_schemes[]; /* NULL-ended: "http", … */

struct uptime_url {
	enum uptime_scheme scheme;
	char host[256]; /* without brackets; "" only for dns:///name */
	uint16_t port;  /* the scheme's own where none is written; 0 for icmp */
	const char *rest; /* from the path or query on, within the text */
};

int uptime_url_parse(const char *text, struct uptime_url *out, struct err *err);

/* -1 if the host is an address that is not of this family (AF_UNSPEC: any). */
int uptime_url_check_family(
    const struct uptime_url *url, int family, struct err *err);

/* Where `location`, found at the HTTP(S) URL `base`, leads; without fragment,
 * and with bytes that may not stand in a URL percent-encoded. */
int uptime_url_join(char dst[UPTIME_URL_MAX], const char *base,
    const char *location, struct err *err);

/* Same scheme, host and port (RFC 6454)? */
bool
uptime_url_same_origin(const struct uptime_url *a, const struct uptime_url *b);

#endif
