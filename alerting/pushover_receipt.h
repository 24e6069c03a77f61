/*
 * What Pushover's answers mean for a delivery. The service forbids to repeat
 * what it refused with a word of its own; everything else may pass. Pure but
 * for the wall clock (when a quota comes back).
 */
#ifndef ALERTING_PUSHOVER_RECEIPT_H
#define ALERTING_PUSHOVER_RECEIPT_H

#include "alerting/channel.h"
#include "alerting/post.h"

/* What post_keep() is to keep: the quota. */
extern const char *const pushover_receipt_headers[];

/* Of a message; an emergency is polled. */
void pushover_receipt_sent(const struct post_answer *answer, struct receipt *r);
/* Of the question who acknowledged. */
void
pushover_receipt_polled(const struct post_answer *answer, struct receipt *r);
/* Of the request to stop ringing. */
void
pushover_receipt_cancelled(const struct post_answer *answer, struct receipt *r);

#endif
