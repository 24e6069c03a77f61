#include "probes/uptime_starttls.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include "base/str.h"

#define QUOTED 80 /* bytes of an answer that a reason repeats */

#define MYSQL_CLIENT_SSL 0x0800

const char *const uptime_starttls_words[] = {"none", "ftp", "imap", "ldap",
    "mysql", "pop3", "postgres", "smtp", "xmpp", NULL};

/* Bytes of an answer that is complete and right, 0 = more must come, -1 = it
 * is wrong (err says so). */
typedef ssize_t
check_fn(const char *in, size_t len, const char *want, struct err *err);

struct step {
	check_fn *check; /* wait for this first; NULL = speak at once */
	const char *want;
	const char *send; /* then say this; NULL = then TLS begins */
	size_t send_len;
	const char *after_host; /* not NULL: the host and this follow */
};

static ssize_t
refuse(const char *in, size_t len, struct err *err)
{
	char shown[QUOTED];

	while (len > 0 && (in[len - 1] == '\n' || in[len - 1] == '\r'))
		len--;
	str_printable(shown, sizeof(shown), in, len);
	return err_set(err, ERR_REFUSED, "STARTTLS: it answered \"%s\"", shown);
}

/* SMTP and FTP: "250-…" lines, the last one "250 …". */
static ssize_t
check_code(const char *in, size_t len, const char *want, struct err *err)
{
	size_t at = 0;

	for (;;) {
		const char *line = in + at;
		const char *nl = memchr(line, '\n', len - at);
		size_t size;

		if (nl == NULL)
			return 0;
		size = (size_t)(nl - line) + 1;
		if (size < 4 || memcmp(line, want, 3) != 0)
			return refuse(line, size, err);
		at += size;
		if (line[3] != '-')
			return (ssize_t)at;
	}
}

/* IMAP and POP3: the first line that is no "* …" remark, unless that is what
 * is waited for. */
static ssize_t
check_line(const char *in, size_t len, const char *want, struct err *err)
{
	size_t at = 0, wanted = strlen(want);

	for (;;) {
		const char *line = in + at;
		const char *nl = memchr(line, '\n', len - at);
		size_t size;

		if (nl == NULL)
			return 0;
		size = (size_t)(nl - line) + 1;
		at += size;
		if (size > wanted && strncasecmp(line, want, wanted) == 0)
			return (ssize_t)at;
		if (line[0] != '*' || want[0] == '*')
			return refuse(line, size, err);
	}
}

/* XMPP: a stanza holds the word; "<failure" never does any good. */
static ssize_t
check_xml(const char *in, size_t len, const char *want, struct err *err)
{
	const char *found = memmem(in, len, want, strlen(want)), *end;

	if (found == NULL && memmem(in, len, "</stream:stream>", 16) == NULL &&
	    memmem(in, len, "</stream:features>", 18) == NULL &&
	    memmem(in, len, "<failure", 8) == NULL)
		return 0;
	if (found == NULL)
		return refuse(in, len, err);
	/* what follows the greeting's features has been waited for as well */
	end = str_eq(want, "<starttls")
	          ? memmem(found, (size_t)(in + len - found), "features>", 9)
	          : memchr(found, '>', (size_t)(in + len - found));
	if (end == NULL)
		return 0;
	end = memchr(end, '>', (size_t)(in + len - end));
	return end == NULL ? 0 : end - in + 1;
}

/* LDAP: an ExtendedResponse with resultCode success (RFC 4511 section 4.12).
 * Lengths are short in what a server answers to this. */
static ssize_t
check_ldap(const char *in, size_t len, const char *want, struct err *err)
{
	const unsigned char *b = (const unsigned char *)in;
	size_t at = 2;

	(void)want;
	if (len < 2)
		return 0;
	if (b[0] != 0x30)
		return refuse(in, len, err);
	if (b[1] == 0x84) /* Active Directory writes four length bytes */
		at = 6;
	else if (b[1] > 0x7f)
		return refuse(in, len, err);
	if (len < at + 3)
		return 0;
	at += 3; /* the message id */
	if (len < at + 2)
		return 0;
	if (b[at] != 0x78)
		return refuse(in, len, err);
	at += b[at + 1] == 0x84 ? 6 : 2;
	if (len < at + 3)
		return 0;
	if (b[at] != 0x0a || b[at + 1] != 1)
		return refuse(in, len, err);
	if (b[at + 2] != 0)
		return err_set(err, ERR_REFUSED,
		    "STARTTLS: LDAP answered result code %u", b[at + 2]);
	return (ssize_t)len;
}

