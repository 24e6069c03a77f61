/*
 * A template taken apart, inside alerting/template*.c:
 *   template.c         text to nodes
 *   template_names.c   which value a name means
 *   template_render.c  nodes and values to text
 */
#ifndef ALERTING_TEMPLATE_NODE_H
#define ALERTING_TEMPLATE_NODE_H

#include <stdbool.h>

#include "alerting/template.h"

enum template_type {
	TEMPLATE_LITERAL,
	TEMPLATE_VALUE,
	TEMPLATE_SECTION,  /* {{#x}} */
	TEMPLATE_INVERTED, /* {{^x}} */
	TEMPLATE_END,      /* {{/x}} */
};

struct template_node {
	enum template_type type;
	const char *text; /* the literal, or the path */
	size_t len;
	size_t end; /* a section's: where its TEMPLATE_END is */
};

struct template
{
	const char *source;
	struct template_node *nodes;
	size_t count;
};

/* Where names are looked up: the message, then one entry a section. */
struct template_scope {
	struct {
		const json_t *value;
		size_t index, count; /* of the list it is an item of; or 0, 0 */
	} levels[TEMPLATE_DEPTH_MAX + 1];
	size_t depth; /* of the innermost */
};

struct template_miss {
	size_t at;            /* where in the path the unknown name begins */
	const json_t *parent; /* what has no such member */
};

/* NULL if there is no such value, and why in *miss (unless that is NULL). */
const json_t *template_find(const struct template_scope *scope,
    const struct template_node *node, struct template_miss *miss);

/* One level deeper; index < count for an item of a list. */
void template_enter(struct template_scope *scope, const json_t *value,
    size_t index, size_t count);

/* An error that begins with line and column of `at`. Returns -1. */
int template_mistake(const struct template *t, const char *at, struct err *err,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
