/* `tocsin probe`: one run, now; a Nagios plug-in by its exit status. */
#include "agent/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "agent/config_mistakes.h"
#include "agent/oneshot.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "probes/registry.h"

static const struct command_flag flags[] = {
    {'o', "option", "KEY=VALUE", "set an option; may be given often"},
    COMMAND_FLAG_CONFIG,
    COMMAND_FLAG_JSON,
    {'v', "verbose", NULL, "show the worker's log as well"},
    {0},
};

static const int statuses[] = {
    [OUTCOME_OK] = EXIT_OK,
    [OUTCOME_DEGRADED] = EXIT_NO,
    [OUTCOME_FAILED] = EXIT_FAILED,
    [OUTCOME_UNKNOWN] = EXIT_UNKNOWN,
};

static const char *const colours[] = {
    [OUTCOME_OK] = "\x1b[32m",
    [OUTCOME_DEGRADED] = "\x1b[33m",
    [OUTCOME_FAILED] = "\x1b[31m",
    [OUTCOME_UNKNOWN] = "\x1b[35m",
};

static void
print_mistakes(const struct config_mistakes *m)
{
	for (size_t i = 0; i < m->count; i++) {
		struct buf line;

		buf_init(&line, 8192);
		config_mistake_text(&line, &m->items[i], "");
		fprintf(stderr, "%s\n", buf_str(&line));
		buf_fini(&line);
	}
}

/* The -o values, in order. */
static const char **
assignments_of(const struct command_args *args, size_t *count)
{
	const char **list = mem_array(args->given_count + 1, sizeof(*list));

	*count = 0;
	for (size_t i = 0; i < args->given_count; i++)
		if (args->given[i].flag->letter == 'o')
			list[(*count)++] = args->given[i].value;
	return list;
}

static struct config *
from_words(const struct command_args *args)
{
	const char *target = args->word_count > 1 ? args->words[1] : NULL;
	size_t count;
	const char **list = assignments_of(args, &count);
	struct err err = ERR_INIT;
	struct config *c =
	    config_for_probe(args->words[0], target, list, count, &err);

	free(list);
	if (c == NULL)
		command_fail("probe %s: %s", args->words[0], err.text);
	return c;
}

static struct config *
from_file(const struct command_args *args, const struct config_probe **p)
{
	const char *path = command_config(args), *name = args->words[0];
	struct config_mistakes mistakes;
	struct config *c = config_load(path, &mistakes);

	if (c == NULL) {
		print_mistakes(&mistakes);
	} else {
		*p = config_find_probe(c, name);
		if (*p == NULL) {
			command_fail("%s has no probe %s", path, name);
			config_free(c);
			c = NULL;
		}
	}
	config_mistakes_fini(&mistakes);
	return c;
}

/* Strings of facts come from the target: nothing may reach the terminal that
 * could command it. */
static void
print_value(const char *key, const json_t *value)
{
	char shown[300], *text = NULL;
	const char *s = json_string_value(value);

	if (s == NULL)
		s = text = json_dumps(value,
		    JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	str_printable(shown, sizeof(shown), s, strlen(s));
	printf("  %-18.40s %s\n", key, shown);
	free(text);
}

/* "tls_ms": 12.5 becomes "tls   12.5 ms". */
static void
print_phases(const json_t *metrics)
{
	char name[48], text[32];
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)metrics, key, value) {
		if (!str_ends(key, "_ms") || !json_is_number(value))
			continue;
		str_printf(
		    name, sizeof(name), "%.*s", (int)strlen(key) - 3, key);
		for (char *c = name; *c != '\0'; c++)
			if (*c == '_')
				*c = ' ';
		printf("  %-18s %10s\n", name,
		    str_duration_human(
			text, (int64_t)(json_number_value(value) * 1000)));
	}
}

static void
print_findings(const json_t *findings)
{
	json_t *finding;
	size_t i;

	json_array_foreach ((json_t *)(uintptr_t)findings, i, finding) {
		const char *title = json_str(finding, "title");
		char shown[300];

		str_printable(shown, sizeof(shown), title, strlen(title));
		printf("  finding (%s): %s\n", json_str(finding, "severity"),
		    shown);
	}
}

static void
print_person(const json_t *seen, enum outcome outcome)
{
	bool colour = command_colours();
	char target[300], reason[500];
	const char *key, *text = json_str(seen, "target");
	json_t *value;

	str_printable(target, sizeof(target), text, strlen(text));
	text = json_str(seen, "reason");
	str_printable(reason, sizeof(reason), text, strlen(text));
	printf("%s%s%s: %s\n", colour ? colours[outcome] : "",
	    outcome_names[outcome], colour ? "\x1b[0m" : "", reason);
	printf("  %-18s %s\n", json_str(seen, "kind"), target);
	print_phases(json_object_get(seen, "metrics"));
	json_object_foreach (json_object_get(seen, "facts"), key, value)
		print_value(key, value);
	print_findings(json_object_get(seen, "findings"));
}

static int
run_and_print(const struct config_probe *p, bool json)
{
	struct err err = ERR_INIT;
	enum outcome outcome = OUTCOME_UNKNOWN;
	json_t *seen;

	if (oneshot_probe(&seen, p, &err) < 0) {
		command_fail("probe %s: %s", p->name, err.text);
		return EXIT_UNKNOWN;
	}
	outcome_parse(json_str(seen, "outcome"), &outcome);
	if (json) {
		char *text = json_text(seen);

		puts(text);
		free(text);
	} else {
		print_person(seen, outcome);
	}
	json_decref(seen);
	return statuses[outcome];
}

static int
run(const struct command *self, int argc, char **argv)
{
	const struct config_probe *p = NULL;
	struct command_args args;
	int status = command_parse(&args, self, argc, argv);
	struct config *c;

	if (status >= 0)
		return status;
	log_init("probe",
	    command_has(&args, "verbose") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	if (probe_kind_find(args.words[0]) != NULL &&
	    !command_has(&args, "config")) {
		c = from_words(&args);
		p = c != NULL ? &c->probes[0] : NULL;
	} else if (args.word_count > 1 || command_has(&args, "option")) {
		c = NULL;
		command_fail("probe: there is no probe kind %s (see tocsin "
			     "kinds)",
		    args.words[0]);
	} else {
		c = from_file(&args, &p);
	}
	status = p != NULL ? run_and_print(p, command_has(&args, "json"))
	                   : EXIT_FAILED;
	config_free(c);
	command_args_fini(&args);
	return status;
}

const struct command cmd_probe = {
    .name = "probe",
    .usage = "KIND TARGET [-o KEY=VALUE]… [--json] | NAME [-c FILE] [--json]",
    .help = "run one probe now; the exit status is its outcome",
    .flags = flags,
    .run = run,
    .words_min = 1,
    .words_max = 2,
};
