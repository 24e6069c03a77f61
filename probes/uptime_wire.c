#include "probes/uptime_wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/netguard.h"
#include "base/resolve_system.h"
#include "base/str.h"
#include "probes/uptime_stream.h"

#define PACKET_MAX 4096
#define TCP_MAX    (2 + 65535)
#define TRIES      3    /* over UDP, in turn among the servers */
#define AGAIN_MS   1000 /* then twice that */

#define RESOLV_CONF "/etc/resolv.conf"

struct uptime_wire {
	struct loop *loop;
	struct uptime_wire_query query;
	uptime_wire_fn *fn;
	void *ctx;
	uint8_t packet[2 + UPTIME_QUERY_MAX]; /* length first, for TCP */
	size_t packet_len;
	unsigned tries;
	const struct sockaddr *server; /* asked now */
	char address[64];
	int fd;
	struct loop_fd *watch;
	struct loop_timer *again, *timer;
	struct uptime_stream *stream;
	struct buf in; /* over TCP */
	struct uptime_answer answer;
	struct err refused; /* why the last server took no query */
	bool done;
};

/* "192.0.2.53" or "192.0.2.53@5353" to a socket address. */
static int
parse_server(struct sockaddr_storage *out, char *text)
{
	char *port = strchr(text, '@');
	int64_t number = 53;
	struct sockaddr_in in;

	if (port != NULL)
		*port++ = '\0';
	if (port != NULL && str_parse_i64(port, 1, 65535, &number) != 0)
		return -1;
	if (system_address(out, text) != 0)
		return -1;
	memcpy(&in, out, sizeof(in)); /* both families have the port there */
	in.sin_port = htons((uint16_t)number);
	memcpy(out, &in, sizeof(in));
	return 0;
}

int
uptime_wire_system(struct uptime_wire_query *query, struct err *err)
{
	struct resolv_conf conf;

	query->server_count = 0;
	resolv_conf_load(&conf, RESOLV_CONF);
	for (size_t i = 0; i < conf.server_count &&
			   query->server_count < UPTIME_WIRE_SERVERS_MAX;
	     i++)
		if (parse_server(&query->servers[query->server_count],
			conf.servers[i]) == 0)
			query->server_count++;
	if (query->server_count == 0)
		return err_set(err, ERR_CONFIG,
		    "there is no usable nameserver in " RESOLV_CONF);
	return 0;
}

