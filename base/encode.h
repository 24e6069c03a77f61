/*
 * Base64 (RFC 4648 sections 4 and 5), SHA-256 and HMAC-SHA256 (RFC 2104). Pure.
 */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define ENCODE_SHA256_LEN 32

void encode_base64(struct buf *out, const void *data, size_t len);

/* Strict: only the alphabet, right padding, no white space. The number of
 * bytes written to dst, or -1 if it is no Base64 or does not fit. */
int encode_base64_read(uint8_t *dst, size_t size, const char *text);

/* The alphabet for URLs and file names, without padding; as strict. `text`
 * need not be ended. */
void encode_base64url(struct buf *out, const void *data, size_t len);
int
encode_base64url_read(uint8_t *dst, size_t size, const char *text, size_t len);

void
encode_sha256(uint8_t digest[ENCODE_SHA256_LEN], const void *data, size_t len);
void encode_hmac_sha256(uint8_t mac[ENCODE_SHA256_LEN], const void *key,
    size_t key_len, const void *data, size_t len);

/* In a time that does not tell where they differ. */
bool encode_equal(const void *a, const void *b, size_t len);

#endif
