/*
 * tcp:// and tls:// targets: connect to the first address that takes us, TLS at
 * once or by STARTTLS, then what the dialogue says.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "probes/uptime.h"
#include "probes/uptime_pattern.h"
#include "probes/uptime_starttls.h"
#include "probes/uptime_stream.h"

#define ANSWER_MAX 16384 /* bytes of one answer that an expectation may need */
#define QUOTED     80

enum phase { RESOLVING, CONNECTING, STARTTLS, SECURING, TALKING };

struct run {
	struct uptime_run run;
	struct probe_job *job;
	const struct uptime_config *config;
	char host[256];
	uint16_t port;
	enum phase phase;
	struct uptime_facts facts;
	struct resolve *resolve;
	struct resolve_addresses addresses;
	size_t next; /* the address to try after this one */
	struct uptime_stream *stream;
	struct loop_timer *timer;
	struct uptime_starttls starttls;
	struct buf in;                  /* arrived, not used yet */
	size_t step;                    /* of the dialogue */
	struct uptime_pattern *pattern; /* what it waits for */
	int64_t began_us, phase_us;     /* boot clock */
};

static void
run_free(struct run *run)
{
	if (run->resolve != NULL)
		resolve_cancel(run->resolve);
	uptime_stream_free(run->stream);
	loop_timer_free(run->timer);
	uptime_pattern_free(run->pattern);
	buf_fini(&run->in);
	free(run);
}

/* Ends the run: with err, or with a whole answer if that is NULL. */
static void
finish(struct run *run, const struct err *err)
{
	static const enum uptime_stage stages[] = {
	    [RESOLVING] = UPTIME_AT_RESOLVE,
	    [CONNECTING] = UPTIME_AT_CONNECT,
	    [STARTTLS] = UPTIME_AT_TALK,
	    [SECURING] = UPTIME_AT_TLS,
	    [TALKING] = UPTIME_AT_TALK,
	};
	struct uptime_facts *f = &run->facts;
	struct observation obs = {.outcome = OUTCOME_OK};

	f->stage = UPTIME_AT_END;
	f->timings.total_us = clock_boot_us() - run->began_us;
	f->latency_us = f->timings.total_us;
	if (run->stream != NULL) {
		str_copy(f->address, sizeof(f->address),
		    uptime_stream_address(run->stream));
		f->tls = uptime_stream_tls(run->stream);
	}
	if (err != NULL) {
		f->stage = stages[run->phase];
		f->err = *err;
		f->ours = uptime_is_ours(err, f->stage, f->address);
	}
	uptime_finish(run->job, f, &obs);
	run_free(run);
}

static void
fail(struct run *run, enum err_code code, const char *what)
{
	struct err err = ERR_INIT;

	err_set(&err, code, "%s", what);
	finish(run, &err);
}

/* The time since the phase began, which is over now. */
static int64_t
lap_us(struct run *run)
{
	int64_t now_us = clock_boot_us(), took_us = now_us - run->phase_us;

	run->phase_us = now_us;
	return took_us;
}

static void
enter(struct run *run, enum phase phase)
{
	run->phase = phase;
	buf_clear(&run->in);
}

static const struct uptime_step *
step_now(const struct run *run)
{
	const struct uptime_step *steps = run->config->dialogue.items;

	return run->step < run->config->dialogue.count ? &steps[run->step]
	                                               : NULL;
}

/* Say what the dialogue says until it waits for something: true; or is over,
 * and the run with it: false. */
static bool
talk(struct run *run)
{
	const struct uptime_step *step;
	struct err err = ERR_INIT;

	for (; (step = step_now(run)) != NULL; run->step++) {
		if (step->send != NULL &&
		    uptime_stream_write(
			run->stream, step->send, strlen(step->send)) != 0) {
			fail(run, ERR_FULL, "it does not take what we send");
			return false;
		}
		if (step->expect == NULL)
			continue;
		if (uptime_pattern_new(&run->pattern, step->expect, &err) == 0)
			return true;
		finish(run, &err);
		return false;
	}
	if (run->config->dialogue.count > 0)
		run->facts.timings.transfer_us = lap_us(run);
	finish(run, NULL);
	return false;
}

