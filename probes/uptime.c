/*
 * The kind `uptime`: is it there, does it answer as it should, how fast? One
 * target, one of six schemes; the method of each has a file of its own.
 */
#include "probes/uptime.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "probes/uptime_answer.h"
#include "probes/uptime_options.h"

#define ENDING_MS 25 /* kept back from the deadline to end in good order */
#define DAY_MS    (24 * 3600 * 1000.0)

static uptime_start *const starts[] = {
    [UPTIME_HTTP] = uptime_http_start,
    [UPTIME_HTTPS] = uptime_http_start,
    [UPTIME_TCP] = uptime_tcp_start,
    [UPTIME_TLS] = uptime_tcp_start,
    [UPTIME_DNS] = uptime_dns_start,
    [UPTIME_ICMP] = uptime_icmp_start,
};

int64_t
uptime_left_ms(const struct probe_job *job)
{
	int64_t left_ms = job->deadline_ms - clock_boot_ms();

	left_ms -= left_ms > 10 * ENDING_MS ? ENDING_MS : left_ms / 10;
	return left_ms > 1 ? left_ms : 1;
}

int
uptime_family(const struct uptime_config *config)
{
	static const int families[] = {
	    [UPTIME_IP_ANY] = AF_UNSPEC,
	    [UPTIME_IP_V4] = AF_INET,
	    [UPTIME_IP_V6] = AF_INET6,
	};

	return families[config->ip];
}

struct uptime_facts
uptime_facts_init(enum uptime_scheme scheme, int64_t timeout_ms)
{
	return (struct uptime_facts){
	    .scheme = scheme,
	    .latency_us = -1,
	    .timeout_us = timeout_ms * 1000,
	    .timings = {-1, -1, -1, -1, -1, -1},
	};
}

/* "192.0.2.7:443" or "[2001:db8::7]:443" to a socket address. */
static socklen_t
parse_address(struct sockaddr_storage *out, const char *text)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	char host[64];
	size_t len;

	*out = (struct sockaddr_storage){0};
	str_copy(host, sizeof(host), text[0] == '[' ? text + 1 : text);
	len = strcspn(host, text[0] == '[' ? "]" : ":");
	host[len] = '\0';
	v6->sin6_port = htons(9); /* any will do */
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		return sizeof(*v6);
	}
	return 0;
}

/* "Network is unreachable" may come from a router on the way, which is the
 * target's trouble, or from here. A datagram socket asks our own table only. */
static bool
has_route(const char *address)
{
	struct sockaddr_storage to;
	socklen_t len = parse_address(&to, address);
	bool yes;
	int fd;

	if (len == 0)
		return true;
	fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	yes = connect(fd, (struct sockaddr *)&to, len) == 0;
	close(fd);
	return yes;
}

bool
uptime_is_ours(
    const struct err *err, enum uptime_stage stage, const char *address)
{
	switch (err->errnum) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
	case EACCES:
	case EPERM:
		return true;
	case ENETUNREACH:
		return !has_route(address);
	default:
		break;
	}
	if (err->code == ERR_CONFIG || err->code == ERR_INPUT)
		return true;
	return stage == UPTIME_AT_RESOLVE &&
	       (err->code == ERR_TIMEOUT || err->code == ERR_IO ||
		   err->code == ERR_BUSY || err->code == ERR_FULL);
}

static void
add_timings(struct observation *obs, const struct http_timings *t)
{
	const struct {
		const char *key;
		int64_t us;
	} phases[] = {
	    {"resolve_ms", t->resolve_us},
	    {"connect_ms", t->connect_us},
	    {"tls_ms", t->tls_us},
	    {"first_byte_ms", t->first_byte_us},
	    {"transfer_ms", t->transfer_us},
	    {"total_ms", t->total_us},
	};

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (phases[i].us >= 0)
			probe_metric(
			    obs, phases[i].key, (double)phases[i].us / 1000);
}

static void
add_text(struct observation *obs, const char *key, const char *text)
{
	char shown[256];

	if (text[0] == '\0')
		return;
	str_printable(shown, sizeof(shown), text, strlen(text));
	probe_fact(obs, key, json_string(shown));
}

static void
add_tls(struct observation *obs, const struct uptime_facts *f)
{
	const struct tls_certificate *tls = f->tls;
	int64_t seconds;
	char date[32];

	if (tls == NULL)
		return;
	add_text(obs, "tls_protocol", tls->protocol);
	add_text(obs, "tls_cipher", tls->cipher);
	if (!tls->seen)
		return;
	add_text(obs, "cert_subject", tls->subject);
	add_text(obs, "cert_issuer", tls->issuer);
	add_text(obs, "cert_problem", tls->verify_error);
	probe_fact(obs, "cert_not_after",
	    json_string(clock_rfc3339(date, tls->not_after_ms)));
	probe_metric(obs, "cert_days_left",
	    (double)(tls->not_after_ms - f->now_ms) / DAY_MS);
	seconds = tls->not_after_ms / 1000;
	probe_metric(obs, "cert_not_after_s", (double)seconds);
	seconds = tls->chain_not_after_ms / 1000;
	probe_metric(obs, "chain_not_after_s", (double)seconds);
}

void
uptime_conclude(
    struct probe_job *job, struct uptime_facts *f, struct observation *obs)
{
	f->lag_us = probe_lag_us(job);
	f->now_ms = clock_wall_ms();
	uptime_expect(job->config, f, obs);
	if (f->address[0] != '\0') {
		add_text(obs, "address", f->address);
		probe_metric(obs, "ip_protocol", f->address[0] == '[' ? 6 : 4);
	}
	add_tls(obs, f);
	add_timings(obs, &f->timings);
	probe_done(job, obs);
}

void
uptime_finish(struct probe_job *job, const struct uptime_facts *facts,
    struct observation *obs)
{
	struct uptime_facts copy = *facts;

	if (facts->stage == UPTIME_AT_RESOLVE && facts->err.code == ERR_DNS)
		uptime_doubt(job, facts, obs);
	else
		uptime_conclude(job, &copy, obs);
}

void
uptime_give_up(struct probe_job *job, const char *why)
{
	struct observation obs = {.outcome = OUTCOME_UNKNOWN};

	probe_reason(&obs, OUTCOME_UNKNOWN, "%s", why);
	probe_done(job, &obs);
}

static void
start(struct probe_job *job)
{
	const struct uptime_config *config = job->config;
	struct err err = ERR_INIT;
	struct uptime_url target;

	if (uptime_url_parse(config->target, &target, &err) != 0) {
		err_wrap(&err, "target");
		uptime_give_up(job, err.text);
		return;
	}
	if (uptime_url_check_family(&target, uptime_family(config), &err) !=
	    0) {
		uptime_give_up(job, err.text);
		return;
	}
	starts[target.scheme](job, &target);
}

static void
cancel(struct probe_job *job, struct observation *obs)
{
	struct uptime_run *run = job->state;

	(void)obs;
	run->cancel(job);
}

const struct probe_kind probe_uptime = {
    .name = "uptime",
    .summary = "is it there, right and fast? HTTP(S), TCP, TLS, DNS, ICMP",
    .options = uptime_options,
    .config_size = sizeof(struct uptime_config),
    .max_jobs = 500,
    .every_ms = 30 * 1000,
    .every_min_ms = 1000,
    .timeout_ms = 10 * 1000,
    .check = uptime_options_check,
    .start = start,
    .cancel = cancel,
};
