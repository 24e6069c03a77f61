#include "probes/uptime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include "probes/uptime_answer.h"
#include "tests/unit/uptime_sample.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define NOW_MS INT64_C(1763784000000) /* 2025-11-22T04:00:00Z */
#define WEB    "'target':'https://portal.example.org/'"

static struct uptime_facts
web(int status)
{
	struct uptime_facts f = uptime_facts_init(UPTIME_HTTPS, 10000);

	f.stage = UPTIME_AT_END;
	f.status = status;
	f.version = 11;
	f.latency_us = 12000;
	f.now_ms = NOW_MS;
	f.body = "";
	str_copy(f.address, sizeof(f.address), "192.0.2.7:443");
	return f;
}

static struct uptime_facts
stopped(enum uptime_stage stage, enum err_code code, const char *text)
{
	struct uptime_facts f = web(0);

	f.stage = stage;
	err_set(&f.err, code, "%s", text);
	return f;
}

static void
expect(const char *config_text, const struct uptime_facts *f,
    enum outcome outcome, const char *reason)
{
	struct uptime_config *config = sample_config(config_text);
	struct observation obs = {.outcome = OUTCOME_UNKNOWN};

	uptime_expect(config, f, &obs);
	assert_string_equal(obs.reason, reason);
	assert_string_equal(outcome_names[obs.outcome], outcome_names[outcome]);
	sample_free(config);
}

static void
says_why_it_is_well(void **state)
{
	struct uptime_facts f = web(200);

	(void)state;
	expect("{" WEB "}", &f, OUTCOME_OK, "status 200 in 12 ms");
}

static void
says_where_it_stopped(void **state)
{
	struct uptime_facts f = stopped(UPTIME_AT_CONNECT, ERR_REFUSED,
	    "connect to 192.0.2.7:443 refused after 0.8 ms");

	(void)state;
	expect("{" WEB "}", &f, OUTCOME_FAILED,
	    "connect to 192.0.2.7:443 refused after 0.8 ms");
	f.ours = true;
	expect("{" WEB "}", &f, OUTCOME_UNKNOWN,
	    "connect to 192.0.2.7:443 refused after 0.8 ms");
}

/* A timeout that our own lag explains is no news of the target. */
static void
does_not_blame_others_for_its_own_load(void **state)
{
	struct uptime_facts f =
	    stopped(UPTIME_AT_TALK, ERR_TIMEOUT, "no response within 10 s");

	(void)state;
	f.lag_us = 2000000;
	expect("{" WEB "}", &f, OUTCOME_FAILED, "no response within 10 s");
	f.lag_us = 3000000;
	expect("{" WEB "}", &f, OUTCOME_UNKNOWN,
	    "no response within 10 s; but this agent itself was 3 s late");
}

static void
judges_latency(void **state)
{
	const char *config = "{" WEB ",'expect':{'latency_degraded':'1s',"
			     "'latency_failed':'2s'}}";
	struct uptime_facts f = web(200);

	(void)state;
	f.latency_us = 999000;
	expect(config, &f, OUTCOME_OK, "status 200 in 999 ms");
	f.latency_us = 1500000;
	expect(config, &f, OUTCOME_DEGRADED, "took 1.5 s, more than 1 s");
	f.latency_us = 2500000;
	expect(config, &f, OUTCOME_FAILED, "took 2.5 s, more than 2 s");
	f.lag_us = 4900; /* timers are never better than this */
	expect(config, &f, OUTCOME_FAILED, "took 2.5 s, more than 2 s");
	f.lag_us = 150000; /* could be ours from 2 s on, not from 1 s on */
	expect(config, &f, OUTCOME_DEGRADED, "took 2.5 s, more than 1 s");
	f.lag_us = 400000;
	expect(config, &f, OUTCOME_OK,
	    "status 200 in 2.5 s (not judged: this agent itself was 400 ms "
	    "late)");
}

static struct tls_certificate
certificate(int64_t days_left, int64_t life_days)
{
	struct tls_certificate tls = {.seen = true, .protocol = "TLSv1.3"};

	tls.not_after_ms = NOW_MS + days_left * DAY_MS;
	tls.not_before_ms = tls.not_after_ms - life_days * DAY_MS;
	return tls;
}

static void
certificate_case(const char *config, int64_t days_left, int64_t life_days,
    enum outcome outcome, const char *reason)
{
	struct tls_certificate tls = certificate(days_left, life_days);
	struct uptime_facts f = web(200);

	f.tls = &tls;
	expect(config, &f, outcome, reason);
}

