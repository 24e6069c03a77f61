/*
 * What the parts of the configuration's reading share while one is built.
 * Internal to agent/config*.c.
 */
#ifndef AGENT_CONFIG_BUILD_H
#define AGENT_CONFIG_BUILD_H

#include <jansson.h>

#include "agent/config_tables.h"
#include "agent/config_yaml.h"

struct config_build {
	struct config *config;
	struct config_yaml *yaml; /* NULL when there is no file */
	struct config_mistakes mistakes, warnings;
	struct option_report report; /* into mistakes, with places */
	json_t *effective;           /* NULL unless wanted */
	json_t *labels;  /* of the last probe that has some; borrowed */
	json_t **probes; /* what config->probes[i] was made of; borrowed */
};

void config_build_init(
    struct config_build *b, struct config *config, struct config_yaml *yaml);

/* `at` may be NULL: then the place is unknown. */
void config_wrong(struct config_build *b, const json_t *at, const char *path,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void config_warn(struct config_build *b, const json_t *at, const char *path,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A kind's check() refused obj: its text begins with the key to blame. What
 * must not be shown is taken out. */
void config_wrong_check(struct config_build *b, const json_t *obj,
    const char *path, const struct err *err);

/* Resolve the references in all texts of the tree, in place. */
void
config_build_expand(struct config_build *b, json_t *tree, const char *path);
/* Texts of JSON rows become what they look like: 5 a number, true a truth
 * value, unless they were written in quotes. */
void config_build_type(
    struct config_build *b, const struct option *table, json_t *obj);
/* Warn of secrets that stand in the file in clear. */
void config_build_secrets(struct config_build *b, const struct option *table,
    const json_t *obj, const char *path);
/* Texts in `dump` that hold something referred to, as the file has them. */
void config_build_mask(
    const struct config_build *b, const json_t *obj, json_t *dump);

/* A map's key must be a name. */
void config_check_name(struct config_build *b, const char *map,
    const char *name, const json_t *at);
/* One of `names` (NULL-ended) was meant: "there is no channel pagr; did you
 * mean pager?" */
void config_unknown(struct config_build *b, const json_t *at, const char *path,
    const char *what, const char *name, const char *const *names);

/* "portal": letters a-z, digits, dot, underscore, hyphen; at most 63. */
bool config_is_name(const char *name);
/* "probes.portal", or "probes[3]" when it has no name; the caller's. */
char *config_item_path(const char *list, const json_t *item, size_t i);

/* Each fills its part of b->config from the merged tree. */
void config_build_file(struct config_build *b, json_t *root);
void
config_build_probes(struct config_build *b, json_t *list, json_t *defaults);
void config_build_channels(struct config_build *b, json_t *map);
void config_build_routes(struct config_build *b, json_t *list);
/* People and rotations, and who is named in routes: when all are there. */
void config_build_duty(struct config_build *b, json_t *root);
void config_fini_duty(struct config *c);
void config_build_mutes(struct config_build *b, json_t *root);
/* Read one probe's object into *p; for `tocsin probe KIND`, too. */
void config_build_probe(struct config_build *b, struct config_probe *p,
    json_t *obj, const char *path);

/* What holds between parts: references, cycles; then, if all is well, what is
 * odd. */
void config_check(struct config_build *b);
void config_check_warnings(struct config_build *b);

#endif
