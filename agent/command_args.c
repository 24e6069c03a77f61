/* The half of agent/command.h that reads a command's own words. */
#include "agent/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"

#define FLAGS_MAX 32
#define HELP      1000 /* getopt's value for --help; rows count from 0 */

static const struct command_flag no_flags[] = {{0}};

static const struct command_flag *
flags_of(const struct command *self)
{
	return self->flags != NULL ? self->flags : no_flags;
}

static void
print_usage(FILE *out, const struct command *self)
{
	fprintf(out, "usage: tocsin %s%s%s\n\n%s\n", self->name,
	    *self->usage != '\0' ? " " : "", self->usage, self->help);
	if (flags_of(self)[0].name != NULL)
		fputc('\n', out);
	for (const struct command_flag *f = flags_of(self); f->name != NULL;
	     f++) {
		char left[64], letter[8] = "    ";

		if (f->letter != 0)
			str_printf(letter, sizeof(letter), "-%c, ", f->letter);
		str_printf(left, sizeof(left), "%s--%s%s%s", letter, f->name,
		    f->argument != NULL ? " " : "",
		    f->argument != NULL ? f->argument : "");
		fprintf(out, "  %-24s %s\n", left, f->help);
	}
}

/* The rows in getopt's form. */
struct forms {
	char letters[2 * FLAGS_MAX + 4];
	struct option names[FLAGS_MAX + 2];
};

static void
make_forms(struct forms *forms, const struct command_flag *flags)
{
	size_t n = 0, used = 0;

	forms->letters[used++] =
	    ':'; /* tell a missing value from a wrong flag */
	for (; flags[n].name != NULL; n++) {
		CHECK(n < FLAGS_MAX);
		forms->names[n] = (struct option){
		    .name = flags[n].name,
		    .has_arg = flags[n].argument != NULL,
		    .val = (int)n + HELP + 1,
		};
		if (flags[n].letter == 0)
			continue;
		forms->letters[used++] = flags[n].letter;
		if (flags[n].argument != NULL)
			forms->letters[used++] = ':';
	}
	forms->letters[used++] = 'h';
	forms->letters[used] = '\0';
	forms->names[n] = (struct option){"help", 0, NULL, HELP};
	forms->names[n + 1] = (struct option){0};
}

static const struct command_flag *
flag_of(const struct command_flag *flags, int found)
{
	if (found > HELP)
		return &flags[found - HELP - 1];
	for (const struct command_flag *f = flags; f->name != NULL; f++)
		if (f->letter == found)
			return f;
	return NULL;
}

static int
wrong_flag(const struct command *self, int found, const char *word)
{
	const char *names[FLAGS_MAX + 2], *near;
	char shown[64];
	size_t n = 0;

	for (const struct command_flag *f = flags_of(self); f->name; f++)
		names[n++] = f->name;
	names[n++] = "help";
	names[n] = NULL;
	str_printable(shown, sizeof(shown), word, strcspn(word, "="));
	near = str_nearest(names, shown + strspn(shown, "-"));
	if (found == ':')
		return command_fail("%s: %s needs a value", self->name, shown);
	if (near != NULL && str_eq(near, shown + strspn(shown, "-")))
		return command_fail("%s: %s takes no value", self->name, shown);
	if (near == NULL || !str_starts(shown, "--"))
		return command_fail("%s: there is no option %s; see tocsin "
				    "%s --help",
		    self->name, shown, self->name);
	return command_fail("%s: there is no option %s; did you mean --%s?",
	    self->name, shown, near);
}

static int
check_words(const struct command_args *args, const struct command *self)
{
	bool few = args->word_count < self->words_min;
	bool many = self->words_max >= 0 && args->word_count > self->words_max;

	if (!few && !many)
		return -1;
	if (many)
		command_fail("%s: what is `%s`?", self->name,
		    args->words[self->words_max]);
	else
		command_fail("%s: something is missing", self->name);
	fprintf(stderr, "usage: tocsin %s %s\n", self->name, self->usage);
	return EXIT_FAILED;
}

int
command_parse(struct command_args *args, const struct command *self, int argc,
    char **argv)
{
	const struct command_flag *flags = flags_of(self);
	struct forms forms;
	int found, status;

	*args = (struct command_args){NULL, 0, NULL, 0};
	make_forms(&forms, flags);
	args->given = mem_array((size_t)argc + 1, sizeof(*args->given));
	opterr = 0;
	optind = 0;
	while ((found = getopt_long(
		    argc, argv, forms.letters, forms.names, NULL)) != -1) {
		if (found == HELP || found == 'h') {
			print_usage(stdout, self);
			command_args_fini(args);
			return EXIT_OK;
		}
		if (found == '?' || found == ':') {
			status = wrong_flag(self, found, argv[optind - 1]);
			command_args_fini(args);
			return status;
		}
		args->given[args->given_count++] = (struct command_given){
		    flag_of(flags, found), optarg != NULL ? optarg : ""};
	}
	args->words = argv + optind;
	args->word_count = argc - optind;
	status = check_words(args, self);
	if (status >= 0)
		command_args_fini(args);
	return status;
}

void
command_args_fini(struct command_args *args)
{
	free(args->given);
	args->given = NULL;
	args->given_count = 0;
}

const char *
command_value(const struct command_args *args, const char *flag)
{
	const char *value = NULL;

	for (size_t i = 0; i < args->given_count; i++)
		if (str_eq(args->given[i].flag->name, flag))
			value = args->given[i].value;
	return value;
}

bool
command_has(const struct command_args *args, const char *flag)
{
	return command_value(args, flag) != NULL;
}

const char *
command_config(const struct command_args *args)
{
	const char *path = command_value(args, "config");

	return path != NULL ? path : COMMAND_CONFIG_FILE;
}
