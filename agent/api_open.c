/* POST /api/v1/incidents: agent/manual.h for programs. */
#include <stdlib.h>

#include "agent/api.h"
#include "agent/manual.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static json_t *
describe(const struct incident *in, bool created)
{
	json_t *o = json_object();

	json_put_str(o, "id", in->id);
	json_put_bool(o, "created", created);
	json_put_str(o, "status", incident_status_names[in->status]);
	json_put_str(o, "severity", severity_names[in->severity]);
	json_put_str(o, "title", in->title);
	return o;
}

static int
open_one(struct agent *a, const struct manual *m, json_t **out, struct err *err)
{
	const struct incident *in;
	bool created;

	if (manual_open(a, m, &in, &created, err) != 0)
		return -1;
	*out = describe(in, created);
	return 0;
}

/* All are read before one is opened: a mistake opens none. */
static int
read_list(struct manual **out, const json_t *list, struct err *err)
{
	size_t count = json_array_size(list);
	struct manual *all = mem_array(count, sizeof(*all));

	for (size_t i = 0; i < count; i++) {
		if (manual_read(&all[i], json_array_get(list, i), err) == 0)
			continue;
		for (size_t n = 0; n <= i; n++)
			manual_fini(&all[n]);
		free(all);
		return err_wrap(err, "incidents[%zu]", i);
	}
	*out = all;
	return 0;
}

static void
open_list(struct api_call *call, const json_t *list)
{
	static const char *const only[] = {"incidents", NULL};
	size_t count = json_array_size(list), i;
	json_t *opened = json_array(), *one;
	struct manual *all = NULL;
	struct err err = ERR_INIT;
	int rc = json_only(call->body, only, &err);

	if (rc == 0 && (count == 0 || count > MANUAL_LIST_MAX))
		rc = err_set(&err, ERR_INPUT,
		    "incidents: must be an array of 1 to %d", MANUAL_LIST_MAX);
	if (rc == 0)
		rc = read_list(&all, list, &err);
	for (i = 0; rc == 0 && i < count; i++) {
		rc = open_one(call->agent, &all[i], &one, &err);
		if (rc == 0)
			json_array_append_new(opened, one);
	}
	for (i = 0; all != NULL && i < count; i++)
		manual_fini(&all[i]);
	free(all);
	httpd_reply_deferred(call->http); /* … until it is kept */
	if (rc == 0) {
		api_reply(call, 201, json_pack("{s:o}", "incidents", opened));
		return;
	}
	json_decref(opened);
	api_err(call, &err);
}

void
api_open(struct api_call *call)
{
	const json_t *list = json_object_get(call->body, "incidents");
	struct err err = ERR_INIT;
	struct manual m;
	json_t *opened;
	int rc;

	if (list != NULL) {
		open_list(call, list);
		return;
	}
	rc = manual_read(&m, call->body, &err);
	if (rc == 0)
		rc = open_one(call->agent, &m, &opened, &err);
	manual_fini(&m);
	if (rc != 0) {
		api_err(call, &err);
		return;
	}
	httpd_reply_deferred(call->http); /* … until it is kept */
	api_reply(call, json_bool(opened, "created", true) ? 201 : 200, opened);
}
