/*
 * A message as short words, shared by every form of it so that they always say
 * the same. Pure. What is written to a buffer is printable (no control
 * characters, no line breaks) but not yet escaped for any format.
 */
#ifndef ALERTING_RENDER_WORDS_H
#define ALERTING_RENDER_WORDS_H

#include <stdbool.h>

#include "alerting/message.h"
#include "base/buf.h"

#define RENDER_VALUE_MAX 600
/* How to keep an incident quiet; %s is its id. */
#define RENDER_SILENCE                                                         \
	"tocsin silence add --incident %s --for 2h --reason \"why\""

/* "CRITICAL", "RESOLVED", "ACKNOWLEDGED", …: what a person must know first. */
void render_state(char dst[40], const struct message *m);

/* What it is about: "portal is failing"; once it is over, "portal"; of a digest
 * its own title (render_digest.h has a better one). Not yet printable;
 * borrowed. */
/* What to call an incident that is over: its probe, or its title. */
const char *render_over(const char *probe, const char *title);
const char *render_headline(const struct message *m);

/* What is said beside the state: "connect to … refused", "after 12 min". */
void render_gist(char dst[RENDER_VALUE_MAX], const struct message *m);

/* "#cf222e": how bad it is as a colour, the same on every channel. Always
 * beside the word, never alone. */
const char *render_colour(const struct message *m);

/* "You get this because pager could not deliver it"; "" when its route alone
 * is why. */
void render_because(char dst[RENDER_VALUE_MAX], const struct message *m);

/* What is different from the message before: "from degraded to failing; before:
 * status 503", "nothing since 2026-11-22 04:00:00 UTC"; "" when nothing is to
 * be said. */
void render_change(char dst[RENDER_VALUE_MAX], const struct message *m);

/* What has to be done now; "" when nothing. */
const char *render_advice(const struct message *m);

/* Is somebody waited for: is acknowledging of use? */
bool render_wants_ack(const struct message *m);
/* "2026-11-22 04:00:00 UTC". Returns dst. */
const char *render_time(char dst[40], int64_t wall_ms);

/* May this be a link? Only http:// and https:// without odd characters. */
bool render_is_link(const char *url);

/* Was it closed by a person although it is still bad? */
bool render_still_bad(const struct message *m);

#endif
