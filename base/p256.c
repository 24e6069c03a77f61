#include "base/p256.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/str.h"

#define CURVE "prime256v1"

struct p256_key {
	EVP_PKEY *pkey;
	uint8_t point[P256_POINT_LEN];
	uint8_t scalar[P256_SCALAR_LEN];
};

/* An EVP_PKEY of a point, and of a scalar unless it is NULL; or NULL. */
static EVP_PKEY *
assemble(const uint8_t point[P256_POINT_LEN], const BIGNUM *scalar)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params;
	EVP_PKEY *pkey = NULL;

	CHECK(ctx != NULL && build != NULL);
	CHECK(OSSL_PARAM_BLD_push_utf8_string(
		  build, OSSL_PKEY_PARAM_GROUP_NAME, CURVE, 0) == 1);
	CHECK(OSSL_PARAM_BLD_push_octet_string(
		  build, OSSL_PKEY_PARAM_PUB_KEY, point, P256_POINT_LEN) == 1);
	if (scalar != NULL)
		CHECK(OSSL_PARAM_BLD_push_BN(
			  build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1);
	params = OSSL_PARAM_BLD_to_param(build);
	CHECK(params != NULL);
	CHECK(EVP_PKEY_fromdata_init(ctx) == 1);
	if (EVP_PKEY_fromdata(ctx, &pkey,
		scalar != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
		params) != 1)
		pkey = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return pkey;
}

/* The public point of a scalar that is in range. */
static void
multiply(uint8_t point[P256_POINT_LEN], const EC_GROUP *group, const BIGNUM *d)
{
	EC_POINT *p = EC_POINT_new(group);

	CHECK(p != NULL);
	CHECK(EC_POINT_mul(group, p, d, NULL, NULL, NULL) == 1);
	CHECK(EC_POINT_point2oct(group, p, POINT_CONVERSION_UNCOMPRESSED, point,
		  P256_POINT_LEN, NULL) == P256_POINT_LEN);
	EC_POINT_free(p);
}

int
p256_from_scalar(struct p256_key **out, const uint8_t scalar[P256_SCALAR_LEN],
    struct err *err)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *d = BN_secure_new();
	struct p256_key *key;

	*out = NULL;
	CHECK(group != NULL && d != NULL);
	CHECK(BN_bin2bn(scalar, P256_SCALAR_LEN, d) != NULL);
	if (!BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(group)) < 0) {
		key = mem_alloc(sizeof(*key));
		memcpy(key->scalar, scalar, P256_SCALAR_LEN);
		multiply(key->point, group, d);
		key->pkey = assemble(key->point, d);
		CHECK(key->pkey != NULL);
		*out = key;
	}
	BN_clear_free(d);
	EC_GROUP_free(group);
	if (*out != NULL)
		return 0;
	return err_set(err, ERR_INPUT,
	    "not a private key of P-256: the number is out of its range");
}

/* The scalar of an OpenSSL key that may be of any kind. */
static int
take_scalar(
    uint8_t scalar[P256_SCALAR_LEN], const EVP_PKEY *pkey, struct err *err)
{
	char curve[64] = "";
	BIGNUM *d = NULL;
	int len = -1;

	if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME,
		curve, sizeof(curve), NULL) == 1 &&
	    str_eq(curve, CURVE) &&
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1)
		len = BN_bn2binpad(d, scalar, P256_SCALAR_LEN);
	BN_clear_free(d);
	ERR_clear_error();
	if (len == P256_SCALAR_LEN)
		return 0;
	return err_set(err, ERR_INPUT,
	    "a private key, but not of the curve P-256 (" CURVE ")");
}

struct p256_key *
p256_generate(void)
{
	EVP_PKEY *pkey = EVP_EC_gen(CURVE);
	uint8_t scalar[P256_SCALAR_LEN];
	struct p256_key *key;

	CHECK(pkey != NULL);
	CHECK(take_scalar(scalar, pkey, NULL) == 0);
	CHECK(p256_from_scalar(&key, scalar, NULL) == 0);
	OPENSSL_cleanse(scalar, sizeof(scalar));
	EVP_PKEY_free(pkey);
	return key;
}

