/*
 * dns:// targets. The server in the target, or else those of /etc/resolv.conf,
 * are asked without any cache between (uptime_wire.c). Where DNSSEC is
 * expected, libunbound (base/resolve.c) asks them and validates.
 */
#include "probes/uptime_dns.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/netguard.h"
#include "base/str.h"
#include "probes/uptime_answer.h"
#include "probes/uptime_wire.h"

struct run {
	struct uptime_run run;
	struct probe_job *job; /* gone once it is answered */
	struct loop *loop;
	const struct uptime_config *config;
	struct uptime_question question;
	struct uptime_facts facts;
	enum uptime_stage stage;
	struct resolve *resolve;
	struct uptime_wire *wire;
	struct uptime_wire_query query;
	struct resolver *own;       /* asks the same servers, and validates */
	int64_t began_us, asked_us; /* boot clock */
};

static void
run_free(void *ctx)
{
	struct run *run = ctx;

	if (run->resolve != NULL)
		resolve_cancel(run->resolve);
	uptime_wire_free(run->wire);
	resolver_free(run->own);
	free(run);
}

static void
add_results(const struct run *run, const struct uptime_answer *a,
    struct observation *obs)
{
	static const char *const verdicts[] = {
	    [DNSSEC_INSECURE] = "insecure",
	    [DNSSEC_SECURE] = "secure",
	    [DNSSEC_BOGUS] = "bogus",
	};
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
	if (run->own != NULL)
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

/* Ends the run, with an answer or with err. What called us may be ours: it is
 * freed later. */
static void
finish(
    struct run *run, const struct uptime_answer *answer, const struct err *err)
{
	struct uptime_facts *f = &run->facts;
	struct observation obs = {.outcome = OUTCOME_OK};
	int64_t now_us = clock_boot_us();

	f->stage = UPTIME_AT_END;
	f->timings.total_us = now_us - run->began_us;
	f->latency_us = f->timings.total_us;
	if (err != NULL) {
		f->stage = run->stage;
		f->err = *err;
		f->ours = uptime_is_ours(err, f->stage, f->address);
	} else {
		CHECK(answer != NULL); /* no error, so there is one */
		f->record = run->question.record;
		f->answers = (const char *const *)answer->texts;
		f->answer_count = answer->count;
		add_results(run, answer, &obs);
		probe_metric(
		    &obs, "query_ms", (double)(now_us - run->asked_us) / 1000);
	}
	uptime_finish(run->job, f, &obs);
	loop_defer(run->loop, run_free, run);
}

static void
answered(void *ctx, const struct uptime_answer *answer, const char *server,
    const struct err *err)
{
	struct run *run = ctx;

	str_copy(run->facts.address, sizeof(run->facts.address), server);
	run->facts.rcode = answer->rcode;
	finish(run, answer, err->code != ERR_NONE ? err : NULL);
}

/* ---- by way of libunbound ---- */

/* The answer as libunbound got it. Its packet has an id of its own. */
static int
read_packet(struct uptime_answer *answer, const struct run *run,
    const struct resolve_records *found, struct err *err)
{
	uint8_t query[UPTIME_QUERY_MAX];
	int len;

	*answer = (struct uptime_answer){.ttl_s = -1, .serial = -1};
	if (found->packet == NULL || found->packet_len < 2)
		return 0;
	len =
	    uptime_query(query, 0, run->question.name, run->question.type, err);
	if (len < 0)
		return -1;
	memcpy(query, found->packet, 2);
	return uptime_answer_parse(
	    answer, found->packet, found->packet_len, query, (size_t)len, err);
}

static void
validated(void *ctx, const struct resolve_records *found, const struct err *err)
{
	struct run *run = ctx;
	struct uptime_answer answer;
	struct err broken = ERR_INIT;

	run->resolve = NULL;
	if (err->code != ERR_NONE) {
		finish(run, NULL, err);
		return;
	}
	if (read_packet(&answer, run, found, &broken) != 0) {
		finish(run, NULL, &broken);
	} else {
		run->facts.rcode = found->rcode;
		run->facts.dnssec = found->dnssec;
		run->facts.why_bogus = found->why_bogus;
		finish(run, &answer, NULL);
	}
	uptime_answer_fini(&answer);
}

/* "192.0.2.53@5353", as unbound writes it. */
static void
unbound_text(char dst[80], const struct sockaddr_storage *server)
{
	char address[64];
	char *colon;

	netguard_text(address, (const struct sockaddr *)server);
	colon = strrchr(address, ':');
	if (address[0] == '[')
		str_printf(dst, 80, "%.*s@%s", (int)(colon - address) - 2,
		    address + 1, colon + 1);
	else
		str_printf(dst, 80, "%.*s@%s", (int)(colon - address), address,
		    colon + 1);
}

static void
ask_validated(struct run *run)
{
	char texts[UPTIME_WIRE_SERVERS_MAX][80];
	const char *servers[UPTIME_WIRE_SERVERS_MAX + 1] = {NULL};
	const struct resolver_config config = {
	    .servers = servers,
	    .trust_anchor_file = run->config->trust_anchor,
	};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < run->query.server_count; i++) {
		unbound_text(texts[i], &run->query.servers[i]);
		servers[i] = texts[i];
	}
	if (resolver_new(&run->own, run->loop, &config, &err) != 0) {
		err.code = ERR_CONFIG;
		finish(run, NULL, &err);
		return;
	}
	run->resolve = resolve_records(run->own, run->question.name,
	    run->question.type, run->query.timeout_ms, validated, run);
}

