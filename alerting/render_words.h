/*
 * The facts of a message as short words and rows, shared by the text and the
 * HTML form so that both always say the same. Pure. Values are printable (no
 * control characters, no line breaks) but not yet escaped for HTML.
 */
#ifndef ALERTING_RENDER_WORDS_H
#define ALERTING_RENDER_WORDS_H

#include <stdbool.h>

#include "alerting/message.h"
#include "base/buf.h"

#define RENDER_VALUE_MAX 600

/* "CRITICAL", "RESOLVED", "ACKNOWLEDGED", …: what a person must know first. */
void render_state(char dst[40], const struct message *m);

/* What it is about: "portal is failing"; once it is over, "portal". Not yet
 * printable; borrowed. */
const char *render_headline(const struct message *m);

/* What is said beside the state: "connect to … refused", "after 12 min". */
void render_gist(char dst[RENDER_VALUE_MAX], const struct message *m);

/* "#cf222e": how bad it is as a colour, the same on every channel. Always
 * beside the word, never alone. */
const char *render_colour(const struct message *m);

/* What has to be done now; "" when nothing. */
const char *render_advice(const struct message *m);

/* "2026-11-22 04:00:00 UTC". Returns dst. */
const char *render_time(char dst[40], int64_t wall_ms);

/* May this be a link? Only http:// and https:// without odd characters. */
bool render_is_link(const char *url);

/* Calls row() for everything worth a line: label, value, is it a link? */
typedef void
render_row_fn(void *ctx, const char *label, const char *value, bool link);
void render_rows(const struct message *m, render_row_fn *row, void *ctx);
/* The same for facts, then metrics, of the observation. */
void render_facts(const struct message *m, render_row_fn *row, void *ctx);

/* Was it closed by a person although it is still bad? */
bool render_still_bad(const struct message *m);

#endif