static void
judges_certificates(void **state)
{
	const char *plain = "{" WEB "}";
	const char *own = "{" WEB ",'expect':{'cert_degraded':'30d',"
			  "'cert_failed':'7d'}}";
	const char *lax = "{" WEB ",'tls_verify':false}";

	(void)state;
	certificate_case(plain, 40, 90, OUTCOME_OK, "status 200 in 12 ms");
	certificate_case(plain, 10, 90, OUTCOME_DEGRADED,
	    "certificate expires in 10 days (2025-12-02)");
	/* certificates of six days live and die below 14 days */
	certificate_case(plain, 3, 6, OUTCOME_OK, "status 200 in 12 ms");
	certificate_case(plain, 1, 6, OUTCOME_DEGRADED,
	    "certificate expires in 1 day (2025-11-23)");
	certificate_case(plain, -3, 90, OUTCOME_FAILED,
	    "certificate expired 3 days ago (2025-11-19)");
	certificate_case(own, 20, 90, OUTCOME_DEGRADED,
	    "certificate expires in 20 days (2025-12-12)");
	certificate_case(own, 5, 90, OUTCOME_FAILED,
	    "certificate expires in 5 days (2025-11-27)");
	certificate_case(lax, -3, 90, OUTCOME_OK, "status 200 in 12 ms");
}

static void
must_refuse(void **state)
{
	const char *config = "{" WEB ",'expect':{'must_refuse':true}}";
	struct uptime_facts f = web(200);

	(void)state;
	expect(config, &f, OUTCOME_FAILED,
	    "192.0.2.7:443 let us in with status 200, where it must refuse");
	f = stopped(UPTIME_AT_CONNECT, ERR_REFUSED, "connection refused");
	expect(
	    config, &f, OUTCOME_OK, "refuses, as it must: connection refused");
	f = stopped(UPTIME_AT_TLS, ERR_TLS, "handshake failure");
	expect(
	    config, &f, OUTCOME_OK, "refuses, as it must: handshake failure");
	f = stopped(UPTIME_AT_TALK, ERR_PROTO, "it hung up");
	expect(config, &f, OUTCOME_FAILED,
	    "192.0.2.7:443 let us in, where it must refuse; then: it hung up");
	/* a typing mistake in the name must not look like safety */
	f = stopped(UPTIME_AT_RESOLVE, ERR_DNS, "x.example does not exist");
	expect(config, &f, OUTCOME_FAILED, "x.example does not exist");
	f.ours = true;
	expect(config, &f, OUTCOME_UNKNOWN, "x.example does not exist");
}

static struct uptime_facts
dns(int rcode, const char *const *answers, size_t count)
{
	struct uptime_facts f = web(0);

	f.scheme = UPTIME_DNS;
	f.rcode = rcode;
	f.record = "A";
	f.answers = answers;
	f.answer_count = count;
	str_copy(f.address, sizeof(f.address), "192.0.2.53:53");
	return f;
}

#define DNS "'target':'dns://192.0.2.53/example.org'"

static void
judges_dns(void **state)
{
	static const char *const two[] = {"192.0.2.7", "192.0.2.8"};
	struct uptime_facts f = dns(0, two, 2);

	(void)state;
	expect("{" DNS "}", &f, OUTCOME_OK, "2 A records in 12 ms");
	expect("{" DNS ",'expect':{'answers':['192.0.2.8']}}", &f, OUTCOME_OK,
	    "2 A records in 12 ms");
	expect("{" DNS ",'expect':{'answers':['192.0.2.8'],"
	       "'answers_only':true}}",
	    &f, OUTCOME_FAILED,
	    "192.0.2.7 is not expected; the answer is 192.0.2.7, 192.0.2.8");
	expect("{" DNS ",'expect':{'answers':['192.0.2.9']}}", &f,
	    OUTCOME_FAILED,
	    "192.0.2.9 is missing; the answer is 192.0.2.7, 192.0.2.8");
	expect("{" DNS ",'expect':{'dnssec':'secure'}}", &f, OUTCOME_FAILED,
	    "DNSSEC: the answer is not signed, or no chain of trust leads to "
	    "it");
	f.dnssec = DNSSEC_SECURE;
	expect("{" DNS ",'expect':{'dnssec':'secure'}}", &f, OUTCOME_OK,
	    "2 A records in 12 ms");
	f.dnssec = DNSSEC_BOGUS;
	f.why_bogus = "signature expired";
	expect("{" DNS "}", &f, OUTCOME_FAILED,
	    "DNSSEC: bogus answer: signature expired");
	f = dns(3, NULL, 0);
	expect("{" DNS "}", &f, OUTCOME_FAILED,
	    "answer is NXDOMAIN, expected NOERROR");
	expect("{" DNS ",'expect':{'rcode':'NXDOMAIN'}}", &f, OUTCOME_OK,
	    "NXDOMAIN in 12 ms");
	f = dns(0, NULL, 0);
	expect("{" DNS "}", &f, OUTCOME_FAILED, "there is no A record");
	f = dns(UPTIME_RCODE_REFUSED, NULL, 0);
	expect("{" DNS ",'expect':{'must_refuse':true}}", &f, OUTCOME_OK,
	    "refuses, as it must: REFUSED");
	f = dns(0, two, 2);
	expect("{" DNS ",'expect':{'must_refuse':true}}", &f, OUTCOME_FAILED,
	    "192.0.2.53:53 answered NOERROR, where it must refuse");
	f = stopped(UPTIME_AT_TALK, ERR_TIMEOUT, "no answer");
	f.scheme = UPTIME_DNS;
	expect("{" DNS ",'expect':{'must_refuse':true}}", &f, OUTCOME_OK,
	    "refuses, as it must: no answer");
}

