#include <stdlib.h>
#include <unistd.h>

#include "agent/ask.h"
#include "agent/client.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define POLL_US 100000

static const struct command_flag flags[] = {
    COMMAND_FLAG_CONFIG, COMMAND_FLAG_JSON, {0}};

static void
show_mistakes(const json_t *reply)
{
	const json_t *list = json_object_get(reply, "mistakes");
	size_t i;
	json_t *m;

	if (list == NULL)
		list = json_object_get(reply, "warnings");
	json_array_foreach (list, i, m) {
		const char *path = json_str(m, "path");

		fprintf(stderr, "%s:%lld:%lld: %s%s%s\n", json_str(m, "file"),
		    (long long)json_int(m, "line", 0),
		    (long long)json_int(m, "column", 0), path,
		    path[0] != '\0' ? ": " : "", json_str(m, "text"));
	}
}

static int
reload(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct client client = {NULL};
	struct err err = ERR_INIT;
	json_t *reply = NULL;
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	if (client_init(&client, command_config(&args), &err) != 0 ||
	    client_post(&client, "/api/v1/reload", NULL, &reply, &err) != 0) {
		status = command_fail("%s", err.text);
	} else {
		bool taken = json_bool(reply, "reloaded", false);

		if (command_has(&args, "json")) {
			json_dumpf(reply, stdout, JSON_INDENT(2));
			putchar('\n');
		} else {
			show_mistakes(reply);
			puts(taken ? "reloaded"
				   : "not reloaded; the old one goes on");
		}
		status = taken ? EXIT_OK : EXIT_FAILED;
	}
	json_decref(reply);
	client_fini(&client);
	command_args_fini(&args);
	return status;
}

/* Poll until the agent is through with it. */
static int
wait_for_backup(struct client *client, struct err *err)
{
	for (;;) {
		json_t *reply = NULL;
		int rc = client_get(client, "/api/v1/backup", &reply, err);
		bool running = str_eq(json_str(reply, "state"), "running");

		if (rc == 0 && str_eq(json_str(reply, "state"), "failed"))
			rc = err_set(
			    err, ERR_IO, "%s", json_str(reply, "reason"));
		json_decref(reply);
		if (rc != 0 || !running)
			return rc;
		usleep(POLL_US);
	}
}

static int
backup(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct client client = {NULL};
	struct err err = ERR_INIT;
	json_t *reply = NULL, *body;
	int status = command_parse(&args, self, argc, argv);
	char *cwd, *path;

	if (status >= 0)
		return status;
	cwd = getcwd(NULL, 0);
	path = args.words[0][0] == '/' || cwd == NULL
	           ? mem_strdup(args.words[0])
	           : mem_printf("%s/%s", cwd, args.words[0]);
	body = json_pack("{s:s}", "path", path);
	if (client_init(&client, command_config(&args), &err) != 0 ||
	    client_post(&client, "/api/v1/backup", body, &reply, &err) != 0 ||
	    wait_for_backup(&client, &err) != 0)
		status = command_fail("%s", err.text);
	else {
		if (command_has(&args, "json"))
			json_dumpf(body, stdout, JSON_COMPACT);
		else
			fputs(path, stdout);
		putchar('\n');
		status = EXIT_OK;
	}
	json_decref(body);
	json_decref(reply);
	free(path);
	free(cwd);
	client_fini(&client);
	command_args_fini(&args);
	return status;
}

const struct command cmd_reload = {
    .name = "reload",
    .usage = "[-c FILE] [--json]",
    .help = "have the agent read its configuration again",
    .flags = flags,
    .run = reload,
};

const struct command cmd_backup = {
    .name = "backup",
    .usage = "[-c FILE] [--json] FILE",
    .help = "write a copy of the state while the agent runs",
    .flags = flags,
    .run = backup,
    .words_min = 1,
    .words_max = 1,
};
