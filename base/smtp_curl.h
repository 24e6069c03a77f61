/*
 * Submit one mail through libcurl, over a connection that is already open: for
 * implicit TLS (RFC 8314), OAuth tokens (RFC 7628) and IPv6, which libesmtp
 * lacks. Blocks until done or the deadline.
 */
#ifndef BASE_SMTP_CURL_H
#define BASE_SMTP_CURL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/smtp_trace.h"

enum smtp_tls {
	SMTP_TLS_STARTTLS, /* or nothing is sent */
	SMTP_TLS_MAYBE,
	SMTP_TLS_NONE,
	SMTP_TLS_IMPLICIT,
};

struct smtp_curl {
	const char *host; /* name in the certificate, and SNI */
	uint16_t port;
	int fd; /* connected; taken */
	enum smtp_tls tls;
	const char *ca_file;         /* NULL = the system's */
	const char *helo;            /* NULL = the host's name */
	const char *user, *password; /* or NULL */
	const char *bearer; /* OAuth token instead of a password, or NULL */
	const char *from;
	const char *const *to;
	size_t to_count;
	const char *mail; /* with CRLF */
	size_t mail_len;
	int64_t deadline_ms; /* boot clock */
};

/* 0 if libcurl saw no trouble; what the server said is in the trace. */
int smtp_curl_send(
    const struct smtp_curl *s, struct smtp_trace *trace, struct err *err);

#endif
