/*
 * dns:// targets. A server named in the target is asked over UDP, or TCP when
 * it says so, without any cache between; otherwise, and when DNSSEC is
 * expected, libunbound (base/resolve.c) asks and validates.
 */
#include "probes/uptime_dns.h"

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
#include "base/str.h"
#include "probes/uptime_answer.h"
#include "probes/uptime_stream.h"

#define PACKET_MAX 4096
#define TCP_MAX    (2 + 65535)
#define TRIES      3
#define AGAIN_MS   1000 /* then twice that */

struct run {
	struct probe_job *job; /* NULL once it is answered */
	struct loop *loop;
	const struct uptime_config *config;
	struct uptime_question question;
	struct uptime_facts facts;
	struct uptime_answer answer;
	enum uptime_stage stage;
	struct resolver *own; /* asks the given server, and validates */
	struct resolve *resolve;
	struct sockaddr_storage to;
	int fd;
	struct loop_fd *watch;
	struct loop_timer *again, *timer;
	struct uptime_stream *stream; /* after a truncated answer */
	struct buf in;
	uint8_t query[2 + UPTIME_QUERY_MAX]; /* length first, for TCP */
	size_t query_len;
	unsigned tries;
	int64_t began_us, asked_us; /* boot clock */
};

static void
run_free(void *ctx)
{
	struct run *run = ctx;

	if (run->resolve != NULL)
		resolve_cancel(run->resolve);
	resolver_free(run->own);
	uptime_stream_free(run->stream);
	loop_fd_free(run->watch);
	loop_timer_free(run->again);
	loop_timer_free(run->timer);
	if (run->fd >= 0)
		close(run->fd);
	uptime_answer_fini(&run->answer);
	buf_fini(&run->in);
	free(run);
}

static void
add_results(const struct run *run, struct observation *obs)
{
	static const char *const verdicts[] = {
	    [DNSSEC_INSECURE] = "insecure",
	    [DNSSEC_SECURE] = "secure",
	    [DNSSEC_BOGUS] = "bogus",
	};
	const struct uptime_answer *a = &run->answer;
	json_t *list = json_array();

	for (size_t i = 0; i < a->count; i++) {
		char shown[256];

		str_printable(
		    shown, sizeof(shown), a->texts[i], strlen(a->texts[i]));
		json_array_append_new(list, json_string(shown));
	}
	probe_fact(obs, "answers", list);
	probe_fact(
	    obs, "rcode", json_string(uptime_rcode_name(run->facts.rcode)));
	if (run->own != NULL || run->question.server[0] == '\0')
		probe_fact(
		    obs, "dnssec", json_string(verdicts[run->facts.dnssec]));
	else
		probe_fact(
		    obs, "authoritative", json_boolean(a->authoritative));
	probe_metric(obs, "answers", (double)a->count);
	if (a->ttl_s >= 0)
		probe_metric(obs, "ttl_s", (double)a->ttl_s);
	if (a->serial >= 0)
		probe_metric(obs, "serial", (double)a->serial);
}

/* Ends the run. What called us may be ours: it is freed later. */
static void
finish(struct run *run, const struct err *err)
{
	struct uptime_facts *f = &run->facts;
	struct observation obs = {.outcome = OUTCOME_OK};
	int64_t now_us = clock_boot_us();

	f->stage = UPTIME_AT_END;
	f->timings.total_us = now_us - run->began_us;
	f->latency_us = f->timings.total_us;
	f->record = run->question.record;
	f->answers = (const char *const *)run->answer.texts;
	f->answer_count = run->answer.count;
	if (err != NULL) {
		f->stage = run->stage;
		f->err = *err;
		f->ours = uptime_is_ours(err, f->stage, f->address);
	} else {
		add_results(run, &obs);
		probe_metric(
		    &obs, "query_ms", (double)(now_us - run->asked_us) / 1000);
	}
	if (run->watch != NULL)
		loop_fd_interest(run->watch, 0);
	loop_timer_disarm(run->again);
	loop_timer_disarm(run->timer);
	uptime_stream_free(run->stream);
	run->stream = NULL;
	uptime_finish(run->job, f, &obs);
	loop_defer(run->loop, run_free, run);
}

static void
fail(struct run *run, enum err_code code, const char *what)
{
	struct err err = ERR_INIT;

	err_set(&err, code, "%s", what);
	finish(run, &err);
}

/* ---- asking the server itself ---- */