/* ---- the run ---- */

static void
ask(struct run *run)
{
	run->stage = UPTIME_AT_TALK;
	run->asked_us = clock_boot_us();
	run->query.name = run->question.name;
	run->query.type = run->question.type;
	run->query.timeout_ms = uptime_left_ms(run->job);
	netguard_text(run->facts.address,
	    (const struct sockaddr *)&run->query.servers[0]);
	if (run->config->expect.dnssec == UPTIME_DNSSEC_SECURE)
		ask_validated(run);
	else
		run->wire =
		    uptime_wire_new(run->loop, &run->query, answered, run);
}

static void
found_server(
    void *ctx, const struct resolve_addresses *found, const struct err *err)
{
	struct run *run = ctx;

	run->resolve = NULL;
	if (err->code != ERR_NONE) {
		finish(run, NULL, err);
		return;
	}
	run->facts.timings.resolve_us = clock_boot_us() - run->began_us;
	for (size_t i = 0; i < found->count && i < UPTIME_WIRE_SERVERS_MAX; i++)
		run->query.servers[run->query.server_count++] = found->items[i];
	ask(run);
}

static void
begin(struct run *run)
{
	struct err err = ERR_INIT;

	if (run->question.server[0] != '\0') {
		run->resolve =
		    resolve_addresses(run->job->resolver, run->question.server,
			run->question.port, uptime_family(run->config),
			uptime_left_ms(run->job), found_server, run);
		return;
	}
	if (uptime_wire_system(&run->query, &err) != 0) {
		finish(run, NULL, &err);
		return;
	}
	ask(run);
}

static void
cancel(struct probe_job *job)
{
	run_free(job->state);
}

void
uptime_dns_start(struct probe_job *job, const struct uptime_url *target)
{
	struct run *run = mem_alloc(sizeof(*run));
	struct err err = ERR_INIT;

	run->run.cancel = cancel;
	run->job = job;
	run->loop = job->loop;
	run->config = job->config;
	run->stage = UPTIME_AT_RESOLVE;
	run->facts = uptime_facts_init(UPTIME_DNS, uptime_left_ms(job));
	run->began_us = clock_boot_us();
	job->state = run;
	if (uptime_dns_question(&run->question, run->config, target, &err) ==
	    0) {
		begin(run);
		return;
	}
	free(run);
	uptime_give_up(job, err.text);
}
