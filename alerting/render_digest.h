/*
 * A digest (message.digest) as words: its title and its incidents, the worst
 * first. Pure. Texts are printable, not yet escaped for any format.
 */
#ifndef ALERTING_RENDER_DIGEST_H
#define ALERTING_RENDER_DIGEST_H

#include <stdbool.h>

#include "alerting/message.h"

#define RENDER_DIGEST_TITLE_MAX 200

/* "31 incidents: 2 critical, 29 high; worst: portal is failing". Returns dst.
 */
const char *
render_digest_title(char dst[RENDER_DIGEST_TITLE_MAX], const struct message *m);

/* Is everything over that it tells? False for what is no digest. */
bool render_digest_is_over(const struct message *m);

struct render_digest_item {
	struct message as; /* for render_state, render_colour, render_is_link:
	                        event, severity, url; the rest is empty */
	char title[200];   /* "portal is failing" */
	char state[40];    /* "CRITICAL" */
	char since[40];    /* "2026-11-22 03:59:30 UTC"; "" */
	char reason[240];  /* "connect to 192.0.2.7:443 refused"; "" */
};
typedef void render_digest_fn(void *ctx, const struct render_digest_item *item);
void
render_digest_each(const struct message *m, render_digest_fn *each, void *ctx);

/* "and 6 more: tocsin incident list"; "" when all are in the list. */
void render_digest_rest(char dst[80], const struct message *m);

#endif
