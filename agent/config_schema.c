/* JSON Schema 2020-12 of the whole configuration, for editors. */
#include "agent/config.h"

#include <stdlib.h>

#include "agent/config_tables.h"
#include "alerting/registry.h"
#include "base/json.h"
#include "base/mem.h"
#include "probes/registry.h"

#define NAME "^[a-z0-9][a-z0-9._-]{0,62}$"

/* An object of several tables' keys, and no others. */
static json_t *
object_of(const struct option *a, const struct option *b)
{
	json_t *schema = option_schema(a), *more;

	if (b != NULL) {
		json_t *required = json_object_get(schema, "required");

		more = option_schema(b);
		json_object_update(json_object_get(schema, "properties"),
		    json_object_get(more, "properties"));
		if (required == NULL)
			json_object_set(schema, "required",
			    json_object_get(more, "required"));
		else
			json_array_extend(
			    required, json_object_get(more, "required"));
		json_decref(more);
	}
	json_put_str(schema, "type", "object");
	json_put_bool(schema, "additionalProperties", false);
	return schema;
}

static void
put_name_rule(json_t *schema)
{
	json_t *name =
	    json_object_get(json_object_get(schema, "properties"), "name");

	json_put_str(name, "type", "string");
	json_put_str(name, "pattern", NAME);
}

/* "if kind is tls then #/$defs/probe-tls", so that an editor offers the keys
 * of the kind that was written. */
static void
add_kind(json_t *item, json_t *defs, const char *what, const char *kind,
    json_t *schema)
{
	char *key = mem_printf("%s-%s", what, kind);
	char *ref = mem_printf("#/$defs/%s", key);

	json_array_append_new(
	    json_object_get(
		json_object_get(json_object_get(item, "properties"), "kind"),
		"enum"),
	    json_string(kind));
	json_array_append_new(json_object_get(item, "allOf"),
	    json_pack("{s:{s:{s:{s:s}},s:[s]},s:{s:s}}", "if", "properties",
		"kind", "const", kind, "required", "kind", "then", "$ref",
		ref));
	json_put(defs, key, schema);
	free(key);
	free(ref);
}

static json_t *
any_kind(void)
{
	return json_pack("{s:s,s:{s:{s:[]}},s:[s],s:[]}", "type", "object",
	    "properties", "kind", "enum", "required", "kind", "allOf");
}

static json_t *
probes_schema(json_t *defs)
{
	json_t *item = any_kind();

	for (size_t i = 0; probe_kinds[i] != NULL; i++) {
		json_t *schema =
		    object_of(config_probe_options, probe_kinds[i]->options);

		put_name_rule(schema);
		add_kind(item, defs, "probe", probe_kinds[i]->name, schema);
	}
	return json_pack("{s:s,s:o}", "type", "array", "items", item);
}

static json_t *
channels_schema(json_t *defs)
{
	json_t *item = any_kind();

	for (size_t i = 0; channel_kinds[i] != NULL; i++)
		add_kind(item, defs, "channel", channel_kinds[i]->name,
		    object_of(
			config_channel_options, channel_kinds[i]->options));
	return json_pack("{s:s,s:{s:s},s:o}", "type", "object", "propertyNames",
	    "pattern", NAME, "additionalProperties", item);
}

static json_t *
routes_schema(void)
{
	return json_pack("{s:s,s:o}", "type", "array", "items",
	    object_of(route_options, NULL));
}

static json_t *
map_schema(const struct option *table)
{
	return json_pack("{s:s,s:{s:s},s:o}", "type", "object", "propertyNames",
	    "pattern", NAME, "additionalProperties", object_of(table, NULL));
}

/* In a file they have names; by API they get ids. */
static json_t *
mutes_schema(enum mute_kind kind)
{
	json_t *item = object_of(mute_options[kind], NULL);
	json_t *required = json_object_get(item, "required");

	if (required == NULL) {
		required = json_array();
		json_put(item, "required", required);
	}
	json_array_append_new(required, json_string("name"));
	put_name_rule(item);
	return json_pack("{s:s,s:o}", "type", "array", "items", item);
}

/* Put a table's schema in the place of "any value", keeping what it means. */
static void
replace(json_t *properties, const char *key, json_t *schema)
{
	json_t *old = json_object_get(properties, key);

	json_object_set(
	    schema, "description", json_object_get(old, "description"));
	json_put(properties, key, schema);
}

json_t *
config_schema(void)
{
	json_t *schema = json_object(), *defs = json_object();
	json_t *top = object_of(config_file_options, NULL), *properties;

	json_put_str(
	    schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_put_str(schema, "title", "tocsin configuration");
	json_object_update(schema, top);
	json_decref(top);
	properties = json_object_get(schema, "properties");
	replace(
	    properties, "defaults", object_of(config_defaults_options, NULL));
	replace(properties, "probes", probes_schema(defs));
	replace(properties, "channels", channels_schema(defs));
	replace(properties, "routes", routes_schema());
	replace(properties, "people", map_schema(config_person_options));
	replace(properties, "rotations", map_schema(rotation_options));
	replace(properties, "silences", mutes_schema(MUTE_SILENCE));
	replace(properties, "maintenance", mutes_schema(MUTE_MAINTENANCE));
	replace(properties, "quiet_hours", mutes_schema(MUTE_QUIET_HOURS));
	json_put(schema, "$defs", defs);
	return schema;
}
