#include <stdlib.h>

#include "agent/acts.h"
#include "agent/api.h"
#include "agent/backup.h"
#include "agent/config_mistakes.h"
#include "base/json.h"

static json_t *
describe_mistakes(const struct config_mistakes *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->count; i++)
		json_array_append_new(list, config_mistake_json(&m->items[i]));
	return list;
}

void
api_reload(struct api_call *call)
{
	struct config_mistakes m = {0};
	int rc = agent_reload(call->agent, &m);
	json_t *o = json_object();

	json_put_bool(o, "reloaded", rc == 0);
	json_put(o, rc == 0 ? "warnings" : "mistakes", describe_mistakes(&m));
	config_mistakes_fini(&m);
	api_reply(call, rc == 0 ? 200 : 422, o);
}

void
api_test(struct api_call *call)
{
	const char *actor = "somebody";
	struct err err = ERR_INIT;
	char *key;

	if (json_opt_str(call->body, "actor", 60, &actor, &err) != 0) {
		api_error(call, 400, "%s", err.text);
		return;
	}
	if (acts_test(call->agent, call->id, actor, &key, &err) != 0) {
		api_err(call, &err);
		return;
	}
	api_reply(call, 202, json_pack("{s:s}", "delivery", key));
	free(key);
}

void
api_backup(struct api_call *call)
{
	const char *path;
	struct err err = ERR_INIT;

	if (json_need_str(call->body, "path", 4000, &path, &err) != 0)
		api_error(call, 400, "%s", err.text);
	else if (backup_start(call->agent, path, &err) != 0)
		api_err(call, &err);
	else
		api_reply(call, 202, json_pack("{s:s}", "path", path));
}

void
api_backup_status(struct api_call *call)
{
	const char *path, *why;
	enum backup_state state = backup_status(call->agent, &path, &why);
	json_t *o = json_object();

	json_put_str(o, "state", backup_state_names[state]);
	json_put_str(o, "path", path);
	json_put_str(o, "reason", why);
	api_reply(call, 200, o);
}
