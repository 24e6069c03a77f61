/*
 * Typed, bounded getters over jansson, for JSON that came from outside this
 * process. Each returns 0, or -1 with an error that names the key, what was
 * found and what is allowed. Borrowed strings live as long as the object.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define JSON_DEPTH_MAX 16

/* Parse exactly one JSON value; duplicate keys, NUL in strings and nesting
 * deeper than JSON_DEPTH_MAX are refused. *out is the caller's. */
int json_parse(json_t **out, const char *text, size_t len, struct err *err);

/* Required members. */
int json_need_str(const json_t *obj, const char *key, size_t max_len,
    const char **out, struct err *err);
int json_need_int(const json_t *obj, const char *key, int64_t min, int64_t max,
    int64_t *out, struct err *err);
int json_need_enum(const json_t *obj, const char *key, const char *const *names,
    int *out, struct err *err);
int json_need_obj(
    const json_t *obj, const char *key, json_t **out, struct err *err);

/* Optional members: *out is left alone when the key is absent or null. */
int json_opt_str(const json_t *obj, const char *key, size_t max_len,
    const char **out, struct err *err);
int json_opt_int(const json_t *obj, const char *key, int64_t min, int64_t max,
    int64_t *out, struct err *err);
int
json_opt_bool(const json_t *obj, const char *key, bool *out, struct err *err);

/* Refuse members that are not in the NULL-ended list. */
int json_only(const json_t *obj, const char *const *keys, struct err *err);

/* For JSON of our own making: "" or the fallback where there is no such. */
const char *json_str(const json_t *obj, const char *key);
int64_t json_int(const json_t *obj, const char *key, int64_t fallback);
bool json_bool(const json_t *obj, const char *key, bool fallback);

/* Set a member; invalid UTF-8 is replaced rather than refused. */
void json_put_str(json_t *obj, const char *key, const char *value);
/* The same for bytes from outside: controls but tab and newline are dropped. */
void json_put_text(json_t *obj, const char *key, const char *s, size_t len);
void json_put_int(json_t *obj, const char *key, int64_t value);
void json_put_real(json_t *obj, const char *key, double value);
void json_put_bool(json_t *obj, const char *key, bool value);
/* As RFC 3339; null if 0. */
void json_put_time(json_t *obj, const char *key, int64_t wall_ms);
/* Takes value; NULL = null. */
void json_put(json_t *obj, const char *key, json_t *value);

/* Compact text, keys in insertion order; the caller's. */
char *json_text(const json_t *value);

#endif
