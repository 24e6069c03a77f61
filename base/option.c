#include "base/option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/option_value.h"
#include "base/str.h"

#define PATH_MAX_LEN 256

/* Where we are, as links on the stack: text is only made for a mistake. */
struct place {
	const struct place *up;
	const char *name; /* NULL: the item `index` of a list */
	size_t index;
};

struct parse {
	struct option_report *report;
	bool whole; /* required keys count (not for a section left out) */
};

static int parse_tables(struct parse *p, const struct option_set *sets,
    size_t count, const json_t *obj, const struct place *where);

static void
put_place(struct buf *out, const struct place *where)
{
	if (where->up != NULL)
		put_place(out, where->up);
	if (where->name == NULL) {
		buf_printf(out, "[%zu]", where->index);
		return;
	}
	if (out->len > 0 && *where->name != '\0')
		buf_putc(out, '.');
	buf_puts(out, where->name);
}

static void
mistake(struct parse *p, const json_t *at, const struct place *where,
    const char *text)
{
	char shown[PATH_MAX_LEN];
	struct buf path;

	buf_init(&path, PATH_MAX_LEN - 1);
	put_place(&path, where);
	str_printable(shown, sizeof(shown), buf_str(&path), path.len);
	option_mistake(p->report, at, shown, "%s", text);
	buf_fini(&path);
}

void
option_mistake(struct option_report *report, const json_t *at, const char *path,
    const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	report->mistakes++;
	report->mistake(report->ctx, at, path, text);
	free(text);
}

static void *
member_of(const struct option *o, void *config)
{
	return (char *)config + o->offset;
}

static const char *
found_name(const json_t *v)
{
	static const char *const names[] = {
	    [JSON_OBJECT] = "map",
	    [JSON_ARRAY] = "list",
	    [JSON_STRING] = "text",
	    [JSON_INTEGER] = "number",
	    [JSON_REAL] = "number",
	    [JSON_TRUE] = "true",
	    [JSON_FALSE] = "false",
	    [JSON_NULL] = "nothing",
	};

	CHECK(v != NULL);
	return names[json_typeof(v)];
}

static void
wrong_type(struct parse *p, const json_t *v, const struct place *where,
    const char *wanted)
{
	char text[120];

	str_printf(
	    text, sizeof(text), "expected %s, found %s", wanted, found_name(v));
	mistake(p, v, where, text);
}

