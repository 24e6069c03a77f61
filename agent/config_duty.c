/* `people:` and `rotations:` of a configuration, and whoever is named by
 * routes: agent/config_build.h. */
#include "agent/config_build.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/zone.h"

/* Names of one sort, or of all that `notify` may name. */
struct names {
	const char **items; /* NULL-ended */
	size_t count;
	const char *what; /* "channel, person or rotation" */
};

enum { CHANNELS = 1, PEOPLE = 2, ROTATIONS = 4 };

static struct names
names_of(const struct config *c, unsigned sorts, const char *what)
{
	struct names names = {mem_array(c->channel_count + c->person_count +
					    c->rotation_count + 1,
				  sizeof(*names.items)),
	    0, what};

	for (size_t i = 0; (sorts & CHANNELS) && i < c->channel_count; i++)
		names.items[names.count++] = c->channels[i].name;
	for (size_t i = 0; (sorts & PEOPLE) && i < c->person_count; i++)
		names.items[names.count++] = c->people[i].name;
	for (size_t i = 0; (sorts & ROTATIONS) && i < c->rotation_count; i++)
		names.items[names.count++] = c->rotations[i].name;
	return names;
}

/* All in the list must be among the names. `json` is the list as written. */
static void
check_list(struct config_build *b, const struct option_list *list,
    const json_t *json, const char *path, const struct names *names)
{
	for (size_t i = 0; i < list->count; i++) {
		const json_t *at = json_array_get(json, i);

		if (str_index(names->items, list->items[i]) < 0)
			config_unknown(b, at != NULL ? at : json, path,
			    names->what, list->items[i], names->items);
	}
}

/* Is the value a map of maps, and not too large? */
static bool
is_map(struct config_build *b, const json_t *map, const char *key)
{
	if (map == NULL || json_is_null(map))
		return false;
	if (!json_is_object(map))
		config_wrong(b, map, key, "expected map of names");
	else if (json_object_size(map) > CONFIG_PEOPLE_MAX)
		config_wrong(
		    b, map, key, "more than %d names", CONFIG_PEOPLE_MAX);
	else
		return true;
	return false;
}

static void
put_effective(struct config_build *b, const char *key, const char *name,
    const struct option_set *set, const json_t *obj)
{
	json_t *dump;

	if (b->effective == NULL)
		return;
	dump = option_dump(set->table, set->config, true, true);
	config_build_mask(b, obj, dump);
	json_put(json_object_get(b->effective, key), name, dump);
}

static bool
any_enabled(const struct config *c, const struct option_list *channels)
{
	for (size_t i = 0; i < channels->count; i++) {
		const struct config_channel *channel =
		    config_find_channel(c, channels->items[i]);

		if (channel != NULL && channel->enabled)
			return true;
	}
	return false;
}

static void
build_person(struct config_build *b, struct config_person *p, json_t *obj,
    const char *path)
{
	const struct option_set set = {config_person_options, p};
	struct names names = names_of(b->config, CHANNELS, "channel");
	char *notify = mem_printf("%s.notify", path);

	if (option_parse(&set, 1, obj, path, &b->report) == 0) {
		check_list(b, &p->notify, json_object_get(obj, "notify"),
		    notify, &names);
		put_effective(b, "people", p->name, &set, obj);
	}
	free(notify);
	free(names.items);
}

static void
build_people(struct config_build *b, const json_t *map)
{
	struct config *c = b->config;
	const char *name;
	json_t *obj;

	if (!is_map(b, map, "people"))
		return;
	c->people = mem_array(json_object_size(map), sizeof(*c->people));
	json_object_foreach ((json_t *)(uintptr_t)map, name, obj) {
		struct config_person *p = &c->people[c->person_count++];
		char *path = mem_printf("people.%s", name);

		p->name = mem_strdup(name);
		config_check_name(b, "people", name, obj);
		if (json_is_object(obj))
			build_person(b, p, obj, path);
		else
			config_wrong(b, json_is_null(obj) ? map : obj, path,
			    "expected map of keys, such as {notify: [mail]}");
		free(path);
	}
}

/* Whoever can have it must be somebody who can be told. */
static void
check_person(struct config_build *b, const char *name, const json_t *at,
    const char *path)
{
	const struct config_person *p = config_find_person(b->config, name);
	struct names names;

	if (p == NULL) {
		names = names_of(b->config, PEOPLE, "person");
		config_unknown(b, at, path, names.what, name, names.items);
		free(names.items);
	} else if (!any_enabled(b->config, &p->notify)) {
		config_warn(b, at, path,
		    "%s has no channel that is switched on: these turns reach "
		    "nobody",
		    name);
	}
}

static void
check_override(struct config_build *b, const struct rotation_override *o,
    const json_t *obj, const char *path, const struct zone *zone)
{
	const json_t *at = json_object_get(obj, "person");
	int64_t until_ms;

	check_person(b, o->person, at != NULL ? at : obj, path);
	if (zone_parse(zone, o->until, &until_ms, NULL) == 0 &&
	    until_ms <= clock_wall_ms())
		config_warn(b, json_object_get(obj, "until"), path,
		    "is over since %s: take it out", o->until);
}

/* People of the turns and of overrides; they come after one another in the
 * file, and so do their mistakes. */
