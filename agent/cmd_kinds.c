/* `tocsin kinds`: what can be watched, how people can be reached. */
#include "agent/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agent/config_tables.h"
#include "alerting/registry.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "probes/registry.h"

#define HELP_MAX ((size_t)1 << 20)

static const struct command_flag flags[] = {
    COMMAND_FLAG_JSON,
    {0},
};

static void
print_json(json_t *value)
{
	char *text = json_dumps(value, JSON_INDENT(2));

	puts(text);
	free(text);
	json_decref(value);
}

static void
list_json(void)
{
	json_t *out = json_object(), *probes = json_array();
	json_t *channels = json_array();

	for (size_t i = 0; probe_kinds[i] != NULL; i++) {
		json_t *row = json_object();

		json_put_str(row, "name", probe_kinds[i]->name);
		json_put_str(row, "summary", probe_kinds[i]->summary);
		json_put_int(row, "every_ms", probe_kinds[i]->every_ms);
		json_put_int(row, "timeout_ms", probe_kinds[i]->timeout_ms);
		json_array_append_new(probes, row);
	}
	for (size_t i = 0; channel_kinds[i] != NULL; i++) {
		json_t *row = json_object();

		json_put_str(row, "name", channel_kinds[i]->name);
		json_put_str(row, "summary", channel_kinds[i]->summary);
		json_put_int(row, "timeout_ms", channel_kinds[i]->timeout_ms);
		json_array_append_new(channels, row);
	}
	json_put(out, "probes", probes);
	json_put(out, "channels", channels);
	print_json(out);
}

static void
list(void)
{
	puts("probe kinds");
	for (size_t i = 0; probe_kinds[i] != NULL; i++)
		printf("  %-10s %s\n", probe_kinds[i]->name,
		    probe_kinds[i]->summary);
	puts("\nchannel kinds");
	for (size_t i = 0; channel_kinds[i] != NULL; i++)
		printf("  %-10s %s\n", channel_kinds[i]->name,
		    channel_kinds[i]->summary);
	puts("\n`tocsin kinds KIND` prints the options of one.");
}

static unsigned
width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 40)
		return 80;
	return size.ws_col;
}

static void
print_options(
    const struct option *own, const struct option *common, const char *what)
{
	struct buf out;

	buf_init(&out, HELP_MAX);
	option_help(&out, own, "", width());
	buf_printf(&out, "\nand as every %s:\n", what);
	option_help(&out, common, "", width());
	fputs(buf_str(&out), stdout);
	buf_fini(&out);
}

static void
print_probe(const struct probe_kind *kind, bool json)
{
	char every[32], least[32], timeout[32];

	if (json) {
		print_json(option_schema(kind->options));
		return;
	}
	printf("%s: %s\n\nruns every %s unless set (at least %s), with a "
	       "timeout of %s\n\n",
	    kind->name, kind->summary, str_duration(every, kind->every_ms),
	    str_duration(least, kind->every_min_ms),
	    str_duration(timeout, kind->timeout_ms));
	print_options(kind->options, config_probe_options, "probe");
}

static void
print_channel(const struct channel_kind *kind, bool json)
{
	if (json) {
		print_json(option_schema(kind->options));
		return;
	}
	printf("%s: %s\n\n", kind->name, kind->summary);
	print_options(kind->options, config_channel_options, "channel");
}

static int
print_kind(const char *name, bool json)
{
	const struct probe_kind *probe = probe_kind_find(name);
	const struct channel_kind *channel = channel_kind_find(name);

	if (probe == NULL && channel == NULL)
		return command_fail(
		    "there is no kind %s (see tocsin kinds)", name);
	if (probe != NULL)
		print_probe(probe, json);
	else
		print_channel(channel, json);
	return EXIT_OK;
}

static int
run(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	int status = command_parse(&args, self, argc, argv);
	bool json;

	if (status >= 0)
		return status;
	json = command_has(&args, "json");
	status = EXIT_OK;
	if (args.word_count > 0)
		status = print_kind(args.words[0], json);
	else if (json)
		list_json();
	else
		list();
	command_args_fini(&args);
	return status;
}

const struct command cmd_kinds = {
    .name = "kinds",
    .usage = "[KIND] [--json]",
    .help = "list the kinds of probes and channels, or the options of one",
    .flags = flags,
    .run = run,
    .words_max = 1,
};
