#include <stdlib.h>

#include "agent/ask.h"
#include "alerting/webpush_vapid.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/p256.h"
#include "base/str.h"

static const struct command_flag flags[] = {
    COMMAND_FLAG_CONFIG, COMMAND_FLAG_JSON, {0}};
static const struct command_flag key_flags[] = {COMMAND_FLAG_JSON, {0}};

static void
show_invitation(FILE *out, const json_t *reply)
{
	const char *url = json_str(reply, "url");

	fprintf(out,
	    "%s\n\nGood until %s, for every browser that opens it: send it to "
	    "people you trust.\n",
	    url, json_str(reply, "expires_at"));
	if (str_starts(url, "http://"))
		fputs("Browsers take pushes only from https:// pages (or "
		      "localhost): agent.public_url should be one.\n",
		    out);
}

static void
show_subscribers(FILE *out, const json_t *list)
{
	size_t i;
	json_t *row;

	if (json_array_size(list) == 0) {
		fputs(
		    "nobody has subscribed: tocsin channel invite NAME\n", out);
		return;
	}
	fprintf(out, "%-12s  %-24s  %s\n", "ID", "SINCE", "PUSH SERVICE");
	json_array_foreach (list, i, row)
		fprintf(out, "%-12s  %-24s  %s\n", json_str(row, "id"),
		    json_str(row, "subscribed_at"), json_str(row, "host"));
}

static int
invite(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct ask ask = {.show = show_invitation};
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	ask.path = mem_printf("/api/v1/channels/%s/invite", args.words[0]);
	ask.body = json_object();
	status = ask_agent(&args, &ask);
	command_args_fini(&args);
	return status;
}

static int
subscribers(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct ask ask = {.member = "subscribers", .show = show_subscribers};
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	ask.path = mem_printf("/api/v1/channels/%s/subscribers", args.words[0]);
	status = ask_agent(&args, &ask);
	command_args_fini(&args);
	return status;
}

static int
unsubscribe(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct ask ask = {.done = "it gets no more alerts"};
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	ask.path = mem_printf("/api/v1/channels/%s/unsubscribe", args.words[0]);
	ask.body = json_object();
	json_put_str(ask.body, "id", args.words[1]);
	status = ask_agent(&args, &ask);
	command_args_fini(&args);
	return status;
}

static void
print_key(const struct command_args *args, const char *private_key,
    const char *public_key)
{
	if (command_has(args, "json"))
		printf("{\"private_key\":\"%s\",\"public_key\":\"%s\"}\n",
		    private_key, public_key);
	else
		printf("private_key: %s\npublic key:  %s\n\nKeep the private "
		       "key in a file that only the agent can read: "
		       "subscriptions are bound to it.\n",
		    private_key, public_key);
}

static int
vapid_key(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	char public_key[WEBPUSH_PUBLIC_LEN + 1];
	int status = command_parse(&args, self, argc, argv);
	struct p256_key *key;
	struct buf text;

	if (status >= 0)
		return status;
	key = p256_generate();
	buf_init(&text, 100);
	encode_base64url(&text, p256_scalar(key), P256_SCALAR_LEN);
	webpush_vapid_public(public_key, key);
	print_key(&args, buf_str(&text), public_key);
	mem_free_secret(buf_take(&text));
	p256_free(key);
	command_args_fini(&args);
	return EXIT_OK;
}

const struct command cmd_channel_invite = {
    .name = "channel invite",
    .usage = "[-c FILE] [--json] NAME",
    .help = "print a link at which browsers subscribe to a webpush channel",
    .flags = flags,
    .run = invite,
    .words_min = 1,
    .words_max = 1,
};

const struct command cmd_channel_subscribers = {
    .name = "channel subscribers",
    .usage = "[-c FILE] [--json] NAME",
    .help = "the browsers that get a webpush channel's alerts",
    .flags = flags,
    .run = subscribers,
    .words_min = 1,
    .words_max = 1,
};

const struct command cmd_channel_unsubscribe = {
    .name = "channel unsubscribe",
    .usage = "[-c FILE] [--json] NAME ID",
    .help = "remove a browser from a webpush channel",
    .flags = flags,
    .run = unsubscribe,
    .words_min = 2,
    .words_max = 2,
};

const struct command cmd_channel_vapid_key = {
    .name = "channel vapid-key",
    .usage = "[--json]",
    .help = "make a key for a webpush channel",
    .flags = key_flags,
    .run = vapid_key,
};
