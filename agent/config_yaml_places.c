#include "agent/config_yaml_places.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct config_yaml *
config_yaml_new(struct config_mistakes *mistakes)
{
	struct config_yaml *y = mem_alloc(sizeof(*y));

	y->mistakes = mistakes;
	return y;
}

void
config_yaml_free(struct config_yaml *y)
{
	if (y == NULL)
		return;
	for (size_t i = 0; i < y->room; i++)
		free(y->entries[i].hidden);
	for (size_t i = 0; i < y->file_count; i++)
		free(y->files[i]);
	free(y->files);
	free(y->entries);
	free(y);
}

static size_t
slot_of(const struct config_yaml *y, const json_t *v)
{
	size_t i = ((uintptr_t)v >> 4) * 0x9e3779b97f4a7c15u;

	for (i &= y->room - 1; y->entries[i].value != NULL;
	     i++, i &= y->room - 1)
		if (y->entries[i].value == v)
			break;
	return i;
}

static void
grow(struct config_yaml *y)
{
	struct entry *old = y->entries;
	size_t room = y->room;

	y->room = room > 0 ? room * 2 : 256;
	y->entries = mem_array(y->room, sizeof(*y->entries));
	for (size_t i = 0; i < room; i++)
		if (old[i].value != NULL)
			y->entries[slot_of(y, old[i].value)] = old[i];
	free(old);
}

static struct entry *
find(const struct config_yaml *y, const json_t *v)
{
	struct entry *e;

	if (y == NULL || y->room == 0 || v == NULL)
		return NULL;
	e = &y->entries[slot_of(y, v)];
	return e->value != NULL ? e : NULL;
}

static struct entry *
claim(struct config_yaml *y, const json_t *v)
{
	struct entry *e;

	if ((y->count + 1) * 4 > y->room * 3)
		grow(y);
	e = &y->entries[slot_of(y, v)];
	y->count += e->value == NULL;
	free(e->hidden); /* of a value that was freed since */
	*e = (struct entry){.value = v};
	return e;
}

void
config_yaml_put(struct config_yaml *y, const json_t *v, uint32_t line,
    uint32_t column, bool quoted)
{
	struct entry *e = claim(y, v);

	e->line = line;
	e->column = column;
	e->file = (uint16_t)(y->file_count - 1);
	e->quoted = quoted;
}

struct config_place
config_yaml_place(const struct config_yaml *y, const json_t *v)
{
	const struct entry *e = find(y, v);

	if (e == NULL)
		return (struct config_place){"", 0, 0};
	return (struct config_place){
	    y->files[e->file], (int)e->line, (int)e->column};
}

void
config_yaml_same_place(
    struct config_yaml *y, const json_t *v, const json_t *like)
{
	const struct entry *found = find(y, like);
	struct entry copy;

	if (found == NULL)
		return;
	copy = (struct entry){
	    .value = v,
	    .line = found->line,
	    .column = found->column,
	    .file = found->file,
	};
	*claim(y, v) = copy;
}

bool
config_yaml_quoted(const struct config_yaml *y, const json_t *v)
{
	const struct entry *e = find(y, v);

	return e != NULL && e->quoted;
}

void
config_yaml_hide(struct config_yaml *y, const json_t *v)
{
	struct entry *e = find(y, v);

	if (e != NULL && e->hidden == NULL)
		e->hidden = mem_strdup(json_string_value(v));
}

const char *
config_yaml_hidden(const struct config_yaml *y, const json_t *v)
{
	const struct entry *e = find(y, v);

	return e != NULL ? e->hidden : NULL;
}
