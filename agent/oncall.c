#include "agent/oncall.h"

#include "base/json.h"

static json_t *
channels_of(const struct config *c, const char *name)
{
	const struct config_person *p = config_find_person(c, name);
	json_t *list = json_array();

	for (size_t i = 0; p != NULL && i < p->notify.count; i++)
		json_array_append_new(list, json_string(p->notify.items[i]));
	return list;
}

json_t *
oncall_list(const struct config *c, int64_t at_ms)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->rotation_count; i++) {
		const struct config_rotation *r = &c->rotations[i];
		int64_t until_ms;
		const char *person =
		    rotation_on_call(r->rotation, at_ms, &until_ms);
		bool changes = until_ms != INT64_MAX;
		json_t *o = json_object();

		json_put_str(o, "rotation", r->name);
		json_put_str(o, "person", person);
		json_put(o, "channels", channels_of(c, person));
		json_put_time(o, "until", changes ? until_ms : 0);
		json_put(o, "next",
		    changes ? json_string(
				  rotation_on_call(r->rotation, until_ms, NULL))
			    : json_null());
		json_put_str(o, "time_zone", rotation_zone(r->rotation));
		json_array_append_new(list, o);
	}
	return list;
}
