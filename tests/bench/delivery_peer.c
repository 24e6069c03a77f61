/*
 * The other side of an alerting program, both ends of it in one process and by
 * one clock: sends events to its API and takes the webhooks that come of them.
 *
 *   delivery_peer PORT API FORM FIRST COUNT BATCH CONNECTIONS PACE_MS
 *
 * PORT is where webhooks are taken, with keep-alive. API is tcp:PORT or
 * unix:PATH, FORM alertmanager or tocsin. Events are called bench-FIRST and
 * upwards. With PACE_MS > 0 the next one is sent so long after the last one's
 * webhook came; with 0 all go as fast as they are answered, BATCH of them a
 * request, over so many CONNECTIONS. BATCH 0 sends nothing: COUNT webhooks are
 * waited for.
 *
 * Prints one line of JSON. Times run from just before an event's request is
 * written to the first byte of the first webhook with its name.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define NAME        "bench-"
#define REQUEST_MAX (8 * 1024 * 1024)
#define GUESTS_MAX  1024
#define SENDERS_MAX 64
#define QUIET_US    ((int64_t)60 * 1000000) /* nothing for so long: over */

struct end {    /* a connection, of a guest or of ours */
	int fd; /* -1 = none */
	bool sender;
	struct buf in;
	int64_t first_us; /* first byte of the request */
	int64_t number;   /* sender: first event of its request */
};

struct event {
	int64_t sent_us, answered_us, seen_us; /* 0 = not yet */
	unsigned count;                        /* webhooks that name it */
};

struct bench {
	int epoll, listener;
	const char *api;
	bool alertmanager;
	int64_t first, count, batch, pace_us, sent, seen, refused;
	int64_t last_us; /* something happened */
	int64_t connects;
	size_t senders;
	struct end ends[GUESTS_MAX]; /* the senders first */
	struct event *events;
};

static void
watch(struct bench *b, struct end *e)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = e};

	CHECK(epoll_ctl(b->epoll, EPOLL_CTL_ADD, e->fd, &ev) == 0);
}

static void
hang_up(struct end *e)
{
	close(e->fd);
	e->fd = -1;
	buf_clear(&e->in);
	e->first_us = 0;
}

static void
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return; /* the reader finds out */
		data += n;
		len -= (size_t)n;
	}
}

/* The decimal number that text begins with. */
static int64_t
number_at(const char *text)
{
	int64_t value = 0;

	while (*text == ' ')
		text++;
	for (int i = 0; i < 12 && *text >= '0' && *text <= '9'; i++)
		value = value * 10 + (*text++ - '0');
	return value;
}

/* ---- webhooks ---- */

static void
take_names(struct bench *b, const struct end *e, const char *body)
{
	int64_t before = -1;

	while ((body = strstr(body, NAME)) != NULL) {
		int64_t n = number_at(body + strlen(NAME)) - b->first;

		body += strlen(NAME);
		if (n < 0 || n >= b->count || n == before)
			continue;
		before = n;
		if (b->events[n].count++ > 0)
			continue;
		b->events[n].seen_us = e->first_us;
		b->seen++;
	}
}

/* The length of a whole message at the beginning of the buffer, or 0. */
static size_t
whole(const struct buf *in, size_t *head)
{
	const char *end = in->len > 0 ? strstr(in->data, "\r\n\r\n") : NULL;
	const char *at;
	size_t len;

	if (end == NULL)
		return 0;
	*head = (size_t)(end - in->data) + 4;
	at = strcasestr(in->data, "\r\ncontent-length:");
	len = *head;
	if (at != NULL && at < end)
		len += (size_t)number_at(at + 17);
	return in->len >= len ? len : 0;
}

static void
take_webhook(struct bench *b, struct end *e)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	size_t head;

	if (whole(&e->in, &head) == 0)
		return;
	take_names(b, e, e->in.data + head);
	write_all(e->fd, ok, sizeof(ok) - 1);
	buf_clear(&e->in);
	e->first_us = 0;
}

static void
welcome(struct bench *b)
{
	int fd = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC), one = 1;

	for (size_t i = b->senders; fd >= 0 && i < GUESTS_MAX; i++) {
		if (b->ends[i].fd >= 0)
			continue;
		b->ends[i].fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		watch(b, &b->ends[i]);
		return;
	}
	if (fd >= 0)
		close(fd);
}

/* ---- events ---- */

