/* `tocsin manual`: the man page, from the command table's rows. */
#include "agent/command.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "agent/config.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/utf8.h"

#define PAGE_MAX ((size_t)4 << 20)

static const struct command_flag manual_flags[] = {
    {0, "configuration", NULL,
	"print docs/configuration.md instead of the man page"},
    {0},
};

/* Text for roff: what has a meaning there, and all but ASCII, escaped. */
static void
put_roff(struct buf *out, const char *s)
{
	size_t len = strlen(s), n;

	if (*s == '.' || *s == '\'')
		buf_puts(out, "\\&");
	for (; len > 0; s += n, len -= n) {
		uint32_t code = 0;

		n = utf8_next(s, len, &code);
		CHECK(n > 0); /* our own rows */
		if (code == '\\')
			buf_puts(out, "\\e");
		else if (code == '-')
			buf_puts(out, "\\-");
		else if (code > 0x7e)
			buf_printf(out, "\\[u%04X]", (unsigned)code);
		else
			buf_putc(out, (char)code);
	}
}

static void
put_command(struct buf *out, const struct command *c)
{
	buf_puts(out, ".TP\n.B ");
	put_roff(out, c->name);
	buf_puts(out, "\n.I \"");
	put_roff(out, c->usage);
	buf_puts(out, "\"\n.br\n");
	put_roff(out, c->help);
	buf_puts(out, ".\n");
	for (const struct command_flag *f = c->flags;
	     f != NULL && f->name != NULL; f++) {
		buf_puts(out, ".RS\n.TP\n");
		if (f->letter != 0)
			buf_printf(out, "\\-%c, ", f->letter);
		buf_puts(out, "\\-\\-");
		put_roff(out, f->name);
		if (f->argument != NULL)
			buf_printf(out, " %s", f->argument);
		buf_putc(out, '\n');
		put_roff(out, f->help);
		buf_puts(out, ".\n.RE\n");
	}
}

static const char man_head[] =
    ".TH TOCSIN 8 \"\" \"tocsin " TOCSIN_VERSION "\" \"\"\n"
    ".SH NAME\n"
    "tocsin \\- continuous security monitoring that rings when an answer "
    "changes for the worse\n"
    ".SH SYNOPSIS\n"
    ".B tocsin\n"
    ".I COMMAND\n"
    "[\\fIoption\\fR]\\&...\n"
    ".SH DESCRIPTION\n"
    "The agent asks what an auditor or an attacker would ask of the services "
    "it is told to watch, decides when an answer became worse, and tells "
    "people over several independent paths.\n"
    ".SH COMMANDS\n";

static const char man_tail[] =
    ".SH EXIT STATUS\n"
    "0 is ok, 1 is no or degraded, 2 is failed or wrong usage, 3 is "
    "unknown. So\n"
    ".B tocsin probe\n"
    "is a Nagios plug\\-in as well.\n"
    ".SH SIGNALS\n"
    "The running agent reads its configuration again at SIGHUP, and keeps "
    "the old one if the new one has a mistake; SIGTERM and SIGINT stop it in "
    "order.\n"
    ".SH FILES\n"
    ".TP\n"
    ".I " COMMAND_CONFIG_FILE "\n"
    "the configuration, with\n"
    ".I conf.d/*.yaml\n"
    "beside it.\n"
    ".TP\n"
    ".I /var/lib/tocsin/state.db\n"
    "what the agent must not forget; the control socket\n"
    ".I control.sock\n"
    "is beside it.\n"
    ".SH ENVIRONMENT\n"
    ".TP\n"
    ".B CREDENTIALS_DIRECTORY\n"
    "where ${credential:NAME} is looked for; systemd sets it.\n"
    ".TP\n"
    ".B NO_COLOR\n"
    "no colours if set.\n";

static int
run_manual(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	int status = command_parse(&args, self, argc, argv);
	struct buf page;

	if (status >= 0)
		return status;
	buf_init(&page, PAGE_MAX);
	if (command_has(&args, "configuration")) {
		config_markdown(&page);
	} else {
		buf_puts(&page, man_head);
		for (size_t i = 0; commands[i] != NULL; i++)
			put_command(&page, commands[i]);
		buf_puts(&page, man_tail);
	}
	fputs(buf_str(&page), stdout);
	buf_fini(&page);
	command_args_fini(&args);
	return EXIT_OK;
}

const struct command cmd_manual = {
    .name = "manual",
    .usage = "[--configuration]",
    .help = "print the man page: tocsin manual | man -l -",
    .flags = manual_flags,
    .run = run_manual,
};
