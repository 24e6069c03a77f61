#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

#define BACKLOG_MAX (16 * 1024 * 1024)
#define READ_CHUNK  16384
#define KEEP_ROOM   65536 /* a larger idle buffer is given back */

struct lines {
	struct loop *loop;
	int rfd, wfd;
	size_t max_line;
	const struct lines_ops *ops;
	void *ctx;
	struct loop_fd *watch_read, *watch_write; /* NULL: regular file */
	char *in;
	size_t in_len, in_room;
	char *out;
	size_t out_start, out_len, out_room; /* out_len counts from out_start */
	bool flushing;                       /* a deferred flush is queued */
	bool ended;                          /* end() was called */
	bool busy;                           /* inside a callback */
	bool doomed; /* lines_free came meanwhile: right after it */
};

static void
end(struct lines *l, const struct err *why)
{
	if (l->ended)
		return;
	l->ended = true;
	if (l->watch_read != NULL)
		loop_fd_interest(l->watch_read, 0);
	l->ops->end(l->ctx, why);
}

/* Hand out each complete line of what was read. */
static void
deliver(struct lines *l)
{
	size_t start = 0;
	struct err err = ERR_INIT;

	while (!l->ended && !l->doomed) {
		char *text = l->in + start;
		char *nl = memchr(text, '\n', l->in_len - start);

		if (nl == NULL)
			break;
		*nl = '\0';
		start += (size_t)(nl - text) + 1;
		l->ops->line(l->ctx, text, (size_t)(nl - text));
	}
	l->in_len -= start;
	memmove(l->in, l->in + start, l->in_len);
	if (l->in_len < l->max_line || l->ended || l->doomed)
		return;
	err_set(
	    &err, ERR_PROTO, "a line is longer than %zu bytes", l->max_line);
	end(l, &err);
}

static void
make_room(struct lines *l)
{
	if (l->in_room - l->in_len >= READ_CHUNK)
		return;
	l->in_room = l->in_len + READ_CHUNK;
	if (l->in_room < l->in_len * 2)
		l->in_room = l->in_len * 2;
	l->in = mem_grow(l->in, l->in_room, 1);
}

static void
read_some(struct lines *l)
{
	struct err err = ERR_INIT;
	ssize_t n;

	make_room(l);
	n = read(l->rfd, l->in + l->in_len, l->in_room - l->in_len);
	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		if (errno != ECONNRESET)
			err_errno(&err, "reading");
		end(l, &err);
		return;
	}
	if (n == 0) {
		end(l, &err);
		return;
	}
	l->in_len += (size_t)n;
	deliver(l);
	if (l->in_len == 0 && l->in_room > KEEP_ROOM) {
		free(l->in);
		l->in = NULL;
		l->in_room = 0;
	}
}

static void dispose(struct lines *l);

/* False if l is gone: a callback freed it. */
static bool
attend(struct lines *l)
{
	l->busy = true;
	read_some(l);
	l->busy = false;
	if (!l->doomed)
		return true;
	dispose(l);
	return false;
}

static void
read_ready(void *ctx, int fd, unsigned ready)
{
	(void)fd;
	(void)ready;
	attend(ctx);
}

/* epoll does not watch regular files: read those turn by turn. */
static void
read_file(void *ctx)
{
	struct lines *l = ctx;

	if (attend(l) && !l->ended)
		loop_defer(l->loop, read_file, l);
}

static void
flush(struct lines *l)
{
	while (l->out_len > 0) {
		ssize_t n = write(l->wfd, l->out + l->out_start, l->out_len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			if (errno != EAGAIN) /* the reading side reports it */
				l->out_len = 0;
			break;
		}
		l->out_start += (size_t)n;
		l->out_len -= (size_t)n;
	}
	if (l->out_len == 0) {
		l->out_start = 0;
		if (l->out_room > KEEP_ROOM) {
			free(l->out);
			l->out = NULL;
			l->out_room = 0;
		}
	}
	if (l->watch_write != NULL)
		loop_fd_interest(
		    l->watch_write, l->out_len > 0 ? LOOP_WRITE : 0);
}

static void
write_ready(void *ctx, int fd, unsigned ready)
{
	(void)fd;
	(void)ready;
	flush(ctx);
}

static void
flush_deferred(void *ctx)
{
	struct lines *l = ctx;

	l->flushing = false;
	flush(l);
}

/* Non-blocking where it cannot disturb others: not on files and terminals,
 * whose flags are shared with whoever started us. */
static bool
watchable(int fd)
{
	struct stat st;
	int flags;

	if (fstat(fd, &st) != 0 || S_ISREG(st.st_mode))
		return false;
	if (S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode)) {
		flags = fcntl(fd, F_GETFL);
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	}
	return true;
}

struct lines *
lines_new(struct loop *loop, int rfd, int wfd, size_t max_line,
    const struct lines_ops *ops, void *ctx)
{
	struct lines *l = mem_alloc(sizeof(*l));

	l->loop = loop;
	l->rfd = rfd;
	l->wfd = wfd;
	l->max_line = max_line;
	l->ops = ops;
	l->ctx = ctx;
	if (watchable(rfd))
		l->watch_read =
		    loop_fd_new(loop, rfd, LOOP_READ, read_ready, l);
	else
		loop_defer(loop, read_file, l);
	if (watchable(wfd))
		l->watch_write = loop_fd_new(loop, wfd, 0, write_ready, l);
	return l;
}

static void
dispose(struct lines *l)
{
	loop_undefer(l->loop, l);
	loop_fd_free(l->watch_read);
	loop_fd_free(l->watch_write);
	close(l->rfd);
	if (l->wfd != l->rfd)
		close(l->wfd);
	free(l->in);
	free(l->out);
	free(l);
}

void
lines_free(struct lines *l)
{
	if (l == NULL)
		return;
	if (l->busy)
		l->doomed = true;
	else
		dispose(l);
}

int
lines_send(struct lines *l, const char *text, size_t len)
{
	CHECK(memchr(text, '\n', len) == NULL);
	if (l->out_len + len + 1 > BACKLOG_MAX)
		return -1;
	if (l->out_start + l->out_len + len + 1 > l->out_room) {
		if (l->out_start > 0)
			memmove(l->out, l->out + l->out_start, l->out_len);
		l->out_start = 0;
		if (l->out_len + len + 1 > l->out_room) {
			l->out_room = (l->out_len + len + 1) * 2;
			l->out = mem_grow(l->out, l->out_room, 1);
		}
	}
	memcpy(l->out + l->out_start + l->out_len, text, len);
	l->out_len += len;
	l->out[l->out_start + l->out_len++] = '\n';
	if (!l->flushing) {
		l->flushing = true;
		loop_defer(l->loop, flush_deferred, l);
	}
	return 0;
}

int
lines_send_json(struct lines *l, const json_t *value)
{
	char *text = json_text(value);
	int rc = lines_send(l, text, strlen(text));
	free(text);
	return rc;
}

void
lines_flush(struct lines *l)
{
	flush(l);
}

size_t
lines_backlog(const struct lines *l)
{
	return l->out_len;
}

int
lines_drain(struct lines *l, int timeout_ms)
{
	int64_t end_ms = clock_boot_ms() + timeout_ms;

	for (;;) {
		struct pollfd p = {.fd = l->wfd, .events = POLLOUT};
		int64_t left = end_ms - clock_boot_ms();

		flush(l);
		if (l->out_len == 0)
			return 0;
		if (left <= 0 || poll(&p, 1, (int)left) < 0)
			return -1;
	}
}
