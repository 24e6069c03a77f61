/*
 * One value of one option type: read from text, shown as JSON, freed, and its
 * limits. Shared by base/option*.c; everybody else uses base/option.h.
 */
#ifndef BASE_OPTION_VALUE_H
#define BASE_OPTION_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/option.h"

#define OPTION_SHOWN_MAX 80 /* bytes of a value quoted in a message */

/* "duration", "list of text": how documentation calls the type. */
const char *option_type_name(enum option_type type);
/* Bytes of the member that this type fills; 0 for SECTION. */
size_t option_member_size(enum option_type type);
/* One text makes the whole value: not LIST, MAP, SECTION, SECTIONS, JSON. */
bool option_is_scalar(enum option_type type);

/* A table's row of that name, or NULL. */
const struct option *option_find(const struct option *table, const char *name);
/* The key that was probably meant: "method", or "expect.status" for one that
 * belongs a level deeper; NULL if none is near. The caller's. */
char *
option_nearest(const struct option_set *sets, size_t count, const char *key);

/* What counts as too little and too much, the type's own limits included. */
void option_limits(const struct option *o, int64_t *min, int64_t *max);
/* A limit, as one would write it: "15s", "1MiB", "5". Returns dst. */
const char *
option_limit_text(char dst[32], const struct option *o, int64_t limit);

/* A value as a message shows it: printable, cut, quoted when it has spaces;
 * "the value" when hidden. Returns dst. */
const char *
option_shown(char dst[OPTION_SHOWN_MAX], const char *text, bool hidden);

/* Read a scalar's text (and for LIST: one more item) into the member. Hidden
 * values never appear in `why`. */
int option_read(const struct option *o, void *member, const char *text,
    bool hidden, struct err *why);
/* The default into a zeroed member; a wrong one is our own bug and aborts. */
void option_read_standard(const struct option *o, void *member);

/* The value as JSON, NULL when absent; for all types but SECTION(S). */
json_t *option_value_json(
    const struct option *o, const void *member, bool hide_secrets);
bool option_value_same(const struct option *o, const void *a, const void *b);

/* Free what the member holds and zero it; for all types but SECTION(S). */
void option_value_free(const struct option *o, void *member);

#endif
