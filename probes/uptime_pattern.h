/*
 * PCRE2 on hostile text: the pattern is the operator's, the text is not, so
 * each match has a budget of steps and of text walked over, and gives up
 * rather than hang. Pure.
 */
#ifndef PROBES_UPTIME_PATTERN_H
#define PROBES_UPTIME_PATTERN_H

#include <stddef.h>

#include "base/err.h"

struct uptime_pattern;

enum uptime_match {
	UPTIME_MATCH_NO,
	UPTIME_MATCH_YES,
	UPTIME_MATCH_TIRED, /* the budget ran out */
};

/* The text says where in the pattern it is wrong. */
int uptime_pattern_new(
    struct uptime_pattern **out, const char *pattern, struct err *err);
void uptime_pattern_free(struct uptime_pattern *p);

/* *end (may be NULL) = the offset behind what matched. Text that is not valid
 * UTF-8 is matched around its broken bytes. */
enum uptime_match uptime_pattern_match(
    struct uptime_pattern *p, const char *text, size_t len, size_t *end);

/* Compile, match once, free; a pattern that does not compile is tired. */
enum uptime_match
uptime_pattern_once(const char *pattern, const char *text, size_t len);

#endif
