#include "base/utf8.h"

/* What a first byte promises: how many bytes, which of its bits count, and
 * the smallest code point that needs that many. */
static size_t
promised(unsigned char first, uint32_t *bits, uint32_t *least)
{
	if ((first & 0xe0) == 0xc0) {
		*bits = first & 0x1f;
		*least = 0x80;
		return 2;
	}
	if ((first & 0xf0) == 0xe0) {
		*bits = first & 0x0f;
		*least = 0x800;
		return 3;
	}
	if ((first & 0xf8) == 0xf0) {
		*bits = first & 0x07;
		*least = 0x10000;
		return 4;
	}
	return 0;
}

size_t
utf8_next(const char *s, size_t len, uint32_t *code)
{
	const unsigned char *u = (const unsigned char *)s;
	uint32_t value = 0, least = 0;
	size_t need;

	if (len == 0)
		return 0;
	if (u[0] < 0x80) {
		*code = u[0];
		return 1;
	}
	need = promised(u[0], &value, &least);
	if (need == 0 || need > len)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (u[i] & 0x3f);
	}
	if (value < least || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return need;
}

bool
utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

bool
utf8_is_deceptive(uint32_t code)
{
	return (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0x2028 ||
	       code == 0x2029;
}
