/*
 * A message as a mail: RFC 5322 header, multipart/alternative (RFC 2046) with
 * the complete text first and HTML second, quoted-printable (RFC 2045), encoded
 * words in headers (RFC 2047). Pure: the same message always gives the same
 * bytes, so a retry is the same mail.
 *
 * Every line ends in CRLF and is at most 78 bytes (998 where a header word is
 * longer). Nothing that came from outside can start a header or a line of its
 * own.
 *
 * Threads: the mail that opens an incident carries <INCIDENT@domain> as its
 * Message-ID; every later one carries <DELIVERY@domain> and points to
 * the first by In-Reply-To and References, under the same Subject. Who gets
 * only later ones still sees them as one thread, since all of them point to the
 * same id. What changes ("CRITICAL", "RESOLVED") stands in the sender's name. A
 * digest is of no thread: its Message-ID and its subject are its own.
 */
#ifndef ALERTING_MIME_H
#define ALERTING_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "alerting/message.h"
#include "base/buf.h"

#define MIME_ADDRESS_MAX 254

struct mime_mail {
	const char *from; /* both are addresses that mime_is_address accepts */
	char *const *to;
	size_t to_count;
	const char *subject_prefix; /* "[tocsin]"; "" = none */
};

/* local@domain in plain ASCII, without quoting (RFC 5321 dot-string). */
bool mime_is_address(const char *s);

/* Append the whole mail. `out` needs a ceiling of MIME_MAX. */
#define MIME_MAX (1024 * 1024)
void mime_write(
    struct buf *out, const struct mime_mail *mail, const struct message *m);

/* For tests and for mime_write itself. */
void mime_quoted_printable(struct buf *out, const char *text, size_t len);
/* "Name: value" folded and encoded, with CRLF. */
void mime_header(struct buf *out, const char *name, const char *value);

#endif