/* The text of a scalar in either form; NULL if it is none. */
static const char *
scalar_text(const json_t *v, char tmp[40])
{
	const char *s = json_string_value(v);

	if (s != NULL)
		return strlen(s) == json_string_length(v) ? s : NULL;
	if (json_is_boolean(v))
		return json_is_true(v) ? "true" : "false";
	if (json_is_integer(v))
		snprintf(tmp, 40, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(tmp, 40, "%.17g", json_real_value(v));
	else
		return NULL;
	return tmp;
}

static bool
is_textual(enum option_type type)
{
	return type == OPTION_STRING || type == OPTION_SECRET ||
	       type == OPTION_URL || type == OPTION_REGEX ||
	       type == OPTION_LIST;
}

static void
parse_scalar(struct parse *p, const struct option *o, void *member,
    const json_t *v, const struct place *where)
{
	struct option_report *report = p->report;
	bool hidden = report->hidden != NULL && report->hidden(report->ctx, v);
	char tmp[40];
	const char *text = scalar_text(v, tmp);
	struct err why;

	if (json_is_string(v) && text == NULL)
		mistake(p, v, where, "a NUL byte is not allowed in text");
	else if (text == NULL || (is_textual(o->type) && !json_is_string(v)))
		wrong_type(p, v, where,
		    o->type == OPTION_LIST ? "text"
					   : option_type_name(o->type));
	else if (option_read(o, member, text, hidden, &why) < 0)
		mistake(p, v, where, why.text);
}

/* Also "at least one" and "at most", for whatever counts items. */
static void
check_count(struct parse *p, const struct option *o, const json_t *v,
    const struct place *where, size_t count)
{
	int64_t min, max;
	char text[80];

	option_limits(o, &min, &max);
	if ((int64_t)count < min)
		str_printf(text, sizeof(text), "needs at least %lld, has %zu",
		    (long long)min, count);
	else if ((int64_t)count > max)
		str_printf(text, sizeof(text), "allows at most %lld, has %zu",
		    (long long)max, count);
	else
		return;
	mistake(p, v, where, text);
}

static void
parse_list(struct parse *p, const struct option *o, void *member,
    const json_t *v, const struct place *where)
{
	size_t count = json_is_array(v) ? json_array_size(v) : 1;
	int64_t min, max;

	check_count(p, o, v, where, count);
	option_limits(o, &min, &max);
	if (!json_is_array(v)) {
		if (json_is_object(v))
			wrong_type(p, v, where, "list of texts");
		else
			parse_scalar(p, o, member, v, where);
		return;
	}
	for (size_t i = 0; i < count && (int64_t)i < max; i++) {
		struct place item = {where, NULL, i};

		parse_scalar(p, o, member, json_array_get(v, i), &item);
	}
}

static void
parse_ranges(struct parse *p, const struct option *o, void *member,
    const json_t *v, const struct place *where)
{
	if (!json_is_array(v)) {
		parse_scalar(p, o, member, v, where);
		return;
	}
	if (json_array_size(v) == 0)
		mistake(p, v, where, "must not be empty");
	for (size_t i = 0; i < json_array_size(v); i++) {
		struct place item = {where, NULL, i};

		parse_scalar(p, o, member, json_array_get(v, i), &item);
	}
}

static void
parse_map(struct parse *p, const struct option *o, void *member,
    const json_t *v, const struct place *where)
{
	struct option_map *map = member;
	const char *key, *text;
	json_t *value;
	char tmp[40];

	if (!json_is_object(v)) {
		wrong_type(p, v, where, "map of texts");
		return;
	}
	check_count(p, o, v, where, json_object_size(v));
	map->items = mem_array(json_object_size(v), sizeof(*map->items));
	json_object_foreach ((json_t *)(uintptr_t)v, key, value) {
		struct place item = {where, key, 0};

		text = scalar_text(value, tmp);
		if (text == NULL) {
			wrong_type(p, value, &item, "text");
			continue;
		}
		map->items[map->count].key = mem_strdup(key);
		map->items[map->count++].value = mem_strdup(text);
	}
}

static void
parse_section(struct parse *p, const struct option *o, void *member,
    const json_t *v, const struct place *where)
{
	struct option_set set = {o->section, member};

	if (json_is_object(v))
		parse_tables(p, &set, 1, v, where);
	else
		wrong_type(p, v, where, "map of keys");
}

static void
parse_sections(struct parse *p, const struct option *o, void *member,
    const json_t *v, const struct place *where)
{
	struct option_array *array = member;
	size_t count = json_is_array(v) ? json_array_size(v) : 1;
	int64_t min, max;

	check_count(p, o, v, where, count);
	option_limits(o, &min, &max);
	if (count > (size_t)max)
		return;
	array->items = mem_array(count, o->section_size);
	array->count = count;
	for (size_t i = 0; i < count; i++) {
		struct place item = {where, NULL, i};

		parse_section(p, o, (char *)array->items + i * o->section_size,
		    json_is_array(v) ? json_array_get(v, i) : v, &item);
	}
}

typedef void parse_fn(struct parse *p, const struct option *o, void *member,
    const json_t *v, const struct place *where);

static void
parse_json(struct parse *p, const struct option *o, void *member,
    const json_t *v, const struct place *where)
{
	(void)p, (void)o, (void)where;
	*(json_t **)member = json_deep_copy(v);
}

static parse_fn *const parsers[] = {
    [OPTION_LIST] = parse_list,
    [OPTION_MAP] = parse_map,
    [OPTION_SECTION] = parse_section,
    [OPTION_SECTIONS] = parse_sections,
    [OPTION_RANGES] = parse_ranges,
    [OPTION_JSON] = parse_json,
};

static void
parse_absent(struct parse *p, const struct option *o, void *member,
    const json_t *obj, const struct place *where)
{
	struct parse inside = {p->report, false};
	struct option_set set = {o->section, member};

	if (p->whole && (o->flags & OPTION_REQUIRED))
		mistake(p, obj, where, "required key is missing");
	if (o->type == OPTION_SECTION)
		parse_tables(&inside, &set, 1, NULL, where);
	else if (o->standard != NULL)
		option_read_standard(o, member);
}

/* Fill one struct; returns how many of the object's members it used. */
static size_t
parse_table(struct parse *p, const struct option_set *set, const json_t *obj,
    const struct place *where)
{
	size_t used = 0;

	for (const struct option *o = set->table; o->name != NULL; o++) {
		struct place here = {where, o->name, 0};
		void *member = member_of(o, set->config);
		const json_t *v = json_object_get(obj, o->name);

		used += v != NULL;
		if (v == NULL || json_is_null(v))
			parse_absent(p, o, member, obj, &here);
		else if (parsers[o->type] != NULL)
			parsers[o->type](p, o, member, v, &here);
		else
			parse_scalar(p, o, member, v, &here);
	}
	return used;
}

static void
unknown_key(struct parse *p, const struct option_set *sets, size_t count,
    const json_t *v, const struct place *where)
{
	char *near = option_nearest(sets, count, where->name);
	char text[160];

	if (near == NULL)
		str_copy(text, sizeof(text), "unknown key");
	else
		str_printf(
		    text, sizeof(text), "unknown key; did you mean %s?", near);
	mistake(p, v, where, text);
	free(near);
}

static int
parse_tables(struct parse *p, const struct option_set *sets, size_t count,
    const json_t *obj, const struct place *where)
{
	unsigned before = p->report->mistakes;
	size_t used = 0;
	const char *key;
	json_t *v;

	for (size_t i = 0; i < count; i++)
		used += parse_table(p, &sets[i], obj, where);
	if (used == json_object_size(obj))
		return p->report->mistakes > before ? -1 : 0;
	json_object_foreach ((json_t *)(uintptr_t)obj, key, v) {
		struct place here = {where, key, 0};
		size_t i = 0;

		while (i < count && option_find(sets[i].table, key) == NULL)
			i++;
		if (i == count)
			unknown_key(p, sets, count, v, &here);
	}
	return p->report->mistakes > before ? -1 : 0;
}

int
option_parse(const struct option_set *sets, size_t count, const json_t *obj,
    const char *path, struct option_report *report)
{
	struct parse p = {report, true};
	struct place root = {NULL, path != NULL ? path : "", 0};

	if (json_is_object(obj))
		return parse_tables(&p, sets, count, obj, &root);
	option_mistake(report, obj, root.name, "expected map of keys, found %s",
	    obj != NULL ? found_name(obj) : "nothing");
	return -1;
}

static void
first_mistake(void *ctx, const json_t *at, const char *path, const char *text)
{
	struct err *err = ctx;

	(void)at;
	if (err == NULL || err->code != ERR_NONE)
		return;
	err_set(
	    err, ERR_CONFIG, "%s%s%s", path, *path != '\0' ? ": " : "", text);
}

int
option_parse_one(const struct option *table, void *config, const json_t *obj,
    const char *path, struct err *err)
{
	struct option_set set = {table, config};
	struct option_report report = {.mistake = first_mistake, .ctx = err};

	if (err != NULL)
		err->code = ERR_NONE;
	return option_parse(&set, 1, obj, path, &report);
}

static void
free_sections(const struct option *o, struct option_array *array)
{
	for (size_t i = 0; i < array->count; i++)
		option_free(
		    o->section, (char *)array->items + i * o->section_size);
	free(array->items);
	*array = (struct option_array){NULL, 0};
}

void
option_free(const struct option *table, void *config)
{
	for (const struct option *o = table; o->name != NULL; o++) {
		void *member = member_of(o, config);

		if (o->type == OPTION_SECTION)
			option_free(o->section, member);
		else if (o->type == OPTION_SECTIONS)
			free_sections(o, member);
		else
			option_value_free(o, member);
	}
}

bool
option_ranges_has(const struct option_ranges *r, int64_t value)
{
	for (size_t i = 0; i < r->count; i++)
		if (value >= r->items[i].low && value <= r->items[i].high)
			return true;
	return false;
}
