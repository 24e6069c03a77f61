/*
 * A server on the test's own loop that plays a script to each connection, so
 * that a client can be shown every way in which a peer misbehaves. And the
 * programs that tests run beside themselves (nginx, openssl, named).
 */
#ifndef TESTS_UNIT_PEER_H
#define TESTS_UNIT_PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"

enum peer_do {
	PEER_READ,    /* until an empty line came */
	PEER_SEND,    /* text */
	PEER_PAUSE,   /* ms */
	PEER_FLOOD,   /* text, again and again, as fast as it goes */
	PEER_DRIP,    /* text, again and again, every ms */
	PEER_DRIP_IT, /* text once, a byte every ms */
	PEER_RESET,
	PEER_CLOSE,
	PEER_HOLD, /* until the client goes */
};

struct peer_step {
	enum peer_do what;
	const char *text;
	int64_t ms;
};

struct peer {
	struct loop *loop;
	int fd;
	uint16_t port;
	struct loop_fd *watch;
	const struct peer_step *script;
	unsigned connections;
	char request[8192]; /* of the last connection */
	size_t request_len;
	struct peer_connection *first;
};

struct peer_connection {
	struct peer *peer;
	struct peer_connection *next, **link;
	int fd;
	struct loop_fd *watch;
	struct loop_timer *timer;
	const struct peer_step *step;
	size_t sent;
	bool dead;
};

static inline void peer_play(void *arg);

static inline void
peer_drop(struct peer_connection *c)
{
	loop_undefer(c->peer->loop, c);
	loop_fd_free(c->watch);
	loop_timer_free(c->timer);
	if (c->fd >= 0)
		close(c->fd);
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	free(c);
}

static inline void
peer_later(struct peer_connection *c, int64_t ms)
{
	loop_timer_arm_ms(c->timer, ms);
}

/* Send what is left of the step's text; true when all of it went. */
static inline bool
peer_send(struct peer_connection *c, size_t most)
{
	size_t left = strlen(c->step->text) - c->sent;
	ssize_t n = send(c->fd, c->step->text + c->sent,
	    left < most ? left : most, MSG_NOSIGNAL);

	if (n > 0)
		c->sent += (size_t)n;
	else if (errno != EAGAIN)
		c->dead = true;
	return c->step->text[c->sent] == '\0';
}

static inline void
peer_close(struct peer_connection *c, bool reset)
{
	struct linger now = {1, 0};

	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	c->dead = true;
}

static inline void
peer_next(struct peer_connection *c)
{
	c->step++;
	c->sent = 0;
	loop_defer(c->peer->loop, peer_play, c);
}

static inline void
peer_again(struct peer_connection *c, bool whole)
{
	if (whole)
		c->sent = 0;
	peer_later(c, c->step->what == PEER_FLOOD ? 0 : c->step->ms);
}

static inline void
peer_play(void *arg)
{
	struct peer_connection *c = arg;

	switch (c->step->what) {
	case PEER_READ: /* peer_heard() goes on */
	case PEER_HOLD:
		return;
	case PEER_SEND:
		if (peer_send(c, SIZE_MAX))
			peer_next(c);
		else
			peer_later(c, 1);
		break;
	case PEER_PAUSE:
		c->step++;
		peer_later(c, c->step[-1].ms);
		break;
	case PEER_FLOOD:
	case PEER_DRIP:
		peer_again(c, peer_send(c, SIZE_MAX));
		break;
	case PEER_DRIP_IT:
		if (peer_send(c, 1))
			peer_next(c);
		else
			peer_later(c, c->step->ms);
		break;
	case PEER_RESET:
	case PEER_CLOSE:
		peer_close(c, c->step->what == PEER_RESET);
		break;
	}
	if (c->dead)
		peer_drop(c);
}

static inline void
peer_heard(void *ctx, int fd, unsigned ready)
{
	struct peer_connection *c = ctx;
	struct peer *p = c->peer;
	char part[4096];
	ssize_t n = recv(fd, part, sizeof(part), 0);

	(void)ready;
	if (n <= 0) {
		peer_drop(c);
		return;
	}
	if ((size_t)n < sizeof(p->request) - p->request_len) {
		memcpy(p->request + p->request_len, part, (size_t)n);
		p->request_len += (size_t)n;
		p->request[p->request_len] = '\0';
	}
	if (c->step->what == PEER_READ &&
	    strstr(p->request, "\r\n\r\n") != NULL)
		peer_next(c);
}

static inline void
peer_accept(void *ctx, int fd, unsigned ready)
{
	struct peer *p = ctx;
	struct peer_connection *c;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ready;
	if (client < 0)
		return;
	p->connections++;
	p->request_len = 0;
	p->request[0] = '\0';
	c = mem_alloc(sizeof(*c));
	c->peer = p;
	c->fd = client;
	c->step = p->script;
	c->link = &p->first;
	c->next = p->first;
	if (c->next != NULL)
		c->next->link = &c->next;
	p->first = c;
	c->timer = loop_timer_new(p->loop, peer_play, c);
	c->watch = loop_fd_new(p->loop, client, LOOP_READ, peer_heard, c);
	loop_defer(p->loop, peer_play, c);
}

/* A loopback port nobody listens on; fd holds it until closed. */
static inline int
peer_bind(const char *address, int type, uint16_t *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	inet_pton(AF_INET, address, &in.sin_addr);
	in.sin_port = htons(*port);
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) < 0) {
		perror("bind");
		abort();
	}
	*port = ntohs(in.sin_port);
	return fd;
}

static inline void
peer_open(struct peer *p, struct loop *loop, const struct peer_step *script)
{
	*p = (struct peer){.loop = loop, .script = script};
	p->fd = peer_bind("127.0.0.1", SOCK_STREAM, &p->port);
	if (listen(p->fd, 64) < 0)
		abort();
	p->watch = loop_fd_new(loop, p->fd, LOOP_READ, peer_accept, p);
}

static inline void
peer_shut(struct peer *p)
{
	while (p->first != NULL)
		peer_drop(p->first);
	loop_fd_free(p->watch);
	close(p->fd);
}

/* ---- programs ---- */

extern char **environ;

/* Start argv[0]; its output goes to `log`. */
static inline pid_t
program_start(const char *log, const char *const argv[])
{
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(
	    &actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	if (posix_spawnp(&pid, argv[0], &actions, NULL,
		(char *const *)(uintptr_t)argv, environ) != 0) {
		fprintf(stderr, "cannot start %s\n", argv[0]);
		abort();
	}
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static inline void
program_run(const char *log, const char *const argv[])
{
	pid_t pid = program_start(log, argv);
	int status = 0;

	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "%s failed, see %s\n", argv[0], log);
		abort();
	}
}

#define RUN(log, ...) program_run(log, (const char *const[]){__VA_ARGS__, NULL})

static inline void
program_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

/* Wait until something accepts connections on the port. */
static inline void
program_wait(pid_t pid, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons(port);
	for (int tries = 0; tries < 500; tries++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool up = connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0;

		close(fd);
		if (up)
			return;
		if (waitpid(pid, NULL, WNOHANG) == pid)
			break;
		usleep(20000);
	}
	fprintf(stderr, "nothing listens on port %u\n", port);
	abort();
}

static inline void
file_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

#endif
