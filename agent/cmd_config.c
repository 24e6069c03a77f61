/* `tocsin config check|show|schema`. */
#include "agent/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "agent/config_mistakes.h"
#include "agent/config_show.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"

#define SLOW_MS (5 * 60 * 1000)

static const struct command_flag flags[] = {
    COMMAND_FLAG_CONFIG,
    COMMAND_FLAG_JSON,
    {0},
};

static void
print_mistakes(FILE *out, const struct config_mistakes *m, const char *mark)
{
	struct buf line;

	buf_init(&line, 16384);
	for (size_t i = 0; i < m->count; i++) {
		buf_clear(&line);
		config_mistake_text(&line, &m->items[i], mark);
		fprintf(out, "%s\n", buf_str(&line));
	}
	buf_fini(&line);
}

static void
print_json(json_t *value)
{
	char *text = json_dumps(
	    value, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	puts(text);
	free(text);
	json_decref(value);
}

static json_t *
mistakes_json(const struct config_mistakes *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->count; i++)
		json_array_append_new(list, config_mistake_json(&m->items[i]));
	return list;
}

static void
print_checked_json(const struct config *c, const struct config_mistakes *m)
{
	json_t *out = json_object(), *probes = json_array();

	json_put_bool(out, "ok", c != NULL);
	json_put(out, "mistakes", c == NULL ? mistakes_json(m) : json_array());
	json_put(out, "warnings", c != NULL ? mistakes_json(m) : json_array());
	for (size_t i = 0; c != NULL && i < c->probe_count; i++) {
		json_t *row = json_object();

		json_put_str(row, "name", c->probes[i].name);
		json_put_str(row, "kind", c->probes[i].kind->name);
		json_put_bool(row, "enabled", c->probes[i].enabled);
		json_put_int(
		    row, "worst_case_ms", config_worst_case_ms(&c->probes[i]));
		json_array_append_new(probes, row);
	}
	json_put(out, "probes", probes);
	print_json(out);
}

static int
name_width(const struct config *c)
{
	size_t width = strlen("probe");

	for (size_t i = 0; i < c->probe_count; i++)
		if (strlen(c->probes[i].name) > width)
			width = strlen(c->probes[i].name);
	return (int)width;
}

/* How long an outage may last before anybody is told, probe by probe. */
static void
print_worst_cases(const struct config *c)
{
	int width = name_width(c);
	bool colour = command_colours();
	char every[32], worst[32];

	if (c->probe_count == 0)
		return;
	printf("%-*s  %-8s  %9s  %s\n", width, "probe", "kind", "every",
	    "outage to first alert, at worst");
	for (size_t i = 0; i < c->probe_count; i++) {
		const struct config_probe *p = &c->probes[i];
		int64_t ms = config_worst_case_ms(p);
		bool slow = p->enabled && ms > SLOW_MS;

		printf("%-*s  %-8s  %9s  %s%s%s%s\n", width, p->name,
		    p->kind->name, str_duration(every, p->every_ms),
		    colour && slow ? "\x1b[33m" : "",
		    p->enabled ? str_duration_human(worst, ms * 1000)
			       : "disabled",
		    slow ? "  (more than 5 min)" : "",
		    colour && slow ? "\x1b[0m" : "");
	}
}

static void
print_checked(const struct config *c, const struct config_mistakes *m)
{
	print_mistakes(stderr, m, c != NULL ? "warning: " : "");
	if (c == NULL) {
		fprintf(stderr, "%zu mistake%s%s\n", m->count,
		    m->count == 1 ? "" : "s",
		    m->count >= 100 ? " or more" : "");
		return;
	}
	print_worst_cases(c);
	printf("%s is good: %zu probe%s, %zu channel%s, %zu route%s\n", c->path,
	    c->probe_count, c->probe_count == 1 ? "" : "s", c->channel_count,
	    c->channel_count == 1 ? "" : "s", c->route_count,
	    c->route_count == 1 ? "" : "s");
}

static int
run_check(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	int status = command_parse(&args, self, argc, argv);
	struct config_mistakes mistakes;
	struct config *c;

	if (status >= 0)
		return status;
	c = config_load(command_config(&args), &mistakes);
	if (command_has(&args, "json"))
		print_checked_json(c, &mistakes);
	else
		print_checked(c, &mistakes);
	status = c != NULL ? EXIT_OK : EXIT_FAILED;
	config_mistakes_fini(&mistakes);
	config_free(c);
	command_args_fini(&args);
	return status;
}

static int
run_show(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	int status = command_parse(&args, self, argc, argv);
	struct config_mistakes mistakes;
	json_t *effective;
	struct buf yaml;

	if (status >= 0)
		return status;
	effective = config_effective(command_config(&args), &mistakes);
	if (effective == NULL) {
		print_mistakes(stderr, &mistakes, "");
	} else if (command_has(&args, "json")) {
		print_json(json_incref(effective));
	} else {
		buf_init(&yaml, (size_t)256 << 20);
		config_show_yaml(&yaml, effective);
		fputs(buf_str(&yaml), stdout);
		buf_fini(&yaml);
	}
	status = effective != NULL ? EXIT_OK : EXIT_FAILED;
	json_decref(effective);
	config_mistakes_fini(&mistakes);
	command_args_fini(&args);
	return status;
}

static int
run_schema(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	int status = command_parse(&args, self, argc, argv);

	if (status >= 0)
		return status;
	print_json(config_schema());
	command_args_fini(&args);
	return EXIT_OK;
}

const struct command cmd_config_check = {
    .name = "config check",
    .usage = "[-c FILE] [--json]",
    .help = "tell every mistake at its place, and how long an outage may go "
	    "untold",
    .flags = flags,
    .run = run_check,
};

const struct command cmd_config_show = {
    .name = "config show",
    .usage = "[-c FILE] [--json]",
    .help = "print what the configuration came to, without its secrets",
    .flags = flags,
    .run = run_show,
};

const struct command cmd_config_schema = {
    .name = "config schema",
    .usage = "",
    .help = "print the JSON Schema of the configuration, for editors",
    .run = run_schema,
};
