#include "alerting/fields.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"

static const void *
at(const void *record, const struct field *f)
{
	return (const char *)record + f->offset;
}

static json_t *
enum_to_json(const struct field *f, const void *member)
{
	int index;

	CHECK(f->size == sizeof(index));
	memcpy(&index, member, sizeof(index));
	return json_string(f->names[index]);
}

static json_t *
text_to_json(const char *text)
{
	json_t *string = json_string(text);

	CHECK(string != NULL); /* what fills the member keeps it UTF-8 */
	return string;
}

static json_t *
to_json(const struct field *f, const void *member)
{
	switch (f->type) {
	case FIELD_TIME:
		return json_integer(*(const int64_t *)member);
	case FIELD_COUNT:
		return json_integer(*(const unsigned *)member);
	case FIELD_BOOL:
		return json_boolean(*(const bool *)member);
	case FIELD_ENUM:
		return enum_to_json(f, member);
	case FIELD_TEXT:
		break;
	}
	return text_to_json(member);
}

json_t *
fields_to_json(const struct field *fields, size_t count, const void *record)
{
	json_t *json = json_object();

	for (size_t i = 0; i < count; i++)
		json_put(json, fields[i].key,
		    to_json(&fields[i], at(record, &fields[i])));
	return json;
}

static int
read_bool(const struct field *f, bool *out, const json_t *json, struct err *err)
{
	if (!json_is_boolean(json_object_get(json, f->key)))
		return err_set(err, ERR_INPUT,
		    "\"%s\" is missing or not a boolean", f->key);
	return json_opt_bool(json, f->key, out, err);
}

static int
read_enum(const struct field *f, void *out, const json_t *json, struct err *err)
{
	int index;

	if (json_need_enum(json, f->key, f->names, &index, err) < 0)
		return -1;
	CHECK(f->size == sizeof(index));
	memcpy(out, &index, sizeof(index));
	return 0;
}

static int
read_count(
    const struct field *f, unsigned *out, const json_t *json, struct err *err)
{
	int64_t value;

	if (json_need_int(json, f->key, 0, f->max, &value, err) < 0)
		return -1;
	*out = (unsigned)value;
	return 0;
}

static int
read_text(const struct field *f, char *out, const json_t *json, struct err *err)
{
	const char *text;

	if (json_need_str(json, f->key, f->size - 1, &text, err) < 0)
		return -1;
	memset(out, 0, f->size);
	memcpy(out, text, strlen(text));
	return 0;
}

static int
read_field(
    const struct field *f, void *member, const json_t *json, struct err *err)
{
	if (f->later && json_object_get(json, f->key) == NULL) {
		memset(member, 0, f->size);
		return 0;
	}
	switch (f->type) {
	case FIELD_TIME:
		return json_need_int(json, f->key, 0, INT64_MAX, member, err);
	case FIELD_COUNT:
		return read_count(f, member, json, err);
	case FIELD_BOOL:
		return read_bool(f, member, json, err);
	case FIELD_ENUM:
		return read_enum(f, member, json, err);
	case FIELD_TEXT:
		break;
	}
	return read_text(f, member, json, err);
}

int
fields_from_json(const struct field *fields, size_t count, void *record,
    const json_t *json, struct err *err)
{
	const char *keys[FIELDS_MAX + 1] = {NULL};

	CHECK(count <= FIELDS_MAX);
	for (size_t i = 0; i < count; i++)
		keys[i] = fields[i].key;
	if (json_only(json, keys, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (read_field(&fields[i], (char *)record + fields[i].offset,
			json, err) < 0)
			return -1;
	return 0;
}
