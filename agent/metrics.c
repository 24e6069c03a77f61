#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api.h"
#include "agent/dispatch.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define PAGE_MAX (64 * 1024 * 1024)

/* Families of samples: https://prometheus.io/docs/instrumenting/exposition_formats
 * Names known from blackbox_exporter keep their names and units there. */
enum family {
	PROBE_SUCCESS,
	PROBE_DURATION,
	PROBE_STANDING,
	PROBE_LAST_RUN,
	PROBE_RUNS,
	PROBE_SKIPPED,
	HTTP_DURATION,
	HTTP_STATUS,
	HTTP_VERSION,
	HTTP_LENGTH,
	HTTP_REDIRECTS,
	SSL_EXPIRY,
	SSL_CHAIN_EXPIRY,
	IP_PROTOCOL,
	DNS_LOOKUP,
	DNS_SERIAL,
	ICMP_DURATION,
	PROBE_METRIC,
	CHANNEL_UP,
	CHANNEL_PENDING,
	CHANNEL_DEAD,
	CHANNEL_OLDEST,
	CHANNEL_DELIVERED,
	CHANNEL_ATTEMPTS,
	CHANNEL_FAILURES,
	CHANNEL_RESTARTS,
	CHANNEL_DIGESTS,
	CHANNEL_MERGED,
	CHANNEL_SECONDS,
	CHANNEL_LAST,
	WORKERS,
	WORKER_WAITING,
	WORKER_RESTARTS,
	BUILD_INFO,
	START_TIME,
	LOOP_LAG,
	LATENESS,
	STORE_UP,
	STORE_WAITING,
	STORE_DROPPED,
	STORE_BYTES,
	INCIDENTS_OPEN,
	RELOAD_OK,
	RELOAD_TIME,
	FAMILIES
};

