#include "base/logfmt.h"

#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

/* Room kept at the end: for what begins after the last check, which is at
 * most one key, an escape sequence, the ellipsis, a quote and the newline. */
#define RESERVE 128

void
logfmt_raw(struct logfmt *line, const char *bytes, size_t len)
{
	size_t left = sizeof(line->text) - 1 - line->len; /* 1: the newline */

	if (len > left)
		len = left;
	memcpy(line->text + line->len, bytes, len);
	line->len += len;
}

static void
add(struct logfmt *line, const char *s)
{
	logfmt_raw(line, s, strlen(s));
}

/* One character of a value, escaped; returns how many bytes of s it was. */
static size_t
add_escaped(struct logfmt *line, const char *s, size_t len)
{
	uint32_t code = 0;
	size_t n = utf8_next(s, len, &code);
	char hex[8];

	if (n > 0 && (code == '"' || code == '\\')) {
		add(line, "\\");
		logfmt_raw(line, s, n);
		return n;
	}
	if (n > 0 && code == '\n') {
		add(line, "\\n");
		return n;
	}
	if (n > 0 && !utf8_is_control(code) && !utf8_is_deceptive(code)) {
		logfmt_raw(line, s, n);
		return n;
	}
	if (n == 0)
		n = 1;
	for (size_t i = 0; i < n; i++) {
		str_printf(hex, sizeof(hex), "\\x%02x", (unsigned char)s[i]);
		add(line, hex);
	}
	return n;
}

/* May it stand without quotes? */
static bool
is_bare(char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
}

static bool
all_bare(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_bare(s[i]))
			return false;
	return len > 0;
}

static bool
is_key_char(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

void
logfmt_pair(struct logfmt *line, const char *key, const char *value, size_t len)
{
	size_t stop = sizeof(line->text) - RESERVE / 2;

	if (line->len + strlen(key) >= sizeof(line->text) - RESERVE)
		return;
	if (line->len > 0)
		add(line, " ");
	add(line, key);
	add(line, "=");
	if (all_bare(value, len) && line->len + len < stop) {
		logfmt_raw(line, value, len);
		return;
	}
	add(line, "\"");
	while (len > 0 && line->len < stop) {
		size_t n = add_escaped(line, value, len);

		value += n;
		len -= n;
	}
	add(line, len > 0 ? "…\"" : "\"");
}

static bool
is_escape(char c)
{
	return c == '"' || c == '\\' || c == 'n' || c == 'x';
}

/* The length of the quoted value at s, or 0 if it is not a whole one. */
static size_t
quoted_len(const char *s, size_t len)
{
	size_t at = 1;

	while (at < len && s[at] != '"') {
		uint32_t code = 0;
		size_t n = utf8_next(s + at, len - at, &code);

		if (n == 0 || utf8_is_control(code) || utf8_is_deceptive(code))
			return 0;
		at += n;
		if (code != '\\')
			continue;
		if (at == len || !is_escape(s[at]))
			return 0;
		at++;
	}
	return at < len ? at + 1 : 0;
}

static size_t
value_len(const char *s, size_t len)
{
	size_t n = 0;

	if (len > 0 && *s == '"')
		return quoted_len(s, len);
	while (n < len && is_bare(s[n]))
		n++;
	return n;
}

bool
logfmt_take(const char **s, size_t *len, struct logfmt_pair *out)
{
	size_t at = 0;

	out->key = *s;
	while (at < *len && is_key_char((*s)[at]))
		at++;
	out->key_len = at;
	if (at == 0 || at == *len || (*s)[at] != '=')
		return false;
	at++;
	out->value = *s + at;
	out->value_len = value_len(*s + at, *len - at);
	at += out->value_len;
	if (out->value_len == 0 || (at < *len && (*s)[at] != ' '))
		return false;
	at += at < *len;
	*s += at;
	*len -= at;
	return true;
}

bool
logfmt_is(const struct logfmt_pair *pair, const char *key)
{
	return strlen(key) == pair->key_len &&
	       memcmp(pair->key, key, pair->key_len) == 0;
}
