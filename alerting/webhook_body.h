/*
 * The body of a webhook: {"type", "timestamp", "data"} with the message as
 * data, kept below the format's 20 kB. Pure.
 */
#ifndef ALERTING_WEBHOOK_BODY_H
#define ALERTING_WEBHOOK_BODY_H

#include "alerting/message.h"

#define WEBHOOK_BODY_MAX 20000 /* bytes */

/* What is least needed is left out first, and named in data.left_out. The
 * caller's. */
char *webhook_body(const struct message *m);

#endif
