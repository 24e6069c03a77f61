/*
 * Messages that a template is tried with before it is believed. Pure.
 */
#ifndef ALERTING_WEBHOOK_SAMPLE_H
#define ALERTING_WEBHOOK_SAMPLE_H

#include "alerting/message.h"

enum webhook_sample_kind {
	WEBHOOK_SAMPLE_EMPTY, /* what may be absent is */
	WEBHOOK_SAMPLE_FULL,  /* everything is there, lists have two items */
	WEBHOOK_SAMPLE_LARGE, /* and as long as it may be */
	/* Full, but free-form members (labels, facts, metrics) are empty
	 * objects: any name may be in them. */
	WEBHOOK_SAMPLE_NAMES,
};

struct webhook_sample {
	struct message m;
	char *text; /* what every string is */
	json_t *labels, *regions, *facts, *metrics, *digest;
};

void webhook_sample_init(
    struct webhook_sample *sample, enum webhook_sample_kind kind);
void webhook_sample_fini(struct webhook_sample *sample);

#endif
