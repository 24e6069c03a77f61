#include "alerting/token.h"

#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/encode.h"

#define VERSION  1
#define HEAD_LEN 9 /* version and end */
#define MAC_LEN  16
#define RAW_MAX  (HEAD_LEN + TOKEN_PAYLOAD_MAX + MAC_LEN)

_Static_assert(TOKEN_TEXT_MAX == (RAW_MAX * 4 + 2) / 3, "Base64 of RAW_MAX");

int
token_key_read(struct token_key *key, const char *text, struct err *err)
{
	int len = encode_base64_read(key->bytes, sizeof(key->bytes), text);

	if (len < TOKEN_KEY_MIN)
		return err_set(err, ERR_CONFIG,
		    "must be the Base64 of %d to %d random bytes; to make one: "
		    "openssl rand -base64 32",
		    TOKEN_KEY_MIN, TOKEN_KEY_MAX);
	key->len = (size_t)len;
	return 0;
}

static void
sign(uint8_t mac[ENCODE_SHA256_LEN], const struct token_key *key,
    const char *purpose, const uint8_t *signed_bytes, size_t len)
{
	struct buf b;

	CHECK(key->len >= TOKEN_KEY_MIN);
	buf_init(&b, 64 + RAW_MAX);
	/* its NUL too: no purpose is the beginning of another's text */
	CHECK(buf_add(&b, purpose, strlen(purpose) + 1) == 0);
	CHECK(buf_add(&b, signed_bytes, len) == 0);
	encode_hmac_sha256(mac, key->bytes, key->len, b.data, b.len);
	buf_fini(&b);
}

void
token_make(char dst[TOKEN_TEXT_MAX + 1], const struct token_key *key,
    const char *purpose, int64_t expires_s, const char *payload)
{
	uint8_t raw[RAW_MAX], mac[ENCODE_SHA256_LEN];
	size_t len = strlen(payload);
	struct buf text;

	CHECK(len <= TOKEN_PAYLOAD_MAX && expires_s > 0);
	raw[0] = VERSION;
	for (int i = 0; i < 8; i++)
		raw[1 + i] = (uint8_t)((uint64_t)expires_s >> (56 - 8 * i));
	memcpy(raw + HEAD_LEN, payload, len);
	len += HEAD_LEN;
	sign(mac, key, purpose, raw, len);
	memcpy(raw + len, mac, MAC_LEN);
	buf_init(&text, TOKEN_TEXT_MAX);
	encode_base64url(&text, raw, len + MAC_LEN);
	CHECK(!text.cut);
	memcpy(dst, text.data, text.len + 1);
	buf_fini(&text);
}

enum token_status
token_read(struct token *out, const struct token_key *key, const char *purpose,
    const char *text, int64_t now_s)
{
	uint8_t raw[RAW_MAX], mac[ENCODE_SHA256_LEN];
	size_t text_len = strnlen(text, TOKEN_TEXT_MAX + 1), len;
	int raw_len;
	uint64_t end = 0;

	memset(out, 0, sizeof(*out));
	if (text_len > TOKEN_TEXT_MAX)
		return TOKEN_FORGED;
	raw_len = encode_base64url_read(raw, sizeof(raw), text, text_len);
	if (raw_len < HEAD_LEN + MAC_LEN || raw[0] != VERSION)
		return TOKEN_FORGED;
	len = (size_t)raw_len - MAC_LEN;
	sign(mac, key, purpose, raw, len);
	if (!encode_equal(mac, raw + len, MAC_LEN))
		return TOKEN_FORGED;
	for (int i = 0; i < 8; i++)
		end = end << 8 | raw[1 + i];
	out->expires_s = (int64_t)end;
	memcpy(out->payload, raw + HEAD_LEN, len - HEAD_LEN);
	return now_s < out->expires_s ? TOKEN_GOOD : TOKEN_EXPIRED;
}
