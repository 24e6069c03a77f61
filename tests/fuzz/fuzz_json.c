/* base/json.c: whatever parses is bounded and survives the way back. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX 64

static size_t
depth_of(const json_t *value)
{
	size_t deepest = 0, index;
	const char *key;
	json_t *item;

	json_array_foreach (value, index, item) {
		size_t depth = depth_of(item);

		deepest = depth > deepest ? depth : deepest;
	}
	json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
		size_t depth = depth_of(item);

		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + (json_is_object(value) || json_is_array(value));
}

static void
ask(const json_t *value, const char *key)
{
	static const char *const names[] = {"ok", "degraded", NULL};
	struct err err = ERR_INIT;
	const char *s = NULL;
	int64_t n = 0;
	bool flag;
	int i = -1;
	json_t *sub = NULL;

	if (json_need_str(value, key, TEXT_MAX, &s, &err) == 0)
		CHECK(s != NULL && strlen(s) <= TEXT_MAX);
	else
		CHECK(s == NULL && err.code == ERR_INPUT && *err.text != '\0');
	if (json_need_int(value, key, -5, 5, &n, &err) == 0)
		CHECK(n >= -5 && n <= 5);
	if (json_need_enum(value, key, names, &i, &err) == 0)
		CHECK(i == 0 || i == 1);
	if (json_need_obj(value, key, &sub, &err) == 0)
		CHECK(json_is_object(sub));
	(void)json_opt_str(value, key, TEXT_MAX, &s, &err);
	(void)json_opt_int(value, key, 0, 1, &n, &err);
	(void)json_opt_bool(value, key, &flag, &err);
	CHECK(json_str(value, key) != NULL);
}

static void
round_trip(const json_t *value)
{
	char *first = json_text(value), *second;
	struct err err = ERR_INIT;
	json_t *again = NULL;

	CHECK(json_parse(&again, first, strlen(first), &err) == 0);
	second = json_text(again);
	CHECK(strcmp(first, second) == 0);
	free(first);
	free(second);
	json_decref(again);
}

static void
text_from_bytes(const uint8_t *data, size_t size)
{
	json_t *obj = json_object();

	json_put_text(obj, "k", (const char *)data, size);
	round_trip(obj);
	json_decref(obj);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const known[] = {"id", "outcome", "facts", NULL};
	struct err err = ERR_INIT;
	json_t *value = NULL;
	const char *key;
	json_t *item;

	text_from_bytes(data, size);
	if (json_parse(&value, (const char *)data, size, &err) < 0) {
		CHECK(err.code == ERR_INPUT && *err.text != '\0');
		return 0;
	}
	CHECK(depth_of(value) <= JSON_DEPTH_MAX);
	(void)json_only(value, known, &err);
	ask(value, "id");
	json_object_foreach (value, key, item)
		ask(value, key);
	round_trip(value);
	json_decref(value);
	return 0;
}
