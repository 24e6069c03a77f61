#include <stdlib.h>
#include <string.h>

#include "alerting/template_node.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

#define ELLIPSIS "…"

struct render {
	struct buf *out;
	const struct template *t;
	enum template_escape escape;
	struct template_limits limits;
	struct template_scope scope;
	bool failed; /* a ceiling was passed */
};

static void
put_json(struct buf *out, const char *s, size_t len)
{
	if (*s == '"' || *s == '\\')
		buf_putc(out, '\\');
	if (*s == '\n')
		buf_puts(out, "\\n");
	else if (*s == '\t')
		buf_puts(out, "\\t");
	else
		buf_add(out, s, len);
}

static void
put_form(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z') ||
		    (s[i] >= '0' && s[i] <= '9') ||
		    memchr("-._*", s[i], 4) != NULL)
			buf_putc(out, s[i]);
		else if (s[i] == ' ')
			buf_putc(out, '+');
		else
			buf_printf(out, "%%%02X", (unsigned char)s[i]);
}

/* A line of its own would be the text's, not the value's. */
static void
put_text(struct buf *out, const char *s, size_t len)
{
	if (*s == '\n' || *s == '\t')
		buf_putc(out, ' ');
	else
		buf_add(out, s, len);
}

static void
put_char(struct render *r, const char *s, size_t len)
{
	static void (*const puts[])(struct buf *, const char *, size_t) = {
	    [TEMPLATE_JSON] = put_json,
	    [TEMPLATE_FORM] = put_form,
	    [TEMPLATE_TEXT] = put_text,
	};

	puts[r->escape](r->out, s, len);
}

static void
put_string(struct render *r, const char *s)
{
	size_t len = strlen(s), used = 0;

	while (len > 0) {
		uint32_t code = 0;
		size_t took = utf8_next(s, len, &code);

		if (used + took > r->limits.value_max) {
			put_char(r, ELLIPSIS, strlen(ELLIPSIS));
			return;
		}
		if (took == 0 || utf8_is_deceptive(code) ||
		    (utf8_is_control(code) && code != '\n' && code != '\t'))
			put_char(r, "?", 1);
		else
			put_char(r, s, took);
		took += took == 0;
		used += took;
		s += took;
		len -= took;
	}
}

static void
put_value(struct render *r, const json_t *value)
{
	char number[40], *text;

	if (value == NULL || json_is_null(value))
		return;
	if (json_is_string(value)) {
		put_string(r, json_string_value(value));
	} else if (json_is_real(value)) {
		str_printf(
		    number, sizeof(number), "%.10g", json_real_value(value));
		put_string(r, number);
	} else {
		text = json_text(value);
		put_string(r, text);
		free(text);
	}
}

/* What {{#x}} shows its section for. */
static bool
is_there(const json_t *value)
{
	if (value == NULL || json_is_null(value) || json_is_false(value))
		return false;
	if (json_is_string(value))
		return json_string_length(value) > 0;
	if (json_is_number(value))
		return json_number_value(value) != 0;
	if (json_is_array(value))
		return json_array_size(value) > 0;
	return !json_is_object(value) || json_object_size(value) > 0;
}

static void nodes(struct render *r, size_t from, size_t to);

static void
once(struct render *r, const json_t *value, size_t begin)
{
	size_t depth = r->scope.depth;

	/* It stands where the item stands that it is in. */
	template_enter(&r->scope, value, r->scope.levels[depth].index,
	    r->scope.levels[depth].count);
	nodes(r, begin + 1, r->t->nodes[begin].end);
	r->scope.depth--;
}

static void
each(struct render *r, const json_t *list, size_t begin)
{
	size_t count = json_array_size(list);

	for (size_t i = 0; i < count && !r->failed; i++) {
		if (r->limits.items_max == 0) {
			r->failed = true;
			return;
		}
		r->limits.items_max--;
		template_enter(&r->scope, json_array_get(list, i), i, count);
		nodes(r, begin + 1, r->t->nodes[begin].end);
		r->scope.depth--;
	}
}

static void
section(struct render *r, const json_t *value, size_t begin)
{
	bool there = is_there(value);

	if (r->t->nodes[begin].type == TEMPLATE_INVERTED) {
		if (!there)
			once(r, r->scope.levels[r->scope.depth].value, begin);
		return;
	}
	if (there && json_is_array(value))
		each(r, value, begin);
	else if (there)
		once(r, value, begin);
}

static void
nodes(struct render *r, size_t from, size_t to)
{
	for (size_t i = from; i < to && !r->failed; i++) {
		const struct template_node *node = &r->t->nodes[i];

		switch (node->type) {
		case TEMPLATE_LITERAL:
			buf_add(r->out, node->text, node->len);
			break;
		case TEMPLATE_VALUE:
			put_value(r, template_find(&r->scope, node, NULL));
			break;
		case TEMPLATE_SECTION:
		case TEMPLATE_INVERTED:
			section(r, template_find(&r->scope, node, NULL), i);
			i = node->end;
			break;
		case TEMPLATE_END:
			break;
		}
		r->failed = r->failed || r->out->cut;
	}
}

int
template_render(struct buf *out, const struct template *t, const json_t *data,
    enum template_escape escape, const struct template_limits *limits)
{
	struct render r = {.out = out,
	    .t = t,
	    .escape = escape,
	    .limits = *limits,
	    .scope = {.levels = {{data, 0, 0}}}};

	nodes(&r, 0, t->count);
	return r.failed ? -1 : 0;
}
