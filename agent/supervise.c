#include "agent/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define STDERR_LINE_MAX 16384

struct child {
	struct child *next;
	struct supervisor *supervisor;
	char *name;
	pid_t pid; /* 0 once collected */
	struct lines *lines, *log;
	const struct child_ops *ops; /* NULL once freed by its owner */
	void *ctx;
	bool ended, told;
	char why[128];
};

struct supervisor {
	struct loop *loop;
	struct child *children;
};

/* What a worker may know of our environment: nothing that could be a secret. */
static const char *const passed_on[] = {"PATH", "HOME", "LANG", "LC_ALL", "TZ",
    "TMPDIR", "SSL_CERT_FILE", "JOURNAL_STREAM", "ASAN_OPTIONS",
    "UBSAN_OPTIONS", "LSAN_OPTIONS", NULL};

static void
dispose(struct child *c)
{
	struct child **at = &c->supervisor->children;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	lines_free(c->lines);
	lines_free(c->log);
	loop_undefer(c->supervisor->loop, c);
	free(c->name);
	free(c);
}

static void
settle(void *ctx)
{
	struct child *c = ctx;

	if (c->pid != 0 || (!c->ended && c->ops != NULL))
		return;
	if (c->ops == NULL) {
		dispose(c);
		return;
	}
	if (c->told)
		return;
	c->told = true;
	c->ops->over(c->ctx, c->why);
}

static void
describe(struct child *c, int status)
{
	if (WIFSIGNALED(status))
		str_printf(c->why, sizeof(c->why), "killed by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		str_printf(c->why, sizeof(c->why), "exited with status %d",
		    WEXITSTATUS(status));
}

static void
collect(void *ctx, int signo)
{
	struct supervisor *s = ctx;
	struct child *c, *next;

	(void)signo;
	for (c = s->children; c != NULL; c = next) {
		int status;

		next = c->next;
		if (c->pid == 0 || waitpid(c->pid, &status, WNOHANG) <= 0)
			continue;
		c->pid = 0;
		describe(c, status);
		loop_defer(s->loop, settle, c);
	}
}

struct supervisor *
supervisor_new(struct loop *loop)
{
	struct supervisor *s = mem_alloc(sizeof(*s));

	s->loop = loop;
	loop_on_signal(loop, SIGCHLD, collect, s);
	return s;
}

void
supervisor_free(struct supervisor *s)
{
	if (s == NULL)
		return;
	while (s->children != NULL) {
		struct child *c = s->children;

		if (c->pid != 0) {
			kill(c->pid, SIGKILL);
			waitpid(c->pid, NULL, 0);
			c->pid = 0;
		}
		dispose(c);
	}
	free(s);
}

static void
child_line(void *ctx, char *text, size_t len)
{
	struct child *c = ctx;

	if (c->ops != NULL)
		c->ops->line(c->ctx, text, len);
}

static void
output_ended(void *ctx, const struct err *why)
{
	struct child *c = ctx;

	c->ended = true;
	if (why->code != ERR_NONE)
		log_warn("worker %s: %s", c->name, why->text);
	/* Its output is over: whatever it still does is of no use. */
	if (c->pid != 0)
		kill(c->pid, SIGKILL);
	loop_defer(c->supervisor->loop, settle, c);
}

static void
log_line(void *ctx, char *text, size_t len)
{
	struct child *c = ctx;

	log_relay(c->name, text, len);
}

static void
log_ended(void *ctx, const struct err *why)
{
	struct child *c = ctx;

	if (why->code != ERR_NONE)
		log_warn("worker %s: log: %s", c->name, why->text);
	lines_free(c->log); /* it must not block on a pipe nobody reads */
	c->log = NULL;
}

static char **
worker_environment(void)
{
	size_t count = sizeof(passed_on) / sizeof(passed_on[0]), used = 0;
	char **env = mem_array(count, sizeof(*env));

	for (size_t i = 0; passed_on[i] != NULL; i++) {
		const char *value = getenv(passed_on[i]);

		if (value != NULL)
			env[used++] = mem_printf("%s=%s", passed_on[i], value);
	}
	return env;
}

static int
spawn(pid_t *pid, int io, int log, const char *const *argv, struct err *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	char **env = worker_environment();
	char *args[16] = {mem_strdup("tocsin")};
	int rc;

	for (size_t i = 0; argv[i] != NULL; i++) {
		CHECK(i + 2 < sizeof(args) / sizeof(args[0]));
		args[i + 1] = mem_strdup(argv[i]);
	}
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, io, 0);
	posix_spawn_file_actions_adddup2(&actions, io, 1);
	posix_spawn_file_actions_adddup2(&actions, log, 2);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
					    POSIX_SPAWN_SETSIGDEF |
					    POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0); /* a Ctrl-C is for the core */
	rc = posix_spawn(pid, "/proc/self/exe", &actions, &attr, args, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; env[i] != NULL; i++)
		free(env[i]);
	free(env);
	for (size_t i = 0; args[i] != NULL; i++)
		free(args[i]);
	if (rc == 0)
		return 0;
	errno = rc;
	return err_errno(err, "starting a worker");
}

int
child_spawn(struct child **out, struct supervisor *s, const char *name,
    const char *const *argv, const struct child_ops *ops, void *ctx,
    struct err *err)
{
	static const struct lines_ops io_ops = {child_line, output_ended};
	static const struct lines_ops log_ops = {log_line, log_ended};
	struct child *c;
	int io[2], log[2], rc;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, io) != 0)
		return err_errno(err, "a socket for a worker");
	if (pipe2(log, O_CLOEXEC) != 0) {
		close(io[0]);
		close(io[1]);
		return err_errno(err, "a pipe for a worker");
	}
	rc = spawn(&pid, io[1], log[1], argv, err);
	close(io[1]);
	close(log[1]);
	if (rc != 0) {
		close(io[0]);
		close(log[0]);
		return -1;
	}
	c = mem_alloc(sizeof(*c));
	c->supervisor = s;
	c->name = mem_strdup(name);
	c->pid = pid;
	c->ops = ops;
	c->ctx = ctx;
	c->lines = lines_new(s->loop, io[0], io[0], LINES_MAX, &io_ops, c);
	c->log =
	    lines_new(s->loop, log[0], log[0], STDERR_LINE_MAX, &log_ops, c);
	c->next = s->children;
	s->children = c;
	*out = c;
	return 0;
}

int
child_send(struct child *c, const char *text, size_t len)
{
	return c->ended ? -1 : lines_send(c->lines, text, len);
}

void
child_flush(struct child *c)
{
	if (!c->ended)
		lines_flush(c->lines);
}

void
child_kill(struct child *c)
{
	if (c->pid != 0)
		kill(c->pid, SIGKILL);
}

bool
child_ended(const struct child *c)
{
	return c->ended;
}

pid_t
child_pid(const struct child *c)
{
	return c->pid;
}

void
child_free(struct child *c)
{
	if (c == NULL)
		return;
	c->ops = NULL;
	child_kill(c);
	loop_defer(c->supervisor->loop, settle, c);
}
