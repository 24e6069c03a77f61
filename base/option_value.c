#include "base/option_value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/mem.h"
#include "base/option_text.h"
#include "base/outcome.h"
#include "base/str.h"

#define DURATION_MAX (3660LL * 24 * 3600 * 1000) /* ten years, ms */
#define SIZE_LIMIT   (1LL << 40)                 /* 1 TiB */
#define TEXT_MAX     65536                       /* bytes of one text */
#define ITEMS_MAX    1000                        /* of a list or map */

/* What a type is: one row each, so that no function needs a switch. */
struct type {
	const char *name;
	size_t size; /* of the member */
	int64_t min, max;
	option_read_fn *read;  /* NULL: not made of one text */
	option_json_fn *json;  /* NULL: SECTION(S), which option.c walks */
	option_free_fn *clear; /* NULL: owns nothing */
};

static const struct type types[] = {
    [OPTION_BOOL] = {"true or false", sizeof(bool), 0, 0, option_read_bool,
	option_json_bool, NULL},
    [OPTION_INT] = {"number", sizeof(int64_t), INT64_MIN, INT64_MAX,
	option_read_int, option_json_int, NULL},
    [OPTION_DURATION] = {"duration", sizeof(int64_t), 0, DURATION_MAX,
	option_read_duration, option_json_duration, NULL},
    [OPTION_SIZE] = {"size", sizeof(int64_t), 0, SIZE_LIMIT, option_read_size,
	option_json_size, NULL},
    [OPTION_DOUBLE] = {"number", sizeof(double), INT64_MIN, INT64_MAX,
	option_read_double, option_json_double, NULL},
    [OPTION_STRING] = {"text", sizeof(char *), 0, TEXT_MAX, option_read_string,
	option_json_string, option_free_string},
    [OPTION_SECRET] = {"secret text", sizeof(char *), 0, TEXT_MAX,
	option_read_string, option_json_string, option_free_string},
    [OPTION_URL] = {"URL", sizeof(char *), 0, 4096, option_read_url,
	option_json_url, option_free_string},
    [OPTION_REGEX] = {"regular expression", sizeof(char *), 1, 4096,
	option_read_string, option_json_string, option_free_string},
    [OPTION_ENUM] = {"word", sizeof(int), 0, 0, option_read_enum,
	option_json_enum, NULL},
    [OPTION_SEVERITY] = {"severity", sizeof(enum severity), 0, 0,
	option_read_severity, option_json_severity, NULL},
    [OPTION_LIST] = {"list of texts", sizeof(struct option_list), 0, ITEMS_MAX,
	option_read_item, option_json_list, option_free_list},
    [OPTION_MAP] = {"map of texts", sizeof(struct option_map), 0, ITEMS_MAX,
	NULL, option_json_map, option_free_map},
    [OPTION_SECTION] = {"section", 0, 0, 0, NULL, NULL, NULL},
    [OPTION_SECTIONS] = {"list of sections", sizeof(struct option_array), 0,
	ITEMS_MAX, NULL, NULL, NULL},
    [OPTION_RANGES] = {"ranges", sizeof(struct option_ranges), 0, INT64_MAX,
	option_read_ranges, option_json_ranges, option_free_ranges},
    [OPTION_JSON] = {"any value", sizeof(json_t *), 0, 0, NULL, option_json_any,
	option_free_any},
};

const char *
option_type_name(enum option_type type)
{
	return types[type].name;
}

size_t
option_member_size(enum option_type type)
{
	return types[type].size;
}

bool
option_is_scalar(enum option_type type)
{
	return types[type].read != NULL && type != OPTION_LIST;
}

const struct option *
option_find(const struct option *table, const char *name)
{
	for (const struct option *o = table; o->name != NULL; o++)
		if (str_eq(o->name, name))
			return o;
	return NULL;
}

