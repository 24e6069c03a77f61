#include "agent/config_build.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config_secret.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define EXPANDED_MAX ((size_t)256 * 1024) /* bytes of one text */

/* Its reference could not be resolved, which has been told: nothing more can
 * be said of the value. */
static bool
is_unresolved(const struct config_build *b, const json_t *v)
{
	const char *written = config_yaml_hidden(b->yaml, v);

	return written != NULL && json_is_string(v) &&
	    str_eq(written, json_string_value(v));
}

static bool
has_unresolved(const struct config_build *b, const json_t *v)
{
	const char *key;
	json_t *inner;
	size_t i;

	if (is_unresolved(b, v))
		return true;
	json_object_foreach ((json_t *)(uintptr_t)v, key, inner)
		if (has_unresolved(b, inner))
			return true;
	json_array_foreach ((json_t *)(uintptr_t)v, i, inner)
		if (has_unresolved(b, inner))
			return true;
	return false;
}

static void
on_mistake(void *ctx, const json_t *at, const char *path, const char *text)
{
	struct config_build *b = ctx;
	struct config_place place = config_yaml_place(b->yaml, at);

	if (!is_unresolved(b, at))
		config_mistakes_add(&b->mistakes, &place, path, "%s", text);
}

static bool
is_hidden(void *ctx, const json_t *at)
{
	const struct config_build *b = ctx;

	return config_yaml_hidden(b->yaml, at) != NULL;
}

void
config_build_init(
    struct config_build *b, struct config *config, struct config_yaml *yaml)
{
	memset(b, 0, sizeof(*b));
	b->config = config;
	b->yaml = yaml;
	b->report = (struct option_report){
	    .mistake = on_mistake,
	    .hidden = is_hidden,
	    .ctx = b,
	};
}

void
config_wrong(struct config_build *b, const json_t *at, const char *path,
    const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	option_mistake(&b->report, at, path, "%s", text);
	free(text);
}

void
config_warn(struct config_build *b, const json_t *at, const char *path,
    const char *fmt, ...)
{
	struct config_place place = config_yaml_place(b->yaml, at);
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	config_mistakes_add(&b->warnings, &place, path, "%s", text);
	free(text);
}

/* Replace each occurrence of `secret` in text (freed). */
static char *
without(char *text, const char *secret)
{
	size_t len = strlen(secret);
	const char *from = text, *at;
	struct buf out;

	if (len == 0 || strstr(text, secret) == NULL)
		return text;
	buf_init(&out, 4 * strlen(text) + 16);
	while ((at = strstr(from, secret)) != NULL) {
		buf_add(&out, from, (size_t)(at - from));
		buf_puts(&out, "***");
		from = at + len;
	}
	buf_puts(&out, from);
	free(text);
	return buf_take(&out);
}

static char *
without_hidden(const struct config_build *b, const json_t *v, char *text)
{
	const char *key;
	json_t *inner;
	size_t i;

	if (json_is_string(v) && config_yaml_hidden(b->yaml, v) != NULL)
		return without(text, json_string_value(v));
	json_object_foreach ((json_t *)(uintptr_t)v, key, inner)
		text = without_hidden(b, inner, text);
	json_array_foreach ((json_t *)(uintptr_t)v, i, inner)
		text = without_hidden(b, inner, text);
	return text;
}

/* The value that "expect.status" names in obj, or obj. */
static const json_t *
value_at(const json_t *obj, const char *key, size_t len)
{
	const json_t *v = obj;

	while (len > 0) {
		size_t part = 0;
		char *name;

		while (part < len && key[part] != '.')
			part++;
		name = mem_strndup(key, part);
		v = json_object_get(v, name);
		free(name);
		if (v == NULL)
			return obj;
		key += part + (part < len);
		len -= part + (part < len);
	}
	return v;
}

void
config_wrong_check(struct config_build *b, const json_t *obj, const char *path,
    const struct err *err)
{
	char *text, *full;
	size_t len;

	if (has_unresolved(b, obj))
		return;
	text = without_hidden(b, obj, mem_strdup(err->text));
	len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.");
	if (len == 0 || strncmp(text + len, ": ", 2) != 0) {
		config_wrong(b, obj, path, "%s", text);
	} else {
		full = mem_printf(
		    "%s%s%.*s", path, *path != '\0' ? "." : "", (int)len, text);
		config_wrong(
		    b, value_at(obj, text, len), full, "%s", text + len + 2);
		free(full);
	}
	free(text);
}

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
	static const char *const words[] = {"auth", "cookie", "token",
	    "secret", "password", "key", NULL};

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

char *
config_item_path(const char *list, const json_t *item, size_t i)
{
	const char *name = json_str(item, "name");

	if (config_is_name(name))
		return mem_printf("%s.%s", list, name);
	return mem_printf("%s[%zu]", list, i);
}

bool
config_is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return len > 0 && len <= CONFIG_NAME_MAX && name[len] == '\0' &&
	       strchr("._-", *name) == NULL;
}
