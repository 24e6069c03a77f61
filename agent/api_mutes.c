#include <stdlib.h>

#include "agent/api.h"
#include "agent/mutes.h"
#include "agent/oncall.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

#define ACTOR_MAX 60

void
api_silences(struct api_call *call)
{
	static const char *const words[] = {"current", "all", NULL};
	const char *status = httpd_query(call->http, "status");

	if (status != NULL && str_index(words, status) < 0) {
		api_error(call, 400, "status is current or all");
		return;
	}
	api_reply(call, 200,
	    json_pack("{s:o}", "silences",
		mutes_list(
		    call->agent, status != NULL && str_eq(status, words[1]))));
}

void
api_silence_add(struct api_call *call)
{
	struct err err = ERR_INIT;
	char *id;

	if (mutes_add(call->agent, call->body, &id, &err) != 0) {
		api_err(call, &err);
		return;
	}
	api_reply(call, 201, mutes_show(call->agent, id));
	free(id);
}

void
api_silence_remove(struct api_call *call)
{
	const char *actor = "somebody";
	struct err err = ERR_INIT;

	if (json_opt_str(call->body, "actor", ACTOR_MAX, &actor, &err) != 0)
		api_error(call, 400, "%s", err.text);
	else if (mutes_remove(call->agent, call->id, actor, &err) != 0)
		api_err(call, &err);
	else
		api_reply(call, 200, json_pack("{s:s}", "removed", call->id));
}

void
api_oncall(struct api_call *call)
{
	api_reply(call, 200,
	    json_pack("{s:o}", "rotations",
		oncall_list(call->agent->config, clock_wall_ms())));
}