/* Forget the first bytes, which are done with. */
static void
drop(struct buf *in, size_t used)
{
	if (used == 0)
		return;
	in->len -= used;
	memmove(in->data, in->data + used, in->len + 1);
}

static void
quote(char *dst, size_t size, const struct buf *in)
{
	char shown[QUOTED];

	str_printable(shown, sizeof(shown), buf_str(in), in->len);
	if (in->len == 0)
		str_copy(dst, size, "it sent nothing");
	else
		str_printf(dst, size, "it sent \"%s\"", shown);
}

static void
misheard(struct run *run)
{
	char why[PROBE_REASON_MAX], sent[QUOTED + 16];

	quote(sent, sizeof(sent), &run->in);
	str_printf(why, sizeof(why), "%s, which is not /%.100s/", sent,
	    step_now(run)->expect);
	fail(run, ERR_PROTO, why);
}

static void
hear(struct run *run)
{
	enum uptime_match match = UPTIME_MATCH_YES;

	while (run->pattern != NULL && run->in.len > 0) {
		size_t used = 0;

		match = uptime_pattern_match(
		    run->pattern, run->in.data, run->in.len, &used);
		if (match != UPTIME_MATCH_YES)
			break;
		uptime_pattern_free(run->pattern);
		run->pattern = NULL;
		drop(&run->in, used);
		run->step++;
		if (!talk(run))
			return;
	}
	if (match == UPTIME_MATCH_TIRED || run->in.cut)
		misheard(run);
}

static void
secure(struct run *run)
{
	const struct uptime_config *c = run->config;
	const struct tls_options options = {
	    .host = c->server_name != NULL ? c->server_name : run->host,
	    .ca_file = c->ca_file,
	    .cert_file = c->client_cert,
	    .key_file = c->client_key,
	    .unverified = !c->tls_verify,
	    .timeout_ms = uptime_left_ms(run->job),
	};

	enter(run, SECURING);
	uptime_stream_secure(run->stream, &options);
}

static void
starttls(struct run *run)
{
	struct uptime_arrival in = {buf_str(&run->in), run->in.len, 0};
	struct err err = ERR_INIT;
	enum uptime_talk next;
	struct buf out;

	buf_init(&out, 1024);
	next = uptime_starttls_go(&run->starttls, run->host, &in, &out, &err);
	if (out.len > 0)
		uptime_stream_write(run->stream, out.data, out.len);
	buf_fini(&out);
	drop(&run->in, in.used);
	if (next == UPTIME_TALK_OVER)
		finish(run, &err);
	else if (next == UPTIME_TALK_MORE && run->in.cut)
		fail(run, ERR_PROTO, "STARTTLS: it talks without end");
	else if (next == UPTIME_TALK_DONE && run->in.len > 0)
		fail(run, ERR_PROTO,
		    "STARTTLS: it sent plain text after its go-ahead, which "
		    "an attacker could have put there");
	else if (next == UPTIME_TALK_DONE)
		secure(run);
}

static void
ready(void *ctx)
{
	struct run *run = ctx;

	if (run->phase == SECURING) {
		run->facts.timings.tls_us = lap_us(run);
	} else {
		run->facts.timings.connect_us = lap_us(run);
		if (run->config->starttls != 0) {
			enter(run, STARTTLS);
			starttls(run);
			return;
		}
		if (run->facts.scheme == UPTIME_TLS) {
			secure(run);
			return;
		}
	}
	enter(run, TALKING);
	talk(run);
}

static void
arrived(void *ctx, const char *data, size_t len)
{
	struct run *run = ctx;

	if (run->facts.timings.first_byte_us < 0)
		run->facts.timings.first_byte_us =
		    clock_boot_us() - run->phase_us;
	buf_add(&run->in, data, len);
	if (run->phase == STARTTLS)
		starttls(run);
	else
		hear(run);
}

