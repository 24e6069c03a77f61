#include "base/encode.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/check.h"

static const char standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
encode(struct buf *out, const char *digits, const uint8_t *p, size_t len,
    bool padded)
{
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t three = (uint32_t)p[i] << 16;
		char four[4];

		if (left > 1)
			three |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			three |= p[i + 2];
		four[0] = digits[three >> 18];
		four[1] = digits[three >> 12 & 63];
		four[2] = left > 1 ? digits[three >> 6 & 63] : '=';
		four[3] = left > 2 ? digits[three & 63] : '=';
		buf_add(out, four, padded || left > 2 ? 4 : left + 1);
	}
}

void
encode_base64(struct buf *out, const void *data, size_t len)
{
	encode(out, standard, data, len, true);
}

void
encode_base64url(struct buf *out, const void *data, size_t len)
{
	encode(out, url_safe, data, len, false);
}

/* The bytes that 2, 3 or 4 digits stand for; how many, or -1. */
static int
read_group(uint8_t bytes[3], const char *digits, const char *text, size_t n)
{
	uint32_t value = 0;

	if (n < 2)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		const char *at = i < n ? strchr(digits, text[i]) : digits;

		if (at == NULL || (i < n && text[i] == '\0'))
			return -1;
		value = value << 6 | (uint32_t)(at - digits);
	}
	/* Bits that stand for nothing must be zero: one text per value. */
	if ((n == 2 && (value & 0xffff) != 0) || (n == 3 && (value & 0xff)))
		return -1;
	for (int k = 0; k < 3; k++)
		bytes[k] = (uint8_t)(value >> (16 - 8 * k));
	return (int)n - 1;
}

static int
decode(
    uint8_t *dst, size_t size, const char *digits, const char *text, size_t len)
{
	size_t used = 0;

	if (len > INT_MAX)
		return -1;
	for (size_t i = 0; i < len; i += 4) {
		uint8_t bytes[3];
		size_t left = len - i;
		int n =
		    read_group(bytes, digits, text + i, left < 4 ? left : 4);

		if (n < 0 || used + (size_t)n > size)
			return -1;
		memcpy(dst + used, bytes, (size_t)n);
		used += (size_t)n;
	}
	return (int)used;
}

int
encode_base64_read(uint8_t *dst, size_t size, const char *text)
{
	size_t len = strlen(text), padding = 0;

	if (len % 4 != 0)
		return -1;
	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	return decode(dst, size, standard, text, len - padding);
}

int
encode_base64url_read(uint8_t *dst, size_t size, const char *text, size_t len)
{
	return decode(dst, size, url_safe, text, len);
}

void
encode_sha256(uint8_t digest[ENCODE_SHA256_LEN], const void *data, size_t len)
{
	CHECK(EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL) == 1);
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

bool
encode_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
