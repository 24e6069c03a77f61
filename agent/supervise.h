/*
 * Child processes of the core: our own binary started by posix_spawn with a
 * socket as stdin and stdout and a pipe as stderr, nothing else inherited. A
 * child is over when its socket has ended and its status was collected.
 */
#ifndef AGENT_SUPERVISE_H
#define AGENT_SUPERVISE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/loop.h"

struct supervisor; /* collects exit statuses; one per core */
struct child;

struct child_ops {
	/* One line from the child's stdout, untrusted; child_free allowed. */
	void (*line)(void *ctx, char *text, size_t len);
	/* Once, last: what happened to it, in words ("killed by signal 9",
	 * "exited with status 2"). Free it here or later. */
	void (*over)(void *ctx, const char *why);
};

struct supervisor *supervisor_new(struct loop *loop);
void supervisor_free(struct supervisor *s); /* kills what is left, waits */

/* argv after the program's name; `name` marks its log lines. */
int child_spawn(struct child **out, struct supervisor *s, const char *name,
    const char *const *argv, const struct child_ops *ops, void *ctx,
    struct err *err);
/* Queue a line; -1 if its backlog is full or it is over. */
int child_send(struct child *c, const char *text, size_t len);
void child_flush(struct child *c);       /* do not wait for company */
void child_kill(struct child *c);        /* SIGKILL; over() follows */
bool child_ended(const struct child *c); /* it says and hears nothing more */
pid_t child_pid(const struct child *c);
void child_free(struct child *c); /* no callback after; kills it if alive */

#endif
