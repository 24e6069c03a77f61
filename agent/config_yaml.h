/*
 * A strict reader of YAML (RFC 9512's subset that people mean): maps, lists
 * and scalars, as a json_t tree beside a table that knows where each value
 * stands. Every scalar is a JSON string, whatever YAML 1.1 would make of it;
 * an empty one (also `~` and `null`) is JSON null, which means absent.
 *
 * Refused, each with its place, going on where that makes sense: duplicate
 * keys, anchors, aliases, merge keys, tags, a second document, what is not
 * UTF-8, control characters, nesting past 16, text past 4 MiB.
 */
#ifndef AGENT_CONFIG_YAML_H
#define AGENT_CONFIG_YAML_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/config_mistakes.h"

#define CONFIG_YAML_DEPTH_MAX 16
#define CONFIG_YAML_BYTES_MAX ((size_t)4 << 20)

struct config_yaml; /* the places of all values of all files read with it */

struct config_yaml *config_yaml_new(struct config_mistakes *mistakes);
void config_yaml_free(struct config_yaml *y);

/* Read one text; `file` is its name in messages (copied). The caller's object
 * (an empty one for an empty text), or NULL when reading had to stop. The
 * values must outlive their places. */
json_t *config_yaml_read(
    struct config_yaml *y, const char *file, const char *text, size_t len);

/* Where a value stands: a scalar where it begins, a map or list where its key
 * does. Unknown values give line 0. */
struct config_place
config_yaml_place(const struct config_yaml *y, const json_t *v);
/* Let v (of our own making) stand where `like` stands. */
void config_yaml_same_place(
    struct config_yaml *y, const json_t *v, const json_t *like);
/* Written in quotes or as a block: text, whatever it looks like? */
bool config_yaml_quoted(const struct config_yaml *y, const json_t *v);

/* A reference (${file:…}) was put in: the value must not be shown; what was
 * written in the file may be. */
void config_yaml_hide(struct config_yaml *y, const json_t *v);
/* The text as it stood in the file, or NULL if nothing was put in. */
const char *config_yaml_hidden(const struct config_yaml *y, const json_t *v);

#endif
