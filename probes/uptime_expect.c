/*
 * From facts to outcome and reason. Each judge looks at one thing and may make
 * the outcome worse; they stand in the order in which a person wants to know,
 * and the first to say "failed" has the last word.
 */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "probes/uptime.h"
#include "probes/uptime_answer.h"

/* A run meets the loop's lag a few times, about once a phase; below the noise
 * it is only how coarse timers are on a quiet machine. */
#define LAG_FACTOR   4
#define LAG_NOISE_US 5000

#define CERT_DEGRADED_MS (14 * 24 * 3600 * INT64_C(1000))

static const char refuses[] = "refuses, as it must: ";

typedef void judge_fn(const struct uptime_config *config,
    const struct uptime_facts *facts, struct observation *obs);

/* How much of a time measured here may be our own doing. */
static int64_t
own_us(const struct uptime_facts *f)
{
	return f->lag_us < LAG_NOISE_US ? 0 : f->lag_us * LAG_FACTOR;
}

static void
degrade(struct observation *obs, const char *reason)
{
	if (obs->outcome == OUTCOME_OK)
		probe_reason(obs, OUTCOME_DEGRADED, "%s", reason);
}

/* It stopped before an answer, although it may. */
static void
judge_failure(const struct uptime_config *config, const struct uptime_facts *f,
    struct observation *obs)
{
	bool timeout = f->err.code == ERR_TIMEOUT;
	char time[32];

	(void)config;
	if (f->ours)
		probe_reason(obs, OUTCOME_UNKNOWN, "%s", f->err.text);
	else if (timeout && own_us(f) >= f->timeout_us)
		probe_reason(obs, OUTCOME_UNKNOWN,
		    "%s; but this agent itself was %s late", f->err.text,
		    str_duration_human(time, f->lag_us));
	else
		probe_reason(obs, OUTCOME_FAILED, "%s", f->err.text);
}

/* It stopped before an answer, as it must: a refused or unanswered connection,
 * a refused handshake. A name that does not resolve refuses nothing. */
static void
judge_refused(const struct uptime_config *config, const struct uptime_facts *f,
    struct observation *obs)
{
	if (f->ours || f->stage == UPTIME_AT_RESOLVE)
		judge_failure(config, f, obs);
	else if (f->stage == UPTIME_AT_TALK && f->scheme != UPTIME_DNS)
		probe_reason(obs, OUTCOME_FAILED,
		    "%s let us in, where it must refuse; then: %s", f->address,
		    f->err.text);
	else
		probe_reason(obs, OUTCOME_OK, "%s%s", refuses, f->err.text);
}

/* It answered, where it must not. */
static void
judge_intrusion(const struct uptime_config *config,
    const struct uptime_facts *f, struct observation *obs)
{
	const char *who = f->address[0] != '\0' ? f->address : "the target";

	(void)config;
	if (f->scheme == UPTIME_DNS && f->rcode == UPTIME_RCODE_REFUSED)
		probe_reason(obs, OUTCOME_OK, "%sREFUSED", refuses);
	else if (f->scheme == UPTIME_DNS)
		probe_reason(obs, OUTCOME_FAILED,
		    "%s answered %s, where it must refuse", who,
		    uptime_rcode_name(f->rcode));
	else if (f->scheme == UPTIME_ICMP && f->received == 0)
		probe_reason(
		    obs, OUTCOME_OK, "no reply from %s, as it must be", who);
	else if (f->scheme == UPTIME_ICMP)
		probe_reason(
		    obs, OUTCOME_FAILED, "%s answers, where it must not", who);
	else if (f->status != 0)
		probe_reason(obs, OUTCOME_FAILED,
		    "%s let us in with status %d, where it must refuse", who,
		    f->status);
	else
		probe_reason(obs, OUTCOME_FAILED,
		    "%s let us in, where it must refuse", who);
}

static void
judge_reply(const struct uptime_config *config, const struct uptime_facts *f,
    struct observation *obs)
{
	if (f->scheme == UPTIME_HTTP || f->scheme == UPTIME_HTTPS)
		uptime_reply(config, f, obs);
}

