/*
 * Who we are, for push services (RFC 8292): a signed token for the origin of an
 * endpoint. Signing costs more than sending, and services count new tokens, so
 * one serves its origin for hours.
 */
#ifndef ALERTING_WEBPUSH_VAPID_H
#define ALERTING_WEBPUSH_VAPID_H

#include <stdint.h>

#include "base/err.h"
#include "base/p256.h"

struct webpush_vapid;

/* A contact: "mailto:ops@example.org" or an https:// URL. The message starts
 * with "subject". */
int webpush_vapid_check_subject(const char *subject, struct err *err);

/* private_key as base/p256.h reads it; the message starts with its name. */
int webpush_vapid_new(struct webpush_vapid **out, const char *private_key,
    const char *subject, struct err *err);
void webpush_vapid_free(struct webpush_vapid *v);

/* "vapid t=…, k=…": the Authorization header's value. Borrowed until the next
 * call for another origin. */
const char *webpush_vapid_header(
    struct webpush_vapid *v, const char *origin, int64_t now_ms);

/* The public key as browsers want it (Base64url, 87 characters). */
#define WEBPUSH_PUBLIC_LEN 87
void webpush_vapid_public(
    char dst[WEBPUSH_PUBLIC_LEN + 1], const struct p256_key *key);

#endif
