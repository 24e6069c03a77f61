#include <stdlib.h>
#include <string.h>

#include "agent/ask.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define TITLE_MAX 65536 /* the agent refuses what it finds too long */
#define SHOWN_MAX 400

static const struct command_flag flags[] = {
    COMMAND_FLAG_CONFIG,
    COMMAND_FLAG_JSON,
    {'s', "severity", "SEVERITY",
	"info, low, medium, high or critical (default high)"},
    {'t', "text", "TEXT", "more than the title says"},
    {'l', "label", "NAME=VALUE", "a label for routes; may be repeated"},
    {0, "component", "NAME", "what users call it, such as Patient portal"},
    {0, "runbook", "URL", "where it says what to do"},
    {0, "probe", "NAME", "whose incident it is (default manual)"},
    {0, "key", "KEY", "open no second one while one of this key is open"},
    {0, "by", "NAME", "who acts, for the timeline (default: you)"},
    {0},
};

/* Members of the request that are named like their flags. */
static const char *const plain[] = {
    "severity", "text", "component", "runbook", "probe", "key", NULL};

static int
put_label(json_t *labels, const char *text)
{
	const char *equals = strchr(text, '=');
	char *name;

	if (equals == NULL || equals == text)
		return command_fail(
		    "--label %s: write --label NAME=VALUE", text);
	name = mem_strndup(text, (size_t)(equals - text));
	json_put_str(labels, name, equals + 1);
	free(name);
	return EXIT_OK;
}

static int
put_labels(json_t *body, const struct command_args *args)
{
	json_t *labels = json_object();

	json_put(body, "labels", labels);
	for (size_t i = 0; i < args->given_count; i++)
		if (str_eq(args->given[i].flag->name, "label") &&
		    put_label(labels, args->given[i].value) != EXIT_OK)
			return EXIT_FAILED;
	return EXIT_OK;
}

static json_t *
make_body(const struct command_args *args)
{
	const char *by = command_value(args, "by");
	json_t *body = json_object();
	struct buf title;

	buf_init(&title, TITLE_MAX);
	for (int i = 0; i < args->word_count; i++)
		buf_printf(&title, "%s%s", i > 0 ? " " : "", args->words[i]);
	json_put_text(body, "title", buf_str(&title), title.len);
	buf_fini(&title);
	json_put_str(body, "actor", by != NULL ? by : ask_actor());
	for (size_t i = 0; plain[i] != NULL; i++)
		if (command_value(args, plain[i]) != NULL)
			json_put_str(
			    body, plain[i], command_value(args, plain[i]));
	return body;
}

static void
show_opened(FILE *out, const json_t *opened)
{
	const char *title = json_str(opened, "title");
	char shown[SHOWN_MAX];

	str_printable(shown, sizeof(shown), title, strlen(title));
	fprintf(out, "%s %s (%s, %s): %s\n", json_str(opened, "id"),
	    json_bool(opened, "created", true) ? "opened" : "is open already",
	    json_str(opened, "severity"), json_str(opened, "status"), shown);
}

static int
run(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct ask ask = {.show = show_opened};
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	ask.body = make_body(&args);
	status = put_labels(ask.body, &args);
	if (status == EXIT_OK) {
		ask.path = mem_strdup("/api/v1/incidents");
		status = ask_agent(&args, &ask);
	} else {
		json_decref(ask.body);
	}
	command_args_fini(&args);
	return status;
}

const struct command cmd_incident_open = {
    .name = "incident open",
    .usage = "[-c FILE] [--severity S] [--text T] [--label K=V] … [--json] "
	     "TITLE …",
    .help = "open one by hand",
    .flags = flags,
    .run = run,
    .words_min = 1,
    .words_max = -1,
};