/* The time left below which a certificate is worth a word: 14 days, but a
 * third of its life for those that never live as long as that. */
static int64_t
cert_degraded_ms(
    const struct uptime_config *config, const struct tls_certificate *tls)
{
	int64_t third = (tls->not_after_ms - tls->not_before_ms) / 3;

	if (config->expect.cert_degraded_ms > 0)
		return config->expect.cert_degraded_ms;
	if (!config->tls_verify)
		return 0;
	return third > 0 && third < CERT_DEGRADED_MS ? third : CERT_DEGRADED_MS;
}

static void
judge_certificate(const struct uptime_config *config,
    const struct uptime_facts *f, struct observation *obs)
{
	int64_t failed_ms = config->expect.cert_failed_ms, left_ms, limit_ms;
	char time[32], date[32], reason[PROBE_REASON_MAX];

	if (f->tls == NULL || !f->tls->seen || f->tls->not_after_ms == 0)
		return;
	left_ms = f->tls->not_after_ms - f->now_ms;
	limit_ms = cert_degraded_ms(config, f->tls);
	if (left_ms >= failed_ms && left_ms >= limit_ms)
		return;
	if (left_ms < 0 && !config->tls_verify && failed_ms == 0)
		return;
	clock_rfc3339(date, f->tls->not_after_ms);
	date[10] = '\0'; /* the day is enough */
	str_printf(reason, sizeof(reason),
	    left_ms < 0 ? "certificate expired %s ago (%s)"
			: "certificate expires in %s (%s)",
	    str_duration_human(time, (left_ms < 0 ? -left_ms : left_ms) * 1000),
	    date);
	if (left_ms < failed_ms || left_ms < 0)
		probe_reason(obs, OUTCOME_FAILED, "%s", reason);
	else
		degrade(obs, reason);
}

static void
judge_answers(const struct uptime_config *config, const struct uptime_facts *f,
    struct observation *obs)
{
	const struct uptime_expect *e = &config->expect;
	char why[PROBE_REASON_MAX];

	if (f->scheme != UPTIME_DNS)
		return;
	if (f->dnssec == DNSSEC_BOGUS)
		probe_reason(obs, OUTCOME_FAILED, "DNSSEC: bogus answer%s%s",
		    f->why_bogus != NULL ? ": " : "",
		    f->why_bogus != NULL ? f->why_bogus : "");
	else if (f->rcode != e->rcode)
		probe_reason(obs, OUTCOME_FAILED, "answer is %s, expected %s",
		    uptime_rcode_name(f->rcode), uptime_rcode_name(e->rcode));
	else if (e->dnssec == UPTIME_DNSSEC_SECURE &&
		 f->dnssec != DNSSEC_SECURE)
		probe_reason(obs, OUTCOME_FAILED,
		    "DNSSEC: the answer is not signed, or no chain of trust "
		    "leads to it");
	else if (f->rcode == 0 && f->answer_count == 0)
		probe_reason(
		    obs, OUTCOME_FAILED, "there is no %s record", f->record);
	else if (uptime_answer_compare(&e->answers, e->answers_only, f->answers,
		     f->answer_count, why, sizeof(why)) != 0)
		probe_reason(obs, OUTCOME_FAILED, "%s", why);
}

static void
judge_loss(const struct uptime_config *config, const struct uptime_facts *f,
    struct observation *obs)
{
	const struct uptime_expect *e = &config->expect;
	unsigned lost = f->sent - f->received;
	char reason[PROBE_REASON_MAX], time[32];

