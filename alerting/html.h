/*
 * Building blocks of an HTML mail, and nothing that a mail client drops: tables
 * for layout (role="presentation"), inline styles, no script, no image, nothing
 * that is fetched. What a client may drop without harm stands in one small
 * <style>: stacked rows on phones, and the dark palette. Every text stands on a
 * background that is set beside it and keeps a contrast of 4.5:1, so clients
 * that darken a mail by themselves keep it readable. Pure.
 */
#ifndef ALERTING_HTML_H
#define ALERTING_HTML_H

#include <stdbool.h>

#include "base/buf.h"

#define HTML_INK   "#1f2328"
#define HTML_QUIET "#57606a"
#define HTML_LINE  "#d0d7de"

/* For text and for attributes in double quotes. */
void html_escape(struct buf *out, const char *s);

/* From the doctype to inside the card, under a bar of the colour. `preview` is
 * what an inbox shows beside the subject. Both texts are escaped here. */
void html_open(struct buf *out, const char *title, const char *preview,
    const char *colour);
/* The footer's text begins after this; html_close ends all. */
void html_footer(struct buf *out);
void html_close(struct buf *out);

/* The state as a word in a frame of its colour. */
void html_badge(struct buf *out, const char *word, const char *colour);
void html_heading(struct buf *out, const char *text);
void html_section(struct buf *out, const char *title);
void html_paragraph(struct buf *out, const char *text);
void html_note(struct buf *out, const char *text);
void html_code(struct buf *out, const char *text);

/* One row of buttons: html_buttons_open, html_button…, html_buttons_close. */
void html_buttons_open(struct buf *out);
void
html_button(struct buf *out, const char *text, const char *url, bool first);
void html_buttons_close(struct buf *out);

/* A table of labels and values: html_rows_open, html_row…, html_rows_close. */
void html_rows_open(struct buf *out);
void html_row(struct buf *out, const char *label, const char *value, bool link);
void html_rows_close(struct buf *out);

/* One incident of a list, inside html_rows_open and _close; "" leaves out. */
struct html_item {
	const char *word, *colour; /* its state */
	const char *when, *title, *url, *text;
};
void html_item(struct buf *out, const struct html_item *item);

#endif
