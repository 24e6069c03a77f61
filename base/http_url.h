/*
 * What base/http.c must know of a URL before anything is resolved. Stricter
 * than browsers: no user information, no zone ids, and a host that looks like
 * a number must be an address as inet_pton(3) reads it, since "0x7f.1" and
 * "2130706433" are ways around an address filter, not ways to name a host.
 */
#ifndef BASE_HTTP_URL_H
#define BASE_HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

#define HTTP_URL_MAX 8192 /* bytes */

struct http_url {
	char host[256]; /* ASCII, without brackets or trailing dot */
	uint16_t port;
	bool tls;     /* https */
	bool numeric; /* host is an address; `address` holds it with the port */
	struct sockaddr_storage address;
};

/* Would a lax parser take this host for an IPv4 address although it is not
 * written as one: "127.1", "0x7f.0.0.1", "2130706433", "127.0.0.1."? */
bool http_url_is_disguised(const char *host);

int http_url_parse(struct http_url *out, const char *text, struct err *err);

#endif
