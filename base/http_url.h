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

int http_url_parse(struct http_url *out, const char *text, struct err *err);

#endif
