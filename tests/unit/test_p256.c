#include "base/p256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"

static const char raw[] = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";

/* What `openssl` would write of a new key of that curve; the caller's. */
static char *
pem(const char *curve, const char *password)
{
	EVP_PKEY *pkey = EVP_EC_gen(curve);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long len;

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, pkey,
			     password ? EVP_aes_128_cbc() : NULL, password,
			     password ? (int)strlen(password) : 0, NULL, NULL),
	    1);
	len = BIO_get_mem_data(bio, &data);
	text = strndup(data, (size_t)len);
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return text;
}

static void
reads_raw_keys_and_pem(void **state)
{
	char *text = pem("prime256v1", NULL);
	struct p256_key *key;
	struct buf shown;

	(void)state;
	assert_int_equal(p256_read(&key, raw, NULL), 0);
	buf_init(&shown, 100);
	encode_base64url(&shown, p256_scalar(key), P256_SCALAR_LEN);
	assert_string_equal(buf_str(&shown), raw);
	buf_fini(&shown);
	p256_free(key);
	assert_int_equal(p256_read(&key, text, NULL), 0);
	assert_true(p256_is_point(p256_point(key)));
	p256_free(key);
	free(text);
}

static void
refuses_what_is_no_key_and_does_not_repeat_it(void **state)
{
	char *other_curve = pem("secp384r1", NULL);
	char *locked = pem("prime256v1", "open sesame");
	const struct {
		const char *text, *says;
	} bad[] = {
	    {"", "neither PEM"},
	    {"hunter2", "neither PEM"},
	    {"yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw=", "neither PEM"},
	    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "out of its"},
	    {"__________________________________________8", "out of its"},
	    {"-----BEGIN PRIVATE KEY-----\nhunter2\n", "not a private key"},
	    {other_curve, "not of the curve P-256"},
	    {locked, "not a private key in PEM"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;
		struct p256_key *key;

		assert_int_equal(p256_read(&key, bad[i].text, &err), -1);
		assert_null(key);
		assert_non_null(strstr(err.text, bad[i].says));
		assert_null(strstr(err.text, "hunter2"));
	}
	free(other_curve);
	free(locked);
}

static void
new_keys_differ(void **state)
{
	struct p256_key *one = p256_generate(), *other = p256_generate();
	struct p256_key *again;

	(void)state;
	assert_memory_not_equal(
	    p256_scalar(one), p256_scalar(other), P256_SCALAR_LEN);
	assert_true(p256_is_point(p256_point(one)));
	assert_int_equal(p256_from_scalar(&again, p256_scalar(one), NULL), 0);
	assert_memory_equal(p256_point(again), p256_point(one), P256_POINT_LEN);
	p256_free(again);
	p256_free(other);
	p256_free(one);
	p256_free(NULL);
}

static void
knows_a_point_from_65_bytes(void **state)
{
	struct p256_key *key;
	uint8_t point[P256_POINT_LEN];

	(void)state;
	assert_int_equal(p256_read(&key, raw, NULL), 0);
	memcpy(point, p256_point(key), sizeof(point));
	assert_true(p256_is_point(point));
	point[40] ^= 1; /* off the curve */
	assert_false(p256_is_point(point));
	point[40] ^= 1;
	point[0] = (uint8_t)(6 | (point[P256_POINT_LEN - 1] & 1)); /* hybrid */
	assert_false(p256_is_point(point));
	memset(point, 0, sizeof(point));
	assert_false(p256_is_point(point));
	memset(point, 0xff, sizeof(point));
	point[0] = 4;
	assert_false(p256_is_point(point));
	p256_free(key);
}

/* Verified by OpenSSL, which wants the signature in another form. */
static int
verify(const struct p256_key *key, const uint8_t *raw_sig, const char *text)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	EVP_PKEY *pkey = NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	int len, rc;

	ECDSA_SIG_set0(sig, BN_bin2bn(raw_sig, 32, NULL),
	    BN_bin2bn(raw_sig + 32, 32, NULL));
	len = i2d_ECDSA_SIG(sig, &der);
	pkey = EVP_PKEY_new();
	{
		/* A point alone, as somebody who checks has it. */
		EVP_PKEY *params = EVP_EC_gen("prime256v1");

		EVP_PKEY_copy_parameters(pkey, params);
		EVP_PKEY_free(params);
	}
	assert_int_equal(EVP_PKEY_set1_encoded_public_key(
			     pkey, p256_point(key), P256_POINT_LEN),
	    1);
	assert_int_equal(EVP_DigestVerifyInit_ex(
			     ctx, NULL, "SHA256", NULL, NULL, pkey, NULL),
	    1);
	rc = EVP_DigestVerify(
	    ctx, der, (size_t)len, (const uint8_t *)text, strlen(text));
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	return rc == 1;
}

static void
signs_so_that_others_can_verify(void **state)
{
	struct p256_key *key;
	uint8_t signature[P256_SIGNATURE_LEN];

	(void)state;
	assert_int_equal(p256_read(&key, raw, NULL), 0);
	/* Often enough to meet an r or s with a leading zero. */
	for (int i = 0; i < 600; i++) {
		p256_sign(signature, key, "a text", 6);
		assert_true(verify(key, signature, "a text"));
	}
	assert_false(verify(key, signature, "a test"));
	p256_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_raw_keys_and_pem),
	    cmocka_unit_test(refuses_what_is_no_key_and_does_not_repeat_it),
	    cmocka_unit_test(new_keys_differ),
	    cmocka_unit_test(knows_a_point_from_65_bytes),
	    cmocka_unit_test(signs_so_that_others_can_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
