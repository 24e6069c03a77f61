/*
 * agent/config_yaml.c over any bytes: it reads or it says why not, every value
 * has a place inside the text, and what it read it reads again from what
 * agent/config_show.c makes of it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "agent/config_show.h"
#include "agent/config_yaml.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_places(const struct config_yaml *y, const json_t *v, int lines, int depth)
{
	const char *key;
	json_t *inner;
	size_t i;

	if (!json_is_null(v) && depth > 0) { /* nothing has no place */
		struct config_place at = config_yaml_place(y, v);

		CHECK(at.line >= 1 && at.line <= lines && at.column >= 1);
	}
	json_object_foreach ((json_t *)(uintptr_t)v, key, inner)
		check_places(y, inner, lines, depth + 1);
	json_array_foreach ((json_t *)(uintptr_t)v, i, inner)
		check_places(y, inner, lines, depth + 1);
}

/* Absent and null are the same to whoever reads a configuration. */
static void
drop_nulls(json_t *v)
{
	const char *key;
	json_t *inner;
	void *next;
	size_t i;

	json_object_foreach_safe(v, next, key, inner)
	{
		if (json_is_null(inner))
			json_object_del(v, key);
		else
			drop_nulls(inner);
	}
	json_array_foreach (v, i, inner)
		drop_nulls(inner);
}

static void
read_back(json_t *root)
{
	struct config_mistakes mistakes = {NULL, 0};
	struct config_yaml *y = config_yaml_new(&mistakes);
	struct buf text;
	json_t *again;

	drop_nulls(root);
	buf_init(&text, CONFIG_YAML_BYTES_MAX);
	config_show_yaml(&text, root);
	if (!text.cut) {
		again = config_yaml_read(y, "again", buf_str(&text), text.len);
		if (again == NULL)
			die("%s\n%s", mistakes.items[0].text, buf_str(&text));
		CHECK(json_equal(root, again));
		json_decref(again);
	}
	buf_fini(&text);
	config_yaml_free(y);
	config_mistakes_fini(&mistakes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_mistakes mistakes = {NULL, 0};
	struct config_yaml *y = config_yaml_new(&mistakes);
	json_t *root = config_yaml_read(y, "fuzz", (const char *)data, size);
	int lines = 2;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r' || data[i] >= 0x80;
	CHECK(root != NULL || mistakes.count > 0);
	if (root != NULL) {
		check_places(y, root, lines, 0);
		read_back(root);
	}
	json_decref(root);
	config_yaml_free(y);
	config_mistakes_fini(&mistakes);
	return 0;
}
