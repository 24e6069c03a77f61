/*
 * icmp:// targets: echo requests over the kernel's unprivileged datagram
 * sockets (icmp(7), net.ipv4.ping_group_range), or raw ones where only those
 * are allowed. RFC 792, RFC 4443.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/netguard.h"
#include "base/str.h"
#include "probes/uptime.h"

#define PACKETS_MAX 20
#define TOKEN_LEN   16
#define ECHO_LEN    64 /* header and payload, as ping sends */
#define HEADER_LEN  8
#define LAST_MS     1000 /* to wait for replies once all are sent */

static const char not_allowed[] =
    "this agent may not send ICMP here: allow it with "
    "sysctl -w net.ipv4.ping_group_range=\"0 2147483647\" (for IPv6, too), or "
    "give it CAP_NET_RAW";

struct run {
	struct uptime_run run;
	struct probe_job *job;
	struct loop *loop;
	const struct uptime_config *config;
	struct uptime_facts facts;
	enum uptime_stage stage;
	struct resolve *resolve;
	struct sockaddr_storage to;
	bool v6, raw;
	int fd;
	struct loop_fd *watch;
	struct loop_timer *timer;
	uint16_t id;              /* raw sockets only; else the kernel's */
	uint8_t token[TOKEN_LEN]; /* tells our replies from others' */
	int64_t began_us, end_ms; /* boot clock */
	int64_t sent_us[PACKETS_MAX], rtt_us[PACKETS_MAX]; /* rtt -1 = none */
};

static void
run_free(void *ctx)
{
	struct run *run = ctx;

	if (run->resolve != NULL)
		resolve_cancel(run->resolve);
	loop_fd_free(run->watch);
	loop_timer_free(run->timer);
	if (run->fd >= 0)
		close(run->fd);
	free(run);
}

static void
add_results(struct run *run, struct observation *obs)
{
	struct uptime_facts *f = &run->facts;
	int64_t min = INT64_MAX, max = 0, sum = 0, last = -1, jitter = 0;

	probe_metric(obs, "sent", f->sent);
	probe_metric(obs, "received", f->received);
	probe_metric(obs, "loss_percent",
	    100.0 * (f->sent - f->received) / (f->sent > 0 ? f->sent : 1));
	if (f->received == 0)
		return;
	for (unsigned i = 0; i < f->sent; i++) {
		int64_t rtt = run->rtt_us[i];

		if (rtt < 0)
			continue;
		min = rtt < min ? rtt : min;
		max = rtt > max ? rtt : max;
		jitter += last < 0 ? 0 : llabs(rtt - last);
		sum += rtt;
		last = rtt;
	}
	f->latency_us = sum / f->received;
	probe_metric(obs, "rtt_ms", (double)f->latency_us / 1000);
	probe_metric(obs, "rtt_min_ms", (double)min / 1000);
	probe_metric(obs, "rtt_max_ms", (double)max / 1000);
	if (f->received > 1)
		probe_metric(obs, "rtt_jitter_ms",
		    (double)jitter / (f->received - 1) / 1000);
}

/* Ends the run. What called us is ours: it is freed later. */
static void
finish(struct run *run, const struct err *err)
{
	struct uptime_facts *f = &run->facts;
	struct observation obs = {.outcome = OUTCOME_OK};

	f->stage = UPTIME_AT_END;
	f->timings.total_us = clock_boot_us() - run->began_us;
	if (err != NULL) {
		f->stage = run->stage;
		f->err = *err;
		f->ours = uptime_is_ours(err, f->stage, f->address);
	} else {
		add_results(run, &obs);
	}
	if (run->watch != NULL)
		loop_fd_interest(run->watch, 0);
	loop_timer_disarm(run->timer);
	uptime_finish(run->job, f, &obs);
	loop_defer(run->loop, run_free, run);
}

static uint16_t
checksum(const uint8_t *data, size_t len) /* RFC 1071; len is even */
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return (uint16_t)~sum;
}

static void
put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static int
send_echo(struct run *run, struct err *err)
{
	unsigned seq = run->facts.sent;
	uint8_t packet[ECHO_LEN] = {0};

	packet[0] = run->v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	put16(packet + 4, run->id);
	put16(packet + 6, seq);
	memcpy(packet + HEADER_LEN, run->token, TOKEN_LEN);
	if (!run->v6) /* for IPv6 the kernel knows it better */
		put16(packet + 2, checksum(packet, sizeof(packet)));
	run->rtt_us[seq] = -1;
	run->sent_us[seq] = clock_boot_us();
	if (send(run->fd, packet, sizeof(packet), MSG_NOSIGNAL) < 0) {
		/* what came back for an earlier packet, perhaps */
		err_errno(err, "sending to %s", run->facts.address);
		if (err->errnum != EHOSTUNREACH && err->errnum != ECONNREFUSED)
			return -1;
		str_copy(run->facts.err.text, sizeof(run->facts.err.text),
		    strerror(err->errnum));
	}
	run->facts.sent++;
	return 0;
}

