/*
 * What a message says to people, taken apart for services that lay it out
 * themselves: title, reason, links, labelled rows. Pure. Texts are printable
 * and not yet escaped.
 */
#ifndef ALERTING_WEBHOOK_CARD_H
#define ALERTING_WEBHOOK_CARD_H

#include <stdbool.h>
#include <stddef.h>

#include "alerting/message.h"
#include "alerting/render_words.h"

#define WEBHOOK_CARD_TITLE_MAX 260
#define WEBHOOK_CARD_LINKS_MAX 3

struct webhook_card_row {
	char label[200], value[RENDER_VALUE_MAX];
	bool link; /* the value is an http:// or https:// URL */
};

struct webhook_card_link {
	const char *label, *url; /* url passed render_is_link() */
};

struct webhook_card {
	char title[WEBHOOK_CARD_TITLE_MAX]; /* "[CRITICAL] portal is failing" */
	char gist[RENDER_VALUE_MAX];        /* "connect to … refused" */
	char because[RENDER_VALUE_MAX];     /* why this channel; "" */
	const char *advice;                 /* what to do; "" */
	const char *colour;                 /* "#cf222e" */
	char footer[300]; /* "tocsin on mon1, incident 7k3qx9v2tb, event 1" */
	/* The first is the one to press: acknowledge, if that is of use. */
	struct webhook_card_link links[WEBHOOK_CARD_LINKS_MAX];
	size_t link_count;
	/* The most important first; of a digest its incidents. */
	struct webhook_card_row *rows;
	size_t row_count;
};

/* Borrows from m. */
void webhook_card_init(struct webhook_card *card, const struct message *m);
void webhook_card_fini(struct webhook_card *card);

/* "2 more lines left out" */
void webhook_card_rest(char dst[60], size_t left_out);

#endif
