#include "base/ece.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/check.h"
#include "base/encode.h"

#define KEY_LEN     16
#define NONCE_LEN   12
#define TAG_LEN     16
#define RECORD_SIZE 4096
#define LAST_RECORD 0x02 /* the padding's first byte */
#define INFO_MAX    160

/* HKDF (RFC 5869) with an output of one block at most. */
struct hkdf {
	const uint8_t *salt;
	size_t salt_len;
	const uint8_t *secret;
	size_t secret_len;
};

/* `info` may hold NULs; `label` goes in front of it, with its own NUL. */
static void
expand(uint8_t out[ENCODE_SHA256_LEN], const struct hkdf *h, const char *label,
    const uint8_t *info, size_t info_len)
{
	uint8_t prk[ENCODE_SHA256_LEN], text[INFO_MAX];
	size_t len = strlen(label) + 1;

	CHECK(len + info_len + 1 <= sizeof(text));
	memcpy(text, label, len);
	if (info_len > 0)
		memcpy(text + len, info, info_len);
	len += info_len;
	text[len++] = 1;
	encode_hmac_sha256(prk, h->salt, h->salt_len, h->secret, h->secret_len);
	encode_hmac_sha256(out, prk, sizeof(prk), text, len);
	OPENSSL_cleanse(prk, sizeof(prk));
}

struct keys {
	uint8_t key[ENCODE_SHA256_LEN]; /* KEY_LEN of it count */
	uint8_t nonce[ENCODE_SHA256_LEN];
};

/* RFC 8291 section 3.3 and 3.4, then RFC 8188 section 2.2 and 2.3. */
static int
derive(struct keys *k, const struct ece_receiver *to,
    const struct p256_key *sender, const uint8_t *salt, struct err *err)
{
	uint8_t shared[P256_SCALAR_LEN], ikm[ENCODE_SHA256_LEN];
	uint8_t points[2 * P256_POINT_LEN];
	struct hkdf h = {to->auth, ECE_AUTH_LEN, shared, sizeof(shared)};

	if (p256_agree(shared, sender, to->point, err) != 0)
		return -1;
	memcpy(points, to->point, P256_POINT_LEN);
	memcpy(points + P256_POINT_LEN, p256_point(sender), P256_POINT_LEN);
	expand(ikm, &h, "WebPush: info", points, sizeof(points));
	h = (struct hkdf){salt, ECE_SALT_LEN, ikm, sizeof(ikm)};
	expand(k->key, &h, "Content-Encoding: aes128gcm", NULL, 0);
	expand(k->nonce, &h, "Content-Encoding: nonce", NULL, 0);
	OPENSSL_cleanse(shared, sizeof(shared));
	OPENSSL_cleanse(ikm, sizeof(ikm));
	return 0;
}

static void
put_header(struct buf *out, const struct p256_key *sender, const uint8_t *salt)
{
	static const uint8_t sizes[] = {RECORD_SIZE >> 24, RECORD_SIZE >> 16,
	    RECORD_SIZE >> 8, RECORD_SIZE & 0xff, P256_POINT_LEN};

	buf_add(out, salt, ECE_SALT_LEN);
	buf_add(out, sizes, sizeof(sizes));
	buf_add(out, p256_point(sender), P256_POINT_LEN);
}

static void
put_record(struct buf *out, const struct keys *k, const void *text, size_t len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t sealed[ECE_TEXT_MAX + 1 + TAG_LEN];
	const uint8_t padding = LAST_RECORD;
	int wrote = 0, more = 0, last = 0;

	CHECK(ctx != NULL);
	CHECK(EVP_EncryptInit_ex2(
		  ctx, EVP_aes_128_gcm(), k->key, k->nonce, NULL) == 1);
	CHECK(EVP_EncryptUpdate(ctx, sealed, &wrote, text, (int)len) == 1);
	CHECK(EVP_EncryptUpdate(ctx, sealed + wrote, &more, &padding, 1) == 1);
	CHECK(EVP_EncryptFinal_ex(ctx, sealed + wrote + more, &last) == 1);
	CHECK((size_t)(wrote + more + last) == len + 1);
	CHECK(EVP_CIPHER_CTX_ctrl(
		  ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, sealed + len + 1) == 1);
	EVP_CIPHER_CTX_free(ctx);
	buf_add(out, sealed, len + 1 + TAG_LEN);
}

int
ece_encrypt(struct buf *out, const struct ece_receiver *to,
    const struct p256_key *sender, const uint8_t salt[ECE_SALT_LEN],
    const void *text, size_t len, struct err *err)
{
	struct keys k;

	_Static_assert(NONCE_LEN <= ENCODE_SHA256_LEN, "one block of HKDF");
	_Static_assert(KEY_LEN <= ENCODE_SHA256_LEN, "one block of HKDF");
	if (len > ECE_TEXT_MAX)
		return err_set(err, ERR_INPUT,
		    "%zu bytes do not fit into a push message of %d", len,
		    ECE_TEXT_MAX);
	if (derive(&k, to, sender, salt, err) != 0)
		return -1;
	put_header(out, sender, salt);
	put_record(out, &k, text, len);
	OPENSSL_cleanse(&k, sizeof(k));
	return 0;
}