static void
tick(void *ctx)
{
	struct run *run = ctx;
	struct err err = ERR_INIT;
	int64_t left_ms = run->end_ms - clock_boot_ms();
	unsigned all = (unsigned)run->config->packets;

	if (run->stage == UPTIME_AT_RESOLVE) {
		err_set(&err, ERR_TIMEOUT, "no resolver answered in time");
		finish(run, &err);
		return;
	}
	if (run->facts.sent == 0 && left_ms <= 0) {
		run->stage =
		    UPTIME_AT_RESOLVE; /* the target has no part in it */
		err_set(&err, ERR_TIMEOUT, "no time was left to send a packet");
		finish(run, &err);
		return;
	}
	if (run->facts.sent == all || left_ms <= 0) {
		finish(run, NULL);
		return;
	}
	if (send_echo(run, &err) != 0) {
		finish(run, &err);
		return;
	}
	if (run->facts.sent < all)
		left_ms = left_ms < run->config->gap_ms ? left_ms
		                                        : run->config->gap_ms;
	else
		left_ms = left_ms < LAST_MS ? left_ms : LAST_MS;
	loop_timer_arm_ms(run->timer, left_ms);
}

/* The echo message inside what a socket gave, or NULL. */
static const uint8_t *
echo_in(const struct run *run, const uint8_t *data, size_t len)
{
	uint8_t reply = run->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;
	size_t skip = 0;

	if (run->raw && !run->v6) /* raw IPv4 comes with the IP header */
		skip = len > 0 ? (size_t)(data[0] & 15) * 4 : 0;
	if (len < skip + HEADER_LEN + TOKEN_LEN)
		return NULL;
	data += skip;
	if (data[0] != reply ||
	    memcmp(data + HEADER_LEN, run->token, TOKEN_LEN) != 0)
		return NULL;
	return data;
}

static void
take_reply(struct run *run, const uint8_t *echo)
{
	unsigned seq = (unsigned)echo[6] << 8 | echo[7];

	if (seq >= run->facts.sent || run->rtt_us[seq] >= 0)
		return;
	run->rtt_us[seq] = clock_boot_us() - run->sent_us[seq];
	run->facts.received++;
}

static void
arrived(void *ctx, int fd, unsigned ready)
{
	struct run *run = ctx;
	uint8_t data[512];
	const uint8_t *echo;
	ssize_t got = recv(fd, data, sizeof(data), 0);

	(void)ready;
	if (got < 0) {
		/* an ICMP error instead: a reason, if nothing else comes */
		if (errno != EAGAIN && errno != EINTR)
			str_copy(run->facts.err.text,
			    sizeof(run->facts.err.text), strerror(errno));
		return;
	}
	echo = echo_in(run, data, (size_t)got);
	if (echo == NULL)
		return;
	take_reply(run, echo);
	if (run->facts.received == (unsigned)run->config->packets)
		finish(run, NULL);
}

static int
open_socket(struct run *run, struct err *err)
{
	const struct sockaddr *to = (struct sockaddr *)&run->to;
	int protocol = run->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;

	run->fd = socket(to->sa_family, SOCK_DGRAM | flags, protocol);
	if (run->fd < 0 && (errno == EACCES || errno == EPERM)) {
		run->raw = true;
		run->fd = socket(to->sa_family, SOCK_RAW | flags, protocol);
	}
	if (run->fd < 0 && (errno == EACCES || errno == EPERM)) {
		err_set(err, ERR_CONFIG, "%s", not_allowed);
		return -1;
	}
	if (run->fd < 0)
		return err_errno(err, "making an ICMP socket");
	if (connect(run->fd, to,
		run->v6 ? sizeof(struct sockaddr_in6)
			: sizeof(struct sockaddr_in)) != 0)
		return err_errno(err, "sending to %s", run->facts.address);
	return 0;
}

static void
resolved(
    void *ctx, const struct resolve_addresses *found, const struct err *err)
{
	struct run *run = ctx;
	struct uptime_facts *f = &run->facts;
	struct err why = ERR_INIT;
	char *port;

	run->resolve = NULL;
	if (err->code != ERR_NONE) {
		finish(run, err);
		return;
	}
	f->timings.resolve_us = clock_boot_us() - run->began_us;
	run->stage = UPTIME_AT_TALK;
	run->to = found->items[0];
	run->v6 = run->to.ss_family == AF_INET6;
	netguard_text(f->address, (struct sockaddr *)&run->to);
	port = strrchr(f->address, ':');
	CHECK(port != NULL);
	*port = '\0';
	if (open_socket(run, &why) != 0) {
		finish(run, &why);
		return;
	}
	run->watch = loop_fd_new(run->loop, run->fd, LOOP_READ, arrived, run);
	tick(run);
}

static void
cancel(struct probe_job *job)
{
	run_free(job->state);
}

void
uptime_icmp_start(struct probe_job *job, const struct uptime_url *target)
{
	struct run *run = mem_alloc(sizeof(*run));
	int64_t left_ms = uptime_left_ms(job);

	run->run.cancel = cancel;
	run->job = job;
	run->loop = job->loop;
	run->config = job->config;
	run->fd = -1;
	run->stage = UPTIME_AT_RESOLVE;
	run->facts = uptime_facts_init(UPTIME_ICMP, left_ms);
	run->began_us = clock_boot_us();
	run->end_ms = clock_boot_ms() + left_ms;
	CHECK(getrandom(run->token, TOKEN_LEN, 0) == TOKEN_LEN);
	memcpy(&run->id, run->token, sizeof(run->id));
	job->state = run;
	run->timer = loop_timer_new(run->loop, tick, run);
	loop_timer_arm_ms(run->timer, left_ms + 10); /* who waits says why */
	run->resolve = resolve_addresses(job->resolver, target->host, 0,
	    uptime_family(run->config), left_ms, resolved, run);
}
