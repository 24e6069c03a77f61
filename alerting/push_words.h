/*
 * What the push kinds (ntfy, gotify, pushover, webpush) share of turning a
 * message into something for a lock screen: how loudly, which title, how much
 * text, which links. Pure.
 */
#ifndef ALERTING_PUSH_WORDS_H
#define ALERTING_PUSH_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "alerting/message.h"

/* Ordered; each kind has its own scale for it. */
enum push_volume {
	PUSH_UNSEEN, /* only in the list */
	PUSH_SILENT,
	PUSH_NORMAL,
	PUSH_LOUD,
	PUSH_ALARM, /* over "do not disturb" */
};
#define PUSH_VOLUME_COUNT 5
enum push_volume push_volume(const struct message *m);

/* Must it ring even where the phone still shows an earlier one? Not what only
 * says how it goes on: acknowledged, a note, better, over. */
bool push_rings_anew(enum event_type event);

#define PUSH_TITLE_MAX 200 /* bytes, with the NUL */
/* "[CRITICAL] portal is failing". Returns dst. */
const char *push_title(char dst[PUSH_TITLE_MAX], const struct message *m);

/* A few lines, at most `max` bytes (64 or more), cut with a note. The
 * caller's. */
char *push_text(const struct message *m, size_t max);

/* Where a tap leads: the incident's page or else the runbook; or "". */
const char *push_link(const struct message *m);
/* The acknowledge link, if somebody should use it; or "". */
const char *push_ack_link(const struct message *m);

#endif
