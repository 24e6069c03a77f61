/*
 * Signed claims: a JSON Web Token in compact form (RFC 7519, RFC 7515), signed
 * with ES256 (RFC 7518 section 3.4: ECDSA over P-256 and SHA-256, r and s as
 * 64 raw bytes).
 */
#ifndef BASE_JWS_ES256_H
#define BASE_JWS_ES256_H

#include <jansson.h>

#include "base/p256.h"

/* The caller's. `claims` is an object. */
char *jws_es256_make(const json_t *claims, const struct p256_key *key);

#endif
