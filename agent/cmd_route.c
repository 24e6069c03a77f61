#include <stdlib.h>
#include <string.h>

#include "agent/command.h"
#include "agent/config_mistakes.h"
#include "agent/explain.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static const struct command_flag flags[] = {
    COMMAND_FLAG_CONFIG,
    COMMAND_FLAG_JSON,
    {'p', "probe", "NAME", "the probe that would fail (required)"},
    {'s', "severity", "WORD", "at this severity (default: the probe's)"},
    {'k', "kind", "KIND", "of this kind (default: the probe's)"},
    {0, "component", "TEXT", "of this component (default: the probe's)"},
    {'l', "label", "NAME=VALUE",
	"with this label instead of the probe's; may be repeated"},
    {0, "at", "TIME", "at 2026-12-24T03:00:00Z (default: now)"},
    {0},
};

static int
read_labels(const struct command_args *args, struct explain *what)
{
	for (size_t i = 0; i < args->given_count; i++) {
		const char *text = args->given[i].value, *equals;
		char *name;

		if (!str_eq(args->given[i].flag->name, "label"))
			continue;
		equals = strchr(text, '=');
		if (equals == NULL || equals == text)
			return command_fail(
			    "--label %s: write --label NAME=VALUE", text);
		if (what->labels == NULL)
			what->labels = json_object();
		name = mem_strndup(text, (size_t)(equals - text));
		json_put_str(what->labels, name, equals + 1);
		free(name);
	}
	return EXIT_OK;
}

static int
read_what(const struct command_args *args, struct explain *what)
{
	const char *severity = command_value(args, "severity");
	const char *at = command_value(args, "at");
	enum severity parsed;

	*what = (struct explain){.probe = command_value(args, "probe"),
	    .kind = command_value(args, "kind"),
	    .component = command_value(args, "component"),
	    .severity = -1,
	    .at_ms = clock_wall_ms()};
	if (what->probe == NULL)
		return command_fail("say which: --probe NAME");
	if (severity != NULL && severity_parse(severity, &parsed) != 0)
		return command_fail("--severity %s: write info, low, medium, "
				    "high or critical",
		    severity);
	if (severity != NULL)
		what->severity = (int)parsed;
	if (at != NULL && clock_parse_rfc3339(at, &what->at_ms) != 0)
		return command_fail(
		    "--at %s: write a time such as 2026-12-24T03:00:00Z", at);
	return read_labels(args, what);
}

static void
print_list(const json_t *list)
{
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item) {
		printf("%s%s", i > 0 ? ", " : "", json_string_value(item));
	}
}

static void
print_page(const json_t *page)
{
	int64_t after_ms = json_int(page, "after_ms", 0);
	const json_t *texts = json_object_get(page, "texts");
	char how_long[32], when[48];

	if (after_ms == 0)
		str_copy(when, sizeof(when), "at once");
	else
		str_printf(when, sizeof(when), "after %s",
		    str_duration_human(how_long, after_ms * 1000));
	printf("  %-14s ", when);
	if (json_array_size(json_object_get(page, "channels")) == 0)
		printf("nobody: no channel is enabled");
	print_list(json_object_get(page, "channels"));
	if (json_int(page, "route", 0) == 0)
		printf("   (no route matches: every channel)");
	else
		printf(
		    "   (route %lld: ", (long long)json_int(page, "route", 0));
	if (json_int(page, "route", 0) != 0) {
		print_list(texts);
		printf(")");
	}
	printf("\n");
}

static void
print_plan(const json_t *plan)
{
	const json_t *pages = json_object_get(plan, "pages");
	char how_long[32];
	int64_t repeat_ms = json_int(plan, "repeat_ms", 0);
	size_t i;
	json_t *page;

	printf("%s (%s, %s) at %.16s UTC\n", json_str(plan, "probe"),
	    json_str(plan, "kind"), json_str(plan, "severity"),
	    json_str(plan, "at"));
	if (!json_bool(plan, "known", true))
		printf("  no probe has this name: it is taken as opened by "
		       "hand\n");
	if (json_str(plan, "muted")[0] != '\0')
		printf("  held back now: %s\n", json_str(plan, "muted"));
	if (json_array_size(pages) == 0)
		printf("  nobody is told, on purpose: `notify: []`\n");
	json_array_foreach (pages, i, page) {
		print_page(page);
	}
	if (json_array_size(pages) > 1 || repeat_ms > 0)
		printf("  until somebody acknowledges");
	if (repeat_ms > 0)
		printf("; %s after the last, it all begins again",
		    str_duration_human(how_long, repeat_ms * 1000));
	if (json_array_size(pages) > 1 || repeat_ms > 0)
		printf("\n");
	if (json_int(plan, "group_wait_ms", 0) > 0)
		printf("  in one message with others of: %s (waits %s)\n",
		    json_str(plan, "group")[0] ? json_str(plan, "group")
					       : "everything",
		    str_duration_human(
			how_long, json_int(plan, "group_wait_ms", 0) * 1000));
}

static int
explain(const struct command_args *args)
{
	struct config_mistakes mistakes = {0};
	struct config *c = config_load(command_config(args), &mistakes);
	struct explain what;
	int status;
	json_t *plan;

	if (c == NULL) {
		for (size_t i = 0; i < mistakes.count; i++)
			command_fail("%s:%d: %s: %s", mistakes.items[i].file,
			    mistakes.items[i].line, mistakes.items[i].path,
			    mistakes.items[i].text);
		config_mistakes_fini(&mistakes);
		return EXIT_FAILED;
	}
	status = read_what(args, &what);
	if (status == EXIT_OK) {
		plan = explain_build(c, &what);
		if (command_has(args, "json")) {
			json_dumpf(plan, stdout, JSON_INDENT(2));
			putchar('\n');
		} else {
			print_plan(plan);
		}
		json_decref(plan);
	}
	json_decref(what.labels);
	config_mistakes_fini(&mistakes);
	config_free(c);
	return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	status = explain(&args);
	command_args_fini(&args);
	return status;
}

const struct command cmd_route_explain = {
    .name = "route explain",
    .usage = "[-c FILE] --probe NAME [--severity WORD] [--at TIME] …",
    .help = "who would be told of an incident, when, and why",
    .flags = flags,
    .run = run,
};