char *
option_nearest(const struct option_set *sets, size_t count, const char *key)
{
	size_t total = 0, n = 0;
	const char **names, *near;
	char *found = NULL;

	for (size_t i = 0; i < count; i++)
		for (const struct option *o = sets[i].table; o->name; o++)
			total++;
	names = mem_array(total + 1, sizeof(*names));
	for (size_t i = 0; i < count; i++)
		for (const struct option *o = sets[i].table; o->name; o++) {
			names[n++] = o->name;
			if (found == NULL && o->type == OPTION_SECTION &&
			    option_find(o->section, key) != NULL)
				found = mem_printf("%s.%s", o->name, key);
		}
	near = str_nearest(names, key);
	for (size_t i = 0; near == NULL && i < n; i++)
		if (strlen(key) > 3 && str_starts(names[i], key))
			near = names[i]; /* "latency" for latency_failed */
	if (found == NULL && near != NULL)
		found = mem_strdup(near);
	free(names);
	return found;
}

void
option_limits(const struct option *o, int64_t *min, int64_t *max)
{
	bool none = o->min == 0 && o->max == 0;

	*min = none ? types[o->type].min : o->min;
	*max = none || o->max < o->min ? types[o->type].max : o->max;
	if ((o->flags & OPTION_NONEMPTY) && *min < 1)
		*min = 1;
}

const char *
option_limit_text(char dst[32], const struct option *o, int64_t limit)
{
	if (o->type == OPTION_DURATION)
		return str_duration(dst, limit);
	if (o->type == OPTION_SIZE)
		return option_size_text(dst, limit);
	snprintf(dst, 32, "%" PRId64, limit);
	return dst;
}

const char *
option_shown(char dst[OPTION_SHOWN_MAX], const char *text, bool hidden)
{
	char printable[OPTION_SHOWN_MAX - 3];

	if (hidden) {
		str_copy(dst, OPTION_SHOWN_MAX, "the value");
		return dst;
	}
	str_printable(printable, sizeof(printable), text, strlen(text));
	if (*text == '\0' || strpbrk(printable, " :,;") != NULL)
		str_printf(dst, OPTION_SHOWN_MAX, "\"%s\"", printable);
	else
		str_copy(dst, OPTION_SHOWN_MAX, printable);
	return dst;
}

int
option_read(const struct option *o, void *member, const char *text, bool hidden,
    struct err *why)
{
	const struct option_text t = {
	    .text = text,
	    .hidden = hidden || o->type == OPTION_SECRET,
	};

	CHECK(types[o->type].read != NULL);
	return types[o->type].read(o, member, &t, why);
}

static void
must_read(const struct option *o, void *member, const char *text)
{
	struct err why = ERR_INIT;

	if (option_read(o, member, text, false, &why) < 0)
		die("default of option %s: %s", o->name, why.text);
}

/* "ssh, https": the default of a list, item by item. */
static void
read_standard_list(const struct option *o, void *member)
{
	char *copy = mem_strdup(o->standard), *rest = copy, *item;

	while ((item = strsep(&rest, ",")) != NULL)
		if (*str_trim(item) != '\0')
			must_read(o, member, str_trim(item));
	free(copy);
}

void
option_read_standard(const struct option *o, void *member)
{
	if (o->standard == NULL)
		return;
	if (o->type == OPTION_LIST)
		read_standard_list(o, member);
	else
		must_read(o, member, o->standard);
}

json_t *
option_value_json(const struct option *o, const void *member, bool hide_secrets)
{
	return types[o->type].json(o, member, hide_secrets);
}

bool
option_value_same(const struct option *o, const void *a, const void *b)
{
	json_t *x, *y;
	bool same;

	if (types[o->type].clear == NULL)
		return memcmp(a, b, types[o->type].size) == 0;
	x = option_value_json(o, a, false);
	y = option_value_json(o, b, false);
	same = x == y || (x != NULL && y != NULL && json_equal(x, y));
	json_decref(x);
	json_decref(y);
	return same;
}

void
option_value_free(const struct option *o, void *member)
{
	if (types[o->type].clear != NULL)
		types[o->type].clear(o, member);
	memset(member, 0, types[o->type].size);
}
