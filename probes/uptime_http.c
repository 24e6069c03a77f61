/*
 * http:// and https:// targets, with redirects followed by hand: each hop is a
 * request of its own, and secrets stay with the host they are meant for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"
#include "probes/uptime.h"

struct run {
	struct uptime_run run;
	struct probe_job *job;
	const struct uptime_config *config;
	struct uptime_facts facts;
	struct http_call *call;
	struct http_request request;
	struct http_header *headers; /* of the configuration */
	struct netguard *guard;      /* NULL = anywhere */
	char url[UPTIME_URL_MAX];    /* of this hop */
};

static void
run_free(void *ctx)
{
	struct run *run = ctx;

	if (run->call != NULL)
		http_cancel(run->call);
	netguard_free(run->guard);
	free(run->headers);
	free(run);
}

static bool
is_redirectable(const struct uptime_config *config)
{
	return str_eq(config->method, "GET") || str_eq(config->method, "HEAD");
}

/* Where did it stop? Phases that did not happen are -1. */
static enum uptime_stage
stage_of(
    const struct run *run, const struct http_response *r, const struct err *err)
{
	const struct http_timings *t = &r->timings;

	if (err->code == ERR_NONE)
		return UPTIME_AT_END;
	if (t->resolve_us < 0 && r->address[0] == '\0')
		return UPTIME_AT_RESOLVE;
	if (r->status != 0)
		return UPTIME_AT_TALK;
	if (t->connect_us < 0)
		return UPTIME_AT_CONNECT;
	if (str_starts(run->url, "https:") && t->tls_us < 0)
		return UPTIME_AT_TLS;
	return UPTIME_AT_TALK;
}

/* The whole check's time in a phase is the sum over its hops. */
static void
sum(int64_t *total, int64_t hop)
{
	if (hop >= 0)
		*total = (*total < 0 ? 0 : *total) + hop;
}

static void
sum_timings(struct http_timings *total, const struct http_timings *hop)
{
	sum(&total->resolve_us, hop->resolve_us);
	sum(&total->connect_us, hop->connect_us);
	sum(&total->tls_us, hop->tls_us);
	sum(&total->first_byte_us, hop->first_byte_us);
	sum(&total->transfer_us, hop->transfer_us);
	sum(&total->total_us, hop->total_us);
}

static void
add_results(const struct run *run, const struct http_response *r,
    struct observation *obs)
{
	const char *length = http_header(r, "content-length");
	const struct uptime_facts *f = &run->facts;
	char version[8];
	int64_t bytes;

	if (r->status == 0)
		return;
	str_printf(version, sizeof(version),
	    r->version % 10 != 0 ? "%d.%d" : "%d", r->version / 10,
	    r->version % 10);
	probe_fact(obs, "status", json_integer(r->status));
	probe_fact(obs, "http_version", json_string(version));
	if (length != NULL && str_parse_i64(length, 0, INT64_MAX, &bytes) == 0)
		probe_fact(obs, "content_length", json_integer(bytes));
	if (r->body_cut)
		probe_fact(obs, "body_cut", json_true());
	probe_metric(obs, "status", r->status);
	probe_metric(obs, "http_version", r->version / 10.0);
	probe_metric(obs, "body_bytes", (double)r->body_len);
	probe_metric(obs, "redirects", f->redirects);
}

static void
add_url(const struct run *run, struct observation *obs)
{
	if (run->facts.redirects == 0)
		return;
	probe_fact(obs, "redirects", json_integer(run->facts.redirects));
	probe_fact(obs, "final_url", json_string(run->url));
}

/* Ends the run. It is freed later: the call that brings us here still looks at
 * its request. */
static void
finish(struct run *run, const struct http_response *r, const struct err *err)
{
	struct loop *loop = run->job->loop;
	struct uptime_facts *f = &run->facts;
	struct observation obs = {.outcome = OUTCOME_OK};

	f->stage = stage_of(run, r, err);
	f->err = *err;
	str_copy(f->address, sizeof(f->address), r->address);
	f->ours = f->stage != UPTIME_AT_END &&
	          uptime_is_ours(err, f->stage, f->address);
	f->tls = r->tls.seen || r->tls.protocol[0] != '\0' ? &r->tls : NULL;
	f->status = r->status;
	f->version = r->version;
	f->headers = r->headers;
	f->header_count = r->header_count;
	f->body = r->body;
	f->body_len = r->body_len;
	f->body_cut = r->body_cut;
	f->latency_us = f->timings.total_us;
	add_results(run, r, &obs);
	add_url(run, &obs);
	uptime_finish(run->job, f, &obs);
	loop_defer(loop, run_free, run);
}

