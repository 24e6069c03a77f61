/* Value to JSON and to nothing: the writing half of option_text.h. */
#include "base/option_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/outcome.h"
#include "base/str.h"

#define HIDDEN "***"

json_t *
option_json_bool(const struct option *o, const void *member, bool hide)
{
	(void)o, (void)hide;
	return json_boolean(*(const bool *)member);
}

json_t *
option_json_int(const struct option *o, const void *member, bool hide)
{
	(void)o, (void)hide;
	return json_integer(*(const int64_t *)member);
}

json_t *
option_json_duration(const struct option *o, const void *member, bool hide)
{
	char text[32];

	(void)o, (void)hide;
	return json_string(str_duration(text, *(const int64_t *)member));
}

const char *
option_size_text(char dst[32], int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
	size_t unit = 0;

	while (unit < 3 && bytes != 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(dst, 32, "%" PRId64 "%s", bytes, units[unit]);
	return dst;
}

json_t *
option_json_size(const struct option *o, const void *member, bool hide)
{
	char text[32];

	(void)o, (void)hide;
	return json_string(option_size_text(text, *(const int64_t *)member));
}

json_t *
option_json_double(const struct option *o, const void *member, bool hide)
{
	(void)o, (void)hide;
	return json_real(*(const double *)member);
}

json_t *
option_json_string(const struct option *o, const void *member, bool hide)
{
	const char *text = *(char *const *)member;

	if (text == NULL)
		return NULL;
	if (hide && o->type == OPTION_SECRET)
		return json_string(HIDDEN);
	return json_string(text);
}

/* A URL may carry a password: https://user:password@host/. */
json_t *
option_json_url(const struct option *o, const void *member, bool hide)
{
	const char *url = *(char *const *)member, *host, *at;
	json_t *value;
	char *hidden;
	size_t len;

	(void)o;
	if (url == NULL)
		return NULL;
	host = strstr(url, "://");
	host = host != NULL ? host + 3 : url;
	len = strcspn(host, "/?#");
	at = memrchr(host, '@', len);
	if (!hide || at == NULL)
		return json_string(url);
	hidden = mem_printf("%.*s" HIDDEN "%s", (int)(host - url), url, at);
	value = json_string(hidden);
	free(hidden);
	return value;
}

json_t *
option_json_enum(const struct option *o, const void *member, bool hide)
{
	(void)hide;
	return json_string(o->words[*(const int *)member]);
}

json_t *
option_json_severity(const struct option *o, const void *member, bool hide)
{
	(void)o, (void)hide;
	return json_string(severity_names[*(const enum severity *)member]);
}

json_t *
option_json_list(const struct option *o, const void *member, bool hide)
{
	const struct option_list *list = member;
	json_t *array;

	(void)o, (void)hide;
	if (list->count == 0)
		return NULL;
	array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

json_t *
option_json_map(const struct option *o, const void *member, bool hide)
{
	const struct option_map *map = member;
	json_t *object;

	if (map->count == 0)
		return NULL;
	hide = hide && (o->flags & OPTION_SECRETS);
	object = json_object();
	for (size_t i = 0; i < map->count; i++)
		json_put_str(object, map->items[i].key,
		    hide ? HIDDEN : map->items[i].value);
	return object;
}

json_t *
option_json_ranges(const struct option *o, const void *member, bool hide)
{
	const struct option_ranges *ranges = member;
	json_t *value;
	struct buf text;

	(void)o, (void)hide;
	if (ranges->count == 0)
		return NULL;
	buf_init(&text, 64 * ranges->count);
	for (size_t i = 0; i < ranges->count; i++) {
		const struct option_range *r = &ranges->items[i];

		buf_printf(&text, "%s%" PRId64, i > 0 ? ", " : "", r->low);
		if (r->high != r->low)
			buf_printf(&text, "-%" PRId64, r->high);
	}
	value = json_string(buf_str(&text));
	buf_fini(&text);
	return value;
}

json_t *
option_json_any(const struct option *o, const void *member, bool hide)
{
	const json_t *value = *(json_t *const *)member;

	(void)o, (void)hide;
	return value != NULL ? json_deep_copy(value) : NULL;
}

void
option_free_string(const struct option *o, void *member)
{
	char *text = *(char **)member;

	if (o->type == OPTION_SECRET)
		mem_free_secret(text);
	else
		free(text);
}

void
option_free_list(const struct option *o, void *member)
{
	struct option_list *list = member;

	(void)o;
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

void
option_free_map(const struct option *o, void *member)
{
	struct option_map *map = member;

	for (size_t i = 0; i < map->count; i++) {
		free(map->items[i].key);
		if (o->flags & OPTION_SECRETS)
			mem_free_secret(map->items[i].value);
		else
			free(map->items[i].value);
	}
	free(map->items);
}

void
option_free_ranges(const struct option *o, void *member)
{
	struct option_ranges *ranges = member;

	(void)o;
	free(ranges->items);
}

void
option_free_any(const struct option *o, void *member)
{
	(void)o;
	json_decref(*(json_t **)member);
}
