/*
 * The subcommand table: one row a command, one file a command family
 * (agent/cmd_*.c), one line in agent/commands.def. `tocsin --help`, the man
 * page and shell completion are made from the same rows.
 *
 *   static int
 *   run(const struct command *self, int argc, char **argv)
 *   {
 *           struct command_args args;
 *           int status = command_parse(&args, self, argc, argv);
 *
 *           if (status >= 0)
 *                   return status;
 *           … command_value(&args, "config"), args.words[0] …
 *           command_args_fini(&args);
 *   }
 */
#ifndef AGENT_COMMAND_H
#define AGENT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Exit statuses: 0 ok, 1 degraded or "no", 2 failed or wrong usage, 3 unknown.
 * `tocsin probe` answers by outcome, so that it is a Nagios plug-in as well. */
#define EXIT_OK      0
#define EXIT_NO      1
#define EXIT_FAILED  2
#define EXIT_UNKNOWN 3

#define COMMAND_CONFIG_FILE "/etc/tocsin/tocsin.yaml" /* unless -c says */

struct command_flag {
	char letter;          /* 'c', or 0 */
	const char *name;     /* "config" */
	const char *argument; /* "FILE", or NULL for a switch */
	const char *help;
};

struct command {
	const char *name;                 /* "config check" */
	const char *usage;                /* "[-c FILE]" */
	const char *help;                 /* one line */
	const struct command_flag *flags; /* ended by {0}; NULL = none */
	/* argv[0] is the command's last word; returns the exit status. */
	int (*run)(const struct command *self, int argc, char **argv);
	int words_min, words_max; /* words beside flags; max -1 = any number */
};

extern const struct command *const commands[]; /* NULL-ended, in help order */

/* Rows that many commands share. */
#define COMMAND_FLAG_CONFIG                                                    \
	{                                                                      \
		'c', "config", "FILE",                                         \
		    "the configuration (default " COMMAND_CONFIG_FILE ")"      \
	}
#define COMMAND_FLAG_JSON                                                      \
	{                                                                      \
		0, "json", NULL, "print JSON"                                  \
	}

struct command_given {
	const struct command_flag *flag;
	const char *value; /* "" for a switch; borrowed from argv */
};

struct command_args {                /* a command line by the command's rows */
	struct command_given *given; /* in order; -o may come often */
	size_t given_count;
	char **words; /* what is no flag; borrowed from argv */
	int word_count;
};

/* -1 to go on; else the exit status, with usage or a mistake printed. `--help`
 * is known to every command. */
int command_parse(struct command_args *args, const struct command *self,
    int argc, char **argv);
void command_args_fini(struct command_args *args);
/* The last value of a flag by name, or NULL. */
const char *command_value(const struct command_args *args, const char *flag);
bool command_has(const struct command_args *args, const char *flag);
const char *command_config(const struct command_args *args); /* -c or default */

/* Print "tocsin: <text>" on stderr and return EXIT_FAILED. */
int command_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Is stdout a terminal that wants colours (NO_COLOR, TERM=dumb say no)? */
bool command_colours(void);

/* The whole of `tocsin …`, but for the worker role: returns the exit status. */
int command_main(int argc, char **argv);

#endif