static void
fail(struct run *run, const struct http_response *r, const char *why)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_PROTO, "%s", why);
	finish(run, r, &err);
}

/* Secrets were given for one origin. */
static void
forget_secrets(struct run *run)
{
	run->request.user = run->request.password = NULL;
	run->request.bearer = NULL;
	run->request.cert_file = run->request.key_file = NULL;
	run->request.header_count = 0;
}

static void
answered(void *ctx, const struct http_response *r, const struct err *err);

static void
go(struct run *run)
{
	run->request.url = run->url;
	run->request.timeout_ms = uptime_left_ms(run->job);
	run->call = http_start(run->job->http, &run->request, answered, run);
}

/* Is this answer a redirect to follow, rather than one to judge? */
static bool
is_redirect(const struct run *run, const struct http_response *r)
{
	static const int statuses[] = {301, 302, 303, 307, 308};
	const struct uptime_expect *e = &run->config->expect;

	if (run->config->follow == 0 || e->must_refuse ||
	    !is_redirectable(run->config) ||
	    http_header(r, "location") == NULL ||
	    option_ranges_has(&e->status, r->status))
		return false;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i] == r->status)
			return true;
	return false;
}

static void
follow(struct run *run, const struct http_response *r)
{
	const char *location = http_header(r, "location");
	struct uptime_url from, to;
	struct err err = ERR_INIT;
	char next[UPTIME_URL_MAX], why[PROBE_REASON_MAX];

	if (uptime_url_join(next, run->url, location, &err) != 0 ||
	    uptime_url_parse(next, &to, &err) != 0 ||
	    to.scheme > UPTIME_HTTPS) {
		str_printf(why, sizeof(why),
		    "status %d redirects to \"%.200s\", which is no web "
		    "address",
		    r->status, location);
		fail(run, r, why);
		return;
	}
	CHECK(uptime_url_parse(run->url, &from, NULL) == 0);
	if (from.scheme == UPTIME_HTTPS && to.scheme == UPTIME_HTTP) {
		str_printf(why, sizeof(why),
		    "status %d redirects from https to %.200s", r->status,
		    next);
		fail(run, r, why);
		return;
	}
	if (run->facts.redirects == run->config->follow) {
		str_printf(why, sizeof(why),
		    "more than %u redirects, the last one to %.200s",
		    run->facts.redirects, next);
		fail(run, r, why);
		return;
	}
	run->facts.redirects++;
	if (!uptime_url_same_origin(&from, &to))
		forget_secrets(run);
	str_copy(run->url, sizeof(run->url), next);
	go(run);
}

static void
answered(void *ctx, const struct http_response *r, const struct err *err)
{
	struct run *run = ctx;

	run->call = NULL;
	sum_timings(&run->facts.timings, &r->timings);
	if (err->code == ERR_NONE && is_redirect(run, r))
		follow(run, r);
	else
		finish(run, r, err);
}

static void
prepare(struct run *run)
{
	const struct uptime_config *c = run->config;
	struct http_request *q = &run->request;

	if (c->public_only)
		CHECK(netguard_new(&run->guard,
			  (const char *const *)c->allow_addresses.items,
			  c->allow_addresses.count, NULL) == 0);
	run->headers = mem_array(c->headers.count + 1, sizeof(*run->headers));
	for (size_t i = 0; i < c->headers.count; i++) {
		run->headers[i].name = c->headers.items[i].key;
		run->headers[i].value = c->headers.items[i].value;
	}
	*q = (struct http_request){
	    .method = c->method,
	    .headers = run->headers,
	    .header_count = c->headers.count,
	    .body = c->body,
	    .body_len = c->body != NULL ? strlen(c->body) : 0,
	    .version = (enum http_version)c->version,
	    .family = uptime_family(c),
	    .max_body = (size_t)c->max_body,
	    .truncate = true,
	    .fresh = true,
	    .ca_file = c->ca_file,
	    .cert_file = c->client_cert,
	    .key_file = c->client_key,
	    .tls_unverified = !c->tls_verify,
	    .user = c->user,
	    .password = c->password,
	    .bearer = c->bearer,
	    .guard = run->guard,
	};
}

static void
cancel(struct probe_job *job)
{
	run_free(job->state);
}

void
uptime_http_start(struct probe_job *job, const struct uptime_url *target)
{
	struct run *run = mem_alloc(sizeof(*run));

	run->run.cancel = cancel;
	run->job = job;
	run->config = job->config;
	run->facts = uptime_facts_init(target->scheme, uptime_left_ms(job));
	job->state = run;
	str_copy(run->url, sizeof(run->url), run->config->target);
	run->url[strcspn(run->url, "#")] = '\0';
	prepare(run);
	go(run);
}
