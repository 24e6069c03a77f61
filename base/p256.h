/*
 * Keys on the curve P-256 (FIPS 186-5 name; "prime256v1" elsewhere), with
 * points and scalars as raw bytes, which is how Web Push sends them. Blocks
 * for no more than the arithmetic. If the system gives no randomness, or
 * OpenSSL lacks the curve, the process ends: nothing could be encrypted.
 */
#ifndef BASE_P256_H
#define BASE_P256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define P256_POINT_LEN     65 /* 04, x, y: the uncompressed form */
#define P256_SCALAR_LEN    32
#define P256_SIGNATURE_LEN 64 /* r, s */

struct p256_key; /* a private key and its public point */

struct p256_key *p256_generate(void);
/* A private key as PEM (PKCS #8 or SEC 1, not encrypted), or as the Base64url
 * of its 32 bytes. The message never repeats any of it. */
int p256_read(struct p256_key **out, const char *text, struct err *err);
/* From 32 bytes; ERR_INPUT if they are no key of this curve. */
int p256_from_scalar(struct p256_key **out,
    const uint8_t scalar[P256_SCALAR_LEN], struct err *err);
void p256_free(struct p256_key *key); /* wipes it; NULL is fine */

const uint8_t *p256_point(const struct p256_key *key);  /* the public one */
const uint8_t *p256_scalar(const struct p256_key *key); /* secret */

/* Is this a point of the curve, in the uncompressed form? */
bool p256_is_point(const uint8_t point[P256_POINT_LEN]);

/* The shared secret (ECDH, its x coordinate); -1 if `peer` is no point. */
int p256_agree(uint8_t secret[P256_SCALAR_LEN], const struct p256_key *key,
    const uint8_t peer[P256_POINT_LEN], struct err *err);

/* ECDSA over SHA-256 of data. */
void p256_sign(uint8_t signature[P256_SIGNATURE_LEN],
    const struct p256_key *key, const void *data, size_t len);

#endif