static void
connect_to(struct bench *b, struct end *e)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	bool local = str_starts(b->api, "unix:");
	int one = 1;

	e->fd =
	    socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(e->fd >= 0);
	if (local) {
		CHECK(str_copy(un.sun_path, sizeof(un.sun_path), b->api + 5) ==
		      0);
		CHECK(connect(e->fd, (struct sockaddr *)&un, sizeof(un)) == 0);
	} else {
		in.sin_port =
		    htons((uint16_t)number_at(b->api + strlen("tcp:")));
		CHECK(connect(e->fd, (struct sockaddr *)&in, sizeof(in)) == 0);
		setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	b->connects++;
	watch(b, e);
}

static void
put_event(const struct bench *b, struct buf *out, int64_t number)
{
	static const char text[] = "a text of a usual length, which says what "
				   "was seen and from where";

	if (b->alertmanager)
		buf_printf(out,
		    "{\"labels\":{\"alertname\":\"" NAME "%" PRId64 "\","
		    "\"severity\":\"high\",\"instance\":\"host-%" PRId64
		    ".example.org\"},\"annotations\":{\"summary\":\"%s\"}}",
		    b->first + number, number % 100, text);
	else
		buf_printf(out,
		    "{\"title\":\"" NAME "%" PRId64 "\",\"severity\":"
		    "\"high\",\"labels\":{\"instance\":\"host-%" PRId64
		    ".example.org\"},\"text\":\"%s\"}",
		    b->first + number, number % 100, text);
}

static void
put_body(const struct bench *b, struct buf *out, int64_t number, int64_t count)
{
	bool list = b->alertmanager || b->batch > 1;

	if (list)
		buf_puts(out, b->alertmanager ? "[" : "{\"incidents\":[");
	for (int64_t i = 0; i < count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		put_event(b, out, number + i);
	}
	if (list)
		buf_puts(out, b->alertmanager ? "]" : "]}");
}

static void
send_next(struct bench *b, struct end *e)
{
	int64_t left = b->count - b->sent, now_us;
	int64_t count = left < b->batch ? left : b->batch;
	struct buf body, request;

	if (count == 0)
		return;
	buf_init(&body, REQUEST_MAX);
	buf_init(&request, REQUEST_MAX);
	put_body(b, &body, b->sent, count);
	buf_printf(&request,
	    "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
	    "application/json\r\nAuthorization: Bearer "
	    "a-token-of-no-value\r\nContent-Length: %zu\r\n\r\n%s",
	    b->alertmanager ? "/api/v2/alerts" : "/api/v1/incidents", body.len,
	    buf_str(&body));
	CHECK(!request.cut);
	e->number = b->sent;
	now_us = clock_boot_us();
	if (e->fd < 0)
		connect_to(b, e);
	for (int64_t i = 0; i < count; i++)
		b->events[b->sent++].sent_us = now_us;
	write_all(e->fd, request.data, request.len);
	buf_fini(&body);
	buf_fini(&request);
}

static void
take_answer(struct bench *b, struct end *e)
{
	size_t head;
	int64_t now_us = clock_boot_us();

	if (whole(&e->in, &head) == 0)
		return;
	if (!str_starts(e->in.data, "HTTP/1.1 2") && b->refused++ == 0)
		fprintf(stderr, "refused: %.300s\n", e->in.data);
	b->events[e->number].answered_us = now_us;
	if (strcasestr(e->in.data, "\r\nconnection: close") != NULL)
		hang_up(e);
	buf_clear(&e->in);
	if (b->pace_us == 0)
		send_next(b, e);
}

/* ---- both ---- */

static void
receive(struct bench *b, struct end *e)
{
	char chunk[65536];
	ssize_t n = recv(e->fd, chunk, sizeof(chunk), 0);

	if (n <= 0) {
		hang_up(e);
		return;
	}
	b->last_us = clock_boot_us();
	if (e->first_us == 0)
		e->first_us = b->last_us;
	CHECK(buf_add(&e->in, chunk, (size_t)n) == 0);
	if (e->sender)
		take_answer(b, e);
	else
		take_webhook(b, e);
}

static void
turn(struct bench *b, int timeout_ms)
{
	struct epoll_event events[64];
	int n = epoll_wait(b->epoll, events, 64, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct end *e = events[i].data.ptr;

		if (e == NULL)
			welcome(b);
		else if (e->fd >= 0)
			receive(b, e);
	}
}

static bool
quiet(const struct bench *b)
{
	return clock_boot_us() - b->last_us > QUIET_US;
}

