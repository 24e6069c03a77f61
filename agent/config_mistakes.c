#include "agent/config_mistakes.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

/* More than are told are kept, so that the first ones by place are told. */
#define KEPT_MAX 2000

void
config_mistakes_add(struct config_mistakes *m, const struct config_place *at,
    const char *path, const char *fmt, ...)
{
	struct config_mistake *new;
	va_list ap;

	if (m->count >= KEPT_MAX)
		return;
	m->items = mem_grow(m->items, m->count + 1, sizeof(*m->items));
	new = &m->items[m->count++];
	new->file = mem_strdup(at->file != NULL ? at->file : "");
	new->line = at->line;
	new->column = at->column;
	new->path = mem_strdup(path != NULL ? path : "");
	va_start(ap, fmt);
	new->text = mem_vprintf(fmt, ap);
	va_end(ap);
}

static int
by_place(const void *x, const void *y)
{
	const struct config_mistake *a = x, *b = y;
	int order = strcmp(a->file, b->file);

	if (order == 0)
		order = (a->line > b->line) - (a->line < b->line);
	if (order == 0)
		order = (a->column > b->column) - (a->column < b->column);
	return order != 0 ? order : strcmp(a->path, b->path);
}

static void
fini_one(struct config_mistake *m)
{
	free(m->file);
	free(m->path);
	free(m->text);
}

void
config_mistakes_finish(struct config_mistakes *m)
{
	if (m->count > 0)
		qsort(m->items, m->count, sizeof(*m->items), by_place);
	while (m->count > CONFIG_MISTAKES_MAX)
		fini_one(&m->items[--m->count]);
}

void
config_mistake_text(
    struct buf *out, const struct config_mistake *m, const char *mark)
{
	if (*m->file != '\0')
		buf_printf(out, "%s:", m->file);
	if (m->line > 0)
		buf_printf(out, "%d:%d:", m->line, m->column);
	if (*m->file != '\0' || m->line > 0)
		buf_putc(out, ' ');
	buf_printf(out, "%s%s%s%s", mark, m->path, *m->path != '\0' ? ": " : "",
	    m->text);
}

json_t *
config_mistake_json(const struct config_mistake *m)
{
	json_t *out = json_object();

	json_put_str(out, "file", m->file);
	json_put_int(out, "line", m->line);
	json_put_int(out, "column", m->column);
	json_put_str(out, "path", m->path);
	json_put_str(out, "text", m->text);
	return out;
}

void
config_mistakes_move(struct config_mistakes *to, struct config_mistakes *from)
{
	if (from->count > 0) {
		to->items = mem_grow(
		    to->items, to->count + from->count, sizeof(*to->items));
		memcpy(to->items + to->count, from->items,
		    from->count * sizeof(*from->items));
		to->count += from->count;
	}
	free(from->items);
	*from = (struct config_mistakes){NULL, 0};
}

void
config_mistakes_fini(struct config_mistakes *m)
{
	for (size_t i = 0; i < m->count; i++)
		fini_one(&m->items[i]);
	free(m->items);
	*m = (struct config_mistakes){NULL, 0};
}
