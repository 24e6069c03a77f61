/*
 * Follows an SMTP dialogue (RFC 5321) from the bytes that go each way, so that
 * whoever submits a mail through a library knows what the server said to what,
 * and sees plaintext that was slipped in behind the answer to STARTTLS (RFC
 * 3207 section 4.1; the class of CVE-2011-0411). Pure; keeps no credentials.
 */
#ifndef BASE_SMTP_TRACE_H
#define BASE_SMTP_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#define SMTP_RECIPIENTS_MAX 50

struct smtp_reply {
	int code;       /* 0 = no reply came */
	char text[200]; /* of all its lines, printable, without the code */
};

struct smtp_trace {
	char verb[12]; /* the command under way: "RCPT"; "" = greeting */
	char at[12];   /* the same, but never "QUIT": how far it came */
	struct smtp_reply last; /* the newest complete reply */
	/* The first reply >= 400 to anything but RCPT, and to which command. */
	struct smtp_reply refusal;
	char refused_verb[12];
	/* Only where commands are not pipelined: */
	struct smtp_reply recipients[SMTP_RECIPIENTS_MAX]; /* in order sent */
	size_t recipient_count;
	struct smtp_reply message; /* to the whole mail, or refusing DATA */
	/* The server may have the mail, so that sending it again could double
	 * it: it asked for it (354), or was given a piece (BDAT). */
	bool may_have_mail;
	struct smtp_reply challenge; /* the newest 334 that said something */
	bool injected; /* bytes came between the 220 to STARTTLS and TLS */

	/* Internal. */
	struct smtp_reply now;
	char line[256];
	size_t line_len;
	bool in_mail, starttls_open;
};

void smtp_trace_sent(struct smtp_trace *t, const char *data, size_t len);
void smtp_trace_received(struct smtp_trace *t, const char *data, size_t len);

#endif
