/*
 * Run a program to its end: bytes on its stdin, the end of its stdout and the
 * beginning of its stderr kept, and nothing that it does can hold us longer
 * than asked. It gets a session and process group of its own, the environment
 * it is given and no other, default signals, and no descriptor of ours.
 *
 * For processes that may block. SIGPIPE must be ignored (base/sandbox.h does).
 */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SPAWN_TAIL_MAX 2048 /* of stdout: its last bytes */
#define SPAWN_HEAD_MAX 4096 /* of stderr: its first bytes */

struct spawn {
	char *const *argv; /* argv[0] is an absolute path; NULL-ended */
	char *const *env;  /* "NAME=value", NULL-ended */
	const char *folder;
	const void *input;
	size_t input_len;
	/* Boot clock: when the group is asked to end (SIGTERM), and when it is
	 * made to (SIGKILL). */
	int64_t term_ms, kill_ms;
};

struct spawn_end {
	bool timed_out; /* it had to be asked, whatever came then */
	int signal;     /* what ended it, or 0 */
	int status;     /* its exit status, if no signal did */
	char tail[SPAWN_TAIL_MAX + 1];
	char head[SPAWN_HEAD_MAX + 1];
	size_t tail_len, head_len;
	size_t head_lost; /* bytes of stderr that were dropped */
};

/* 0 when the program ran, however it ended; -1 when it could not be started.
 * What it left running in its group is killed. */
int spawn_run(const struct spawn *s, struct spawn_end *end, struct err *err);

#endif
