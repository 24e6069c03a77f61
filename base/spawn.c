#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define DRAIN_MAX ((size_t)1 << 20) /* read after its end, at most */
#define REAP_MS   1000              /* for the kernel, after SIGKILL */

enum { IN, OUT, ERR, ENDED, SLOTS };

struct run {
	const struct spawn *s;
	struct spawn_end *end;
	pid_t pid;
	struct pollfd fds[SLOTS]; /* fd -1 once it is closed */
	size_t given;             /* of the input */
	bool termed, killed;
};

static void
shut(struct run *r, int which)
{
	if (r->fds[which].fd >= 0)
		close(r->fds[which].fd);
	r->fds[which].fd = -1;
}

/* Ours first. */
static int
make_pipe(struct run *r, int which, int *theirs, struct err *err)
{
	int fds[2], ours = which == IN ? 1 : 0;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_errno(err, "a pipe for a program");
	r->fds[which].fd = fds[ours];
	r->fds[which].events = which == IN ? POLLOUT : POLLIN;
	*theirs = fds[1 - ours];
	return fcntl(fds[ours], F_SETFL, O_NONBLOCK) == 0
	           ? 0
	           : err_errno(err, "a pipe for a program");
}

static int
start(struct run *r, const int theirs[3], struct err *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	for (int i = IN; i <= ERR; i++)
		posix_spawn_file_actions_adddup2(&actions, theirs[i], i);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	posix_spawn_file_actions_addchdir_np(&actions, r->s->folder);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
					    POSIX_SPAWN_SETSIGDEF |
					    POSIX_SPAWN_SETSID);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	rc = posix_spawn(
	    &r->pid, r->s->argv[0], &actions, &attr, r->s->argv, r->s->env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	errno = rc;
	return rc == 0 ? 0 : err_errno(err, "starting %s", r->s->argv[0]);
}

static int
open_all(struct run *r, struct err *err)
{
	int theirs[3] = {-1, -1, -1}, rc = 0;

	for (int i = IN; rc == 0 && i <= ERR; i++)
		rc = make_pipe(r, i, &theirs[i], err);
	if (rc == 0)
		rc = start(r, theirs, err);
	for (int i = IN; i <= ERR; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	if (rc != 0)
		return -1;
	r->fds[ENDED].fd = pidfd_open(r->pid, 0);
	r->fds[ENDED].events = POLLIN;
	if (r->fds[ENDED].fd >= 0)
		return 0;
	err_errno(err, "watching %s", r->s->argv[0]);
	kill(-r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	return -1;
}

static void
give_input(struct run *r)
{
	size_t left = r->s->input_len - r->given;
	ssize_t n = 0;

	if (left > 0)
		n = write(
		    r->fds[IN].fd, (const char *)r->s->input + r->given, left);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		r->given += (size_t)n;
	if (n < 0 || r->given == r->s->input_len) /* it may not want it all */
		shut(r, IN);
}

static void
keep_tail(struct spawn_end *end, const char *data, size_t len)
{
	size_t over;

	if (len > SPAWN_TAIL_MAX) {
		data += len - SPAWN_TAIL_MAX;
		len = SPAWN_TAIL_MAX;
	}
	over = end->tail_len + len > SPAWN_TAIL_MAX
	           ? end->tail_len + len - SPAWN_TAIL_MAX
	           : 0;
	memmove(end->tail, end->tail + over, end->tail_len - over);
	end->tail_len -= over;
	memcpy(end->tail + end->tail_len, data, len);
	end->tail_len += len;
}

static void
keep_head(struct spawn_end *end, const char *data, size_t len)
{
	size_t room = SPAWN_HEAD_MAX - end->head_len;
	size_t n = len < room ? len : room;

	memcpy(end->head + end->head_len, data, n);
	end->head_len += n;
	end->head_lost += len - n;
}

/* Some of what it wrote; how much, 0 when there is nothing now. */
static size_t
take_output(struct run *r, int which)
{
	char data[16384];
	ssize_t n;

	if (r->fds[which].fd < 0)
		return 0;
	n = read(r->fds[which].fd, data, sizeof(data));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		shut(r, which);
		return 0;
	}
	if (which == OUT)
		keep_tail(r->end, data, (size_t)n);
	else
		keep_head(r->end, data, (size_t)n);
	return (size_t)n;
}

static void
signal_group(struct run *r, int64_t now_ms)
{
	if (!r->termed && now_ms >= r->s->term_ms) {
		r->termed = r->end->timed_out = true;
		kill(-r->pid, SIGTERM);
	}
	if (!r->killed && now_ms >= r->s->kill_ms) {
		r->killed = r->end->timed_out = true;
		kill(-r->pid, SIGKILL);
	}
}

static int
wait_ms(const struct run *r, int64_t now_ms)
{
	int64_t until = r->killed   ? r->s->kill_ms + REAP_MS
	                : r->termed ? r->s->kill_ms
	                            : r->s->term_ms;

	return until > now_ms ? (int)(until - now_ms) : 0;
}

/* Until it has ended. It is not reaped yet, so its group's number is ours.
 * False if not even SIGKILL ended it (it sleeps in the kernel). */
static bool
attend(struct run *r)
{
	for (;;) {
		int64_t now_ms = clock_boot_ms();

		signal_group(r, now_ms);
		if (r->killed && now_ms >= r->s->kill_ms + REAP_MS)
			return false;
		if (poll(r->fds, SLOTS, wait_ms(r, now_ms)) < 0)
			continue; /* EINTR: the clock decides */
		if (r->fds[IN].fd >= 0 && r->fds[IN].revents != 0)
			give_input(r);
		if (r->fds[OUT].revents != 0)
			take_output(r, OUT);
		if (r->fds[ERR].revents != 0)
			take_output(r, ERR);
		if (r->fds[ENDED].revents != 0)
			return true;
	}
}

static void
collect(struct run *r)
{
	int status;
	size_t drained = 0, n;

	kill(-r->pid, SIGKILL); /* what it left running */
	for (int which = OUT; which <= ERR; which++)
		while (drained < DRAIN_MAX && (n = take_output(r, which)) > 0)
			drained += n;
	while (waitpid(r->pid, &status, 0) < 0)
		if (errno != EINTR)
			return;
	if (WIFSIGNALED(status))
		r->end->signal = WTERMSIG(status);
	else
		r->end->status = WEXITSTATUS(status);
}

int
spawn_run(const struct spawn *s, struct spawn_end *end, struct err *err)
{
	struct run r = {.s = s,
	    .end = end,
	    .fds = {{.fd = -1}, {.fd = -1}, {.fd = -1}, {.fd = -1}}};
	int rc;

	*end = (struct spawn_end){.timed_out = false};
	rc = open_all(&r, err);
	if (rc == 0 && attend(&r))
		collect(&r);
	else if (rc == 0)
		end->signal = SIGKILL;
	for (int i = 0; i < SLOTS; i++)
		shut(&r, i);
	return rc;
}
