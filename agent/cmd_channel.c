#include <stdlib.h>
#include <unistd.h>

#include "agent/ask.h"
#include "agent/client.h"
#include "agent/show.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define TEST_WAIT_MS 60000
#define TEST_POLL_US 200000

static const struct command_flag flags[] = {
    COMMAND_FLAG_CONFIG, COMMAND_FLAG_JSON, {0}};
static const struct command_flag list_flags[] = {
    COMMAND_FLAG_CONFIG,
    COMMAND_FLAG_JSON,
    {0, "channel", "NAME", "only of this channel"},
    {0, "status", "WORD", "pending, delivered, dead or dropped"},
    {'n', "limit", "N", "at most so many (default 50)"},
    {0},
};

/* The test's one delivery, as it stands now; the caller's, or NULL. */
static json_t *
look(struct client *client, const char *incident, struct err *err)
{
	char *path = mem_printf("/api/v1/incidents/%.10s", incident);
	json_t *reply = NULL, *found = NULL;

	if (client_get(client, path, &reply, err) == 0)
		found = json_incref(
		    json_array_get(json_object_get(reply, "deliveries"), 0));
	json_decref(reply);
	free(path);
	return found;
}

/* Until it arrived or was refused, or long enough: a path that has trouble
 * goes on trying by itself. */
static json_t *
wait_for(struct client *client, const char *key, struct err *err)
{
	int64_t end_ms = clock_boot_ms() + TEST_WAIT_MS;
	json_t *delivery = NULL;

	for (;;) {
		json_decref(delivery);
		delivery = look(client, key, err);
		if (delivery == NULL ||
		    !str_eq(json_str(delivery, "status"), "pending") ||
		    json_int(delivery, "attempts", 0) > 0 ||
		    clock_boot_ms() > end_ms)
			return delivery;
		usleep(TEST_POLL_US);
	}
}

static int
report(const struct command_args *args, const json_t *delivery)
{
	bool arrived = str_eq(json_str(delivery, "status"), "delivered");
	json_t *list = json_pack("[O]", delivery);

	if (command_has(args, "json")) {
		json_dumpf(delivery, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		show_deliveries(stdout, list);
	}
	json_decref(list);
	return arrived ? EXIT_OK : EXIT_FAILED;
}

static int
test_channel(const struct command_args *args, struct client *client)
{
	char *path = mem_printf("/api/v1/channels/%s/test", args->words[0]);
	json_t *body = json_pack("{s:s}", "actor", ask_actor());
	json_t *reply = NULL, *delivery = NULL;
	struct err err = ERR_INIT;
	int status;

	if (client_post(client, path, body, &reply, &err) == 0)
		delivery = wait_for(client, json_str(reply, "delivery"), &err);
	status = delivery != NULL ? report(args, delivery)
	                          : command_fail("%s", err.text);
	json_decref(delivery);
	json_decref(reply);
	json_decref(body);
	free(path);
	return status;
}

static int
test(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct client client;
	struct err err = ERR_INIT;
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	if (client_init(&client, command_config(&args), &err) != 0)
		status = command_fail("%s", err.text);
	else
		status = test_channel(&args, &client);
	client_fini(&client);
	command_args_fini(&args);
	return status;
}

static int
deliveries(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct ask ask = {.member = "deliveries", .show = show_deliveries};
	int status = command_parse(&args, self, argc, argv);
	const char *limit, *channel, *word;

	if (status >= 0)
		return status;
	limit = command_value(&args, "limit");
	channel = command_value(&args, "channel");
	word = command_value(&args, "status");
	ask.path = mem_printf("/api/v1/deliveries?limit=%s%s%s%s%s",
	    limit != NULL ? limit : "50", channel != NULL ? "&channel=" : "",
	    channel != NULL ? channel : "", word != NULL ? "&status=" : "",
	    word != NULL ? word : "");
	status = ask_agent(&args, &ask);
	command_args_fini(&args);
	return status;
}

static int
proof(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct ask ask = {.show = show_proof};
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	ask.path = mem_printf("/api/v1/deliveries/%s", args.words[0]);
	status = ask_agent(&args, &ask);
	command_args_fini(&args);
	return status;
}

static int
resend(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct ask ask = {.done = "it goes out again"};
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	ask.path = mem_printf("/api/v1/deliveries/%s/resend", args.words[0]);
	ask.body = json_object();
	status = ask_agent(&args, &ask);
	command_args_fini(&args);
	return status;
}

const struct command cmd_channel_test = {
    .name = "channel test",
    .usage = "[-c FILE] [--json] NAME",
    .help = "send a test through a channel and wait for its receipt",
    .flags = flags,
    .run = test,
    .words_min = 1,
    .words_max = 1,
};

const struct command cmd_channel_deliveries = {
    .name = "channel deliveries",
    .usage = "[-c FILE] [--channel NAME] [--status WORD] [-n N] [--json]",
    .help = "what was sent, what waits, what was given up",
    .flags = list_flags,
    .run = deliveries,
};

const struct command cmd_channel_proof = {
    .name = "channel proof",
    .usage = "[-c FILE] [--json] KEY",
    .help = "one delivery: each attempt, and what the receiver said",
    .flags = flags,
    .run = proof,
    .words_min = 1,
    .words_max = 1,
};

const struct command cmd_channel_resend = {
    .name = "channel resend",
    .usage = "[-c FILE] [--json] KEY",
    .help = "send a dead letter again",
    .flags = flags,
    .run = resend,
    .words_min = 1,
    .words_max = 1,
};
