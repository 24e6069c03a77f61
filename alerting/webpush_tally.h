/*
 * Who of a channel's subscribers has had a message, over several attempts, and
 * what receipt follows from that. Pure; remembers the latest deliveries only,
 * by their idempotency key. What is forgotten, or lost with the process, goes
 * out twice and replaces itself on the screen.
 */
#ifndef ALERTING_WEBPUSH_TALLY_H
#define ALERTING_WEBPUSH_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "alerting/channel.h"
#include "alerting/webpush_subscriber.h"

enum webpush_result {
	WEBPUSH_UNTRIED,
	WEBPUSH_LATER,   /* not now: again in the next attempt */
	WEBPUSH_TAKEN,   /* its push service has it */
	WEBPUSH_GONE,    /* the subscription has ended: forget it */
	WEBPUSH_REFUSED, /* not like this, and somebody must know why */
};

struct webpush_outcome {
	enum webpush_result result;
	int status;             /* HTTP, or 0 */
	int64_t retry_after_ms; /* or -1 */
	const char *why;        /* LATER, REFUSED: "status 503, …" */
};

/* What the push service's status means for one subscription. */
enum webpush_result webpush_tally_meaning(int status);

struct webpush_tally;
struct webpush_round; /* one delivery, all its attempts */

struct webpush_tally *webpush_tally_new(void);
void webpush_tally_free(struct webpush_tally *t);

/* The next attempt of a delivery; valid until the next call. */
struct webpush_round *
webpush_tally_begin(struct webpush_tally *t, const char *delivery);
/* This subscriber is to be told; how it stands with him from attempts before:
 * UNTRIED and LATER are to be sent to, the untried first. */
enum webpush_result
webpush_tally_list(struct webpush_round *round, const char *id);
void webpush_tally_note(struct webpush_round *round,
    const struct webpush_subscriber *to, const struct webpush_outcome *outcome);

/* The attempt is over. Who was listed and not noted is told later. */
void
webpush_tally_receipt(const struct webpush_round *round, struct receipt *r);

#endif