static int
parse(struct run *run, const void *packet, size_t len, struct err *err)
{
	uptime_answer_fini(&run->answer);
	if (uptime_answer_parse(&run->answer, packet, len, run->query + 2,
		run->query_len, err) != 0)
		return -1;
	run->facts.rcode = run->answer.rcode;
	return 0;
}

static void
tcp_ready(void *ctx)
{
	struct run *run = ctx;

	uptime_stream_write(run->stream, run->query, run->query_len + 2);
}

static void
tcp_data(void *ctx, const char *data, size_t len)
{
	struct run *run = ctx;
	struct err err = ERR_INIT;
	size_t want;

	buf_add(&run->in, data, len);
	if (run->in.len < 2)
		return;
	want = (size_t)(uint8_t)run->in.data[0] << 8 | (uint8_t)run->in.data[1];
	if (run->in.len - 2 < want)
		return;
	if (parse(run, run->in.data + 2, want, &err) != 0)
		finish(run, &err);
	else
		finish(run, NULL);
}

static void
tcp_end(void *ctx, const struct err *why)
{
	struct run *run = ctx;

	if (why->code != ERR_NONE)
		finish(run, why);
	else
		fail(run, ERR_PROTO,
		    "the server closed the TCP connection before its answer");
}

static void
ask_by_tcp(struct run *run)
{
	static const struct uptime_stream_ops ops = {
	    tcp_ready, tcp_data, tcp_end};

	loop_fd_interest(run->watch, 0);
	loop_timer_disarm(run->again);
	buf_init(&run->in, TCP_MAX);
	run->stream = uptime_stream_new(run->loop, (struct sockaddr *)&run->to,
	    uptime_left_ms(run->job), &ops, run);
}

static void
udp_ready(void *ctx, int fd, unsigned ready)
{
	struct run *run = ctx;
	struct err err = ERR_INIT;
	uint8_t packet[PACKET_MAX];
	ssize_t got = recv(fd, packet, sizeof(packet), 0);
	char why[160];

	(void)ready;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0) {
		str_printf(why, sizeof(why), "%s takes no DNS queries: %s",
		    run->facts.address, strerror(errno));
		fail(run, ERR_REFUSED, why);
		return;
	}
	if (parse(run, packet, (size_t)got, &err) != 0) {
		if (err.code != ERR_MISSING) /* else a stray or forged one */
			finish(run, &err);
		return;
	}
	if (run->answer.truncated)
		ask_by_tcp(run);
	else
		finish(run, NULL);
}

static void
send_query(void *ctx)
{
	struct run *run = ctx;
	struct err err = ERR_INIT;

	if (send(run->fd, run->query + 2, run->query_len, MSG_NOSIGNAL) < 0 &&
	    errno != EAGAIN && errno != ECONNREFUSED) {
		err_errno(&err, "sending to %s", run->facts.address);
		finish(run, &err);
		return;
	}
	if (++run->tries < TRIES)
		loop_timer_arm_ms(run->again, AGAIN_MS << (run->tries - 1));
}

