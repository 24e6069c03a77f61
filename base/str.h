/*
 * Strings: bounded copies that report truncation, strict number, duration and
 * size parsing, and the few helpers every module needs. Pure; never blocks.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Copy src into dst[size], always ended. 0, or -1 if it was cut. */
int str_copy(char *dst, size_t size, const char *src);

/* Like snprintf; 0, or -1 if it was cut (dst is ended all the same). */
int str_printf(char *dst, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

bool str_eq(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* The position of word in a NULL-ended list, or -1. */
int str_index(const char *const *list, const char *word);

/* The entry of a NULL-ended list nearest to word by edit distance, if it is
 * near enough to be a likely typo; else NULL. */
const char *str_nearest(const char *const *list, const char *word);

/* Edit distance (insert, delete, replace, swap of neighbours), at most 255. */
unsigned str_distance(const char *a, const char *b);

/* Whole decimal numbers only: no sign but '-', no space, nothing after. */
int str_parse_i64(const char *s, int64_t min, int64_t max, int64_t *out);
int str_parse_double(const char *s, double *out);

/* "500ms", "30s", "5m", "2h", "7d", sums such as "1h30m"; "0" alone is zero.
 * A bare number is refused: it does not say what it counts. */
int str_parse_duration_ms(const char *s, int64_t *out, struct err *err);
/* "64KB" = 64,000; "64KiB" = 65,536; also B, MB, MiB, GB, GiB. Bare = bytes. */
int str_parse_size(const char *s, int64_t *out, struct err *err);

/* The inverse, shortest exact form: "1h30m", "250ms", "0s". Returns dst. */
const char *str_duration(char dst[32], int64_t ms);
/* For people: "0.8 ms", "12 s", "4 min 10 s", "3 h 5 min", "2 days". */
const char *str_duration_human(char dst[32], int64_t us);

/* Is s valid UTF-8 with no control characters but tab and newline? */
bool str_is_text(const char *s, size_t len);
/* Copy untrusted bytes so that they can be shown: controls and broken UTF-8
 * become '?' or \xNN escapes, newlines a space; cut to fit with "…". */
void str_printable(char *dst, size_t size, const char *src, size_t len);

/* Trim ASCII white space at both ends, in place; returns s's first byte. */
char *str_trim(char *s);

#endif
