#include "alerting/mime.h"

#include <string.h>

#include "alerting/render.h"
#include "alerting/render_digest.h"
#include "alerting/render_words.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/str.h"
#include "base/utf8.h"

#define BODY_MAX     (256 * 1024)
#define HEADER_MAX   400 /* bytes of an unstructured value */
#define LINE_MAX_LEN 76  /* without CRLF */
#define WORD_BYTES   30  /* of text in one encoded word: 40 in Base64 */

/* "=_" never occurs in quoted-printable text, so this cannot either. */
#define BOUNDARY "=_tocsin_alternative"

static bool
is_atom(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
is_domain(const char *s)
{
	char last = '.';

	for (; *s != '\0'; last = *s++) {
		bool alnum = (*s >= 'a' && *s <= 'z') ||
		             (*s >= 'A' && *s <= 'Z') ||
		             (*s >= '0' && *s <= '9');

		if (!alnum && *s != '-' && *s != '.')
			return false;
		if (*s == '.' && last == '.')
			return false;
	}
	return last != '.';
}

bool
mime_is_address(const char *s)
{
	const char *at = strchr(s, '@');
	char last = '.';

	if (at == NULL || at - s > 64 || strlen(s) > MIME_ADDRESS_MAX)
		return false;
	for (; s < at; last = *s++)
		if (!is_atom(*s) && (*s != '.' || last == '.'))
			return false;
	return last != '.' && is_domain(at + 1);
}

/* Quoted-printable */

static bool
qp_literal(const char *text, size_t len, size_t i, size_t column)
{
	unsigned char c = (unsigned char)text[i];

	if (c == ' ' || c == '\t') /* not before a line break or the end */
		return i + 1 < len && text[i + 1] != '\n';
	if (c == '.' && column == 0) /* nothing for dot-stuffing to do */
		return false;
	if (c == 'F' && column == 0) /* "From " is special in mailboxes */
		return false;
	return c > ' ' && c < 0x7f && c != '=';
}

void
mime_quoted_printable(struct buf *out, const char *text, size_t len)
{
	size_t column = 0;

	for (size_t i = 0; i < len; i++) {
		char piece[4];
		size_t n = 1;

		if (text[i] == '\n') {
			buf_puts(out, "\r\n");
			column = 0;
			continue;
		}
		if (column >= LINE_MAX_LEN - 3) {
			buf_puts(out, "=\r\n");
			column = 0;
		}
		piece[0] = text[i];
		if (!qp_literal(text, len, i, column)) {
			n = 3;
			str_printf(piece, sizeof(piece), "=%02X",
			    (unsigned char)text[i]);
		}
		buf_add(out, piece, n);
		column += n;
	}
	if (column > 0)
		buf_puts(out, "\r\n");
}

/* Headers */

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x7f)
			return false;
	return true;
}

/* Fold at spaces; a word longer than a line stands on a line of its own. */
static void
fold(struct buf *out, size_t column, const char *value)
{
	const char *word = value;

	while (*word != '\0') {
		size_t gap = strspn(word, " ");
		size_t len = gap + strcspn(word + gap, " ");

		if (word != value && column + len > LINE_MAX_LEN && gap > 0 &&
		    len > gap) {
			buf_puts(out, "\r\n");
			column = 0;
		}
		buf_add(out, word, len);
		column += len;
		word += len;
	}
}

/* The bytes of the next encoded word: whole characters only (RFC 2047). */
static size_t
word_len(const char *s, size_t len)
{
	size_t used = 0;

	while (used < len) {
		uint32_t code;
		size_t n = utf8_next(s + used, len - used, &code);

		if (n == 0)
			n = 1;
		if (used + n > WORD_BYTES)
			break;
		used += n;
	}
	return used;
}

