/*
 * Judging certificates, for what holds an SSL_CTX: base/tls.c and base/http.c.
 * One X509_STORE per set of CAs is kept for the life of the process, since
 * reading Debian's bundle costs 20 ms and 1 MiB each time.
 */
#ifndef BASE_TLS_VERIFY_H
#define BASE_TLS_VERIFY_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/tls.h"

struct tls_check {
	const char *host;    /* name or numeric address */
	const char *ca_file; /* NULL = the system's CAs */
	bool unverified;
	struct tls_certificate *found; /* filled as the handshake goes */
};

/* Judge what comes in on connections of ctx by `check`, or, if that is NULL,
 * by the tls_check that SSL_set_app_data() gave to each connection. */
void tls_verify_with(SSL_CTX *ctx, struct tls_check *check);

/* Note protocol, cipher and (on a connection used before) the certificate. */
void tls_verify_note(struct tls_check *check, SSL *ssl);

/* A reason of OpenSSL's in words: "wrong version number" → "the server does
 * not speak TLS there". Returns `reason` itself if there is nothing better. */
const char *tls_reason(const char *reason);

/* A name, as opposed to a numeric address? */
bool tls_is_name(const char *host);

/* The CAs of a file, or the system's; borrowed. NULL with err. */
X509_STORE *tls_store(const char *ca_file, struct err *err);

#endif
