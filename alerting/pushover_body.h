/*
 * A message as Pushover's JSON, within that service's limits. Pure.
 */
#ifndef ALERTING_PUSHOVER_BODY_H
#define ALERTING_PUSHOVER_BODY_H

#include <stdbool.h>

#include "alerting/message.h"

#define PUSHOVER_MESSAGE_MAX  1024 /* characters there, bytes here */
#define PUSHOVER_URL_MAX      512
#define PUSHOVER_RETRY_MIN_S  30
#define PUSHOVER_EXPIRE_MAX_S 10800

struct pushover_to {
	const char *token, *user;   /* secrets */
	const char *device, *sound; /* or NULL */
	int64_t retry_s, expire_s;  /* of an emergency */
};

/* Does it ring until somebody answers? */
bool pushover_is_emergency(const struct message *m);
char *pushover_body(
    const struct message *m, const struct pushover_to *to); /* the caller's */

#endif