static void
encode_words(struct buf *out, const char *value)
{
	size_t len = strlen(value);
	bool first = true;

	while (len > 0) {
		size_t n = word_len(value, len);

		buf_puts(out, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
		encode_base64(out, value, n);
		buf_puts(out, "?=");
		value += n;
		len -= n;
		first = false;
	}
}

void
mime_header(struct buf *out, const char *name, const char *value)
{
	char clean[HEADER_MAX];

	str_printable(clean, sizeof(clean), value, strlen(value));
	str_trim(clean);
	buf_printf(out, "%s: ", name);
	if (is_ascii(clean) && strstr(clean, "=?") == NULL)
		fold(out, strlen(name) + 2, clean);
	else
		encode_words(out, clean);
	buf_puts(out, "\r\n");
}

/* <id@domain>, from an id that may hold anything. */
static void
put_id(struct buf *out, const char *name, const char *id, const char *from)
{
	const char *at = strchr(from, '@');

	buf_printf(out, "%s: <", name);
	for (size_t i = 0; id[i] != '\0' && i < 200; i++)
		buf_putc(out, is_atom(id[i]) ? id[i] : '-');
	buf_printf(out, "%s>\r\n", at != NULL ? at : "@localhost");
}

/* Does it follow the mail that opened its incident? */
static bool
is_update(const struct message *m)
{
	return m->event != EVENT_OPENED && m->event != EVENT_TEST &&
	       m->event != EVENT_DIGEST && m->incident[0] != '\0';
}

static void
put_thread(
    struct buf *out, const struct mime_mail *mail, const struct message *m)
{
	if (m->event == EVENT_OPENED && m->incident[0] != '\0') {
		put_id(out, "Message-ID", m->incident, mail->from);
		return;
	}
	put_id(out, "Message-ID", m->delivery, mail->from);
	if (!is_update(m))
		return;
	put_id(out, "In-Reply-To", m->incident, mail->from);
	put_id(out, "References", m->incident, mail->from);
}

static void
put_subject(
    struct buf *out, const struct mime_mail *mail, const struct message *m)
{
	struct buf subject;

	buf_init(&subject, 1024);
	buf_printf(&subject, "%s%s%s", is_update(m) ? "Re: " : "",
	    mail->subject_prefix, mail->subject_prefix[0] ? " " : "");
	render_subject(&subject, m);
	mime_header(out, "Subject", buf_str(&subject));
	buf_fini(&subject);
}

static void
put_to(struct buf *out, const struct mime_mail *mail)
{
	buf_puts(out, "To: ");
	for (size_t i = 0; i < mail->to_count; i++)
		buf_printf(out, "%s%s", i ? ",\r\n " : "", mail->to[i]);
	buf_puts(out, "\r\n");
}

static void
put_headers(
    struct buf *out, const struct mime_mail *mail, const struct message *m)
{
	char date[40], state[40];

	render_state(state, m);
	buf_printf(out, "Date: %s\r\n", clock_rfc5322(date, m->at_ms));
	buf_printf(out, "From: \"tocsin %s\" <%s>\r\n", state, mail->from);
	put_to(out, mail);
	put_subject(out, mail, m);
	put_thread(out, mail, m);
	buf_puts(out, "Auto-Submitted: auto-generated\r\n"
		      "X-Auto-Response-Suppress: All\r\n");
	if (m->severity == SEVERITY_CRITICAL && m->event != EVENT_TEST &&
	    m->event != EVENT_RESOLVED && !render_digest_is_over(m))
		buf_puts(out, "Importance: high\r\nX-Priority: 1\r\n");
	mime_header(out, "X-Tocsin-Delivery", m->delivery);
	mime_header(out, "X-Tocsin-Event", event_names[m->event]);
	mime_header(out, "X-Tocsin-Severity", severity_names[m->severity]);
	mime_header(out, "X-Tocsin-Probe", m->probe);
	buf_puts(out, "MIME-Version: 1.0\r\n"
		      "Content-Type: multipart/alternative;\r\n"
		      " boundary=\"" BOUNDARY "\"\r\n\r\n");
}

static void
put_part(struct buf *out, const char *subtype, const struct buf *body)
{
	buf_printf(out,
	    "--" BOUNDARY "\r\n"
	    "Content-Type: text/%s; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    subtype);
	mime_quoted_printable(out, buf_str(body), body->len);
	buf_puts(out, "\r\n");
}

void
mime_write(
    struct buf *out, const struct mime_mail *mail, const struct message *m)
{
	struct buf body;

	put_headers(out, mail, m);
	buf_init(&body, BODY_MAX);
	render_text(&body, m);
	put_part(out, "plain", &body);
	buf_clear(&body);
	render_html(&body, m);
	put_part(out, "html", &body);
	buf_fini(&body);
	buf_puts(out, "--" BOUNDARY "--\r\n");
}
