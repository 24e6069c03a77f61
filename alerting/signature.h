/*
 * Signatures of webhooks as Standard Webhooks 1.0.0 has them: "v1," and the
 * Base64 of HMAC-SHA256 over `id.timestamp.body`. Pure.
 */
#ifndef ALERTING_SIGNATURE_H
#define ALERTING_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define SIGNATURE_KEY_MIN 24
#define SIGNATURE_KEY_MAX 64

struct signature_key {
	uint8_t bytes[SIGNATURE_KEY_MAX];
	size_t len;
};

/* "whsec_" and the Base64 of 24 to 64 bytes. */
int signature_key_read(
    struct signature_key *key, const char *text, struct err *err);

struct signature_input {
	const char *id;      /* webhook-id: no dot allowed */
	int64_t timestamp_s; /* webhook-timestamp: this attempt's */
	const char *body;
	size_t body_len;
};

/* Appends "v1,…" for this key, after a space if out is not empty. */
void signature_add(struct buf *out, const struct signature_key *key,
    const struct signature_input *in);

#endif
