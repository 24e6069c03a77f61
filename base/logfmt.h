/*
 * The form of a log line: key=value pairs, values quoted where needed, control
 * and deceptive characters escaped. Written for log.c without allocation, so
 * that a line gets out even when memory is the trouble, and read back strictly
 * to tell a line that this module wrote from any other. Pure.
 */
#ifndef BASE_LOGFMT_H
#define BASE_LOGFMT_H

#include <stdbool.h>
#include <stddef.h>

#define LOGFMT_MAX 8192 /* bytes in a line, newline included */

struct logfmt {
	char text[LOGFMT_MAX]; /* not NUL-ended */
	size_t len;
};

/* Append bytes as they are; what does not fit is left out. */
void logfmt_raw(struct logfmt *line, const char *bytes, size_t len);
/* Append key=value, a space before it unless it is the first. A value that
 * does not fit ends in "…"; a pair that finds no room at all is left out. */
void logfmt_pair(
    struct logfmt *line, const char *key, const char *value, size_t len);

/* A pair inside a line: the value as written, quotes included. Borrowed. */
struct logfmt_pair {
	const char *key, *value;
	size_t key_len, value_len;
};
/* Take one pair, and the space after it, off the front of a line; false if
 * what stands there is not one that logfmt_pair() could have written. */
bool logfmt_take(const char **s, size_t *len, struct logfmt_pair *out);
bool logfmt_is(const struct logfmt_pair *pair, const char *key);

#endif
