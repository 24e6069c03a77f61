/* `channels:` and `routes:` of a configuration: agent/config_build.h. */
#include "agent/config_build.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/registry.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

struct draft {
	struct config_build *build;
	json_t *obj;
	const char *path; /* "channels.pager" */
	struct config_channel_common common;
	void *options; /* the kind's struct */
};

static const struct channel_kind *
find_kind(struct draft *d)
{
	const char *name = json_str(d->obj, "kind"), *near;
	const struct channel_kind *kind = channel_kind_find(name);
	const char *names[64];
	char shown[64], *path;
	size_t n = 0;

	if (kind != NULL)
		return kind;
	path = mem_printf("%s.kind", d->path);
	for (; channel_kinds[n] != NULL && n < 63; n++)
		names[n] = channel_kinds[n]->name;
	names[n] = NULL;
	near = str_nearest(names, name);
	str_printable(shown, sizeof(shown), name, strlen(name));
	if (*name == '\0')
		config_wrong(d->build, d->obj, path, "required key is missing");
	else
		config_wrong(d->build, json_object_get(d->obj, "kind"), path,
		    "there is no channel kind %s%s%s%s", shown,
		    near != NULL ? "; did you mean " : " (see tocsin kinds)",
		    near != NULL ? near : "", near != NULL ? "?" : "");
	free(path);
	return NULL;
}

static int
parse_channel(struct draft *d, const struct channel_kind *kind)
{
	struct config_build *b = d->build;
	const struct option_set sets[] = {
	    {config_channel_options, &d->common},
	    {kind->options, d->options},
	};
	struct err err = ERR_INIT;

	config_build_type(b, kind->options, d->obj);
	if (option_parse(sets, 2, d->obj, d->path, &b->report) < 0)
		return -1;
	if (kind->check == NULL || kind->check(d->options, &err) == 0)
		return 0;
	config_wrong_check(b, d->obj, d->path, &err);
	return -1;
}

static void
put_effective(struct draft *d, const struct config_channel *channel)
{
	json_t *out, *dump;
	char text[32];

	if (d->build->effective == NULL)
		return;
	out = option_dump(config_channel_options, &d->common, true, true);
	dump = option_dump(channel->kind->options, d->options, true, true);
	json_object_update(out, dump);
	json_decref(dump);
	json_put_str(out, "timeout", str_duration(text, channel->timeout_ms));
	config_build_mask(d->build, d->obj, out);
	json_put(json_object_get(d->build->effective, "channels"),
	    channel->name, out);
}

/* How it is used: what its kind says, unless the file says more. */
static void
fill_delivery(struct config_channel *channel, struct draft *d)
{
	struct channel_traits *traits = &channel->traits;

	if (channel->kind->traits != NULL)
		channel->kind->traits(d->options, traits);
	if (d->common.per_minute > 0)
		traits->per_minute = (unsigned)d->common.per_minute;
	channel->fallback_after_ms = d->common.fallback_after_ms;
	channel->fallback = d->common.fallback;
	d->common.fallback = (struct option_list){NULL, 0}; /* taken */
}

static void
build_channel(struct config_build *b, struct config_channel *channel,
    json_t *obj, const char *path)
{
	struct draft d = {.build = b, .obj = obj, .path = path};
	const struct channel_kind *kind = find_kind(&d);

	channel->kind = kind;
	if (kind == NULL)
		return;
	d.options = mem_alloc(kind->config_size);
	if (parse_channel(&d, kind) == 0) {
		channel->enabled = d.common.enabled;
		channel->timeout_ms = d.common.timeout_ms > 0
		                          ? d.common.timeout_ms
		                          : kind->timeout_ms;
		channel->options =
		    option_dump(kind->options, d.options, false, false);
		put_effective(&d, channel);
		fill_delivery(channel, &d);
		config_build_secrets(b, kind->options, obj, path);
	}
	option_free(kind->options, d.options);
	option_free(config_channel_options, &d.common);
	free(d.options);
}

void
config_build_channels(struct config_build *b, json_t *map)
{
	struct config *c = b->config;
	size_t count = json_object_size(map);
	const char *name;
	json_t *obj;

	if (map != NULL && !json_is_object(map))
		config_wrong(
		    b, map, "channels", "expected map of channel names");
	if (count > CONFIG_CHANNELS_MAX) {
		config_wrong(b, map, "channels", "more than %d channels",
		    CONFIG_CHANNELS_MAX);
		return;
	}
	c->channels = mem_array(count, sizeof(*c->channels));
	json_object_foreach (map, name, obj) {
		struct config_channel *channel =
		    &c->channels[c->channel_count++];
		char *path = mem_printf("channels.%s", name);

		channel->name = mem_strdup(name);
		config_check_name(b, "channels", name, obj);
		if (json_is_object(obj))
			build_channel(b, channel, obj, path);
		else /* nothing at all has no place of its own */
			config_wrong(b, json_is_null(obj) ? map : obj, path,
			    "expected map of keys, such as {kind: email, …}");
		free(path);
	}
}

static void
build_route(
    struct config_build *b, struct route *r, json_t *obj, const char *path)
{
	const struct option_set set = {route_options, r};
	struct err err = ERR_INIT;
	json_t *dump;

	if (option_parse(&set, 1, obj, path, &b->report) < 0)
		return;
	if (route_prepare(r, &err) < 0)
		config_wrong_check(b, obj, path, &err);
	if (b->effective == NULL)
		return;
	dump = option_dump(route_options, r, true, true);
	config_build_mask(b, obj, dump);
	json_array_append_new(json_object_get(b->effective, "routes"), dump);
}

void
config_build_routes(struct config_build *b, json_t *list)
{
	struct config *c = b->config;
	size_t i;
	json_t *obj;

	if (list != NULL && !json_is_array(list))
		config_wrong(b, list, "routes",
		    "expected list (each route begins with \"- match:\" or "
		    "\"- notify:\")");
	c->routes = mem_array(json_array_size(list), sizeof(*c->routes));
	json_array_foreach (list, i, obj) {
		char *path = mem_printf("routes[%zu]", i);

		build_route(b, &c->routes[c->route_count++], obj, path);
		free(path);
	}
}
