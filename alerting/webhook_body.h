/*
 * A message as the data of a JSON envelope, kept below the 20 kB that Standard
 * Webhooks asks for. Pure.
 */
#ifndef ALERTING_WEBHOOK_BODY_H
#define ALERTING_WEBHOOK_BODY_H

#include "alerting/message.h"

#define WEBHOOK_BODY_MAX 20000 /* bytes */

/* "incident.opened", "channel.test" */
void webhook_body_type(char dst[40], const struct message *m);

/* The envelope with "data" in it as text; takes the envelope. What is least
 * needed is left out first, and named in data.left_out. The caller's. */
char *webhook_body_text(json_t *envelope, const struct message *m);

#endif