static void
ask(struct run *run)
{
	const struct sockaddr *to = (struct sockaddr *)&run->to;
	socklen_t len = to->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	                                          : sizeof(struct sockaddr_in);
	struct err err = ERR_INIT;

	run->fd =
	    socket(to->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (run->fd < 0 || connect(run->fd, to, len) != 0) {
		err_errno(&err, "asking %s", run->facts.address);
		finish(run, &err);
		return;
	}
	run->watch = loop_fd_new(run->loop, run->fd, LOOP_READ, udp_ready, run);
	send_query(run);
}

/* ---- asking by way of libunbound ---- */

static void
looked_up(void *ctx, const struct resolve_records *found, const struct err *err)
{
	struct run *run = ctx;
	struct err broken = ERR_INIT;

	run->resolve = NULL;
	if (err->code != ERR_NONE) {
		finish(run, err);
		return;
	}
	if (found->packet != NULL && found->packet_len >= 2) {
		memcpy(run->query + 2, found->packet, 2); /* its own id */
		if (parse(run, found->packet, found->packet_len, &broken) !=
		    0) {
			finish(run, &broken);
			return;
		}
	}
	run->facts.rcode = found->rcode;
	run->facts.dnssec = found->dnssec;
	run->facts.why_bogus = found->why_bogus;
	finish(run, NULL);
}

static void
look_up(struct run *run, struct resolver *resolver)
{
	run->stage = UPTIME_AT_TALK;
	run->asked_us = clock_boot_us();
	run->resolve = resolve_records(resolver, run->question.name,
	    run->question.type, uptime_left_ms(run->job), looked_up, run);
}

/* "192.0.2.53@5353", as unbound writes it. */
static void
server_text(char *dst, size_t size, const char *address)
{
	const char *colon = strrchr(address, ':');
	bool v6 = address[0] == '[';

	CHECK(colon != NULL);
	str_printf(dst, size, "%.*s@%s", (int)(colon - address) - (v6 ? 2 : 0),
	    address + v6, colon + 1);
}

static int
make_resolver(struct run *run, struct err *err)
{
	char server[80] = "";
	const char *const servers[] = {server, NULL};
	const struct resolver_config config = {
	    .servers = run->question.server[0] != '\0' ? servers : NULL,
	    .trust_anchor_file = run->config->trust_anchor,
	};

	if (run->question.server[0] != '\0')
		server_text(server, sizeof(server), run->facts.address);
	return resolver_new(&run->own, run->loop, &config, err);
}

static void
ask_validated(struct run *run)
{
	struct err err = ERR_INIT;

	if (make_resolver(run, &err) != 0) {
		err.code = ERR_CONFIG;
		finish(run, &err);
		return;
	}
	look_up(run, run->own);
}

/* ---- the run ---- */

static void
found_server(
    void *ctx, const struct resolve_addresses *found, const struct err *err)
{
	struct run *run = ctx;

	run->resolve = NULL;
	if (err->code != ERR_NONE) {
		finish(run, err);
		return;
	}
	run->to = found->items[0];
	netguard_text(run->facts.address, (struct sockaddr *)&run->to);
	run->asked_us = clock_boot_us();
	run->facts.timings.resolve_us = run->asked_us - run->began_us;
	run->stage = UPTIME_AT_TALK;
	if (run->config->expect.dnssec == UPTIME_DNSSEC_ANY)
		ask(run);
	else
		ask_validated(run);
}

static void
timed_out(void *ctx)
{
	struct run *run = ctx;
	char time[32], text[PROBE_REASON_MAX];

	str_duration_human(time, clock_boot_us() - run->began_us);
	str_printf(text, sizeof(text), "no answer from %s within %s%s",
	    run->facts.address[0] != '\0' ? run->facts.address : "the resolver",
	    time, run->stream != NULL ? ", asked over TCP" : "");
	fail(run, ERR_TIMEOUT, text);
}

static void
begin(struct run *run)
{
	int64_t left_ms = uptime_left_ms(run->job);
	struct err err = ERR_INIT;
	uint16_t id = 0;
	int len;

	CHECK(getrandom(&id, sizeof(id), 0) == sizeof(id));
	len = uptime_query(
	    run->query + 2, id, run->question.name, run->question.type, &err);
	CHECK(len > 0); /* the question was checked */
	run->query_len = (size_t)len;
	run->query[0] = (uint8_t)(len >> 8);
	run->query[1] = (uint8_t)len;
	loop_timer_arm_ms(run->timer, left_ms + 10); /* who waits says why */
	if (run->question.server[0] != '\0')
		run->resolve = resolve_addresses(run->job->resolver,
		    run->question.server, run->question.port,
		    uptime_family(run->config), left_ms, found_server, run);
	else if (run->config->trust_anchor != NULL)
		ask_validated(run);
	else
		look_up(run, run->job->resolver);
}

static void
dns_start(struct probe_job *job, const struct uptime_url *target)
{
	struct run *run = mem_alloc(sizeof(*run));
	struct err err = ERR_INIT;

	run->job = job;
	run->loop = job->loop;
	run->config = job->config;
	run->fd = -1;
	run->stage = UPTIME_AT_RESOLVE;
	run->facts = uptime_facts_init(UPTIME_DNS, uptime_left_ms(job));
	run->began_us = clock_boot_us();
	job->state = run;
	if (uptime_dns_question(&run->question, run->config, target, &err) !=
	    0) {
		free(run);
		uptime_give_up(job, err.text);
		return;
	}
	run->again = loop_timer_new(run->loop, send_query, run);
	run->timer = loop_timer_new(run->loop, timed_out, run);
	begin(run);
}

static void
dns_cancel(struct probe_job *job)
{
	run_free(job->state);
}

const struct uptime_method uptime_dns = {dns_start, dns_cancel};
