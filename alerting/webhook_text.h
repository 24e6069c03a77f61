/*
 * Text for other services: escaped so that it shows as it is, without
 * formatting, links or mentions of its own, and cut to the service's limit at
 * a character boundary, with "…" to show for it. Pure.
 */
#ifndef ALERTING_WEBHOOK_TEXT_H
#define ALERTING_WEBHOOK_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum webhook_text {
	WEBHOOK_TEXT_PLAIN, /* only what may not be shown is replaced */
	WEBHOOK_TEXT_SLACK, /* & < > as entities: no <!channel>, no <@U…> */
	WEBHOOK_TEXT_MARKDOWN, /* Discord's, by backslashes */
};

/* Appends s, at most max_units of UTF-16 (what most services count) after
 * escaping. True if it was cut. Line breaks stay, other controls do not. */
bool webhook_text_add(
    struct buf *out, const char *s, enum webhook_text form, size_t max_units);

/* The same as a member of an object. */
void webhook_text_put(json_t *obj, const char *key, const char *s,
    enum webhook_text form, size_t max_units);

/* How many UTF-16 units valid UTF-8 has. */
size_t webhook_text_units(const char *s);

/* Appends a part of a URL's path or query, percent-encoded. */
void webhook_text_url(struct buf *out, const char *s);

#endif