	if (f->scheme != UPTIME_ICMP || lost == 0)
		return;
	if (f->received == 0)
		str_printf(reason, sizeof(reason),
		    "no reply from %s to %u %s%s%s", f->address, f->sent,
		    f->sent == 1 ? "packet" : "packets",
		    f->err.text[0] != '\0' ? ": " : "", f->err.text);
	else
		str_printf(reason, sizeof(reason),
		    "%u of %u packets to %s lost", lost, f->sent, f->address);
	if (own_us(f) >= f->timeout_us)
		probe_reason(obs, OUTCOME_UNKNOWN,
		    "%s; but this agent itself was %s late", reason,
		    str_duration_human(time, f->lag_us));
	else if ((int64_t)lost * 100 >= e->loss_failed * f->sent)
		probe_reason(obs, OUTCOME_FAILED, "%s", reason);
	else if ((int64_t)lost * 100 >= e->loss_degraded * f->sent)
		degrade(obs, reason);
}

/* A time over its limit counts only as far as it was not our own doing. */
static void
judge_latency(const struct uptime_config *config, const struct uptime_facts *f,
    struct observation *obs)
{
	int64_t failed_us = config->expect.latency_failed_ms * 1000;
	int64_t degraded_us = config->expect.latency_degraded_ms * 1000;
	int64_t surely_us = f->latency_us - own_us(f);
	char reason[PROBE_REASON_MAX], took[32], limit[32];
	bool failed = failed_us > 0 && surely_us > failed_us;

	if (f->latency_us < 0)
		return;
	if (!failed && (degraded_us == 0 || surely_us <= degraded_us))
		return;
	str_printf(reason, sizeof(reason), "took %s, more than %s",
	    str_duration_human(took, f->latency_us),
	    str_duration_human(limit, failed ? failed_us : degraded_us));
	if (failed)
		probe_reason(obs, OUTCOME_FAILED, "%s", reason);
	else
		degrade(obs, reason);
}

static void
say_ok(const struct uptime_config *config, const struct uptime_facts *f,
    struct observation *obs)
{
	int64_t limit_us = config->expect.latency_degraded_ms * 1000;
	char time[32], late[32], doubt[96] = "";

	str_duration_human(time, f->latency_us < 0 ? 0 : f->latency_us);
	if (limit_us == 0)
		limit_us = config->expect.latency_failed_ms * 1000;
	if (limit_us > 0 && f->latency_us > limit_us)
		str_printf(doubt, sizeof(doubt),
		    " (not judged: this agent itself was %s late)",
		    str_duration_human(late, f->lag_us));
	if (f->scheme == UPTIME_ICMP)
		probe_reason(obs, OUTCOME_OK,
		    "%u of %u replies, %s on average%s", f->received, f->sent,
		    time, doubt);
	else if (f->scheme == UPTIME_DNS && f->rcode != 0)
		probe_reason(obs, OUTCOME_OK, "%s in %s%s",
		    uptime_rcode_name(f->rcode), time, doubt);
	else if (f->scheme == UPTIME_DNS)
		probe_reason(obs, OUTCOME_OK, "%zu %s %s in %s%s",
		    f->answer_count, f->record,
		    f->answer_count == 1 ? "record" : "records", time, doubt);
	else if (f->status != 0)
		probe_reason(obs, OUTCOME_OK, "status %d in %s%s", f->status,
		    time, doubt);
	else
		probe_reason(obs, OUTCOME_OK, "%s in %s%s",
		    f->tls != NULL && f->tls->seen ? f->tls->protocol
						   : "connected",
		    time, doubt);
}

void
uptime_expect(const struct uptime_config *config,
    const struct uptime_facts *facts, struct observation *obs)
{
	static judge_fn *const judges[] = {judge_reply, judge_answers,
	    judge_loss, judge_certificate, judge_latency};
	bool must_refuse = config->expect.must_refuse;

	obs->outcome = OUTCOME_OK;
	obs->reason[0] = '\0';
	if (facts->stage != UPTIME_AT_END) {
		(must_refuse ? judge_refused : judge_failure)(
		    config, facts, obs);
		return;
	}
	if (must_refuse) {
		judge_intrusion(config, facts, obs);
		return;
	}
	for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++) {
		judges[i](config, facts, obs);
		if (obs->outcome == OUTCOME_FAILED ||
		    obs->outcome == OUTCOME_UNKNOWN)
			return;
	}
	if (obs->outcome == OUTCOME_OK)
		say_ok(config, facts, obs);
}
