#include "agent/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define COMMAND(x) extern const struct command cmd_##x;
#include "agent/commands.def"
#undef COMMAND

const struct command *const commands[] = {
#define COMMAND(x) &cmd_##x,
#include "agent/commands.def"
#undef COMMAND
    NULL,
};

int
command_fail(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("tocsin: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

bool
command_colours(void)
{
	const char *term = getenv("TERM"), *none = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && (none == NULL || *none == '\0') &&
	       term != NULL && !str_eq(term, "dumb");
}

static void
print_all(FILE *out)
{
	fputs("usage: tocsin COMMAND …\n\n", out);
	for (size_t i = 0; commands[i] != NULL; i++)
		fprintf(
		    out, "  %-18s %s\n", commands[i]->name, commands[i]->help);
	fputs("\n`tocsin COMMAND --help` says more; `tocsin manual | man -l -` "
	      "says all.\n",
	    out);
}

/* How many of argv's words name the command; 0 if they do not. */
static int
words_matched(const struct command *c, int argc, char **argv)
{
	const char *second = strchr(c->name, ' ');
	size_t len =
	    second != NULL ? (size_t)(second - c->name) : strlen(c->name);

	if (argc < 1 || strlen(argv[0]) != len ||
	    strncmp(c->name, argv[0], len) != 0)
		return 0;
	if (second == NULL)
		return 1;
	return argc > 1 && str_eq(argv[1], second + 1) ? 2 : 0;
}

/* "config" and "config chekc": is there a family of that name? */
static bool
is_family(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; commands[i] != NULL; i++)
		if (strncmp(commands[i]->name, word, len) == 0 &&
		    commands[i]->name[len] == ' ')
			return true;
	return false;
}

static int
unknown_in_family(const char *family, const char *word)
{
	size_t len = strlen(family);
	bool help =
	    word != NULL && (str_eq(word, "--help") || str_eq(word, "-h"));

	if (!help && word != NULL)
		command_fail("there is no command `%s %s`", family, word);
	fprintf(help ? stdout : stderr, "usage:\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strncmp(commands[i]->name, family, len) == 0 &&
		    commands[i]->name[len] == ' ')
			fprintf(help ? stdout : stderr,
			    "  tocsin %s %s\n      %s\n", commands[i]->name,
			    commands[i]->usage, commands[i]->help);
	return help ? EXIT_OK : EXIT_FAILED;
}

static int
unknown_command(const char *word)
{
	const char **names, *near;
	size_t count = 0;
	char shown[64];

	while (commands[count] != NULL)
		count++;
	names = mem_array(count + 1, sizeof(*names));
	for (size_t i = 0; i < count; i++)
		names[i] = commands[i]->name;
	near = str_nearest(names, word);
	str_printable(shown, sizeof(shown), word, strlen(word));
	if (near != NULL)
		command_fail("there is no command `%s`; did you mean `%s`?",
		    shown, near);
	else
		command_fail(
		    "there is no command `%s`; see tocsin --help", shown);
	free(names);
	return EXIT_FAILED;
}

int
command_main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (str_eq(word, "--help") || str_eq(word, "-h") ||
	    str_eq(word, "help")) {
		print_all(stdout);
		return EXIT_OK;
	}
	if (str_eq(word, "--version") || str_eq(word, "-V")) {
		puts("tocsin " TOCSIN_VERSION);
		return EXIT_OK;
	}
	if (*word == '\0') {
		print_all(stderr);
		return EXIT_FAILED;
	}
	for (size_t i = 0; commands[i] != NULL; i++) {
		int n = words_matched(commands[i], argc - 1, argv + 1);

		if (n > 0)
			return commands[i]->run(
			    commands[i], argc - n, argv + n);
	}
	if (is_family(word))
		return unknown_in_family(word, argc > 2 ? argv[2] : NULL);
	return unknown_command(word);
}
