#include <stdlib.h>

#include "agent/api.h"
#include "agent/subscribe.h"
#include "agent/subscribe_web.h"
#include "base/json.h"

void
api_invite(struct api_call *call)
{
	struct err err = ERR_INIT;
	int64_t end_ms = 0;
	char *link = subscribe_invite(call->agent, call->id, &end_ms, &err);
	json_t *o;

	if (link == NULL) {
		api_err(call, &err);
		return;
	}
	o = json_object();
	json_put_str(o, "url", link);
	json_put_time(o, "expires_at", end_ms);
	api_reply(call, 200, o);
	free(link);
}

/* Who they are is nobody's business but the operators', loopback or not. */
void
api_subscribers(struct api_call *call)
{
	if (!call->trusted) {
		api_error(call, 401,
		    "this needs the token (http.token), as Authorization: "
		    "Bearer …, or the control socket");
		return;
	}
	api_reply(call, 200,
	    json_pack("{s:o}", "subscribers",
		subscribe_shown(call->agent, call->id)));
}

void
api_unsubscribe(struct api_call *call)
{
	struct err err = ERR_INIT;
	const char *id;

	if (json_need_str(call->body, "id", 64, &id, &err) != 0)
		api_error(call, 400, "%s", err.text);
	else if (subscribe_remove(call->agent, call->id, id, &err) != 0)
		api_err(call, &err);
	else
		api_reply(call, 200, json_pack("{s:s}", "id", id));
}
