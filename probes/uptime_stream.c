#include "probes/uptime_stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/netguard.h"
#include "base/str.h"

#define READ_SIZE     4096
#define READS_AT_ONCE 16 /* then the loop's others get their turn */

struct uptime_stream {
	struct loop *loop;
	const struct uptime_stream_ops *ops;
	void *ctx;
	int fd;
	struct loop_fd *watch;
	struct loop_timer *timer; /* for the connect */
	struct tls *tls;
	struct tls_options tls_options;
	struct buf out;
	struct err failed; /* found where no callback may come */
	char address[64];
	int64_t began_us, timeout_ms;
	bool connected, securing, dead;
};

static void
reap(void *ctx)
{
	struct uptime_stream *s = ctx;

	tls_free(s->tls);
	loop_fd_free(s->watch);
	loop_timer_free(s->timer);
	if (s->fd >= 0)
		close(s->fd);
	buf_fini(&s->out);
	free(s);
}

void
uptime_stream_free(struct uptime_stream *s)
{
	if (s == NULL || s->dead)
		return;
	s->dead = true;
	if (s->watch != NULL)
		loop_fd_interest(s->watch, 0);
	loop_timer_disarm(s->timer);
	loop_undefer(s->loop, s);
	/* the object that calls back right now may be one of ours */
	loop_defer(s->loop, reap, s);
}

static void
stop(struct uptime_stream *s, const struct err *why)
{
	if (s->watch != NULL)
		loop_fd_interest(s->watch, 0);
	loop_timer_disarm(s->timer);
	s->ops->end(s->ctx, why);
}

static void
set_interest(struct uptime_stream *s)
{
	unsigned interest = LOOP_READ;

	if (s->tls != NULL)
		interest |= tls_interest(s->tls);
	if (s->out.len > 0)
		interest |= LOOP_WRITE;
	loop_fd_interest(s->watch, interest);
}

/* ---- connecting ---- */

static int
connect_error(const struct uptime_stream *s, int error, struct err *err)
{
	char took[32];

	str_duration_human(took, clock_boot_us() - s->began_us);
	if (error == ECONNREFUSED)
		err_set(err, ERR_REFUSED, "connect to %s refused after %s",
		    s->address, took);
	else if (error == ETIMEDOUT)
		err_set(err, ERR_TIMEOUT, "connect to %s: no answer within %s",
		    s->address, took);
	else
		err_set(err, ERR_IO, "connect to %s: %s after %s", s->address,
		    strerror(error), took);
	err->errnum = error;
	return -1;
}

static void
connect_timeout(void *ctx)
{
	struct uptime_stream *s = ctx;
	struct err err = ERR_INIT;

	connect_error(s, ETIMEDOUT, &err);
	stop(s, &err);
}

static void
fail_later(void *ctx)
{
	struct uptime_stream *s = ctx;

	stop(s, &s->failed);
}

static void
finish_connect(struct uptime_stream *s)
{
	struct err err = ERR_INIT;
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0) {
		connect_error(s, error, &err);
		stop(s, &err);
		return;
	}
	s->connected = true;
	loop_timer_disarm(s->timer);
	loop_fd_interest(s->watch, LOOP_READ);
	s->ops->ready(s->ctx);
}

/* ---- moving bytes ---- */

static ssize_t
take(struct uptime_stream *s, char *dst, size_t size, struct err *err)
{
	ssize_t got;

	if (s->tls != NULL)
		return tls_read(s->tls, dst, size, err);
	got = recv(s->fd, dst, size, 0);
	if (got >= 0)
		return got;
	if (errno == EAGAIN || errno == EINTR)
		return TLS_AGAIN;
	return err_errno(err, "%s broke the connection", s->address);
}

static ssize_t
give(struct uptime_stream *s, struct err *err)
{
	ssize_t sent;

	if (s->tls != NULL)
		return tls_write(s->tls, s->out.data, s->out.len, err);
	sent = send(s->fd, s->out.data, s->out.len, MSG_NOSIGNAL);
	if (sent >= 0)
		return sent;
	if (errno == EAGAIN || errno == EINTR)
		return TLS_AGAIN;
	return err_errno(err, "%s broke the connection", s->address);
}

