/* The half of base/option.h that turns a filled struct into JSON again. */
#include "base/option.h"

#include <string.h>

#include "base/check.h"
#include "base/option_value.h"

struct dump {
	bool all, hide_secrets;
};

static json_t *dump_table(
    const struct dump *d, const struct option *table, const void *config);

/* Room for any one member. */
union member {
	bool b;
	int64_t i;
	double d;
	int word;
	void *pointer;
	struct option_list list;
	struct option_map map;
	struct option_ranges ranges;
};

static bool
is_standard(const struct option *o, const void *member)
{
	union member standard;
	bool same;

	CHECK(option_member_size(o->type) <= sizeof(standard));
	memset(&standard, 0, sizeof(standard));
	option_read_standard(o, &standard);
	same = option_value_same(o, member, &standard);
	option_value_free(o, &standard);
	return same;
}

static json_t *
dump_sections(const struct dump *d, const struct option *o,
    const struct option_array *array)
{
	json_t *list;

	if (array->count == 0)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < array->count; i++)
		json_array_append_new(list,
		    dump_table(d, o->section,
			(const char *)array->items + i * o->section_size));
	return list;
}

static json_t *
dump_section(const struct dump *d, const struct option *o, const void *member)
{
	json_t *object = dump_table(d, o->section, member);

	if (d->all || json_object_size(object) > 0)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *
dump_member(const struct dump *d, const struct option *o, const void *member)
{
	json_t *value;

	if (o->type == OPTION_SECTION)
		return dump_section(d, o, member);
	if (o->type == OPTION_SECTIONS)
		return dump_sections(d, o, member);
	if (!d->all && !(o->flags & OPTION_REQUIRED) && is_standard(o, member))
		return NULL;
	value = option_value_json(o, member, d->hide_secrets);
	/* An empty list that is not the default must be said. */
	if (value == NULL && o->type == OPTION_LIST &&
	    (o->standard != NULL || (o->flags & OPTION_REQUIRED)))
		value = json_array();
	return value;
}

static json_t *
dump_table(const struct dump *d, const struct option *table, const void *config)
{
	json_t *object = json_object();

	for (const struct option *o = table; o->name != NULL; o++) {
		json_t *value =
		    dump_member(d, o, (const char *)config + o->offset);

		if (value != NULL)
			json_object_set_new(object, o->name, value);
	}
	return object;
}

json_t *
option_dump(
    const struct option *table, const void *config, bool all, bool hide_secrets)
{
	const struct dump d = {all, hide_secrets};

	return dump_table(&d, table, config);
}
