/*
 * Encryption of a push message for one browser: RFC 8291 makes the keys, RFC
 * 8188 ("aes128gcm") the body, as one record. Pure: the sender's one-time key
 * and the salt are given, and must be fresh for each message.
 */
#ifndef BASE_ECE_H
#define BASE_ECE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/p256.h"

#define ECE_SALT_LEN 16
#define ECE_AUTH_LEN 16
#define ECE_BODY_MAX 4096 /* what a push service must take (RFC 8030 7.2) */
/* Header with the sender's point, a byte of padding, the GCM tag. */
#define ECE_OVERHEAD (ECE_SALT_LEN + 4 + 1 + P256_POINT_LEN + 1 + 16)
#define ECE_TEXT_MAX (ECE_BODY_MAX - ECE_OVERHEAD) /* 3,993 bytes */

struct ece_receiver {
	uint8_t point[P256_POINT_LEN];
	uint8_t auth[ECE_AUTH_LEN];
};

/* Appends the body. ERR_INPUT: the receiver's point is none, or len is past
 * ECE_TEXT_MAX. */
int ece_encrypt(struct buf *out, const struct ece_receiver *to,
    const struct p256_key *sender, const uint8_t salt[ECE_SALT_LEN],
    const void *text, size_t len, struct err *err);

#endif