static const struct {
	const char *name, *type, *help;
} families[FAMILIES] = {
    [PROBE_SUCCESS] = {"probe_success", "gauge",
	"1 if the last run was ok or degraded, 0 if it failed"},
    [PROBE_DURATION] = {"probe_duration_seconds", "gauge",
	"How long the last run took"},
    [PROBE_STANDING] = {"tocsin_probe_standing", "gauge",
	"1 for the confirmed standing of the probe, 0 for the others"},
    [PROBE_LAST_RUN] = {"tocsin_probe_last_run_timestamp_seconds", "gauge",
	"When the last result came"},
    [PROBE_RUNS] = {"tocsin_probe_runs_total", "counter", "Runs started"},
    [PROBE_SKIPPED] = {"tocsin_probe_skipped_total", "counter",
	"Runs skipped because the one before was not over"},
    [HTTP_DURATION] = {"probe_http_duration_seconds", "gauge",
	"How long each phase of the last HTTP request took"},
    [HTTP_STATUS] = {"probe_http_status_code", "gauge",
	"Status of the last HTTP response"},
    [HTTP_VERSION] = {"probe_http_version", "gauge",
	"Version of the last HTTP response"},
    [HTTP_LENGTH] = {"probe_http_uncompressed_body_length", "gauge",
	"Bytes of the last response's body"},
    [HTTP_REDIRECTS] = {"probe_http_redirects", "gauge",
	"Redirects followed in the last run"},
    [SSL_EXPIRY] = {"probe_ssl_earliest_cert_expiry", "gauge",
	"When the first certificate of the chain expires"},
    [SSL_CHAIN_EXPIRY] = {"tocsin_probe_leaf_cert_expiry_timestamp_seconds",
	"gauge", "When the server's own certificate expires"},
    [IP_PROTOCOL] = {"probe_ip_protocol", "gauge", "4 or 6"},
    [DNS_LOOKUP] = {"probe_dns_lookup_time_seconds", "gauge",
	"How long the name's look-up of the last run took"},
    [DNS_SERIAL] = {"probe_dns_serial", "gauge",
	"Serial of the SOA record in the last answer"},
    [ICMP_DURATION] = {"probe_icmp_duration_seconds", "gauge",
	"How long the echo reply took in the last run"},
    [PROBE_METRIC] = {"tocsin_probe_metric", "gauge",
	"Other numbers of the last run, by the name its kind gives them"},
    [CHANNEL_UP] = {"tocsin_channel_up", "gauge",
	"1 if the channel's path is ready and its last delivery arrived"},
    [CHANNEL_PENDING] = {"tocsin_channel_pending", "gauge",
	"Deliveries that have not arrived yet"},
    [CHANNEL_DEAD] = {"tocsin_channel_dead_letters", "gauge",
	"Deliveries that were given up and can be sent again"},
    [CHANNEL_OLDEST] = {"tocsin_channel_oldest_pending_seconds", "gauge",
	"Age of the oldest delivery that has not arrived yet"},
    [CHANNEL_DELIVERED] = {"tocsin_channel_delivered_total", "counter",
	"Deliveries that arrived since the start"},
    [CHANNEL_ATTEMPTS] = {"tocsin_channel_attempts_total", "counter",
	"Attempts since the start"},
    [CHANNEL_FAILURES] = {"tocsin_channel_failures_total", "counter",
	"Attempts that failed since the start"},
    [CHANNEL_DIGESTS] = {"tocsin_channel_digests_total", "counter",
	"Messages that told of several incidents"},
    [CHANNEL_MERGED] = {"tocsin_channel_merged_total", "counter",
	"Deliveries that went out in such messages"},
    [CHANNEL_RESTARTS] = {"tocsin_channel_restarts_total", "counter",
	"Path workers that ended since the start"},
    [CHANNEL_SECONDS] = {"tocsin_channel_delivery_seconds_total", "counter",
	"Seconds from decision to receipt, summed over what arrived"},
    [CHANNEL_LAST] = {"tocsin_channel_last_delivered_timestamp_seconds",
	"gauge", "When the last delivery arrived"},
    [WORKERS] = {"tocsin_probe_workers", "gauge", "Probe workers alive"},
    [WORKER_WAITING] = {"tocsin_probe_jobs_waiting", "gauge",
	"Jobs that wait for a free worker"},
    [WORKER_RESTARTS] = {"tocsin_probe_worker_restarts_total", "counter",
	"Probe workers that ended since the start"},
    [BUILD_INFO] = {"tocsin_build_info", "gauge", "1, with the version"},
    [START_TIME] = {"process_start_time_seconds", "gauge",
	"When the agent started"},
    [LOOP_LAG] = {"tocsin_loop_lag_seconds", "gauge",
	"How late the core's timers fired, worst of the last seconds"},
    [LATENESS] = {"tocsin_schedule_lateness_seconds", "summary",
	"How late runs were handed out, over the last 4096"},
    [STORE_UP] = {"tocsin_store_up", "gauge",
	"1 if the state database takes changes"},
    [STORE_WAITING] = {"tocsin_store_waiting", "gauge",
	"Groups of changes not on disk yet"},
    [STORE_DROPPED] = {"tocsin_store_dropped_observations_total", "counter",
	"Observations dropped because the database was away too long"},
    [STORE_BYTES] = {"tocsin_store_bytes", "gauge", "Size on disk"},
    [INCIDENTS_OPEN] = {"tocsin_incidents_open", "gauge",
	"Unresolved incidents by severity"},
    [RELOAD_OK] = {"tocsin_config_last_reload_successful", "gauge",
	"1 if the configuration in use is the one on disk at the last reload"},
    [RELOAD_TIME] = {"tocsin_config_last_reload_success_timestamp_seconds",
	"gauge", "When a configuration was last taken"},
};

/* What a kind's metric becomes; everything else goes to PROBE_METRIC. */
static const struct {
	const char *key;
	enum family family;
	const char *labels;
	double scale;
} mapped[] = {
    {"resolve_ms", HTTP_DURATION, ",phase=\"resolve\"", 1e-3},
    {"connect_ms", HTTP_DURATION, ",phase=\"connect\"", 1e-3},
    {"tls_ms", HTTP_DURATION, ",phase=\"tls\"", 1e-3},
    {"first_byte_ms", HTTP_DURATION, ",phase=\"processing\"", 1e-3},
    {"transfer_ms", HTTP_DURATION, ",phase=\"transfer\"", 1e-3},
    {"status", HTTP_STATUS, "", 1},
    {"http_version", HTTP_VERSION, "", 1},
    {"body_bytes", HTTP_LENGTH, "", 1},
    {"redirects", HTTP_REDIRECTS, "", 1},
    {"chain_not_after_s", SSL_EXPIRY, "", 1},
    {"cert_not_after_s", SSL_CHAIN_EXPIRY, "", 1},
    {"ip_protocol", IP_PROTOCOL, "", 1},
    {"query_ms", DNS_LOOKUP, "", 1e-3},
    {"serial", DNS_SERIAL, "", 1},
    {"rtt_ms", ICMP_DURATION, ",phase=\"rtt\"", 1e-3},
};
#define MAPPED (sizeof(mapped) / sizeof(mapped[0]))

