#include "agent/config_yaml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "agent/config_yaml_places.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

#define FILES_MAX 1000

struct reader {
	struct config_yaml *yaml;
	yaml_parser_t parser;
	yaml_event_t event; /* the current one */
	const char *text;
	size_t len;
	bool excused; /* the last value is null for a reason that was told */
	bool stopped; /* a mistake after which nothing makes sense */
};

static json_t *read_value(struct reader *r, unsigned depth);

static void
stands(struct reader *r, const json_t *v, const yaml_mark_t *at, bool quoted)
{
	config_yaml_put(r->yaml, v, (uint32_t)at->line + 1,
	    (uint32_t)at->column + 1, quoted);
}

__attribute__((format(printf, 3, 4))) static void
mistake(struct reader *r, const yaml_mark_t *at, const char *fmt, ...)
{
	struct config_yaml *y = r->yaml;
	struct config_place place = {y->files[y->file_count - 1],
	    (int)at->line + 1, (int)at->column + 1};
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	config_mistakes_add(y->mistakes, &place, "", "%s", text);
	free(text);
}

static void
stop(struct reader *r, const yaml_mark_t *at, const char *text)
{
	mistake(r, at, "%s", text);
	r->stopped = true;
}

/* The character that a mark points at: its index counts characters. */
static char
char_at(const struct reader *r, const yaml_mark_t *at)
{
	uint32_t code;
	size_t i = 0;

	for (size_t n = 0; n < at->index && i < r->len; n++)
		i += utf8_next(r->text + i, r->len - i, &code);
	return i < r->len ? r->text[i] : '\0';
}

/* libyaml's words for a tab are no help to anybody. */
static void
stop_at_syntax(struct reader *r)
{
	const yaml_mark_t *at = &r->parser.problem_mark;
	const char *problem = r->parser.problem;

	r->stopped = true;
	if (problem == NULL)
		problem = "the text is damaged";
	if (char_at(r, at) == '\t')
		mistake(
		    r, at, "a tab cannot indent or begin a value; use spaces");
	else if (r->parser.context != NULL)
		mistake(r, at, "%s %s (which began on line %zu)", problem,
		    r->parser.context, r->parser.context_mark.line + 1);
	else
		mistake(r, at, "%s", problem);
}

/* Step to the next event. False once reading must stop. */
static bool
next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (r->stopped)
		return false;
	if (!yaml_parser_parse(&r->parser, &r->event))
		stop_at_syntax(r);
	return !r->stopped;
}

static const char *
text_of(const yaml_char_t *s)
{
	return (const char *)s;
}

static void
refuse_extras(
    struct reader *r, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		mistake(r, &r->event.start_mark,
		    "anchors (&%s) are not supported; use `defaults:` for "
		    "what probes share",
		    text_of(anchor));
	if (tag != NULL)
		mistake(r, &r->event.start_mark,
		    "tags (%s) are not supported; leave it out", text_of(tag));
}

static bool
is_null(const yaml_event_t *e)
{
	static const char *const words[] = {
	    "", "~", "null", "Null", "NULL", NULL};

	return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       str_index(words, text_of(e->data.scalar.value)) >= 0;
}

static json_t *
read_scalar(struct reader *r)
{
	const yaml_event_t *e = &r->event;
	json_t *value;

	refuse_extras(r, e->data.scalar.anchor, e->data.scalar.tag);
	if (is_null(e))
		return json_null();
	value =
	    json_stringn(text_of(e->data.scalar.value), e->data.scalar.length);
	if (value == NULL) { /* escapes such as "\ud800" */
		mistake(r, &e->start_mark, "the text is not valid Unicode");
		return json_null();
	}
	stands(r, value, &e->start_mark,
	    e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE);
	return value;
}

static json_t *
read_list(struct reader *r, unsigned depth)
{
	json_t *list = json_array();

	refuse_extras(r, r->event.data.sequence_start.anchor,
	    r->event.data.sequence_start.tag);
	stands(r, list, &r->event.start_mark, false);
	while (next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
		yaml_mark_t at = r->event.start_mark;
		json_t *item = read_value(r, depth + 1);

		if (json_is_null(item) && (r->stopped || r->excused))
			continue;
		if (json_is_null(item))
			mistake(r, &at, "an item of a list must not be empty");
		else
			json_array_append(list, item);
		json_decref(item);
	}
	return list;
}

/* The key that the current event is, copied; NULL if it cannot be one. */
static char *
read_key(struct reader *r)
{
	const yaml_event_t *e = &r->event;
	const char *key = text_of(e->data.scalar.value);
	size_t len = e->data.scalar.length;

	if (e->type != YAML_SCALAR_EVENT) {
		stop(r, &e->start_mark, "a key must be plain text");
		return NULL;
	}
	refuse_extras(r, e->data.scalar.anchor, e->data.scalar.tag);
	if (len == 0 || strlen(key) != len || !str_is_text(key, len)) {
		mistake(r, &e->start_mark,
		    "a key must be text without control characters");
		return mem_strdup("");
	}
	return mem_strdup(key);
}