static void
one_by_one(struct bench *b)
{
	for (int64_t i = 0; i < b->count && !quiet(b); i++) {
		int64_t until_us;

		send_next(b, &b->ends[0]);
		while ((b->events[i].seen_us == 0 ||
			   b->events[i].answered_us == 0) &&
		       !quiet(b))
			turn(b, 1000);
		until_us = clock_boot_us() + b->pace_us;
		while (clock_boot_us() < until_us)
			turn(b, (int)((until_us - clock_boot_us()) / 1000 + 1));
	}
}

static void
all_at_once(struct bench *b)
{
	for (size_t i = 0; b->batch > 0 && i < b->senders; i++)
		send_next(b, &b->ends[i]);
	while (b->seen < b->count && !quiet(b))
		turn(b, 1000);
}

static int
by_value(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

static void
print_times(const struct bench *b, const char *what, bool answers)
{
	int64_t *times = mem_array((size_t)b->count, sizeof(*times)), n = 0;

	for (int64_t i = 0; i < b->count; i++) {
		const struct event *e = &b->events[i];
		int64_t end_us = answers ? e->answered_us : e->seen_us;

		if (end_us != 0 && e->sent_us != 0)
			times[n++] = end_us - e->sent_us;
	}
	qsort(times, (size_t)n, sizeof(*times), by_value);
	if (n > 0)
		printf("\"%s_p50_ms\":%.3f,\"%s_p99_ms\":%.3f,"
		       "\"%s_max_ms\":%.3f,",
		    what, (double)times[n / 2] / 1e3, what,
		    (double)times[n * 99 / 100] / 1e3, what,
		    (double)times[n - 1] / 1e3);
	free(times);
}

static void
print_result(const struct bench *b)
{
	int64_t first_us = INT64_MAX, last_us = 0, answered_us = 0, twice = 0;

	for (int64_t i = 0; i < b->count; i++) {
		const struct event *e = &b->events[i];
		int64_t from_us = b->batch > 0 ? e->sent_us : e->seen_us;

		if (from_us != 0 && from_us < first_us)
			first_us = from_us;
		if (e->seen_us > last_us)
			last_us = e->seen_us;
		if (e->answered_us > answered_us)
			answered_us = e->answered_us;
		twice += e->count > 1;
	}
	putchar('{');
	print_times(b, "webhook", false);
	print_times(b, "answer", true);
	printf("\"seconds\":%.4f,\"answered_seconds\":%.4f,\"seen\":%" PRId64
	       ",\"missing\":%" PRId64 ",\"twice\":%" PRId64
	       ",\"refused\":%" PRId64 ",\"connects\":%" PRId64 "}\n",
	    (double)(last_us - first_us) / 1e6,
	    answered_us > 0 ? (double)(answered_us - first_us) / 1e6 : 0.0,
	    b->seen, b->count - b->seen, twice, b->refused, b->connects);
}

static void
start(struct bench *b, int64_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};
	int one = 1;

	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	b->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(b->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	CHECK(bind(b->listener, (struct sockaddr *)&in, sizeof(in)) == 0);
	CHECK(listen(b->listener, 1024) == 0);
	CHECK(epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->listener, &ev) == 0);
	for (size_t i = 0; i < GUESTS_MAX; i++) {
		b->ends[i].fd = -1;
		b->ends[i].sender = i < b->senders;
		buf_init(&b->ends[i].in, REQUEST_MAX);
	}
	b->events = mem_array((size_t)b->count, sizeof(*b->events));
	b->last_us = clock_boot_us();
}

int
main(int argc, char **argv)
{
	static struct bench b;
	int64_t port, senders, pace_ms;

	if (argc != 9 || str_parse_i64(argv[1], 1, 65535, &port) != 0 ||
	    str_parse_i64(argv[4], 0, 1000000000, &b.first) != 0 ||
	    str_parse_i64(argv[5], 1, 1000000, &b.count) != 0 ||
	    str_parse_i64(argv[6], 0, 10000, &b.batch) != 0 ||
	    str_parse_i64(argv[7], 1, SENDERS_MAX, &senders) != 0 ||
	    str_parse_i64(argv[8], 0, 60000, &pace_ms) != 0) {
		fputs("delivery_peer: see its source for its arguments\n",
		    stderr);
		return 2;
	}
	b.api = argv[2];
	b.alertmanager = str_eq(argv[3], "alertmanager");
	b.senders = (size_t)senders;
	b.pace_us = pace_ms * 1000;
	start(&b, port);
	if (b.pace_us > 0)
		one_by_one(&b);
	else
		all_at_once(&b);
	print_result(&b);
	return 0;
}