struct page {
	struct buf samples[FAMILIES];
};

static void
sample(struct page *p, enum family family, const char *labels, double value)
{
	struct buf *b = &p->samples[family];

	buf_puts(b, families[family].name);
	if (labels[0] != '\0')
		buf_printf(b, "{%s}", labels);
	buf_printf(b, " %.15g\n", value);
}

/* Label values: backslash, quote and newline are escaped. */
static void
escape(char *dst, size_t size, const char *src)
{
	size_t at = 0;

	for (; *src != '\0' && at + 3 < size; src++) {
		if (*src == '\\' || *src == '"')
			dst[at++] = '\\';
		if (*src != '\n')
			dst[at++] = *src;
	}
	dst[at] = '\0';
}

static void
add_metrics(struct page *p, const struct target *t, const char *labels)
{
	json_t *last = NULL, *value;
	const char *key;
	char all[600];
	size_t i;

	if (t->last == NULL ||
	    json_parse(&last, t->last, strlen(t->last), NULL) != 0)
		return;
	json_object_foreach (json_object_get(last, "metrics"), key, value) {
		double number = json_number_value(value);
		char name[140];

		for (i = 0; i < MAPPED; i++)
			if (str_eq(mapped[i].key, key))
				break;
		if (i < MAPPED) {
			str_printf(
			    all, sizeof(all), "%s%s", labels, mapped[i].labels);
			sample(
			    p, mapped[i].family, all, number * mapped[i].scale);
			continue;
		}
		escape(name, sizeof(name), key);
		str_printf(all, sizeof(all), "%s,metric=\"%s\"", labels, name);
		sample(p, PROBE_METRIC, all, number);
	}
	json_decref(last);
}

static void
add_probe(struct page *p, const struct target *t)
{
	char labels[300], all[400];

	str_printf(labels, sizeof(labels), "probe=\"%s\",kind=\"%s\"",
	    t->config->name,
	    t->config->kind != NULL ? t->config->kind->name : "agent");
	sample(p, PROBE_RUNS, labels, (double)t->runs);
	sample(p, PROBE_SKIPPED, labels, (double)t->skipped);
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		str_printf(all, sizeof(all), "%s,standing=\"%s\"", labels,
		    outcome_names[i]);
		sample(p, PROBE_STANDING, all,
		    t->verdict.standing == (enum outcome)i);
	}
	if (t->last_ms == 0)
		return;
	sample(p, PROBE_LAST_RUN, labels, (double)t->last_ms / 1000);
	if (t->verdict.last == OUTCOME_UNKNOWN)
		return;
	sample(p, PROBE_SUCCESS, labels, t->verdict.last != OUTCOME_FAILED);
	if (t->last_us >= 0)
		sample(p, PROBE_DURATION, labels, (double)t->last_us / 1e6);
	add_metrics(p, t, labels);
}

static void
add_channel(struct page *p, const struct dispatch_status *s)
{
	char labels[200];
	double age = 0;

	str_printf(labels, sizeof(labels), "channel=\"%s\",kind=\"%s\"",
	    s->name, s->kind);
	if (s->oldest_ms != 0)
		age = (double)(clock_wall_ms() - s->oldest_ms) / 1000;
	sample(p, CHANNEL_UP, labels,
	    s->ready && !s->disabled && s->last_error[0] == '\0');
	sample(p, CHANNEL_PENDING, labels, s->pending);
	sample(p, CHANNEL_DEAD, labels, s->dead);
	sample(p, CHANNEL_OLDEST, labels, age);
	sample(p, CHANNEL_DELIVERED, labels, (double)s->delivered);
	sample(p, CHANNEL_ATTEMPTS, labels, (double)s->attempts);
	sample(p, CHANNEL_FAILURES, labels, (double)s->failures);
	sample(p, CHANNEL_RESTARTS, labels, (double)s->restarts);
	sample(p, CHANNEL_DIGESTS, labels, (double)s->digests);
	sample(p, CHANNEL_MERGED, labels, (double)s->merged);
	sample(p, CHANNEL_SECONDS, labels, s->seconds_sum);
	if (s->last_delivered_ms != 0)
		sample(p, CHANNEL_LAST, labels,
		    (double)s->last_delivered_ms / 1000);
}

