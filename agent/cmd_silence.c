#include <stdlib.h>
#include <string.h>

#include "agent/ask.h"
#include "agent/show.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static const struct command_flag add_flags[] = {
    COMMAND_FLAG_CONFIG,
    COMMAND_FLAG_JSON,
    {'p', "probe", "PATTERN", "of these probes, such as \"portal-*\""},
    {'s', "severity", "WORD", "of this severity; high+ is high and above"},
    {'k', "kind", "KIND", "of this kind of probe"},
    {'l', "label", "NAME=VALUE", "of probes with this label"},
    {0, "component", "PATTERN", "of these components"},
    {0, "incident", "ID", "this incident only"},
    {0, "all", NULL, "everything, since nothing is said above"},
    {0, "for", "DURATION", "for so long, such as 2h"},
    {0, "until", "TIME", "until then, such as \"2026-12-24 18:00\""},
    {0, "from", "TIME", "from then on (default: now)"},
    {0, "when", "TIMES", "with --maintenance: windows that come again"},
    {0, "time-zone", "ZONE", "whose clocks are meant (default: local)"},
    {0, "maintenance", NULL, "planned work rather than a silence"},
    {'r', "reason", "TEXT", "why (required)"},
    {0, "by", "NAME", "who answers for it (default: you)"},
    {0},
};
static const struct command_flag list_flags[] = {
    COMMAND_FLAG_CONFIG,
    COMMAND_FLAG_JSON,
    {'a', "all", NULL, "those that ended in the last week as well"},
    {0},
};
static const struct command_flag remove_flags[] = {
    COMMAND_FLAG_CONFIG,
    COMMAND_FLAG_JSON,
    {0, "by", "NAME", "who does it (default: you)"},
    {0},
};

/* Flags that may come often: each adds to a list. */
static void
put_list(json_t *match, const struct command_args *args, const char *flag)
{
	json_t *list = json_array();

	for (size_t i = 0; i < args->given_count; i++)
		if (str_eq(args->given[i].flag->name, flag))
			json_array_append_new(
			    list, json_string(args->given[i].value));
	if (json_array_size(list) > 0)
		json_put(match, flag, list);
	else
		json_decref(list);
}

static int
put_labels(json_t *match, const struct command_args *args)
{
	json_t *labels = json_object();
	int status = EXIT_OK;

	for (size_t i = 0; i < args->given_count && status == EXIT_OK; i++) {
		const char *text = args->given[i].value;
		const char *equals = strchr(text, '=');
		char *name;

		if (!str_eq(args->given[i].flag->name, "label"))
			continue;
		if (equals == NULL || equals == text) {
			status = command_fail(
			    "--label %s: write --label NAME=VALUE", text);
			break;
		}
		name = mem_strndup(text, (size_t)(equals - text));
		json_put_str(labels, name, equals + 1);
		free(name);
	}
	if (json_object_size(labels) > 0)
		json_put(match, "labels", labels);
	else
		json_decref(labels);
	return status;
}

static void
put_value(json_t *body, const char *key, const char *value)
{
	if (value != NULL)
		json_put_str(body, key, value);
}

static int
put_match(json_t *body, const struct command_args *args)
{
	static const char *const lists[] = {
	    "probe", "severity", "kind", "component"};
	json_t *match = json_object();
	int status;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		put_list(match, args, lists[i]);
	status = put_labels(match, args);
	if (json_object_size(match) > 0)
		json_put(body, "match", match);
	else
		json_decref(match);
	put_value(body, "incident", command_value(args, "incident"));
	if (command_has(args, "all"))
		json_put_bool(body, "all", true);
	return status;
}

/* What the agent can say only of keys is said of flags here. */
static int
check(const struct command_args *args)
{
	bool matched = false;

	for (size_t i = 0; i < args->given_count; i++) {
		static const char *const names[] = {"probe", "severity", "kind",
		    "label", "component", "incident", "all", NULL};

		matched =
		    matched || str_index(names, args->given[i].flag->name) >= 0;
	}
	if (!matched)
		return command_fail(
		    "say what to silence (--probe, --label, --severity, "
		    "--kind, --component, --incident), or --all");
	if (!command_has(args, "for") && !command_has(args, "until") &&
	    !command_has(args, "when"))
		return command_fail("say for how long: --for 2h, or --until "
				    "\"2026-12-24 18:00\"");
	if (!command_has(args, "reason"))
		return command_fail("say why: --reason TEXT");
	if (command_has(args, "when") && !command_has(args, "maintenance"))
		return command_fail("--when is for --maintenance; a silence "
				    "has an end (--for, --until)");
	if (command_has(args, "incident") && command_has(args, "maintenance"))
		return command_fail("--incident is for a silence, not for "
				    "--maintenance");
	return EXIT_OK;
}

static int
add(const struct command *self, int argc, char **argv)
{
	static const char *const texts[] = {
	    "for", "until", "from", "when", "reason"};
	struct command_args args;
	struct ask ask = {.show = show_silence};
	int status = command_parse(&args, self, argc, argv);
	const char *by, *zone;

	if (status >= 0)
		return status;
	ask.body = json_object();
	status = check(&args);
	if (status == EXIT_OK)
		status = put_match(ask.body, &args);
	if (status == EXIT_OK) {
		by = command_value(&args, "by");
		zone = command_value(&args, "time-zone");
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			put_value(
			    ask.body, texts[i], command_value(&args, texts[i]));
		json_put_str(ask.body, "kind",
		    command_has(&args, "maintenance") ? "maintenance"
						      : "silence");
		json_put_str(ask.body, "author", by ? by : ask_actor());
		json_put_str(ask.body, "time_zone", zone ? zone : "local");
		ask.path = mem_strdup("/api/v1/silences");
		status = ask_agent(&args, &ask);
	} else {
		json_decref(ask.body);
	}
	command_args_fini(&args);
	return status;
}

static int
list(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct ask ask = {.member = "silences", .show = show_silences};
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	ask.path = mem_printf("/api/v1/silences?status=%s",
	    command_has(&args, "all") ? "all" : "current");
	status = ask_agent(&args, &ask);
	command_args_fini(&args);
	return status;
}

static int
take_away(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct ask ask = {.done = "removed"};
	int status = command_parse(&args, self, argc, argv);
	const char *by;

	if (status >= 0)
		return status;
	by = command_value(&args, "by");
	ask.path = mem_printf("/api/v1/silences/%s/remove", args.words[0]);
	ask.body = json_object();
	json_put_str(ask.body, "actor", by != NULL ? by : ask_actor());
	status = ask_agent(&args, &ask);
	command_args_fini(&args);
	return status;
}

const struct command cmd_silence_add = {
    .name = "silence add",
    .usage = "[-c FILE] [--probe PATTERN] [--severity WORD] [--kind KIND] "
	     "[--label NAME=VALUE]… [--component PATTERN] [--incident ID] "
	     "[--all] --for DURATION | --until TIME [--from TIME] "
	     "[--maintenance [--when TIMES]] [--time-zone ZONE] "
	     "--reason TEXT [--by NAME] [--json]",
    .help = "tell nobody of it for a while",
    .flags = add_flags,
    .run = add,
};

const struct command cmd_silence_list = {
    .name = "silence list",
    .usage = "[-c FILE] [--all] [--json]",
    .help = "what is kept back now or later, and why",
    .flags = list_flags,
    .run = list,
};

const struct command cmd_silence_remove = {
    .name = "silence remove",
    .usage = "[-c FILE] [--by NAME] [--json] ID",
    .help = "tell people again",
    .flags = remove_flags,
    .run = take_away,
    .words_min = 1,
    .words_max = 1,
};
