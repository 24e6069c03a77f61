/*
 * The readers and writers behind the rows of base/option_value.c, one of each
 * a type. Internal to base/option*.c.
 */
#ifndef BASE_OPTION_TEXT_H
#define BASE_OPTION_TEXT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/option.h"

struct option_text {
	const char *text;
	bool hidden; /* never to be repeated in a message */
};

typedef int option_read_fn(const struct option *o, void *member,
    const struct option_text *t, struct err *why);
typedef json_t *
option_json_fn(const struct option *o, const void *member, bool hide_secrets);
typedef void option_free_fn(const struct option *o, void *member);

option_read_fn option_read_bool, option_read_int, option_read_duration,
    option_read_size, option_read_double, option_read_string, option_read_url,
    option_read_enum, option_read_severity, option_read_item,
    option_read_ranges;
option_json_fn option_json_bool, option_json_int, option_json_duration,
    option_json_size, option_json_double, option_json_string, option_json_url,
    option_json_enum, option_json_severity, option_json_list, option_json_map,
    option_json_ranges, option_json_any;
option_free_fn option_free_string, option_free_list, option_free_map,
    option_free_ranges, option_free_any;

/* Bytes, exactly, in the largest unit that allows it: "64KiB", "1500B". */
const char *option_size_text(char dst[32], int64_t bytes);

#endif
