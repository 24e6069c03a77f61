#include "agent/config_show.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define SAFE                                                                   \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"       \
	"._/-+"

static void put_value(struct buf *out, const json_t *v, unsigned indent);

/* What no reader of YAML takes for anything but itself. */
static bool
is_safe(const char *s)
{
	return *s != '\0' && *s != '-' && *s != '.' && *s != '+' &&
	       s[strspn(s, SAFE)] == '\0';
}

static void
put_json(struct buf *out, const json_t *v)
{
	char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	buf_puts(out, text);
	free(text);
}

static void
put_key(struct buf *out, const char *key)
{
	json_t *text;

	if (is_safe(key)) {
		buf_puts(out, key);
		return;
	}
	text = json_string(key);
	put_json(out, text);
	json_decref(text);
}

/* A JSON string in quotes is a YAML string in quotes. Words need none, but
 * numbers and truth values as text do. */
static void
put_scalar(struct buf *out, const json_t *v)
{
	static const char *const taken[] = {
	    "true", "false", "null", "yes", "no", "on", "off", "y", "n", NULL};
	const char *s = json_string_value(v);

	if (s != NULL && is_safe(s) && strspn(s, "0123456789") == 0 &&
	    str_index(taken, s) < 0)
		buf_puts(out, s);
	else
		put_json(out, v);
}

static bool
is_block(const json_t *v)
{
	return json_object_size(v) > 0 || json_array_size(v) > 0;
}

static void
put_map(struct buf *out, const json_t *map, unsigned indent)
{
	const char *key;
	json_t *v;
	bool first = true;

	json_object_foreach ((json_t *)(uintptr_t)map, key, v) {
		if (!first)
			buf_printf(out, "%*s", (int)indent, "");
		first = false;
		put_key(out, key);
		buf_puts(out, is_block(v) ? ":\n" : ": ");
		if (is_block(v))
			buf_printf(out, "%*s", (int)indent + 2, "");
		put_value(out, v, indent + 2);
	}
}

static void
put_list(struct buf *out, const json_t *list, unsigned indent)
{
	json_t *v;
	size_t i;

	json_array_foreach ((json_t *)(uintptr_t)list, i, v) {
		if (i > 0)
			buf_printf(out, "%*s", (int)indent, "");
		buf_puts(out, "- ");
		put_value(out, v, indent + 2);
	}
}

/* The cursor stands where the value begins; ends with a new line. */
static void
put_value(struct buf *out, const json_t *v, unsigned indent)
{
	if (json_object_size(v) > 0) {
		put_map(out, v, indent);
		return;
	}
	if (json_array_size(v) > 0) {
		put_list(out, v, indent);
		return;
	}
	put_scalar(out, v);
	buf_putc(out, '\n');
}

void
config_show_yaml(struct buf *out, const json_t *value)
{
	put_value(out, value, 0);
}