static struct uptime_facts
icmp(unsigned sent, unsigned received)
{
	struct uptime_facts f = web(0);

	f.scheme = UPTIME_ICMP;
	f.sent = sent;
	f.received = received;
	f.latency_us = received > 0 ? 300 : -1;
	str_copy(f.address, sizeof(f.address), "192.0.2.7");
	return f;
}

#define ICMP "'target':'icmp://192.0.2.7'"

static void
judges_loss(void **state)
{
	struct uptime_facts f = icmp(3, 3);

	(void)state;
	expect(
	    "{" ICMP "}", &f, OUTCOME_OK, "3 of 3 replies, 0.3 ms on average");
	f = icmp(3, 2); /* one lost packet of three is nothing */
	expect(
	    "{" ICMP "}", &f, OUTCOME_OK, "2 of 3 replies, 0.3 ms on average");
	f = icmp(3, 1);
	expect("{" ICMP "}", &f, OUTCOME_DEGRADED,
	    "2 of 3 packets to 192.0.2.7 lost");
	expect("{" ICMP ",'expect':{'loss_failed':50}}", &f, OUTCOME_FAILED,
	    "2 of 3 packets to 192.0.2.7 lost");
	f = icmp(3, 0);
	expect("{" ICMP "}", &f, OUTCOME_FAILED,
	    "no reply from 192.0.2.7 to 3 packets");
	expect("{" ICMP ",'expect':{'must_refuse':true}}", &f, OUTCOME_OK,
	    "no reply from 192.0.2.7, as it must be");
	str_copy(f.err.text, sizeof(f.err.text), "No route to host");
	expect("{" ICMP "}", &f, OUTCOME_FAILED,
	    "no reply from 192.0.2.7 to 3 packets: No route to host");
	f.lag_us = 3000000;
	expect("{" ICMP "}", &f, OUTCOME_UNKNOWN,
	    "no reply from 192.0.2.7 to 3 packets: No route to host; but this "
	    "agent itself was 3 s late");
	f = icmp(1, 1);
	expect("{" ICMP ",'expect':{'must_refuse':true}}", &f, OUTCOME_FAILED,
	    "192.0.2.7 answers, where it must not");
}

static void
says_what_tcp_did(void **state)
{
	struct tls_certificate tls = certificate(60, 90);
	struct uptime_facts f = web(0);

	(void)state;
	f.scheme = UPTIME_TCP;
	expect("{'target':'tcp://192.0.2.7:22'}", &f, OUTCOME_OK,
	    "connected in 12 ms");
	f.scheme = UPTIME_TLS;
	f.tls = &tls;
	expect(
	    "{'target':'tls://192.0.2.7'}", &f, OUTCOME_OK, "TLSv1.3 in 12 ms");
	expect("{'target':'tcp://192.0.2.7:22','expect':{'must_refuse':true}}",
	    &f, OUTCOME_FAILED,
	    "192.0.2.7:443 let us in, where it must refuse");
}

/* The worse judgement has the last word, whatever came first. */
static void
failed_beats_degraded(void **state)
{
	struct tls_certificate tls = certificate(5, 90);
	struct uptime_facts f = web(200);

	(void)state;
	f.tls = &tls;
	f.latency_us = 3000000;
	expect("{" WEB ",'expect':{'latency_degraded':'1s'}}", &f,
	    OUTCOME_DEGRADED, "certificate expires in 5 days (2025-11-27)");
	expect("{" WEB ",'expect':{'latency_failed':'1s'}}", &f, OUTCOME_FAILED,
	    "took 3 s, more than 1 s");
	f.status = 500;
	expect("{" WEB "}", &f, OUTCOME_FAILED, "status 500, empty body");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_why_it_is_well),
	    cmocka_unit_test(says_where_it_stopped),
	    cmocka_unit_test(does_not_blame_others_for_its_own_load),
	    cmocka_unit_test(judges_latency),
	    cmocka_unit_test(judges_certificates),
	    cmocka_unit_test(must_refuse),
	    cmocka_unit_test(judges_dns),
	    cmocka_unit_test(judges_loss),
	    cmocka_unit_test(says_what_tcp_did),
	    cmocka_unit_test(failed_beats_degraded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
