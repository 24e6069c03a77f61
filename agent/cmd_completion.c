/* `tocsin completion`: for shells, from the command table's rows. */
#include "agent/command.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define PAGE_MAX ((size_t)1 << 20)

/* Every first word once, as `bash` and `zsh` want them. */
static void
put_first_words(struct buf *out)
{
	for (size_t i = 0; commands[i] != NULL; i++) {
		const char *name = commands[i]->name;
		size_t len = strcspn(name, " ");

		if (i > 0 && strncmp(commands[i - 1]->name, name, len) == 0 &&
		    strcspn(commands[i - 1]->name, " ") == len)
			continue;
		buf_printf(out, "%s%.*s", i > 0 ? " " : "", (int)len, name);
	}
}

/* Second words of a family, and flags: one arm of a shell's case each. */
static void
put_cases(struct buf *out)
{
	for (size_t i = 0; commands[i] != NULL; i++) {
		const struct command *c = commands[i];

		buf_printf(out, "\t\"%s\") words=\"--help", c->name);
		for (const struct command_flag *f = c->flags;
		     f != NULL && f->name != NULL; f++)
			buf_printf(out, " --%s", f->name);
		buf_puts(out, "\" ;;\n");
	}
	for (size_t i = 0; commands[i] != NULL; i++) {
		const char *name = commands[i]->name;
		size_t len = strcspn(name, " ");

		if (name[len] == '\0' ||
		    (i > 0 &&
			strncmp(commands[i - 1]->name, name, len + 1) == 0))
			continue;
		buf_printf(out, "\t\"%.*s\") words=\"", (int)len, name);
		for (size_t j = i; commands[j] != NULL; j++)
			if (strncmp(commands[j]->name, name, len + 1) == 0)
				buf_printf(out, "%s%s", j > i ? " " : "",
				    commands[j]->name + len + 1);
		buf_puts(out, "\" ;;\n");
	}
}

/* Sets `words` for the words typed so far; zsh runs bash's function. */
static void
put_bash(struct buf *out)
{
	buf_puts(out, "_tocsin() {\n"
		      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words='' path\n"
		      "\tcase ${COMP_WORDS[COMP_CWORD-1]} in\n"
		      "\t-c|--config)\n"
		      "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
		      "\t\treturn ;;\n"
		      "\tesac\n"
		      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
		      "\t\twords=\"");
	put_first_words(out);
	buf_puts(out, " --help --version\"\n"
		      "\telse\n"
		      "\t\tpath=${COMP_WORDS[1]}\n"
		      "\t\t[ \"$COMP_CWORD\" -gt 2 ] &&\n"
		      "\t\t    case $path in ");
	for (size_t i = 0, n = 0; commands[i] != NULL; i++) {
		const char *name = commands[i]->name;
		size_t len = strcspn(name, " ");

		if (name[len] == '\0' ||
		    (i > 0 &&
			strncmp(commands[i - 1]->name, name, len + 1) == 0))
			continue;
		buf_printf(out, "%s%.*s", n++ > 0 ? "|" : "", (int)len, name);
	}
	buf_puts(out, ") path+=\" ${COMP_WORDS[2]}\" ;; esac\n"
		      "\t\tcase $path in\n");
	put_cases(out);
	buf_puts(out,
	    "\t\tesac\n"
	    "\tfi\n"
	    "\t[[ $path == kinds || $path == probe ]] && [[ $cur != -* ]] &&\n"
	    "\t    words+=\" $(tocsin kinds 2>/dev/null |\n"
	    "\t        awk '/^  /{print $1}')\"\n"
	    "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	    "\t[ ${#COMPREPLY[@]} -gt 0 ] ||\n"
	    "\t    COMPREPLY=($(compgen -f -- \"$cur\"))\n"
	    "}\n"
	    "complete -o filenames -F _tocsin tocsin\n");
}

static void
put_zsh(struct buf *out)
{
	buf_puts(out, "#compdef tocsin\n"
		      "autoload -U +X bashcompinit && bashcompinit\n");
	put_bash(out);
}

/* Text between single quotes of fish. */
static void
put_fish_text(struct buf *out, const char *s)
{
	buf_putc(out, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'' || *s == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *s);
	}
	buf_putc(out, '\'');
}

static void
put_fish_flags(struct buf *out, const struct command *c)
{
	for (const struct command_flag *f = c->flags;
	     f != NULL && f->name != NULL; f++) {
		buf_puts(out, "complete -c tocsin -n '__tocsin_at ");
		buf_printf(out, "%s' -l %s", c->name, f->name);
		if (f->letter != 0)
			buf_printf(out, " -s %c", f->letter);
		if (f->argument != NULL)
			buf_puts(out,
			    str_eq(f->argument, "FILE") ? " -r -F" : " -x");
		buf_puts(out, " -d ");
		put_fish_text(out, f->help);
		buf_putc(out, '\n');
	}
}

static void
put_fish(struct buf *out)
{
	buf_puts(out,
	    "function __tocsin_at\n"
	    "\tset -l words (commandline -opc)[2..-1]\n"
	    "\tset -l n (count $argv)\n"
	    "\ttest (count $words) -ge $n; or return 1\n"
	    "\ttest $n -eq 0; and test (count $words) -eq 0; and return 0\n"
	    "\ttest $n -gt 0; and test \"$words[1..$n]\" = \"$argv\"\n"
	    "end\n"
	    "complete -c tocsin -f\n");
	for (size_t i = 0; commands[i] != NULL; i++) {
		const char *name = commands[i]->name;
		const char *second = strchr(name, ' ');
		int len = (int)strcspn(name, " ");

		buf_printf(out, "complete -c tocsin -n '__tocsin_at' -a %.*s",
		    len, name);
		if (second == NULL) {
			buf_puts(out, " -d ");
			put_fish_text(out, commands[i]->help);
		}
		buf_putc(out, '\n');
		if (second != NULL) {
			buf_printf(out,
			    "complete -c tocsin -n '__tocsin_at %.*s' -a %s "
			    "-d ",
			    len, name, second + 1);
			put_fish_text(out, commands[i]->help);
			buf_putc(out, '\n');
		}
		put_fish_flags(out, commands[i]);
	}
}

static const struct shell {
	const char *name;
	void (*put)(struct buf *out);
} shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};

static int
run_completion(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	int status = command_parse(&args, self, argc, argv);
	struct buf page;

	if (status >= 0)
		return status;
	status = EXIT_FAILED;
	buf_init(&page, PAGE_MAX);
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (str_eq(args.words[0], shells[i].name)) {
			shells[i].put(&page);
			fputs(buf_str(&page), stdout);
			status = EXIT_OK;
		}
	if (status != EXIT_OK)
		command_fail(
		    "completion: %s is not bash, zsh or fish", args.words[0]);
	buf_fini(&page);
	command_args_fini(&args);
	return status;
}

const struct command cmd_completion = {
    .name = "completion",
    .usage = "bash|zsh|fish",
    .help = "print completions for a shell: source <(tocsin completion bash)",
    .run = run_completion,
    .words_min = 1,
    .words_max = 1,
};
