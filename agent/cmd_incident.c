#include <string.h>

#include "agent/acts.h"
#include "agent/ask.h"
#include "agent/show.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

#define NOTE_MAX 65536 /* the agent refuses what it finds too long */

static const struct command_flag list_flags[] = {
    COMMAND_FLAG_CONFIG,
    COMMAND_FLAG_JSON,
    {'a', "all", NULL, "resolved ones as well"},
    {'n', "limit", "N", "at most so many (default 50)"},
    {0},
};
static const struct command_flag flags[] = {
    COMMAND_FLAG_CONFIG, COMMAND_FLAG_JSON, {0}};
static const struct command_flag act_flags[] = {
    COMMAND_FLAG_CONFIG,
    COMMAND_FLAG_JSON,
    {0, "by", "NAME", "who acts, for the timeline (default: you)"},
    {0},
};

static int
list(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct ask ask = {.member = "incidents", .show = show_incidents};
	int status = command_parse(&args, self, argc, argv);
	const char *limit;

	if (status >= 0)
		return status;
	limit = command_value(&args, "limit");
	ask.path = mem_printf("/api/v1/incidents?status=%s&limit=%s",
	    command_has(&args, "all") ? "all" : "unresolved",
	    limit != NULL ? limit : "50");
	status = ask_agent(&args, &ask);
	command_args_fini(&args);
	return status;
}

static int
show(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct ask ask = {.show = show_incident};
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	ask.path = mem_printf("/api/v1/incidents/%s", args.words[0]);
	status = ask_agent(&args, &ask);
	command_args_fini(&args);
	return status;
}

/* The words after the id, as one text. */
static json_t *
act_body(const struct command_args *args)
{
	const char *by = command_value(args, "by");
	json_t *body = json_object();
	struct buf text;

	buf_init(&text, NOTE_MAX);
	for (int i = 1; i < args->word_count; i++) {
		if (i > 1)
			buf_putc(&text, ' ');
		buf_puts(&text, args->words[i]);
	}
	json_put_str(body, "actor", by != NULL ? by : ask_actor());
	json_put_text(body, "text", buf_str(&text), text.len);
	buf_fini(&text);
	return body;
}

static int
act(const struct command *self, int argc, char **argv, enum act what)
{
	struct command_args args;
	struct ask ask = {.show = show_incident};
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	ask.path = mem_printf(
	    "/api/v1/incidents/%s/%s", args.words[0], act_names[what]);
	ask.body = act_body(&args);
	status = ask_agent(&args, &ask);
	command_args_fini(&args);
	return status;
}

static int
acknowledge(const struct command *self, int argc, char **argv)
{
	return act(self, argc, argv, ACT_ACKNOWLEDGE);
}

static int
resolve(const struct command *self, int argc, char **argv)
{
	return act(self, argc, argv, ACT_RESOLVE);
}

static int
note(const struct command *self, int argc, char **argv)
{
	return act(self, argc, argv, ACT_NOTE);
}

const struct command cmd_incident_list = {
    .name = "incident list",
    .usage = "[-c FILE] [--all] [-n N] [--json]",
    .help = "incidents that are not resolved",
    .flags = list_flags,
    .run = list,
};

const struct command cmd_incident_show = {
    .name = "incident show",
    .usage = "[-c FILE] [--json] ID",
    .help = "one incident: timeline and deliveries",
    .flags = flags,
    .run = show,
    .words_min = 1,
    .words_max = 1,
};

const struct command cmd_incident_ack = {
    .name = "incident ack",
    .usage = "[-c FILE] [--by NAME] [--json] ID",
    .help = "somebody has it: no more reminders",
    .flags = act_flags,
    .run = acknowledge,
    .words_min = 1,
    .words_max = 1,
};

const struct command cmd_incident_resolve = {
    .name = "incident resolve",
    .usage = "[-c FILE] [--by NAME] [--json] ID [WHY …]",
    .help = "close it by hand",
    .flags = act_flags,
    .run = resolve,
    .words_min = 1,
    .words_max = -1,
};

const struct command cmd_incident_note = {
    .name = "incident note",
    .usage = "[-c FILE] [--by NAME] [--json] ID TEXT …",
    .help = "write something into the timeline, and tell",
    .flags = act_flags,
    .run = note,
    .words_min = 2,
    .words_max = -1,
};
