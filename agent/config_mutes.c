/* `silences:`, `maintenance:` and `quiet_hours:` of a configuration:
 * agent/config_build.h. */
#include "agent/config_build.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define LONG_MS ((int64_t)7 * 86400 * 1000)

static const struct {
	const char *key, *example;
} lists[MUTE_KIND_COUNT] = {
    [MUTE_SILENCE] = {"silences",
	"{name: db-move, match: {probe: \"db-*\"}, until: 2026-12-24 18:00, "
	"reason: it moves}"},
    [MUTE_MAINTENANCE] = {"maintenance",
	"{name: patches, match: {probe: \"db-*\"}, when: Sun 02:00-04:00, "
	"reason: patches}"},
    [MUTE_QUIET_HOURS] = {"quiet_hours", "{name: night, when: 22:00-07:00}"},
};

/* What is well written, but hardly meant. */
static void
warn(struct config_build *b, const struct mute *m, const json_t *obj,
    const char *path)
{
	int64_t now_ms = clock_wall_ms();

	if (mute_state(m, now_ms, NULL) == MUTE_OVER)
		config_warn(b, obj, path, "is over: take it out");
	else if (m->kind == MUTE_SILENCE && m->until_ms - now_ms > LONG_MS &&
		 json_object_get(obj, "all") != NULL)
		config_warn(b, obj, path,
		    "for more than a week nobody is told of anything");
}

/* A name is what people see of it; they take it for one mute. */
static void
check_name(struct config_build *b, const struct mute *m, const json_t *obj,
    const char *path)
{
	const struct config *c = b->config;
	const json_t *at = json_object_get(obj, "name");

	if (at == NULL) {
		config_wrong(b, obj, path, "name: required key is missing");
		return;
	}
	config_check_name(b, path, m->id, at);
	for (size_t i = 0; i + 1 < c->mute_count; i++) {
		if (!str_eq(c->mutes[i].id, m->id))
			continue;
		config_wrong(b, at, path,
		    "name: %s is the name of another silence, maintenance or "
		    "quiet hours",
		    m->id);
		break;
	}
}

static void
build(
    struct config_build *b, enum mute_kind kind, json_t *obj, const char *path)
{
	struct mute *m = &b->config->mutes[b->config->mute_count++];
	struct mute_config config = {.name = NULL};
	const struct option_set set = {mute_options[kind], &config};
	struct err err = ERR_INIT;
	json_t *dump = NULL;

	if (option_parse(&set, 1, obj, path, &b->report) == 0) {
		if (b->effective != NULL)
			dump = option_dump(set.table, &config, true, true);
		if (mute_make(m, kind, &config, 0, &err) < 0)
			config_wrong_check(b, obj, path, &err);
		else
			warn(b, m, obj, path);
		check_name(b, m, obj, path);
	}
	if (dump != NULL) {
		config_build_mask(b, obj, dump);
		json_array_append_new(
		    json_object_get(b->effective, lists[kind].key), dump);
	}
	option_free(mute_options[kind], &config);
}

static void
build_list(struct config_build *b, enum mute_kind kind, const json_t *list)
{
	struct config *c = b->config;
	const char *key = lists[kind].key;
	json_t *obj;
	size_t i;

	if (list == NULL || json_is_null(list))
		return;
	if (!json_is_array(list)) {
		config_wrong(b, list, key, "expected list, such as - %s",
		    lists[kind].example);
		return;
	}
	if (json_array_size(list) > CONFIG_MUTES_MAX) {
		config_wrong(b, list, key, "more than %d", CONFIG_MUTES_MAX);
		return;
	}
	c->mutes = mem_grow(
	    c->mutes, c->mute_count + json_array_size(list), sizeof(*c->mutes));
	memset(c->mutes + c->mute_count, 0,
	    json_array_size(list) * sizeof(*c->mutes));
	json_array_foreach ((json_t *)(uintptr_t)list, i, obj) {
		char *path = config_item_path(key, obj, i);

		if (json_is_object(obj))
			build(b, kind, obj, path);
		else
			config_wrong(b, json_is_null(obj) ? list : obj, path,
			    "expected map of keys, such as %s",
			    lists[kind].example);
		free(path);
	}
}

void
config_build_mutes(struct config_build *b, json_t *root)
{
	for (int kind = 0; kind < MUTE_KIND_COUNT; kind++)
		build_list(b, (enum mute_kind)kind,
		    json_object_get(root, lists[kind].key));
}
