#include <string.h>

#include "base/mem.h"
#include "base/option.h"
#include "base/str.h"

#define SECRET_MIN 4 /* shorter ones would blot out ordinary words */
#define PREFIX_MIN 8 /* so much of a secret's beginning gives it away */

/* Overwrite what text holds of the secret, whole or cut short. */
static void
blot(char *text, const char *secret)
{
	size_t len = strlen(secret);
	size_t least = len < PREFIX_MIN ? len : PREFIX_MIN;

	if (len < SECRET_MIN)
		return;
	while ((text = strchr(text, secret[0])) != NULL) {
		size_t same = 0;

		while (same < len && text[same] == secret[same])
			same++;
		if (same >= least)
			memset(text, '*', same);
		text += same > 0 ? same : 1;
	}
}

void
option_redact(const struct option *table, const void *config, char *text)
{
	for (const struct option *o = table; o->name != NULL; o++) {
		const char *at = (const char *)config + o->offset;
		const struct option_map *map;

		if (o->type == OPTION_SECTION)
			option_redact(o->section, at, text);
		if (o->type == OPTION_SECRET && *(char *const *)at != NULL)
			blot(text, *(char *const *)at);
		if (o->type != OPTION_MAP || (o->flags & OPTION_SECRETS) == 0)
			continue;
		map = (const struct option_map *)at;
		for (size_t i = 0; i < map->count; i++)
			blot(text, map->items[i].value);
	}
}

void
option_redact_json(
    const struct option *table, const void *config, json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_string(value)) {
		char *text = mem_strdup(json_string_value(value));

		option_redact(table, config, text);
		if (!str_eq(text, json_string_value(value)))
			json_string_set_nocheck(value, text);
		mem_free_secret(text);
	}
	json_object_foreach (value, key, member) {
		option_redact_json(table, config, member);
	}
	if (json_is_array(value))
		json_array_foreach (value, i, member) {
			option_redact_json(table, config, member);
		}
}
