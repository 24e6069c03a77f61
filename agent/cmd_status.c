#include <stdlib.h>
#include <unistd.h>

#include "agent/ask.h"
#include "agent/client.h"
#include "agent/show.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define WATCH_S 2

static const struct command_flag flags[] = {
    COMMAND_FLAG_CONFIG,
    COMMAND_FLAG_JSON,
    {'w', "watch", NULL, "again every 2 seconds, until Ctrl-C"},
    {0},
};

/* A good standing is not to be relied on if the last run could not tell. */
static bool
stands(const json_t *probe, const char *word)
{
	return str_eq(json_str(probe, "standing"), word) ||
	       (str_eq(word, "unknown") &&
		   str_eq(json_str(probe, "outcome"), word));
}

/* The worst standing, as an exit status: a script may ask "is all well?". */
static int
exit_status(const json_t *status)
{
	static const char *const worst[] = {"failed", "degraded", "unknown"};
	static const int statuses[] = {EXIT_FAILED, EXIT_NO, EXIT_UNKNOWN};
	const json_t *probes = json_object_get(status, "probes");
	size_t i;
	json_t *probe;

	for (int w = 0; w < 3; w++)
		json_array_foreach (probes, i, probe) {
			if (json_bool(probe, "enabled", true) &&
			    stands(probe, worst[w]))
				return statuses[w];
		}
	return EXIT_OK;
}

static int
show_once(const struct command_args *args, struct client *client)
{
	json_t *reply = NULL;
	struct err err = ERR_INIT;
	int status;

	if (client_get(client, "/api/v1/status", &reply, &err) != 0)
		return command_fail("%s", err.text);
	if (command_has(args, "json")) {
		json_dumpf(reply, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		show_status(stdout, reply);
	}
	status = exit_status(reply);
	json_decref(reply);
	return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct client client;
	struct err err = ERR_INIT;
	int status = command_parse(&args, self, argc, argv);
	bool watch;

	if (status >= 0)
		return status;
	watch = command_has(&args, "watch");
	if (client_init(&client, command_config(&args), &err) != 0)
		status = command_fail("%s", err.text);
	else
		for (;;) {
			if (watch && isatty(STDOUT_FILENO))
				fputs("\033[H\033[2J", stdout);
			status = show_once(&args, &client);
			fflush(stdout);
			if (!watch)
				break;
			sleep(WATCH_S);
		}
	client_fini(&client);
	command_args_fini(&args);
	return status;
}

const struct command cmd_status = {
    .name = "status",
    .usage = "[-c FILE] [--watch] [--json]",
    .help = "what stands how; exits 0 if all is well",
    .flags = flags,
    .run = run,
};
