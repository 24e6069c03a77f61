/*
 * Logic-less templates: text with {{path.to.member}} where a value goes,
 * {{#x}}…{{/x}} for each item of a list (or once, if x is there), {{^x}}…{{/x}}
 * if it is not. Every value is escaped for what the text is, always. In a
 * section {{.}} is the item itself, -first and -last say where it stands. A
 * section's tag alone on its line takes the line with it. Pure.
 */
#ifndef ALERTING_TEMPLATE_H
#define ALERTING_TEMPLATE_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define TEMPLATE_DEPTH_MAX 8
#define TEMPLATE_NODES_MAX 2000

struct template;

enum template_escape {
	TEMPLATE_JSON, /* inside a string of JSON */
	TEMPLATE_FORM, /* a value of application/x-www-form-urlencoded */
	TEMPLATE_TEXT, /* one line, no control characters */
};

/* Mistakes say where: "line 2, column 14: …". Borrows text. */
int template_new(struct template **out, const char *text, struct err *err);
void template_free(struct template *t);

/* Is every name there? `sample` is what will be rendered, with everything in
 * it; an object without members stands for one with any. */
int template_check_names(
    const struct template *t, const json_t *sample, struct err *err);

struct template_limits {
	size_t
	    value_max; /* bytes of one value before it is escaped; cut: "…" */
	unsigned items_max; /* of all lists together, each time it is begun */
};

/* -1 if it passes out's ceiling or items_max. */
int
template_render(struct buf *out, const struct template *t, const json_t *data,
    enum template_escape escape, const struct template_limits *limits);

#endif
