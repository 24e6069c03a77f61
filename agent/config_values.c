/* What happens to the texts of a configuration before its tables read them:
 * references, types, secrets. See agent/config_build.h. */
#include "agent/config_build.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config_secret.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#define EXPANDED_MAX ((size_t)256 * 1024) /* bytes of one text */

static void
expand_text(struct config_build *b, json_t *v, const char *path)
{
	struct err err = ERR_INIT;
	struct buf out;
	bool found;

	buf_init(&out, EXPANDED_MAX);
	if (config_secret_expand(&out, json_string_value(v), &found, &err) <
	    0) {
		config_wrong(b, v, path, "%s", err.text);
		config_yaml_hide(b->yaml, v);
	} else {
		if (found)
			config_yaml_hide(b->yaml, v);
		json_string_set(v, buf_str(&out));
	}
	if (out.data != NULL)
		explicit_bzero(out.data, out.len);
	buf_fini(&out);
}

static bool
is_plain(const json_t *v)
{
	const char *text = json_string_value(v);

	return text != NULL && strstr(text, "${") == NULL;
}

void
config_build_expand(struct config_build *b, json_t *tree, const char *path)
{
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_string(tree))
		expand_text(b, tree, path);
	json_object_foreach (tree, key, v) {
		char *inner;

		if (is_plain(v)) /* nearly all: not worth a path */
			continue;
		inner =
		    mem_printf("%s%s%s", path, *path != '\0' ? "." : "", key);
		config_build_expand(b, v, inner);
		free(inner);
	}
	json_array_foreach (tree, i, v) {
		char *inner;

		if (is_plain(v))
			continue;
		inner = config_item_path(path, v, i);
		config_build_expand(b, v, inner);
		free(inner);
	}
}

/* The JSON value that a plain scalar looks like (YAML 1.2's core schema). */
static json_t *
typed(const struct config_build *b, json_t *v)
{
	const char *text = json_string_value(v);
	int64_t number;
	double real;

	if (text == NULL || config_yaml_quoted(b->yaml, v))
		return json_incref(v);
	if (str_eq(text, "true") || str_eq(text, "false"))
		return json_boolean(*text == 't');
	if (str_parse_i64(text, INT64_MIN, INT64_MAX, &number) == 0)
		return json_integer(number);
	if (str_parse_double(text, &real) == 0)
		return json_real(real);
	return json_incref(v);
}

static json_t *
typed_tree(const struct config_build *b, json_t *v)
{
	const char *key;
	json_t *inner, *copy;
	size_t i;

	if (json_is_object(v)) {
		copy = json_object();
		json_object_foreach (v, key, inner)
			json_object_set_new(copy, key, typed_tree(b, inner));
		return copy;
	}
	if (json_is_array(v)) {
		copy = json_array();
		json_array_foreach (v, i, inner)
			json_array_append_new(copy, typed_tree(b, inner));
		return copy;
	}
	return typed(b, v);
}

static void
type_sections(struct config_build *b, const struct option *o, json_t *v)
{
	json_t *item;
	size_t i;

	config_build_type(b, o->section, v);
	json_array_foreach (v, i, item)
		config_build_type(b, o->section, item);
}

void
config_build_type(
    struct config_build *b, const struct option *table, json_t *obj)
{
	for (const struct option *o = table; o->name != NULL; o++) {
		json_t *v = json_object_get(obj, o->name);

		if (v == NULL)
			continue;
		if (o->type == OPTION_JSON)
			json_object_set_new(obj, o->name, typed_tree(b, v));
		else if (o->section != NULL)
			type_sections(b, o, v);
	}
}

/* Of a map of headers, only some are worth a warning. */
static bool
sounds_secret(const char *key)
{
	static const char *const words[] = {
	    "auth", "cookie", "token", "secret", "password", "key", NULL};

	for (size_t i = 0; words[i] != NULL; i++)
		if (strcasestr(key, words[i]) != NULL)
			return true;
	return false;
}

/* Is any text in v a secret in clear? */
static bool
stands_in_clear(const struct config_build *b, const json_t *v)
{
	const char *key;
	json_t *inner;

	if (json_is_string(v))
		return *json_string_value(v) != '\0' &&
		       config_yaml_hidden(b->yaml, v) == NULL;
	json_object_foreach ((json_t *)(uintptr_t)v, key, inner)
		if (sounds_secret(key) && stands_in_clear(b, inner))
			return true;
	return false;
}

void
config_build_secrets(struct config_build *b, const struct option *table,
    const json_t *obj, const char *path)
{
	for (const struct option *o = table; o->name != NULL; o++) {
		const json_t *v = json_object_get(obj, o->name);
		bool secret =
		    o->type == OPTION_SECRET ||
		    (o->type == OPTION_MAP && (o->flags & OPTION_SECRETS));
		char *inner;

		if (v == NULL || (!secret && o->type != OPTION_SECTION))
			continue;
		inner = mem_printf(
		    "%s%s%s", path, *path != '\0' ? "." : "", o->name);
		if (o->type == OPTION_SECTION)
			config_build_secrets(b, o->section, v, inner);
		else if (stands_in_clear(b, v))
			config_warn(b, v, inner,
			    "a secret stands in the file in clear; write "
			    "${file:/PATH}, ${env:NAME} or "
			    "${credential:NAME}");
		free(inner);
	}
}

void
config_build_mask(const struct config_build *b, const json_t *obj, json_t *dump)
{
	const char *key, *raw;
	json_t *v;
	size_t i;

	json_object_foreach ((json_t *)(uintptr_t)obj, key, v) {
		raw = config_yaml_hidden(b->yaml, v);
		if (raw != NULL)
			json_object_set_new(dump, key, json_string(raw));
		else
			config_build_mask(b, v, json_object_get(dump, key));
	}
	json_array_foreach ((json_t *)(uintptr_t)obj, i, v) {
		raw = config_yaml_hidden(b->yaml, v);
		if (raw != NULL)
			json_array_set_new(dump, i, json_string(raw));
		else
			config_build_mask(b, v, json_array_get(dump, i));
	}
}
