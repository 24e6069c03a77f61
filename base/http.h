/*
 * HTTP(S) requests on the loop, over curl's multi interface: one request in,
 * one response out. Names are resolved by base/resolve.c and judged by
 * base/netguard.c first, then connected to exactly the judged address with
 * Host, SNI and certificate checks on the name. No redirects are followed, no
 * proxy from the environment, no cookies; the body has a ceiling.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/netguard.h"
#include "base/resolve.h"
#include "base/tls.h"

struct http;      /* a client: one per process */
struct http_call; /* a request under way */

int http_new(struct http **out, struct loop *loop, struct resolver *resolver,
    struct err *err);
void http_free(struct http *h);

enum http_version { HTTP_VERSION_ANY, HTTP_VERSION_1_1, HTTP_VERSION_2 };

struct http_header {
	const char *name, *value;
};

struct http_request {       /* borrowed until the callback */
	const char *method; /* NULL = GET */
	const char *url;    /* http:// or https:// */
	const struct http_header *headers;
	size_t header_count;
	const void *body;
	size_t body_len;
	enum http_version version;
	int family;         /* AF_UNSPEC, AF_INET, AF_INET6 */
	int64_t timeout_ms; /* for all of it, resolving included */
	/* Bytes kept; what is past them is an error, unless truncate is set
	 * (then it is cut and the call ok). */
	size_t max_body;
	bool truncate;
	bool fresh;          /* new connection, no TLS session reuse (probes) */
	const char *ca_file; /* PEM; NULL = the system's CAs */
	const char *cert_file, *key_file; /* client certificate (PEM) */
	bool tls_unverified; /* collect the certificate but do not judge it */
	const char *user, *password; /* Basic authentication */
	const char *bearer;
	const struct netguard *guard; /* NULL = no address policy at all */
	bool foreign; /* not from the configuration: netguard_judge_port() */
};

struct http_timings { /* microseconds each phase took, -1 = did not happen */
	int64_t resolve_us, connect_us, tls_us, first_byte_us, transfer_us,
	    total_us;
};

struct http_response {   /* borrowed during the callback */
	int status;      /* 0 if none arrived (1xx are none) */
	bool head_whole; /* status and headers are; the body may lack */
	int version;     /* 10, 11, 20 */
	const struct http_header *headers; /* names in lower case */
	size_t header_count;
	const char *body; /* NUL-ended */
	size_t body_len;
	bool body_cut;
	struct http_timings timings;
	char address[64]; /* "192.0.2.7:443" that was connected to, or "" */
	struct tls_certificate tls; /* base/tls.h */
};

/* Exactly one callback, never from inside http_start; err->code is ERR_NONE if
 * a whole response arrived (whatever its status). The text is for people:
 * "connect to 192.0.2.7:443 refused after 0.8 ms". The response is never NULL:
 * on error it holds what was learnt until then. */
typedef void
http_fn(void *ctx, const struct http_response *response, const struct err *err);
struct http_call *http_start(
    struct http *h, const struct http_request *request, http_fn *fn, void *ctx);
void http_cancel(struct http_call *call); /* no callback after */

/* The value of a header of the response, or NULL. Name in lower case. */
const char *http_header(const struct http_response *r, const char *name);

/* Retry-After in both forms (RFC 9110 section 10.2.3): ms from now, or -1. More
 * seconds than can be counted are as many as can be. */
int64_t http_retry_after_ms(const struct http_response *r, int64_t wall_ms);

#endif
