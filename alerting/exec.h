/*
 * What the parts of the exec kind share (docs/channels/exec.md).
 *   exec.c         the kind: options, rules, one run
 *   exec_result.c  environment and receipt (pure)
 */
#ifndef ALERTING_EXEC_H
#define ALERTING_EXEC_H

#include "alerting/channel.h"
#include "base/spawn.h"

struct exec_config {
	struct option_list command; /* [/path, argument, …] */
	struct option_map environment;
};

/* sysexits.h, and qmail's for "never". */
#define EXEC_STATUS_DATAERR 65
#define EXEC_STATUS_NEVER   100

/* "NAME=value", NULL-ended: PATH, HOME and LANG of ours, facts of the message,
 * and what the configuration adds or replaces. The caller's, by the next. */
char **
exec_environment(const struct option_map *extra, const struct message *m);
void exec_environment_free(char **env);

/* May this be a variable's name? */
bool exec_is_name(const char *name);

/* How it ended, as a receipt. */
void exec_receipt(const struct spawn_end *end, struct receipt *r);

#endif