static void
put_member(struct reader *r, json_t *map, const char *key, json_t *value,
    const yaml_mark_t *at)
{
	json_t *first = json_object_get(map, key);

	if (*key == '\0' || r->stopped)
		return;
	if (str_eq(key, "<<")) {
		mistake(r, at,
		    "merge keys (<<) are not supported; use `defaults:` for "
		    "what probes share");
		return;
	}
	if (first != NULL) {
		struct config_place place = config_yaml_place(r->yaml, first);

		if (place.line > 0)
			mistake(r, at, "%s is set twice; first on line %d", key,
			    place.line);
		else
			mistake(r, at, "%s is set twice", key);
		return;
	}
	if (json_is_object(value) || json_is_array(value))
		stands(r, value, at, false);
	json_object_set(map, key, value);
}

static json_t *
read_map(struct reader *r, unsigned depth)
{
	json_t *map = json_object();

	refuse_extras(r, r->event.data.mapping_start.anchor,
	    r->event.data.mapping_start.tag);
	stands(r, map, &r->event.start_mark, false);
	while (next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
		yaml_mark_t at = r->event.start_mark;
		char *key = read_key(r);
		json_t *value = NULL;

		if (key != NULL && next(r))
			value = read_value(r, depth + 1);
		if (value != NULL)
			put_member(r, map, key, value, &at);
		json_decref(value);
		free(key);
	}
	return map;
}

/* The value that begins with the current event. Never NULL. */
static json_t *
read_value(struct reader *r, unsigned depth)
{
	const yaml_event_t *e = &r->event;

	r->excused = false;
	if (depth > CONFIG_YAML_DEPTH_MAX) {
		stop(
		    r, &e->start_mark, "nested too deep (more than 16 levels)");
		return json_null();
	}
	if (e->type == YAML_SCALAR_EVENT)
		return read_scalar(r);
	if (e->type == YAML_SEQUENCE_START_EVENT)
		return read_list(r, depth);
	if (e->type == YAML_MAPPING_START_EVENT)
		return read_map(r, depth);
	CHECK(e->type == YAML_ALIAS_EVENT);
	r->excused = true;
	mistake(r, &e->start_mark,
	    "aliases (*%s) are not supported; write the value again, or use "
	    "`defaults:` for what probes share",
	    text_of(e->data.alias.anchor));
	return json_null();
}

static json_t *
read_root(struct reader *r)
{
	json_t *root;
	yaml_mark_t at;

	if (!next(r) || !next(r)) /* stream start, then a document */
		return json_object();
	if (r->event.type == YAML_STREAM_END_EVENT)
		return json_object();
	if (!next(r))
		return json_object();
	at = r->event.start_mark;
	root = read_value(r, 1);
	if (json_is_null(root) && !r->stopped)
		root = json_object();
	if (!json_is_object(root) && !r->stopped)
		stop(r, &at, "expected a map of keys, such as `probes:`");
	if (!next(r) || !next(r)) /* document end, then the stream's */
		return root;
	if (r->event.type != YAML_STREAM_END_EVENT)
		stop(r, &r->event.start_mark,
		    "a second document (---) is not supported; use files in "
		    "conf.d");
	return root;
}

/* Bytes that libyaml would take or describe by an offset only. */
static bool
check_bytes(struct reader *r)
{
	yaml_mark_t at = {0, 0, 0};
	size_t n;

	for (size_t i = 0; i < r->len; i += n, at.column++) {
		uint32_t code = 0;

		n = utf8_next(r->text + i, r->len - i, &code);
		if (n == 0) {
			mistake(r, &at, "byte 0x%02x is not UTF-8",
			    (unsigned char)r->text[i]);
			r->stopped = true;
			return false;
		}
		if (utf8_is_control(code) &&
		    strchr("\t\n\r", (int)code) == NULL) {
			mistake(r, &at,
			    "control character 0x%02x; write it as an escape "
			    "in double quotes",
			    (unsigned)code);
			r->stopped = true;
			return false;
		}
		if (code == '\n') {
			at.line++;
			at.column = (size_t)-1;
		}
	}
	return true;
}

json_t *
config_yaml_read(
    struct config_yaml *y, const char *file, const char *text, size_t len)
{
	struct reader r = {.yaml = y, .text = text, .len = len};
	yaml_mark_t top = {0, 0, 0};
	json_t *root = NULL;

	CHECK(y->file_count < FILES_MAX);
	y->files = mem_grow(y->files, y->file_count + 1, sizeof(*y->files));
	y->files[y->file_count++] = mem_strdup(file);
	if (len > CONFIG_YAML_BYTES_MAX) {
		mistake(&r, &top, "the file is larger than 4 MiB");
		return NULL;
	}
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		r.text += 3;
		r.len -= 3;
	}
	if (!check_bytes(&r))
		return NULL;
	if (!yaml_parser_initialize(&r.parser))
		die("out of memory");
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &r.parser, (const unsigned char *)r.text, r.len);
	root = read_root(&r);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (!r.stopped)
		return root;
	json_decref(root);
	return NULL;
}