/* An encrypted key must not make the agent ask for a password. */
static int
no_password(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)ctx;
	return -1;
}

static int
read_pem(uint8_t scalar[P256_SCALAR_LEN], const char *text, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	EVP_PKEY *pkey;
	int rc;

	CHECK(bio != NULL);
	pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (pkey == NULL)
		return err_set(err, ERR_INPUT,
		    "not a private key in PEM (or an encrypted one)");
	rc = take_scalar(scalar, pkey, err);
	EVP_PKEY_free(pkey);
	return rc;
}

int
p256_read(struct p256_key **out, const char *text, struct err *err)
{
	uint8_t scalar[P256_SCALAR_LEN];
	int rc = 0;

	*out = NULL;
	if (strstr(text, "-----BEGIN") != NULL)
		rc = read_pem(scalar, text, err);
	else if (encode_base64url_read(scalar, sizeof(scalar), text,
		     strlen(text)) != P256_SCALAR_LEN)
		rc = err_set(err, ERR_INPUT,
		    "neither PEM nor the Base64url of 32 bytes (43 "
		    "characters)");
	if (rc == 0)
		rc = p256_from_scalar(out, scalar, err);
	OPENSSL_cleanse(scalar, sizeof(scalar));
	return rc;
}

void
p256_free(struct p256_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	OPENSSL_cleanse(key->scalar, sizeof(key->scalar));
	free(key);
}

const uint8_t *
p256_point(const struct p256_key *key)
{
	return key->point;
}

const uint8_t *
p256_scalar(const struct p256_key *key)
{
	return key->scalar;
}

/* OpenSSL refuses what is not on the curve, but takes a "hybrid" first byte. */
static EVP_PKEY *
read_point(const uint8_t point[P256_POINT_LEN])
{
	return point[0] == POINT_CONVERSION_UNCOMPRESSED ? assemble(point, NULL)
	                                                 : NULL;
}

bool
p256_is_point(const uint8_t point[P256_POINT_LEN])
{
	EVP_PKEY *pkey = read_point(point);

	EVP_PKEY_free(pkey);
	return pkey != NULL;
}

int
p256_agree(uint8_t secret[P256_SCALAR_LEN], const struct p256_key *key,
    const uint8_t peer[P256_POINT_LEN], struct err *err)
{
	EVP_PKEY *other = read_point(peer);
	EVP_PKEY_CTX *ctx;
	size_t len = P256_SCALAR_LEN;

	if (other == NULL)
		return err_set(
		    err, ERR_INPUT, "the public key is no point of P-256");
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	CHECK(ctx != NULL);
	CHECK(EVP_PKEY_derive_init(ctx) == 1);
	CHECK(EVP_PKEY_derive_set_peer(ctx, other) == 1);
	CHECK(EVP_PKEY_derive(ctx, secret, &len) == 1);
	CHECK(len == P256_SCALAR_LEN);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(other);
	return 0;
}

void
p256_sign(uint8_t signature[P256_SIGNATURE_LEN], const struct p256_key *key,
    const void *data, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[80];
	const uint8_t *at = der;
	size_t der_len = sizeof(der);
	ECDSA_SIG *sig;

	CHECK(ctx != NULL);
	CHECK(EVP_DigestSignInit_ex(
		  ctx, NULL, "SHA256", NULL, NULL, key->pkey, NULL) == 1);
	CHECK(EVP_DigestSign(ctx, der, &der_len, data, len) == 1);
	EVP_MD_CTX_free(ctx);
	sig = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
	CHECK(sig != NULL);
	CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, P256_SCALAR_LEN) ==
	      P256_SCALAR_LEN);
	CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + P256_SCALAR_LEN,
		  P256_SCALAR_LEN) == P256_SCALAR_LEN);
	ECDSA_SIG_free(sig);
}