static ssize_t
check_postgres(const char *in, size_t len, const char *want, struct err *err)
{
	(void)want;
	if (len == 0)
		return 0;
	if (in[0] == 'S')
		return 1;
	if (in[0] == 'N')
		return err_set(
		    err, ERR_REFUSED, "PostgreSQL has TLS switched off");
	return refuse(in, len, err);
}

/* MySQL's greeting (protocol 10): does it offer TLS? */
static ssize_t
check_mysql(const char *in, size_t len, const char *want, struct err *err)
{
	const unsigned char *b = (const unsigned char *)in;
	const unsigned char *end;
	size_t size, at;

	(void)want;
	if (len < 5)
		return 0;
	size = (size_t)(b[0] | b[1] << 8 | b[2] << 16) + 4;
	if (b[4] != 10 || size < 6)
		return refuse(in + 4, len - 4, err);
	if (len < size)
		return 0;
	end = memchr(b + 5, 0, size - 5); /* of the version */
	at = end != NULL ? (size_t)(end - b) + 1 + 4 + 8 + 1 : size;
	if (at + 2 > size)
		return refuse(in + 4, size - 4, err);
	if (((b[at] | b[at + 1] << 8) & MYSQL_CLIENT_SSL) == 0)
		return err_set(err, ERR_REFUSED, "MySQL has TLS switched off");
	return (ssize_t)size;
}

#define SAY(text) .send = (text), .send_len = sizeof(text) - 1

static const struct step ftp[] = {
    {check_code, "220", SAY("AUTH TLS\r\n")}, {check_code, "234"}};
static const struct step imap[] = {
    {check_line, "* ", SAY("a STARTTLS\r\n")}, {check_line, "a OK"}};
static const struct step ldap[] = {
    {NULL, NULL,
	SAY("\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
	    "1.3.6.1.4.1.1466.20037")},
    {check_ldap, ""}};
static const struct step mysql[] = {
    {check_mysql, "",
	SAY("\x20\x00\x00\x01\x00\x8a\x00\x00\x00\x00\x00\x01\x21"
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    {NULL, NULL}};
static const struct step pop3[] = {
    {check_line, "+OK", SAY("STLS\r\n")}, {check_line, "+OK"}};
static const struct step postgres[] = {
    {NULL, NULL, SAY("\x00\x00\x00\x08\x04\xd2\x16\x2f")},
    {check_postgres, ""}};
static const struct step smtp[] = {
    {check_code, "220", SAY("EHLO tocsin.invalid\r\n")},
    {check_code, "250", SAY("STARTTLS\r\n")}, {check_code, "220"}};
static const struct step xmpp[] = {
    {NULL, NULL,
	SAY("<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
	    "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' "
	    "to='"),
	.after_host = "'>"},
    {check_xml, "<starttls",
	SAY("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")},
    {check_xml, "<proceed"}};

static const struct step *const protocols[] = {
    NULL, ftp, imap, ldap, mysql, pop3, postgres, smtp, xmpp};

enum uptime_talk
uptime_starttls_go(struct uptime_starttls *s, const char *host,
    struct uptime_arrival *in, struct buf *out, struct err *err)
{
	in->used = 0;
	for (;;) {
		const struct step *step = &protocols[s->protocol][s->step];
		ssize_t took = 0;

		if (step->check != NULL) {
			took = step->check(in->data + in->used,
			    in->len - in->used, step->want, err);
			if (took < 0)
				return UPTIME_TALK_OVER;
			if (took == 0)
				return UPTIME_TALK_MORE;
		}
		in->used += (size_t)took;
		if (step->send == NULL)
			return UPTIME_TALK_DONE;
		buf_add(out, step->send, step->send_len);
		if (step->after_host != NULL) {
			buf_puts(out, host);
			buf_puts(out, step->after_host);
		}
		s->step++;
	}
}