static int
by_value(const void *x, const void *y)
{
	float a = *(const float *)x, b = *(const float *)y;

	return (a > b) - (a < b);
}

static void
add_lateness(struct page *p, const struct agent *a)
{
	static const double quantiles[] = {0.5, 0.9, 0.99, 1};
	size_t count = a->late_count < AGENT_LATE_KEPT ? (size_t)a->late_count
	                                               : AGENT_LATE_KEPT;
	float *sorted = mem_dup(a->late_ms, count * sizeof(*sorted));
	char labels[40];

	qsort(sorted, count, sizeof(*sorted), by_value);
	for (size_t i = 0; count > 0 && i < 4; i++) {
		size_t at = (size_t)ceil(quantiles[i] * (double)count) - 1;

		str_printf(
		    labels, sizeof(labels), "quantile=\"%g\"", quantiles[i]);
		sample(p, LATENESS, labels, (double)sorted[at] / 1000);
	}
	buf_printf(&p->samples[LATENESS], "%s_count %llu\n",
	    families[LATENESS].name, (unsigned long long)a->late_count);
	buf_printf(&p->samples[LATENESS], "%s_sum %.15g\n",
	    families[LATENESS].name, a->late_sum_ms / 1000);
	free(sorted);
}

static void
add_incidents(struct page *p, const struct agent *a)
{
	unsigned open[SEVERITY_COUNT];
	char labels[40];

	api_count_open(a, open);
	for (int i = 0; i < SEVERITY_COUNT; i++) {
		str_printf(labels, sizeof(labels), "severity=\"%s\"",
		    severity_names[i]);
		sample(p, INCIDENTS_OPEN, labels, open[i]);
	}
}

static void
add_workers(struct page *p, const struct agent *a)
{
	char labels[100];

	for (size_t i = 0; i < a->pool_count; i++) {
		str_printf(labels, sizeof(labels), "kind=\"%s\"",
		    pool_kind(a->pools[i])->name);
		sample(p, WORKERS, labels, pool_workers(a->pools[i]));
		sample(p, WORKER_WAITING, labels, pool_waiting(a->pools[i]));
		sample(p, WORKER_RESTARTS, labels,
		    (double)pool_restarts(a->pools[i]));
	}
}

static void
add_agent(struct page *p, const struct agent *a)
{
	sample(p, BUILD_INFO, "version=\"" TOCSIN_VERSION "\"", 1);
	sample(p, START_TIME, "", (double)a->started_ms / 1000);
	sample(p, LOOP_LAG, "", (double)loop_lag_us(a->loop) / 1e6);
	sample(p, STORE_UP, "", !writer_failing(a->writer));
	sample(p, STORE_WAITING, "", writer_waiting(a->writer));
	sample(p, STORE_DROPPED, "", (double)writer_dropped(a->writer));
	sample(p, STORE_BYTES, "", (double)store_size(a->store));
	sample(p, RELOAD_OK, "", !a->reload_failed);
	sample(p, RELOAD_TIME, "", (double)a->reload_ms / 1000);
	add_lateness(p, a);
	add_incidents(p, a);
	add_workers(p, a);
}

static void
assemble(const struct page *p, struct buf *out)
{
	for (int i = 0; i < FAMILIES; i++) {
		if (p->samples[i].len == 0)
			continue;
		buf_printf(out, "# HELP %s %s.\n# TYPE %s %s\n",
		    families[i].name, families[i].help, families[i].name,
		    families[i].type);
		buf_add(out, p->samples[i].data, p->samples[i].len);
	}
}

void
api_metrics(struct api_call *call)
{
	const struct agent *a = call->agent;
	struct dispatch_status s;
	struct page page;
	struct buf out;

	for (int i = 0; i < FAMILIES; i++)
		buf_init(&page.samples[i], PAGE_MAX);
	buf_init(&out, PAGE_MAX);
	for (uint32_t i = 0; i < a->by_name_count; i++)
		if (!a->by_name[i]->self)
			add_probe(&page, a->by_name[i]);
	for (size_t i = 0; dispatch_status(a->dispatch, i, &s); i++)
		add_channel(&page, &s);
	add_agent(&page, a);
	assemble(&page, &out);
	httpd_reply(call->http, 200, "text/plain; version=0.0.4; charset=utf-8",
	    buf_str(&out), out.len);
	for (int i = 0; i < FAMILIES; i++)
		buf_fini(&page.samples[i]);
	buf_fini(&out);
}
