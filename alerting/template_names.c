#include <string.h>

#include "alerting/template_node.h"
#include "base/check.h"
#include "base/json.h"
#include "base/str.h"

#define NAME_MAX_BYTES 256
#define NAMES_MAX      40 /* that may be suggested */

static size_t
name_len(const char *path, size_t len)
{
	const char *dot = memchr(path, '.', len);

	return dot != NULL ? (size_t)(dot - path) : len;
}

/* Keys of JSON objects are ended; names in a template are not. */
static const json_t *
member(const json_t *object, const char *name, size_t len)
{
	char key[NAME_MAX_BYTES];

	if (!json_is_object(object) || len >= sizeof(key))
		return NULL;
	memcpy(key, name, len);
	key[len] = '\0';
	return json_object_get(object, key);
}

static const json_t *
place(const struct template_scope *scope, const struct template_node *node)
{
	size_t index = scope->levels[scope->depth].index;
	size_t count = scope->levels[scope->depth].count;

	if (node->len == 6 && memcmp(node->text, "-first", 6) == 0)
		return json_boolean(index == 0);
	if (node->len == 5 && memcmp(node->text, "-last", 5) == 0)
		return json_boolean(index + 1 >= count);
	return NULL;
}

const json_t *
template_find(const struct template_scope *scope,
    const struct template_node *node, struct template_miss *miss)
{
	struct template_miss found = {0, scope->levels[0].value};
	size_t took = name_len(node->text, node->len);
	const json_t *value = NULL;

	if (node->len == 1 && node->text[0] == '.')
		return scope->levels[scope->depth].value;
	if (node->text[0] == '-')
		value = place(scope, node);
	/* The first name is looked for outwards, the others inside it. */
	for (size_t i = scope->depth + 1; value == NULL && i-- > 0;)
		value = member(scope->levels[i].value, node->text, took);
	while (value != NULL && took < node->len) {
		found = (struct template_miss){took + 1, value};
		took +=
		    1 + name_len(node->text + took + 1, node->len - took - 1);
		value = member(
		    found.parent, node->text + found.at, took - found.at);
	}
	if (value == NULL && miss != NULL)
		*miss = found;
	return value;
}

void
template_enter(struct template_scope *scope, const json_t *value, size_t index,
    size_t count)
{
	CHECK(scope->depth < TEMPLATE_DEPTH_MAX);
	scope->depth++;
	scope->levels[scope->depth].value = value;
	scope->levels[scope->depth].index = index;
	scope->levels[scope->depth].count = count;
}

static int
unknown_name(const struct template *t, const struct template_node *node,
    const struct template_miss *miss, struct err *err)
{
	const char *at = node->text + miss->at, *names[NAMES_MAX + 1] = {NULL};
	size_t len = name_len(at, node->len - miss->at), count = 0;
	char name[NAME_MAX_BYTES];
	const char *key, *near;
	json_t *value;

	str_printf(name, sizeof(name), "%.*s", (int)len, at);
	/* Only reading; jansson's iterator takes no const object. */
	json_object_foreach ((json_t *)(uintptr_t)miss->parent, key, value)
		if (value != NULL && count < NAMES_MAX)
			names[count++] = key;
	near = str_nearest(names, name);
	if (near != NULL)
		return template_mistake(t, at, err,
		    "a message has no %.*s%s; did you mean %s?", (int)miss->at,
		    node->text, name, near);
	return template_mistake(t, at, err, "a message has no %.*s%s",
	    (int)miss->at, node->text, name);
}

/* What a section of the sample looks at. */
static void
enter_sample(struct template_scope *scope, const struct template_node *node,
    const json_t *value, const json_t *anything)
{
	if (node->type == TEMPLATE_INVERTED)
		value = scope->levels[scope->depth].value;
	else if (json_is_array(value))
		value = json_array_get(value, 0);
	template_enter(scope, value != NULL ? value : anything, 0, 1);
}

static bool
is_free(const json_t *value)
{
	return json_is_object(value) && json_object_size(value) == 0;
}

/* May the name be there although the sample does not have it? */
static bool
may_be(const struct template_scope *scope, const struct template_miss *miss)
{
	bool any = is_free(miss->parent);

	for (size_t i = 0; miss->at == 0 && i <= scope->depth; i++)
		any = any || is_free(scope->levels[i].value);
	return any;
}

static int
check_node(struct template_scope *scope, const struct template *t,
    const struct template_node *node, const json_t *anything, struct err *err)
{
	struct template_miss miss = {0, NULL};
	const json_t *value;

	if (node->type == TEMPLATE_END)
		scope->depth--;
	if (node->type == TEMPLATE_LITERAL || node->type == TEMPLATE_END)
		return 0;
	value = template_find(scope, node, &miss);
	if (value == NULL && !may_be(scope, &miss))
		return unknown_name(t, node, &miss, err);
	if (node->type != TEMPLATE_VALUE)
		enter_sample(scope, node, value, anything);
	return 0;
}

int
template_check_names(
    const struct template *t, const json_t *sample, struct err *err)
{
	struct template_scope scope = {.levels = {{sample, 0, 0}}};
	json_t *anything = json_object();
	int result = 0;

	for (size_t i = 0; i < t->count && result == 0; i++)
		result = check_node(&scope, t, &t->nodes[i], anything, err);
	json_decref(anything);
	return result;
}
