/*
 * TLS as a client: what a server's certificate says, whether to trust it, and
 * a connection over a descriptor that is already connected (tls:// targets,
 * STARTTLS). Trust is the system's CAs, or the CAs in a file. Certificates are
 * judged by this module's clock (base/clock.h), names by RFC 9525.
 */
#ifndef BASE_TLS_H
#define BASE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/loop.h"

struct tls_certificate {
	bool seen;
	int64_t not_before_ms, not_after_ms; /* the leaf's; wall clock */
	int64_t chain_not_after_ms;          /* the earliest in the chain */
	char subject[256], issuer[256];
	/* "" = trusted, name matches; else "certificate expired 3 days ago",
	 * "certificate is for www.example.org, not portal.example.org", … */
	char verify_error[160];
	char protocol[16], cipher[64]; /* "TLSv1.3", "TLS_AES_…"; "" before */
};

struct tls_options {         /* borrowed until the handshake's callback */
	const char *host;    /* what the certificate must be for: a name (sent
	                        as SNI as well) or a numeric address */
	const char *address; /* for messages: "192.0.2.7:443" */
	const char *ca_file; /* PEM; NULL = the system's CAs */
	const char *cert_file, *key_file; /* client certificate, or NULL */
	bool unverified; /* note what is wrong with it, but go on */
	int64_t timeout_ms;
};

struct tls; /* a connection */

/* The handshake ended. Exactly one call, never from inside tls_start. */
typedef void tls_fn(void *ctx, const struct err *err);

/* Begin a handshake over fd, which is connected and non-blocking, stays the
 * caller's, and must not be watched by him until the callback. Never NULL. */
struct tls *tls_start(struct loop *loop, int fd,
    const struct tls_options *options, tls_fn *fn, void *ctx);
/* No callback after. Says goodbye (close_notify) if it can; fd stays open. */
void tls_free(struct tls *t);

/* What was learnt so far; after a failed handshake as well. */
const struct tls_certificate *tls_certificate(const struct tls *t);

/* Never block. Bytes moved, 0 = the other end closed, -1 with err, or
 * TLS_AGAIN: try again when fd is ready as tls_interest() says. Bytes may wait
 * inside, so read until TLS_AGAIN before watching fd. */
#define TLS_AGAIN ((ssize_t)-2)
ssize_t tls_read(struct tls *t, void *dst, size_t size, struct err *err);
ssize_t tls_write(struct tls *t, const void *data, size_t len, struct err *err);
unsigned tls_interest(const struct tls *t); /* LOOP_READ or LOOP_WRITE */

#endif
