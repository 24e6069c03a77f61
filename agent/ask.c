#include "agent/ask.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/client.h"
#include "base/json.h"

static void
answer(const struct command_args *args, const struct ask *ask, json_t *reply)
{
	const json_t *shown = reply;

	if (command_has(args, "json")) {
		json_dumpf(reply, stdout, JSON_INDENT(2));
		putchar('\n');
		return;
	}
	if (ask->member != NULL && ask->member[0] != '\0')
		shown = json_object_get(reply, ask->member);
	if (ask->show != NULL)
		ask->show(stdout, shown);
	else
		puts(ask->done);
}

int
ask_agent(const struct command_args *args, struct ask *ask)
{
	struct client client = {NULL};
	struct err err = ERR_INIT;
	json_t *reply = NULL;
	int rc = client_init(&client, command_config(args), &err);
	int status = EXIT_OK;

	if (rc == 0)
		rc = ask->body != NULL
		         ? client_post(
			       &client, ask->path, ask->body, &reply, &err)
		         : client_get(&client, ask->path, &reply, &err);
	if (rc == 0)
		answer(args, ask, reply);
	else
		status = command_fail("%s", err.text);
	json_decref(reply);
	json_decref(ask->body);
	free(ask->path);
	client_fini(&client);
	return status;
}

const char *
ask_actor(void)
{
	const char *name = getenv("SUDO_USER");
	const struct passwd *pw;

	if (name != NULL && name[0] != '\0')
		return name;
	pw = getpwuid(getuid());
	return pw != NULL ? pw->pw_name : "somebody";
}
