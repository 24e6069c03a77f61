/*
 * The facts of a message as labelled rows, shared by the text and the HTML
 * form. Pure. Values are printable but not yet escaped for any format.
 */
#ifndef ALERTING_RENDER_ROWS_H
#define ALERTING_RENDER_ROWS_H

#include <stdbool.h>

#include "alerting/message.h"

/* Calls row() for everything worth a line: label, value, is it a link? */
typedef void
render_row_fn(void *ctx, const char *label, const char *value, bool link);
void render_rows(const struct message *m, render_row_fn *row, void *ctx);
/* The same for facts, then metrics, of the observation. */
void render_facts(const struct message *m, render_row_fn *row, void *ctx);

#endif