/* Write what can be written; -1 if the connection is over. */
static int
flush(struct uptime_stream *s, struct err *err)
{
	while (s->out.len > 0) {
		ssize_t sent = give(s, err);

		if (sent == TLS_AGAIN)
			break;
		if (sent <= 0)
			return -1;
		s->out.len -= (size_t)sent;
		memmove(s->out.data, s->out.data + sent, s->out.len + 1);
	}
	return 0;
}

static void
receive(struct uptime_stream *s)
{
	char data[READ_SIZE];
	struct err err = ERR_INIT;

	for (int i = 0; i < READS_AT_ONCE; i++) {
		ssize_t got = take(s, data, sizeof(data), &err);

		if (got == TLS_AGAIN)
			break;
		if (got <= 0) {
			stop(s, &err);
			return;
		}
		s->ops->data(s->ctx, data, (size_t)got);
		if (s->dead || s->securing)
			return;
	}
	set_interest(s);
}

static void
moved(void *ctx, int fd, unsigned ready)
{
	struct uptime_stream *s = ctx;
	struct err err = ERR_INIT;

	(void)fd;
	(void)ready;
	if (s->dead || s->securing)
		return;
	if (!s->connected)
		finish_connect(s);
	else if (flush(s, &err) != 0)
		stop(s, &err);
	else
		receive(s);
}

/* What was written inside a callback leaves here; TLS may hold bytes that the
 * descriptor will not announce again. */
static void
resume(void *ctx)
{
	moved(ctx, -1, 0);
}

int
uptime_stream_write(struct uptime_stream *s, const void *data, size_t len)
{
	if (buf_add(&s->out, data, len) != 0)
		return -1;
	loop_undefer(s->loop, s);
	loop_defer(s->loop, resume, s);
	return 0;
}

/* ---- TLS ---- */

static void
secured(void *ctx, const struct err *err)
{
	struct uptime_stream *s = ctx;

	if (s->dead)
		return;
	s->securing = false;
	if (err->code != ERR_NONE) {
		stop(s, err);
		return;
	}
	set_interest(s);
	s->ops->ready(s->ctx);
	if (!s->dead) {
		loop_undefer(s->loop, s);
		loop_defer(s->loop, resume, s);
	}
}

/* The last plain words go first. They are few: if they do not fit into the
 * socket, the peer reads nothing. */
void
uptime_stream_secure(struct uptime_stream *s, const struct tls_options *options)
{
	loop_undefer(s->loop, s);
	loop_fd_interest(s->watch, 0);
	if (flush(s, &s->failed) == 0 && s->out.len > 0)
		err_set(&s->failed, ERR_PROTO, "%s reads nothing", s->address);
	s->securing = true;
	if (s->failed.code != ERR_NONE) {
		loop_defer(s->loop, fail_later, s);
		return;
	}
	s->tls_options = *options;
	s->tls_options.address = s->address;
	s->tls = tls_start(s->loop, s->fd, &s->tls_options, secured, s);
}

/* ---- beginning ---- */

static int
begin(struct uptime_stream *s, const struct sockaddr *to)
{
	socklen_t len = to->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	                                          : sizeof(struct sockaddr_in);

	s->fd = socket(
	    to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return err_errno(&s->failed, "making a socket");
	if (connect(s->fd, to, len) != 0 && errno != EINPROGRESS)
		return connect_error(s, errno, &s->failed);
	s->watch = loop_fd_new(s->loop, s->fd, LOOP_WRITE, moved, s);
	loop_timer_arm_ms(s->timer, s->timeout_ms);
	return 0;
}

struct uptime_stream *
uptime_stream_new(struct loop *loop, const struct sockaddr *to,
    int64_t timeout_ms, const struct uptime_stream_ops *ops, void *ctx)
{
	struct uptime_stream *s = mem_alloc(sizeof(*s));

	s->loop = loop;
	s->ops = ops;
	s->ctx = ctx;
	s->fd = -1;
	s->timeout_ms = timeout_ms;
	s->began_us = clock_boot_us();
	s->timer = loop_timer_new(loop, connect_timeout, s);
	buf_init(&s->out, UPTIME_STREAM_BACKLOG);
	netguard_text(s->address, to);
	if (begin(s, to) != 0)
		loop_defer(loop, fail_later, s);
	return s;
}

const char *
uptime_stream_address(const struct uptime_stream *s)
{
	return s->address;
}

const struct tls_certificate *
uptime_stream_tls(const struct uptime_stream *s)
{
	return s->tls != NULL ? tls_certificate(s->tls) : NULL;
}
