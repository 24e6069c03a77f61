#include "agent/config_build.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

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

void
config_wrong(struct config_build *b, const json_t *at, const char *path,
    const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	text = without_hidden(b, at, text);
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

void
config_check_name(
    struct config_build *b, const char *map, const char *name, const json_t *at)
{
	char shown[80];

	if (config_is_name(name))
		return;
	str_printable(shown, sizeof(shown), name, strlen(name));
	config_wrong(b, at, map,
	    "\"%s\" is not a name: use a-z, 0-9, dot, underscore and hyphen, "
	    "at most %d, beginning with a letter or digit",
	    shown, CONFIG_NAME_MAX);
}

void
config_unknown(struct config_build *b, const json_t *at, const char *path,
    const char *what, const char *name, const char *const *names)
{
	const char *near = str_nearest(names, name);
	char shown[80];

	str_printable(shown, sizeof(shown), name, strlen(name));
	config_wrong(b, at, path, "there is no %s %s%s%s%s", what, shown,
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
}
