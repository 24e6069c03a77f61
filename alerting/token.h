/*
 * Signed tokens: a right that travels in a link. A token carries one line of
 * text and an end, and is genuine if it was made with the same key for the same
 * purpose; whoever holds one may do what it says until it ends. It hides
 * nothing: do not put a secret into one. Pure.
 *
 * The text is the URL alphabet of Base64, without padding, of: version (1
 * byte), end (8 bytes, seconds since 1970, big endian), payload, MAC (16 bytes
 * of HMAC-SHA256 over purpose and all before it). No other spelling of the same
 * token is taken.
 */
#ifndef ALERTING_TOKEN_H
#define ALERTING_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TOKEN_PAYLOAD_MAX 160
#define TOKEN_TEXT_MAX    247 /* of the longest payload */
#define TOKEN_KEY_MIN     32
#define TOKEN_KEY_MAX     64

struct token_key {
	uint8_t bytes[TOKEN_KEY_MAX];
	size_t len;
};

/* Base64 of 32 to 64 bytes. */
int token_key_read(struct token_key *key, const char *text, struct err *err);

struct token {
	int64_t expires_s; /* wall clock: good before that second */
	char payload[TOKEN_PAYLOAD_MAX + 1];
};

/* `purpose` is a short word of ours ("ack"): a token made for one is nothing
 * for another. `payload` has at most TOKEN_PAYLOAD_MAX bytes. */
void token_make(char dst[TOKEN_TEXT_MAX + 1], const struct token_key *key,
    const char *purpose, int64_t expires_s, const char *payload);

enum token_status {
	TOKEN_GOOD,
	TOKEN_EXPIRED, /* genuine, but too old; *out is filled */
	TOKEN_FORGED,  /* anything else, whatever is wrong with it */
};

enum token_status token_read(struct token *out, const struct token_key *key,
    const char *purpose, const char *text, int64_t now_s);

#endif
