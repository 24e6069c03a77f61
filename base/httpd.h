/*
 * A small HTTP server on the loop for operators' tools, over evhttp: on a Unix
 * socket or a TCP address, with or without TLS. Every connection serves one
 * request and has a total deadline; headers, bodies and connections have
 * ceilings. Not for the open Internet: put a reverse proxy in front.
 */
#ifndef BASE_HTTPD_H
#define BASE_HTTPD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/loop.h"

#define HTTPD_BODY_MAX        (1024 * 1024)
#define HTTPD_DEADLINE_MS     15000 /* for a whole connection */
#define HTTPD_CONNECTIONS_MAX 256   /* past it the oldest is cut */

struct httpd;
struct httpd_call;

/* Answers with httpd_reply exactly once, before it returns. */
typedef void httpd_fn(void *ctx, struct httpd_call *call);

struct httpd_config {
	const char
	    *listen; /* "127.0.0.1:9640", "[::1]:0", "unix:/run/x.sock" */
	const char *cert_file, *key_file; /* PEM; NULL = no TLS */
};

int httpd_new(struct httpd **out, struct loop *loop,
    const struct httpd_config *config, httpd_fn *fn, void *ctx,
    struct err *err);
void httpd_free(struct httpd *h); /* removes its socket file */

/* Is this a listen address that only this machine can reach? */
bool httpd_is_local(const char *listen);

const char *
httpd_method(const struct httpd_call *c); /* "GET", "POST", "HEAD", "PUT", … */
const char *httpd_path(const struct httpd_call *c); /* decoded, no query */
const char *
httpd_query(const struct httpd_call *c, const char *key); /* or NULL */
const char *
httpd_header(const struct httpd_call *c, const char *name); /* or NULL */
const char *httpd_body(const struct httpd_call *c, size_t *len);
/* A field of a form that a browser sent as the body, decoded; or NULL. */
const char *httpd_form(struct httpd_call *c, const char *key);
/* Does it carry "Authorization: Bearer <token>"? Constant time. */
bool httpd_has_token(const struct httpd_call *c, const char *token);

/* Before httpd_reply: one more header of the answer. */
void
httpd_reply_header(struct httpd_call *c, const char *name, const char *value);
/* Before httpd_reply: the answer leaves after what the loop has deferred so
 * far is done, such as a commit that it speaks of and that requests of one turn
 * share. */
void httpd_reply_deferred(struct httpd_call *c);
void httpd_reply(struct httpd_call *c, int status, const char *content_type,
    const char *body, size_t len);

#endif
