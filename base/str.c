#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define DISTANCE_MAX 255
#define ELLIPSIS     "…"

int
str_copy(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);

	if (size == 0)
		return -1;
	if (len >= size) {
		memcpy(dst, src, size - 1);
		dst[size - 1] = '\0';
		return -1;
	}
	memcpy(dst, src, len + 1);
	return 0;
}

int
str_printf(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;
	int need;

	va_start(ap, fmt);
	need = vsnprintf(dst, size, fmt, ap);
	va_end(ap);
	return need < 0 || (size_t)need >= size ? -1 : 0;
}

bool
str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), tail = strlen(suffix);

	return tail <= len && memcmp(s + len - tail, suffix, tail) == 0;
}

int
str_index(const char *const *list, const char *word)
{
	for (int i = 0; list[i] != NULL; i++)
		if (str_eq(list[i], word))
			return i;
	return -1;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: row i holds the distances of a's first i bytes to
 * every prefix of b; a swap looks two rows back. */
unsigned
str_distance(const char *a, const char *b)
{
	unsigned rows[3][DISTANCE_MAX + 1];
	size_t alen = strlen(a), blen = strlen(b);

	if (str_eq(a, b))
		return 0;
	if (alen > DISTANCE_MAX || blen > DISTANCE_MAX)
		return DISTANCE_MAX;
	for (unsigned j = 0; j <= blen; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= alen; i++) {
		unsigned *now = rows[i % 3];
		const unsigned *up = rows[(i + 2) % 3];

		now[0] = i;
		for (unsigned j = 1; j <= blen; j++) {
			unsigned cost = a[i - 1] != b[j - 1];

			now[j] = least(up[j], now[j - 1]) + 1;
			now[j] = least(now[j], up[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] =
				    least(now[j], rows[(i + 1) % 3][j - 2] + 1);
		}
	}
	return rows[alen % 3][blen];
}

const char *
str_nearest(const char *const *list, const char *word)
{
	size_t len = strlen(word);
	unsigned best = len <= 3 ? 1 : len <= 6 ? 2 : 3;
	const char *found = NULL;

	for (; *list != NULL; list++) {
		unsigned distance = str_distance(*list, word);

		/* "tcp" is no likely typo of "a": something must be left */
		if (distance > best || distance >= len)
			continue;
		if (found != NULL && distance == best)
			continue;
		best = distance;
		found = *list;
	}
	return found;
}

bool
str_is_text(const char *s, size_t len)
{
	while (len > 0) {
		uint32_t code = 0;
		size_t n = utf8_next(s, len, &code);

		if (n == 0)
			return false;
		if (utf8_is_control(code) && code != '\t' && code != '\n')
			return false;
		s += n;
		len -= n;
	}
	return true;
}

/* How the first character of src[len] is shown, in out; returns how many
 * bytes of src that was. */
static size_t
show(char out[8], const char *src, size_t len)
{
	uint32_t code = 0;
	size_t n = utf8_next(src, len, &code);

	if (n == 0 || (utf8_is_control(code) && code > 0x7f)) {
		snprintf(out, 8, "\\x%02x", (unsigned char)*src);
		return 1;
	}
	if (code == '\n' || code == '\r' || code == '\t') {
		memcpy(out, " ", 2);
		return n;
	}
	if (utf8_is_control(code)) {
		snprintf(out, 8, "\\x%02x", (unsigned)(code & 0xff));
		return n;
	}
	if (utf8_is_deceptive(code)) {
		memcpy(out, "?", 2);
		return n;
	}
	memcpy(out, src, n);
	out[n] = '\0';
	return n;
}

void
str_printable(char *dst, size_t size, const char *src, size_t len)
{
	size_t used = 0, keep = 0; /* keep: what leaves room for the ellipsis */
	size_t mark = strlen(ELLIPSIS);

	if (size == 0)
		return;
	while (len > 0) {
		char shown[8];
		size_t took = show(shown, src, len);
		size_t add = strlen(shown);

		if (used + add >= size)
			break;
		memcpy(dst + used, shown, add);
		used += add;
		if (used + mark < size)
			keep = used;
		src += took;
		len -= took;
	}
	if (len > 0 && mark < size) {
		memcpy(dst + keep, ELLIPSIS, mark);
		used = keep + mark;
	}
	dst[used] = '\0';
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *
str_trim(char *s)
{
	char *end;

	while (is_space(*s))
		s++;
	end = s + strlen(s);
	while (end > s && is_space(end[-1]))
		end--;
	*end = '\0';
	return s;
}
