#include "alerting/template.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alerting/template_node.h"
#include "base/mem.h"
#include "base/str.h"

#define OPEN  "{{"
#define CLOSE "}}"

struct parser {
	struct template *t;
	size_t open[TEMPLATE_DEPTH_MAX]; /* sections not ended yet */
	size_t depth;
	const char *at;
};

int
template_mistake(const struct template *t, const char *at, struct err *err,
    const char *fmt, ...)
{
	size_t line = 1, column = 1;
	char text[200];
	va_list ap;

	for (const char *s = t->source; s < at; s++) {
		column = *s == '\n' ? 1 : column + ((*s & 0xc0) != 0x80);
		line += *s == '\n';
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(
	    err, ERR_CONFIG, "line %zu, column %zu: %s", line, column, text);
}

static int
add(struct parser *p, enum template_type type, const char *text, size_t len,
    struct err *err)
{
	struct template *t = p->t;

	if (type == TEMPLATE_LITERAL && len == 0)
		return 0;
	if (t->count == TEMPLATE_NODES_MAX)
		return template_mistake(t, text, err,
		    "more than %d tags and texts", TEMPLATE_NODES_MAX);
	t->nodes = mem_grow(t->nodes, t->count + 1, sizeof(*t->nodes));
	t->nodes[t->count++] =
	    (struct template_node){.type = type, .text = text, .len = len};
	return 0;
}

static int
begin_section(struct parser *p, const char *tag, struct err *err)
{
	if (p->depth == TEMPLATE_DEPTH_MAX)
		return template_mistake(p->t, tag, err,
		    "sections nest at most %d deep", TEMPLATE_DEPTH_MAX);
	p->open[p->depth++] = p->t->count - 1;
	return 0;
}

static int
end_section(struct parser *p, const char *tag, struct err *err)
{
	struct template_node *nodes = p->t->nodes;
	size_t end = p->t->count - 1, begin;

	if (p->depth == 0)
		return template_mistake(p->t, tag, err,
		    "{{/%.*s}} ends a section that was not begun",
		    (int)nodes[end].len, nodes[end].text);
	begin = p->open[--p->depth];
	if (nodes[begin].len != nodes[end].len ||
	    memcmp(nodes[begin].text, nodes[end].text, nodes[end].len) != 0)
		return template_mistake(p->t, tag, err,
		    "{{/%.*s}} comes where {{/%.*s}} is due",
		    (int)nodes[end].len, nodes[end].text, (int)nodes[begin].len,
		    nodes[begin].text);
	nodes[begin].end = end;
	nodes[end].end = begin;
	return 0;
}

/* A path is names with dots between them, or one dot alone. */
static int
check_path(struct parser *p, const char *path, size_t len, struct err *err)
{
	static const char names[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	if (len == 0)
		return template_mistake(p->t, path, err, "an empty tag");
	if (len > 200)
		return template_mistake(
		    p->t, path, err, "a name of more than 200 bytes");
	if (len == 1 && path[0] == '.')
		return 0;
	for (size_t i = 0; i < len; i++) {
		bool dot = path[i] == '.';

		if (!dot && strchr(names, path[i]) == NULL)
			return template_mistake(p->t, path + i, err,
			    "a tag holds a name such as incident.title, "
			    "nothing else");
		if (dot && (i == 0 || i + 1 == len || path[i + 1] == '.'))
			return template_mistake(p->t, path + i, err,
			    "a dot without a name on each side");
	}
	return 0;
}

static int
refuse_marks(struct parser *p, const char *tag, struct err *err)
{
	switch (tag[strlen(OPEN)]) {
	case '{':
	case '&':
		return template_mistake(p->t, tag, err,
		    "values are always escaped: write {{name}}");
	case '>':
	case '=':
	case '!':
		return template_mistake(p->t, tag, err,
		    "only {{name}}, {{#name}}, {{^name}} and {{/name}} are "
		    "known");
	default:
		return 0;
	}
}

static enum template_type
type_of(char mark)
{
	if (mark == '#')
		return TEMPLATE_SECTION;
	if (mark == '^')
		return TEMPLATE_INVERTED;
	return mark == '/' ? TEMPLATE_END : TEMPLATE_VALUE;
}

static int
add_tag(struct parser *p, const char *tag, const char *close, struct err *err)
{
	const char *path = tag + strlen(OPEN);
	enum template_type type = type_of(*path);
	size_t len;

	if (refuse_marks(p, tag, err) < 0)
		return -1;
	path += type != TEMPLATE_VALUE;
	while (path < close && *path == ' ')
		path++;
	for (len = (size_t)(close - path); len > 0 && path[len - 1] == ' ';)
		len--;
	if (check_path(p, path, len, err) < 0 ||
	    add(p, type, path, len, err) < 0)
		return -1;
	if (type == TEMPLATE_END)
		return end_section(p, tag, err);
	return type == TEMPLATE_VALUE ? 0 : begin_section(p, tag, err);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* If a section's tag is alone on its line, the line's ends instead of its. */
static void
take_line(const struct parser *p, const char *tag, const char *after,
    const char **line, const char **next)
{
	const char *s = tag;

	if (type_of(tag[strlen(OPEN)]) == TEMPLATE_VALUE)
		return;
	while (s > p->t->source && is_blank(s[-1]))
		s--;
	if (s > p->t->source && s[-1] != '\n')
		return;
	while (is_blank(*after))
		after++;
	if (*after == '\r' && after[1] == '\n')
		after++;
	if (*after != '\n' && *after != '\0')
		return;
	*line = s;
	*next = *after == '\n' ? after + 1 : after;
}

static int
parse(struct parser *p, struct err *err)
{
	const char *tag;

	p->at = p->t->source;
	while ((tag = strstr(p->at, OPEN)) != NULL) {
		const char *close = strstr(tag, CLOSE), *line = tag;
		const char *next;

		if (close == NULL)
			return template_mistake(
			    p->t, tag, err, "{{ without its }}");
		next = close + strlen(CLOSE);
		take_line(p, tag, next, &line, &next);
		if (add(p, TEMPLATE_LITERAL, p->at, (size_t)(line - p->at),
			err) < 0 ||
		    add_tag(p, tag, close, err) < 0)
			return -1;
		p->at = next;
	}
	if (p->depth > 0) {
		struct template_node *n = &p->t->nodes[p->open[p->depth - 1]];

		return template_mistake(p->t, n->text, err,
		    "the section %.*s has no end: {{/%.*s}}", (int)n->len,
		    n->text, (int)n->len, n->text);
	}
	return add(p, TEMPLATE_LITERAL, p->at, strlen(p->at), err);
}

int
template_new(struct template **out, const char *text, struct err *err)
{
	struct template *t = mem_alloc(sizeof(*t));
	struct parser p = {.t = t};

	t->source = text;
	if (parse(&p, err) < 0) {
		template_free(t);
		return -1;
	}
	*out = t;
	return 0;
}

void
template_free(struct template *t)
{
	if (t == NULL)
		return;
	free(t->nodes);
	free(t);
}