static void
close_socket(struct uptime_wire *w)
{
	loop_fd_free(w->watch);
	w->watch = NULL;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

static void
reap(void *ctx)
{
	struct uptime_wire *w = ctx;

	close_socket(w);
	uptime_stream_free(w->stream);
	loop_timer_free(w->again);
	loop_timer_free(w->timer);
	uptime_answer_fini(&w->answer);
	buf_fini(&w->in);
	free(w);
}

static void
quiet(struct uptime_wire *w)
{
	w->done = true;
	if (w->watch != NULL)
		loop_fd_interest(w->watch, 0);
	loop_timer_disarm(w->again);
	loop_timer_disarm(w->timer);
	uptime_stream_free(w->stream);
	w->stream = NULL;
}

void
uptime_wire_free(struct uptime_wire *w)
{
	if (w == NULL)
		return;
	quiet(w);
	loop_undefer(w->loop, w);
	/* the object that calls back right now may be one of ours */
	loop_defer(w->loop, reap, w);
}

static void
finish(struct uptime_wire *w, const struct err *err)
{
	static const struct err none = ERR_INIT;

	quiet(w);
	w->fn(w->ctx, &w->answer, w->address, err != NULL ? err : &none);
}

static int
parse(struct uptime_wire *w, const void *packet, size_t len, struct err *err)
{
	uptime_answer_fini(&w->answer);
	return uptime_answer_parse(
	    &w->answer, packet, len, w->packet + 2, w->packet_len, err);
}

/* ---- TCP ---- */

static void
tcp_ready(void *ctx)
{
	struct uptime_wire *w = ctx;

	uptime_stream_write(w->stream, w->packet, w->packet_len + 2);
}

static void
tcp_data(void *ctx, const char *data, size_t len)
{
	struct uptime_wire *w = ctx;
	struct err err = ERR_INIT;
	size_t want;

	buf_add(&w->in, data, len);
	if (w->in.len < 2)
		return;
	want = (size_t)(uint8_t)w->in.data[0] << 8 | (uint8_t)w->in.data[1];
	if (w->in.len - 2 < want)
		return;
	if (parse(w, w->in.data + 2, want, &err) != 0)
		finish(w, &err);
	else
		finish(w, NULL);
}

static void
tcp_end(void *ctx, const struct err *why)
{
	struct uptime_wire *w = ctx;
	struct err err = *why;

	if (err.code == ERR_NONE)
		err_set(&err, ERR_PROTO,
		    "%s closed the connection before its "
		    "answer was whole",
		    w->address);
	err_wrap(&err, "DNS over TCP, since the answer does not fit UDP");
	finish(w, &err);
}

static void
ask_by_tcp(struct uptime_wire *w)
{
	static const struct uptime_stream_ops ops = {
	    tcp_ready, tcp_data, tcp_end};

	loop_fd_interest(w->watch, 0);
	loop_timer_disarm(w->again);
	w->stream =
	    uptime_stream_new(w->loop, w->server, w->query.timeout_ms, &ops, w);
}

/* ---- UDP ---- */

static void ask(void *ctx);

/* This server takes no query; the next one may. */
static void
refuse(struct uptime_wire *w, int error)
{
	err_set(&w->refused, ERR_REFUSED, "%s takes no DNS queries: %s",
	    w->address, strerror(error));
	w->refused.errnum = error;
	loop_timer_disarm(w->again);
	if (w->watch != NULL)
		loop_fd_interest(w->watch, 0);
	if (w->tries < TRIES && w->tries < w->query.server_count)
		loop_defer(w->loop, ask, w);
	else
		finish(w, &w->refused);
}

static void
udp_ready(void *ctx, int fd, unsigned ready)
{
	struct uptime_wire *w = ctx;
	struct err err = ERR_INIT;
	uint8_t packet[PACKET_MAX];
	ssize_t got = recv(fd, packet, sizeof(packet), 0);

	(void)ready;
	if (got < 0) {
		if (errno != EAGAIN && errno != EINTR)
			refuse(w, errno);
		return;
	}
	if (parse(w, packet, (size_t)got, &err) != 0) {
		if (err.code != ERR_MISSING) /* else a stray or forged one */
			finish(w, &err);
		return;
	}
	if (w->answer.truncated)
		ask_by_tcp(w);
	else
		finish(w, NULL);
}

static int
open_socket(struct uptime_wire *w)
{
	socklen_t len = w->server->sa_family == AF_INET6
	                    ? sizeof(struct sockaddr_in6)
	                    : sizeof(struct sockaddr_in);

	close_socket(w);
	w->fd = socket(
	    w->server->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0 || connect(w->fd, w->server, len) != 0)
		return -1;
	w->watch = loop_fd_new(w->loop, w->fd, LOOP_READ, udp_ready, w);
	return 0;
}

static void
ask(void *ctx)
{
	struct uptime_wire *w = ctx;
	size_t turn = w->tries++ % w->query.server_count;

	w->server = (const struct sockaddr *)&w->query.servers[turn];
	netguard_text(w->address, w->server);
	if ((w->query.server_count > 1 || w->fd < 0) && open_socket(w) != 0) {
		refuse(w, errno);
		return;
	}
	if (send(w->fd, w->packet + 2, w->packet_len, MSG_NOSIGNAL) < 0 &&
	    errno != EAGAIN) {
		refuse(w, errno);
		return;
	}
	if (w->tries < TRIES)
		loop_timer_arm_ms(w->again, AGAIN_MS << (w->tries - 1));
}

static void
timed_out(void *ctx)
{
	struct uptime_wire *w = ctx;
	struct err err = ERR_INIT;
	char time[32];

	err_set(&err, ERR_TIMEOUT, "no answer from %s within %s%s", w->address,
	    str_duration_human(time, w->query.timeout_ms * 1000),
	    w->stream != NULL ? ", asked over TCP" : "");
	finish(w, &err);
}

struct uptime_wire *
uptime_wire_new(struct loop *loop, const struct uptime_wire_query *query,
    uptime_wire_fn *fn, void *ctx)
{
	struct uptime_wire *w = mem_alloc(sizeof(*w));
	uint16_t id = 0;
	int len;

	w->loop = loop;
	w->query = *query;
	w->fn = fn;
	w->ctx = ctx;
	w->fd = -1;
	buf_init(&w->in, TCP_MAX);
	CHECK(getrandom(&id, sizeof(id), 0) == sizeof(id));
	len = uptime_query(w->packet + 2, id, query->name, query->type, NULL);
	CHECK(len > 0);
	w->packet_len = (size_t)len;
	w->packet[0] = (uint8_t)(len >> 8);
	w->packet[1] = (uint8_t)len;
	w->again = loop_timer_new(loop, ask, w);
	w->timer = loop_timer_new(loop, timed_out, w);
	loop_timer_arm_ms(w->timer, query->timeout_ms);
	loop_defer(loop, ask, w); /* it may fail: never from inside here */
	return w;
}