static void try_next(struct run *run);

static void
ended(void *ctx, const struct err *why)
{
	struct run *run = ctx;
	char sent[QUOTED + 16], text[PROBE_REASON_MAX];

	if (run->phase == CONNECTING && run->next < run->addresses.count) {
		uptime_stream_free(run->stream);
		try_next(run);
		return;
	}
	if (why->code != ERR_NONE) {
		finish(run, why);
		return;
	}
	quote(sent, sizeof(sent), &run->in);
	str_printf(text, sizeof(text), "%s closed the connection; %s%s%.100s%s",
	    uptime_stream_address(run->stream), sent,
	    run->pattern != NULL ? ", which is not /" : "",
	    run->pattern != NULL ? step_now(run)->expect : "",
	    run->pattern != NULL ? "/" : "");
	fail(run, ERR_PROTO, text);
}

static void
try_next(struct run *run)
{
	static const struct uptime_stream_ops ops = {ready, arrived, ended};
	size_t left = run->addresses.count - run->next;
	const struct sockaddr_storage *to = &run->addresses.items[run->next++];

	enter(run, CONNECTING);
	run->phase_us = clock_boot_us();
	run->stream =
	    uptime_stream_new(run->job->loop, (const struct sockaddr *)to,
		uptime_left_ms(run->job) / (int64_t)left, &ops, run);
}

static void
resolved(
    void *ctx, const struct resolve_addresses *found, const struct err *err)
{
	struct run *run = ctx;

	run->resolve = NULL;
	if (err->code != ERR_NONE) {
		finish(run, err);
		return;
	}
	run->facts.timings.resolve_us = lap_us(run);
	run->addresses = *found;
	try_next(run);
}

static void
timed_out(void *ctx)
{
	struct run *run = ctx;
	const struct uptime_step *step = step_now(run);
	char sent[QUOTED + 16], text[PROBE_REASON_MAX], time[32];

	str_duration_human(time, clock_boot_us() - run->began_us);
	quote(sent, sizeof(sent), &run->in);
	if (run->phase == RESOLVING)
		str_printf(text, sizeof(text),
		    "no resolver answered for %s within %s", run->host, time);
	else if (run->phase == CONNECTING)
		str_printf(text, sizeof(text),
		    "connect to %s: no answer within %s",
		    uptime_stream_address(run->stream), time);
	else if (run->phase == SECURING)
		str_printf(text, sizeof(text),
		    "TLS handshake with %s not done within %s",
		    uptime_stream_address(run->stream), time);
	else if (run->phase == STARTTLS)
		str_printf(text, sizeof(text),
		    "%s: no answer to STARTTLS within %s; %s",
		    uptime_stream_address(run->stream), time, sent);
	else
		str_printf(text, sizeof(text),
		    "%s: no answer like /%.100s/ within %s; %s",
		    uptime_stream_address(run->stream),
		    step != NULL && step->expect != NULL ? step->expect : "",
		    time, sent);
	fail(run, ERR_TIMEOUT, text);
}

static void
cancel(struct probe_job *job)
{
	run_free(job->state);
}

void
uptime_tcp_start(struct probe_job *job, const struct uptime_url *target)
{
	struct run *run = mem_alloc(sizeof(*run));
	int64_t left_ms = uptime_left_ms(job);

	run->run.cancel = cancel;
	run->job = job;
	run->config = job->config;
	run->port = target->port;
	str_copy(run->host, sizeof(run->host), target->host);
	run->facts = uptime_facts_init(target->scheme, left_ms);
	run->starttls.protocol = run->config->starttls;
	buf_init(&run->in, ANSWER_MAX);
	run->began_us = run->phase_us = clock_boot_us();
	job->state = run;
	run->timer = loop_timer_new(job->loop, timed_out, run);
	loop_timer_arm_ms(run->timer, left_ms + 10); /* who waits says why */
	run->resolve = resolve_addresses(job->resolver, run->host, run->port,
	    uptime_family(run->config), left_ms, resolved, run);
}
