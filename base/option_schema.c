/* The half of base/option.h that writes JSON Schema 2020-12. Values may be
 * references such as ${env:PORT}, so numbers may also be such a text. */
#include "base/option.h"

#include <inttypes.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/option_value.h"
#include "base/outcome.h"
#include "base/str.h"

#define REFERENCE "\\$\\{"
#define DURATION  "^([0-9]+(ms|s|m|h|d|w))+$|^0$|" REFERENCE
#define SIZE      "^[0-9]+(B|KB|KiB|MB|MiB|GB|GiB)?$|" REFERENCE
#define NUMBER    "^-?[0-9]+(\\.[0-9]+)?$|" REFERENCE
#define RANGES    "^[0-9xX, -]+$|" REFERENCE

static json_t *
type_of(const char *type)
{
	return json_pack("{s:s}", "type", type);
}

/* YAML reads `8080` as a number and `on` as a truth value where text is meant;
 * what the strict loader takes as text, editors must not mark. */
static json_t *
text_value(void)
{
	return json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean");
}

static json_t *
schema_pattern(const char *pattern)
{
	return json_pack(
	    "{s:[s,s],s:s}", "type", "string", "integer", "pattern", pattern);
}

static json_t *
schema_bool(const struct option *o)
{
	(void)o;
	return type_of("boolean");
}

static json_t *
schema_number(const struct option *o)
{
	const char *number = o->type == OPTION_INT ? "integer" : "number";
	json_t *s = json_pack(
	    "{s:[s,s],s:s}", "type", number, "string", "pattern", NUMBER);
	int64_t min, max;

	option_limits(o, &min, &max);
	if (min != INT64_MIN)
		json_put_int(s, "minimum", min);
	if (max != INT64_MAX)
		json_put_int(s, "maximum", max);
	return s;
}

static json_t *
schema_duration(const struct option *o)
{
	(void)o;
	return schema_pattern(DURATION);
}

static json_t *
schema_size(const struct option *o)
{
	(void)o;
	return schema_pattern(SIZE);
}

static json_t *
schema_text(const struct option *o)
{
	json_t *s = text_value();

	if (o->flags & OPTION_REQUIRED)
		json_put_int(s, "minLength", 1);
	return s;
}

static json_t *
schema_url(const struct option *o)
{
	json_t *s = type_of("string");
	struct buf pattern;

	if (o->words == NULL)
		return s;
	buf_init(&pattern, 1024);
	for (size_t i = 0; o->words[i] != NULL; i++)
		buf_printf(&pattern, "%s%s", i == 0 ? "^(" : "|", o->words[i]);
	buf_puts(&pattern, ")://|" REFERENCE);
	json_put_str(s, "pattern", buf_str(&pattern));
	buf_fini(&pattern);
	return s;
}

static json_t *
schema_words(const struct option *o)
{
	const char *const *words =
	    o->type == OPTION_SEVERITY ? severity_names : o->words;
	json_t *list = json_array();

	for (size_t i = 0; words[i] != NULL; i++)
		json_array_append_new(list, json_string(words[i]));
	return json_pack("{s:o}", "enum", list);
}

static json_t *
schema_list(const struct option *o)
{
	json_t *list = type_of("array"), *one = text_value();
	int64_t min, max;

	option_limits(o, &min, &max);
	if (min > 0)
		json_put_int(list, "minItems", min);
	json_put_int(list, "maxItems", max);
	json_put(list, "items", json_incref(one));
	return json_pack("{s:[o,o]}", "anyOf", list, one);
}

static json_t *
schema_map(const struct option *o)
{
	json_t *map = type_of("object");
	int64_t min, max;

	option_limits(o, &min, &max);
	if (min > 0)
		json_put_int(map, "minProperties", min);
	json_put(map, "additionalProperties", text_value());
	return map;
}

static json_t *
schema_section(const struct option *o)
{
	json_t *s = option_schema(o->section);

	json_put_str(s, "type", "object");
	json_put_bool(s, "additionalProperties", false);
	return s;
}

static json_t *
schema_sections(const struct option *o)
{
	json_t *list = type_of("array"), *one = schema_section(o);

	json_put(list, "items", json_incref(one));
	return json_pack("{s:[o,o]}", "anyOf", list, one);
}

static json_t *
schema_ranges(const struct option *o)
{
	json_t *one = schema_pattern(RANGES);

	(void)o;
	return json_pack(
	    "{s:[O,{s:s,s:o}]}", "anyOf", one, "type", "array", "items", one);
}

static json_t *
schema_any(const struct option *o)
{
	(void)o;
	return json_object();
}

typedef json_t *schema_fn(const struct option *o);

static schema_fn *const schemas[] = {
    [OPTION_BOOL] = schema_bool,
    [OPTION_INT] = schema_number,
    [OPTION_DURATION] = schema_duration,
    [OPTION_SIZE] = schema_size,
    [OPTION_DOUBLE] = schema_number,
    [OPTION_STRING] = schema_text,
    [OPTION_SECRET] = schema_text,
    [OPTION_URL] = schema_url,
    [OPTION_REGEX] = schema_text,
    [OPTION_ENUM] = schema_words,
    [OPTION_SEVERITY] = schema_words,
    [OPTION_LIST] = schema_list,
    [OPTION_MAP] = schema_map,
    [OPTION_SECTION] = schema_section,
    [OPTION_SECTIONS] = schema_sections,
    [OPTION_RANGES] = schema_ranges,
    [OPTION_JSON] = schema_any,
};

/* The default in the JSON type that an editor would insert. */
static json_t *
standard_of(const struct option *o)
{
	int64_t number;

	if (o->type == OPTION_BOOL)
		return json_boolean(str_eq(o->standard, "true"));
	if (o->type == OPTION_INT &&
	    str_parse_i64(o->standard, INT64_MIN, INT64_MAX, &number) == 0)
		return json_integer(number);
	return json_string(o->standard);
}

json_t *
option_schema(const struct option *table)
{
	json_t *properties = json_object(), *required = json_array();
	json_t *schema = json_object();

	for (const struct option *o = table; o->name != NULL; o++) {
		json_t *s = schemas[o->type](o);

		if (o->help != NULL)
			json_put_str(s, "description", o->help);
		if (o->standard != NULL)
			json_put(s, "default", standard_of(o));
		json_put(properties, o->name, s);
		if (o->flags & OPTION_REQUIRED)
			json_array_append_new(required, json_string(o->name));
	}
	json_put(schema, "properties", properties);
	if (json_array_size(required) > 0)
		json_put(schema, "required", required);
	else
		json_decref(required);
	return schema;
}
