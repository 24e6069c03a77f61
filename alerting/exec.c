/*
 * A command of the operator's own, with the message as JSON on its stdin
 * (docs/channels/exec.md).
 */
#include "alerting/exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define ARGUMENTS_MAX 64
#define VARIABLES_MAX 64
#define GRACE_PART    5 /* of the time: from SIGTERM to the deadline */
#define GRACE_MAX_MS  5000
#define LOG_LINES_MAX 10

static const struct option exec_options[] = {
    {.name = "command",
	OPTION(LIST, struct exec_config, command),
	.flags = OPTION_REQUIRED | OPTION_NONEMPTY,
	.max = ARGUMENTS_MAX,
	.help = "the program, as an absolute path, and its arguments; no shell "
		"reads them"},
    {.name = "environment",
	OPTION(MAP, struct exec_config, environment),
	.flags = OPTION_SECRETS,
	.max = VARIABLES_MAX,
	.help = "variables for it, beside PATH, HOME, LANG and TOCSIN_…"},
    OPTION_END,
};

/* Who else could put words in our mouth, or use what the script may do? */
static int
check_mode(const char *path, const struct stat *st, struct err *err)
{
	if ((st->st_mode & S_IWOTH) != 0 &&
	    !(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0))
		return err_set(err, ERR_CONFIG,
		    "command: everybody may write to %s (mode %04o): run chmod "
		    "o-w",
		    path, (unsigned)(st->st_mode & 07777));
	return 0;
}

static int
check_folder(const char *path, struct err *err)
{
	size_t len = (size_t)(strrchr(path, '/') - path);
	char *folder = mem_strndup(path, len > 0 ? len : 1);
	struct stat st;
	int rc = 0;

	if (stat(folder, &st) == 0)
		rc = check_mode(folder, &st, err);
	free(folder);
	return rc;
}

/* What is wrong with it as it lies there; a missing one may come yet, and is
 * no reason to refuse a whole configuration. */
static int
check_file(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return 0;
	if (!S_ISREG(st.st_mode))
		return err_set(
		    err, ERR_CONFIG, "command: %s is not a file", path);
	if (check_mode(path, &st, err) < 0)
		return -1;
	return check_folder(path, err);
}

static int
exec_check(const void *data, struct err *err)
{
	const struct exec_config *config = data;
	const struct option_map *env = &config->environment;

	for (size_t i = 0; i < env->count; i++)
		if (!exec_is_name(env->items[i].key))
			return err_set(err, ERR_CONFIG,
			    "environment: \"%s\" is not a variable's name: "
			    "letters, digits and _",
			    env->items[i].key);
	if (config->command.count == 0)
		return 0;
	if (config->command.items[0][0] != '/')
		return err_set(err, ERR_CONFIG,
		    "command: \"%s\" is not absolute; write it from the root, "
		    "such as [/usr/local/bin/page, --urgent]",
		    config->command.items[0]);
	return check_file(config->command.items[0], err);
}

/* Its complaints are for whoever looks after it. */
static void
log_complaints(const struct exec_config *config, struct spawn_end *end)
{
	char *line = end->head, *next;
	int left = LOG_LINES_MAX;

	end->head[end->head_len] = '\0';
	for (; line != NULL && *line != '\0' && left > 0; line = next, left--) {
		char shown[300];

		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		str_printable(shown, sizeof(shown), line, strlen(line));
		option_redact(exec_options, config, shown);
		log_warn("%s: %s", config->command.items[0], shown);
	}
	if (end->head_lost > 0 || (line != NULL && *line != '\0'))
		log_warn("%s: wrote more to stderr, which is left out",
		    config->command.items[0]);
}

static void
not_started(const struct err *err, struct receipt *r)
{
	const char *hint = "";

	if (err->errnum == ENOENT)
		hint = " (it, or what its first line names)";
	else if (err->errnum == EACCES)
		hint = "; is it executable for the agent's user?";
	else if (err->errnum == ENOEXEC)
		hint = "; a script begins with a line such as #!/bin/sh";
	receipt_set(r, RECEIPT_RETRY, 0, "%s%s", err->text, hint);
}

static void
run(const struct exec_config *config, const struct spawn *what,
    struct receipt *r)
{
	struct spawn_end end;
	struct err err = ERR_INIT;

	if (check_file(what->argv[0], &err) < 0) {
		receipt_set(r, RECEIPT_RETRY, 0, "%s", err.text);
		return;
	}
	if (spawn_run(what, &end, &err) < 0) {
		not_started(&err, r);
		return;
	}
	exec_receipt(&end, r);
	log_complaints(config, &end);
}

static void
exec_deliver(const void *data, void *state, const struct message *m,
    int64_t deadline_ms, struct receipt *r)
{
	const struct exec_config *config = data;
	int64_t grace_ms = (deadline_ms - clock_boot_ms()) / GRACE_PART;
	char *text = json_text(m->json), *input = mem_printf("%s\n", text);
	char **argv = mem_array(config->command.count + 1, sizeof(*argv));
	char **env = exec_environment(&config->environment, m);

	(void)state;
	if (grace_ms > GRACE_MAX_MS)
		grace_ms = GRACE_MAX_MS;
	memcpy(
	    argv, config->command.items, config->command.count * sizeof(*argv));
	run(config,
	    &(struct spawn){.argv = argv,
		.env = env,
		.folder = "/",
		.input = input,
		.input_len = strlen(input),
		.term_ms = deadline_ms - grace_ms,
		.kill_ms = deadline_ms - grace_ms / 2},
	    r);
	exec_environment_free(env);
	free(argv);
	free(input);
	free(text);
}

const struct channel_kind channel_exec = {
    .name = "exec",
    .summary = "a command of your own, with the message as JSON on its stdin",
    .options = exec_options,
    .config_size = sizeof(struct exec_config),
    .timeout_ms = 30000,
    .spawns = true,
    .check = exec_check,
    .deliver = exec_deliver,
};
