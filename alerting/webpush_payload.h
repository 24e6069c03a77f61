/*
 * What one push carries: the JSON that the service worker of the subscribe page
 * shows, and the headers that tell the push service how to treat it. Pure.
 */
#ifndef ALERTING_WEBPUSH_PAYLOAD_H
#define ALERTING_WEBPUSH_PAYLOAD_H

#include "alerting/message.h"
#include "base/ece.h"

#define WEBPUSH_TOPIC_MAX 32 /* RFC 8030 section 5.4 */

/* At most ECE_TEXT_MAX bytes; the caller's. */
char *webpush_payload(const struct message *m);

/* RFC 8030 section 5.3. */
const char *webpush_urgency(const struct message *m);
/* What replaces what was not delivered yet; "" when it stands for itself.
 * Returns dst. */
const char *
webpush_topic(char dst[WEBPUSH_TOPIC_MAX + 1], const struct message *m);

#endif
