#include "alerting/webhook_text.h"

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"

#define ELLIPSIS "…"
#define PIECE    8 /* a character escaped, with its NUL */

/* Special wherever they stand; the others only at the beginning of a line. */
#define MARKDOWN       "\\`*_~|<>[]()#@"
#define MARKDOWN_FIRST "-+"

static void
escape_slack(char piece[PIECE], char c)
{
	if (c == '&')
		str_copy(piece, PIECE, "&amp;");
	else if (c == '<')
		str_copy(piece, PIECE, "&lt;");
	else if (c == '>')
		str_copy(piece, PIECE, "&gt;");
}

static void
escape_markdown(char piece[PIECE], char c, bool first)
{
	if (strchr(MARKDOWN, c) == NULL &&
	    (!first || strchr(MARKDOWN_FIRST, c) == NULL))
		return;
	piece[0] = '\\';
	piece[1] = c;
	piece[2] = '\0';
}

/* One character as it is to stand there. Returns the bytes read of s[len],
 * *units is what it counts. */
static size_t
next(char piece[PIECE], size_t *units, const char *s, size_t len)
{
	uint32_t code = 0;
	size_t took = utf8_next(s, len, &code);

	*units = code > 0xffff ? 2 : 1;
	if (took == 0 || utf8_is_deceptive(code) ||
	    (utf8_is_control(code) && code != '\n' && code != '\t')) {
		str_copy(piece, PIECE, "?");
		return took > 0 ? took : 1;
	}
	memcpy(piece, s, took);
	piece[took] = '\0';
	return took;
}

static void
escape(char piece[PIECE], size_t *units, enum webhook_text form, bool first)
{
	if (piece[0] == '\0' || piece[1] != '\0')
		return; /* only ASCII is special */
	if (form == WEBHOOK_TEXT_SLACK)
		escape_slack(piece, piece[0]);
	else if (form == WEBHOOK_TEXT_MARKDOWN)
		escape_markdown(piece, piece[0], first);
	*units = strlen(piece);
}

bool
webhook_text_add(
    struct buf *out, const char *s, enum webhook_text form, size_t max_units)
{
	size_t len = strlen(s), used = 0;
	struct buf whole;
	size_t keep = 0; /* bytes that leave room for the ellipsis */
	bool first = true;

	buf_init(&whole, len * (PIECE - 2) + sizeof(ELLIPSIS));
	while (len > 0) {
		char piece[PIECE];
		size_t units, took = next(piece, &units, s, len);

		escape(piece, &units, form, first);
		if (used + units > max_units)
			break;
		buf_puts(&whole, piece);
		used += units;
		first = s[0] == '\n';
		s += took;
		len -= took;
		if (used + 1 <= max_units)
			keep = whole.len;
	}
	buf_add(out, buf_str(&whole), len > 0 ? keep : whole.len);
	if (len > 0 && max_units > 0)
		buf_puts(out, ELLIPSIS);
	buf_fini(&whole);
	return len > 0;
}

void
webhook_text_put(json_t *obj, const char *key, const char *s,
    enum webhook_text form, size_t max_units)
{
	struct buf text;

	buf_init(&text, max_units * 4 + sizeof(ELLIPSIS));
	webhook_text_add(&text, s, form, max_units);
	json_put_text(obj, key, buf_str(&text), text.len);
	buf_fini(&text);
}

size_t
webhook_text_units(const char *s)
{
	size_t len = strlen(s), units = 0;

	while (len > 0) {
		uint32_t code = 0;
		size_t took = utf8_next(s, len, &code);

		units += code > 0xffff ? 2 : 1;
		took += took == 0;
		s += took;
		len -= took;
	}
	return units;
}

void
webhook_text_url(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++)
		if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= '0' && *s <= '9') || strchr("-_.~", *s) != NULL)
			buf_putc(out, *s);
		else
			buf_printf(out, "%%%02X", (unsigned char)*s);
}
