#include <stdlib.h>

#include "agent/command.h"
#include "agent/config_mistakes.h"
#include "agent/oncall.h"
#include "agent/show.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/zone.h"

static const struct command_flag flags[] = {
    COMMAND_FLAG_CONFIG,
    COMMAND_FLAG_JSON,
    {0, "at", "TIME",
	"at another time, such as \"2026-12-24 18:00\" by this machine's "
	"clock"},
    {0},
};

static int
read_time(const char *text, int64_t *at_ms)
{
	struct err err = ERR_INIT;
	struct zone *zone;
	int rc;

	*at_ms = clock_wall_ms();
	if (text == NULL)
		return EXIT_OK;
	if (zone_new(&zone, "local", &err) < 0)
		return command_fail("%s", err.text);
	rc = zone_parse(zone, text, at_ms, &err);
	zone_free(zone);
	return rc < 0 ? command_fail("--at: %s", err.text) : EXIT_OK;
}

/* The one that was asked for, if any. */
static int
choose(json_t **list, const char *wanted)
{
	json_t *only = json_array(), *row;
	size_t i;

	if (wanted != NULL) {
		json_array_foreach (*list, i, row)
			if (str_eq(json_str(row, "rotation"), wanted))
				json_array_append(only, row);
		json_decref(*list);
		*list = only;
		if (json_array_size(only) == 0)
			return command_fail(
			    "there is no rotation %s in the configuration",
			    wanted);
		return EXIT_OK;
	}
	json_decref(only);
	return EXIT_OK;
}

static int
show(const struct config *c, const struct command_args *args, int64_t at_ms)
{
	json_t *list = oncall_list(c, at_ms);
	const char *wanted = args->word_count > 0 ? args->words[0] : NULL;
	int status = choose(&list, wanted);

	if (status == EXIT_OK && command_has(args, "json")) {
		json_t *all = json_pack("{s:O}", "rotations", list);

		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
	} else if (status == EXIT_OK) {
		show_oncall(stdout, list);
	}
	json_decref(list);
	return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	struct config_mistakes mistakes = {0};
	struct config *c;
	int status = command_parse(&args, self, argc, argv);
	int64_t at_ms;

	if (status >= 0)
		return status;
	status = read_time(command_value(&args, "at"), &at_ms);
	if (status == EXIT_OK) {
		c = config_load(command_config(&args), &mistakes);
		status = c != NULL ? show(c, &args, at_ms)
		                   : command_fail("%s has mistakes: see tocsin "
						  "config check",
					 command_config(&args));
		config_free(c);
	}
	config_mistakes_fini(&mistakes);
	command_args_fini(&args);
	return status;
}

const struct command cmd_oncall = {
    .name = "oncall",
    .usage = "[-c FILE] [--at TIME] [--json] [ROTATION]",
    .help = "who is on call, until when, and who comes next",
    .flags = flags,
    .run = run,
    .words_max = 1,
};
