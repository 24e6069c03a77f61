/* The half of base/option.h that reads `-o key=value` of a command line. */
#include "base/option.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/option_value.h"
#include "base/str.h"

/* "expect.status=200" on its way down the tables. */
struct assignment {
	const char *text; /* as given */
	char *key;        /* a copy up to '=', cut at each dot on the way */
	const char *value;
};

/* The key as far as `part`, which has just been cut off, was the last. */
static void
shown_key(char shown[64], const struct assignment *a, const char *part)
{
	size_t len = (size_t)(part - a->key) + strlen(part);

	str_printable(shown, 64, a->text, len);
}

static int
unknown_key(const struct assignment *a, const struct option *table,
    const char *key, struct err *err)
{
	struct option_set set = {table, NULL};
	char *near = option_nearest(&set, 1, key);
	char shown[64];

	shown_key(shown, a, key);
	if (near == NULL)
		err_set(err, ERR_CONFIG, "%s: unknown key", shown);
	else
		err_set(err, ERR_CONFIG, "%s: unknown key; did you mean %s?",
		    shown, near);
	free(near);
	return -1;
}

/* The member of obj that is an object, made if need be. */
static json_t *
inner_object(json_t *obj, const char *key)
{
	json_t *inner = json_object_get(obj, key);

	if (!json_is_object(inner)) {
		inner = json_object();
		json_object_set_new(obj, key, inner);
	}
	return inner;
}

static json_t *
any_value(const char *text)
{
	json_t *value;

	if (json_parse(&value, text, strlen(text), NULL) == 0)
		return value;
	return json_string(text);
}

static void
append(json_t *obj, const char *key, const char *text)
{
	json_t *list = json_object_get(obj, key);

	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(obj, key, list);
	}
	json_array_append_new(list, json_string(text));
}

/* The last part of the key is reached: put the value there. */
static int
assign_value(
    json_t *obj, const struct option *o, const char *text, struct err *err)
{
	if (o->type == OPTION_MAP)
		return err_set(err, ERR_CONFIG, "%s: a map takes %s.NAME=VALUE",
		    o->name, o->name);
	if (o->type == OPTION_SECTION)
		return err_set(err, ERR_CONFIG,
		    "%s: a section takes %s.KEY=VALUE", o->name, o->name);
	if (o->type == OPTION_LIST)
		append(obj, o->name, text);
	else if (o->type == OPTION_JSON)
		json_object_set_new(obj, o->name, any_value(text));
	else
		json_object_set_new(obj, o->name, json_string(text));
	return 0;
}

static int
assign(json_t *obj, const struct option *table, const struct assignment *a,
    char *key, struct err *err)
{
	char *rest = strchr(key, '.'), shown[64];
	const struct option *o;

	if (rest != NULL)
		*rest++ = '\0';
	o = option_find(table, key);
	if (o == NULL)
		return unknown_key(a, table, key, err);
	shown_key(shown, a, key);
	if (o->type == OPTION_SECTIONS)
		return err_set(err, ERR_CONFIG,
		    "%s: a list of sections needs a configuration file", shown);
	if (rest == NULL)
		return assign_value(obj, o, a->value, err);
	if (o->type == OPTION_MAP && *rest != '\0') {
		json_object_set_new(
		    inner_object(obj, key), rest, json_string(a->value));
		return 0;
	}
	if (o->type != OPTION_SECTION)
		return err_set(
		    err, ERR_CONFIG, "%s has no keys of its own", shown);
	return assign(inner_object(obj, key), o->section, a, rest, err);
}

int
option_assign(
    json_t *obj, const struct option *table, const char *text, struct err *err)
{
	const char *equals = strchr(text, '=');
	struct assignment a = {.text = text};
	char shown[64];
	size_t len = strlen(text);
	int rc;

	if (equals == NULL || equals == text) {
		str_printable(shown, sizeof(shown), text, len);
		return err_set(
		    err, ERR_INPUT, "\"%s\" is not KEY=VALUE", shown);
	}
	if (!str_is_text(text, len))
		return err_set(err, ERR_INPUT,
		    "an option is not UTF-8 text or has control characters");
	a.key = mem_strndup(text, (size_t)(equals - text));
	a.value = equals + 1;
	rc = assign(obj, table, &a, a.key, err);
	free(a.key);
	return rc;
}
