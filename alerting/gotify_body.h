/*
 * A message as Gotify's JSON, where it is posted, and what its server answers.
 * Pure.
 */
#ifndef ALERTING_GOTIFY_BODY_H
#define ALERTING_GOTIFY_BODY_H

#include "alerting/message.h"

#define GOTIFY_MESSAGE_MAX 4096 /* bytes; ours: the server has no limit */

/* "<server>/message", whatever slashes the URL ends in; the caller's. */
char *gotify_place(const char *url);
char *gotify_body(const struct message *m); /* the caller's */

/* The id that the server gave the message, or 0: not Gotify's answer. */
int64_t gotify_id(const char *answer, size_t len);
/* Why it refused, in its own words, printable; "" if it does not say. */
void gotify_error(char *dst, size_t size, const char *answer, size_t len);

#endif
