/*
 * The list of what is wrong (or odd) in a configuration, each with its place.
 */
#ifndef AGENT_CONFIG_MISTAKES_H
#define AGENT_CONFIG_MISTAKES_H

#include <jansson.h>

#include "agent/config.h"
#include "base/buf.h"

#define CONFIG_MISTAKES_MAX 100 /* told at once */

struct config_place {     /* where a value stands; line 0 = unknown */
	const char *file; /* borrowed; "" = unknown */
	int line, column; /* 1-based */
};

/* Copies everything. */
void config_mistakes_add(struct config_mistakes *m,
    const struct config_place *at, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Into file, line and column order, and not more than can be told at once. */
void config_mistakes_finish(struct config_mistakes *m);

/* "file:line:column: <mark>path: text", as editors know it from compilers. */
void config_mistake_text(
    struct buf *out, const struct config_mistake *m, const char *mark);
/* {"file":…,"line":…,"column":…,"path":…,"text":…}; the caller's. */
json_t *config_mistake_json(const struct config_mistake *m);

/* Move everything of `from` to the end of `to`. */
void
config_mistakes_move(struct config_mistakes *to, struct config_mistakes *from);

#endif