static void
check_rotation(struct config_build *b, const struct rotation_config *config,
    const json_t *obj, const char *path)
{
	const struct rotation_override *overrides = config->overrides.items;
	const json_t *people = json_object_get(obj, "people");
	const json_t *list = json_object_get(obj, "overrides");
	char *inner = mem_printf("%s.people", path);
	struct zone *zone = NULL;

	for (size_t i = 0; i < config->people.count; i++) {
		const json_t *at = json_array_get(people, i);

		check_person(b, config->people.items[i],
		    at != NULL ? at : people, inner);
	}
	free(inner);
	zone_new(&zone, config->time_zone, NULL);
	for (size_t i = 0; zone != NULL && i < config->overrides.count; i++) {
		inner = mem_printf("%s.overrides[%zu]", path, i);
		check_override(
		    b, &overrides[i], json_array_get(list, i), inner, zone);
		free(inner);
	}
	zone_free(zone);
}

static void
build_rotation(struct config_build *b, struct config_rotation *r, json_t *obj,
    const char *path)
{
	struct rotation_config config = {.every = NULL};
	const struct option_set set = {rotation_options, &config};
	struct err err = ERR_INIT;

	if (option_parse(&set, 1, obj, path, &b->report) == 0) {
		if (rotation_new(&r->rotation, &config, &err) < 0)
			config_wrong_check(b, obj, path, &err);
		check_rotation(b, &config, obj, path);
		put_effective(b, "rotations", r->name, &set, obj);
	}
	option_free(rotation_options, &config);
}

static void
build_rotations(struct config_build *b, const json_t *map)
{
	struct config *c = b->config;
	const char *name;
	json_t *obj;

	if (!is_map(b, map, "rotations"))
		return;
	c->rotations = mem_array(json_object_size(map), sizeof(*c->rotations));
	json_object_foreach ((json_t *)(uintptr_t)map, name, obj) {
		struct config_rotation *r = &c->rotations[c->rotation_count++];
		char *path = mem_printf("rotations.%s", name);

		r->name = mem_strdup(name);
		config_check_name(b, "rotations", name, obj);
		if (json_is_object(obj))
			build_rotation(b, r, obj, path);
		else
			config_wrong(b, json_is_null(obj) ? map : obj, path,
			    "expected map of keys, such as {people: [anna, "
			    "bob]}");
		free(path);
	}
}

/* `notify: [web]` must mean one thing. */
static void
check_clashes(struct config_build *b, const json_t *root)
{
	const struct config *c = b->config;

	for (size_t i = 0; i < c->person_count; i++)
		if (config_find_channel(c, c->people[i].name) != NULL)
			config_wrong(b,
			    json_object_get(json_object_get(root, "people"),
				c->people[i].name),
			    "people",
			    "%s is the name of a channel as well; `notify` "
			    "would not know which is meant",
			    c->people[i].name);
	for (size_t i = 0; i < c->rotation_count; i++) {
		const char *name = c->rotations[i].name;
		bool channel = config_find_channel(c, name) != NULL;

		if (channel || config_find_person(c, name) != NULL)
			config_wrong(b,
			    json_object_get(
				json_object_get(root, "rotations"), name),
			    "rotations",
			    "%s is the name of a %s as well; `notify` would "
			    "not know which is meant",
			    name, channel ? "channel" : "person");
	}
}

static void
check_route(struct config_build *b, size_t i, const json_t *obj,
    const struct names *names)
{
	const struct route *r = &b->config->routes[i];
	const struct route_step *steps = r->escalate.items;
	const json_t *list = json_object_get(obj, "escalate");
	char *path = mem_printf("routes[%zu].notify", i);

	check_list(b, &r->notify, json_object_get(obj, "notify"), path, names);
	free(path);
	for (size_t s = 0; s < r->escalate.count; s++) {
		path = mem_printf("routes[%zu].escalate[%zu].notify", i, s);
		check_list(b, &steps[s].notify,
		    json_object_get(json_array_get(list, s), "notify"), path,
		    names);
		free(path);
	}
}

static void
check_named(struct config_build *b, const json_t *root)
{
	const struct config *c = b->config;
	struct names all = names_of(c, CHANNELS | PEOPLE | ROTATIONS,
	    c->person_count > 0 ? "channel, person or rotation" : "channel");
	struct names channels = names_of(c, CHANNELS, "channel");

	for (size_t i = 0; i < c->route_count; i++)
		check_route(b, i,
		    json_array_get(json_object_get(root, "routes"), i), &all);
	for (size_t i = 0; i < c->channel_count; i++) {
		const char *name = c->channels[i].name;
		const json_t *obj =
		    json_object_get(json_object_get(root, "channels"), name);
		char *path = mem_printf("channels.%s.fallback", name);

		check_list(b, &c->channels[i].fallback,
		    json_object_get(obj, "fallback"), path, &channels);
		free(path);
	}
	free(all.items);
	free(channels.items);
}

void
config_build_duty(struct config_build *b, json_t *root)
{
	build_people(b, json_object_get(root, "people"));
	build_rotations(b, json_object_get(root, "rotations"));
	check_clashes(b, root);
	check_named(b, root);
}

void
config_fini_duty(struct config *c)
{
	for (size_t i = 0; i < c->person_count; i++) {
		free(c->people[i].name);
		option_free(config_person_options, &c->people[i]);
	}
	for (size_t i = 0; i < c->rotation_count; i++) {
		free(c->rotations[i].name);
		rotation_free(c->rotations[i].rotation);
	}
	free(c->people);
	free(c->rotations);
}

const struct config_person *
config_find_person(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->person_count; i++)
		if (str_eq(c->people[i].name, name))
			return &c->people[i];
	return NULL;
}

const struct config_rotation *
config_find_rotation(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->rotation_count; i++)
		if (str_eq(c->rotations[i].name, name))
			return &c->rotations[i];
	return NULL;
}
