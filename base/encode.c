#include "base/encode.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/check.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
encode_base64(struct buf *out, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t three = (uint32_t)p[i] << 16;
		char four[4];

		if (left > 1)
			three |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			three |= p[i + 2];
		four[0] = alphabet[three >> 18];
		four[1] = alphabet[three >> 12 & 63];
		four[2] = left > 1 ? alphabet[three >> 6 & 63] : '=';
		four[3] = left > 2 ? alphabet[three & 63] : '=';
		buf_add(out, four, sizeof(four));
	}
}

/* The value of four characters; how many bytes they stand for, or -1. */
static int
read_four(const char *four, uint32_t *value)
{
	int bytes = 3;

	*value = 0;
	if (four[3] == '=')
		bytes = four[2] == '=' ? 1 : 2;
	for (int i = 0; i < 4; i++) {
		const char *at =
		    i > bytes ? alphabet : strchr(alphabet, four[i]);

		if (at == NULL || (i <= bytes && four[i] == '\0'))
			return -1;
		*value = *value << 6 | (uint32_t)(at - alphabet);
	}
	/* Bits that stand for nothing must be zero: one text per value. */
	if ((bytes == 1 && (*value & 0xffff) != 0) ||
	    (bytes == 2 && (*value & 0xff) != 0))
		return -1;
	return bytes;
}

int
encode_base64_read(uint8_t *dst, size_t size, const char *text)
{
	size_t len = strlen(text), used = 0;

	if (len % 4 != 0 || len > INT_MAX)
		return -1;
	for (size_t i = 0; i < len; i += 4) {
		uint32_t value;
		int bytes = read_four(text + i, &value);

		if (bytes < 0 || (bytes < 3 && i + 4 < len) ||
		    used + (size_t)bytes > size)
			return -1;
		for (int k = 0; k < bytes; k++)
			dst[used++] = (uint8_t)(value >> (16 - 8 * k));
	}
	return (int)used;
}

void
encode_hmac_sha256(uint8_t mac[ENCODE_SHA256_LEN], const void *key,
    size_t key_len, const void *data, size_t len)
{
	unsigned mac_len = 0;

	CHECK(key_len <= INT_MAX);
	CHECK(HMAC(EVP_sha256(), key, (int)key_len, data, len, mac, &mac_len) !=
	      NULL);
	CHECK(mac_len == ENCODE_SHA256_LEN);
}
