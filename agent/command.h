/*
 * The subcommand table: one row a command, one file a command family
 * (agent/cmd_*.c). `tocsin --help`, the man page and shell completion are
 * made from the same rows.
 */
#ifndef AGENT_COMMAND_H
#define AGENT_COMMAND_H

/* Exit statuses: 0 ok, 1 degraded or "no", 2 failed or wrong usage, 3 unknown.
 * `tocsin probe` answers by outcome, so that it is a Nagios plug-in as well. */
#define EXIT_OK      0
#define EXIT_NO      1
#define EXIT_FAILED  2
#define EXIT_UNKNOWN 3

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
	const struct command_flag *flags; /* ended by {0} */
	int (*run)(const struct command *self, int argc, char **argv);
};

extern const struct command *const commands[]; /* NULL-ended, in help order */

/* The whole of `tocsin …`, but for the worker role: returns the exit status. */
int command_main(int argc, char **argv);

#endif
