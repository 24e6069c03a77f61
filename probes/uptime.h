/*
 * The kind `uptime`, inside: what its files share. uptime.c holds the contract
 * and the option table; uptime_http.c, _tcp.c, _dns.c and _icmp.c each collect
 * the facts of one run; uptime_expect.c, which is pure, turns facts into an
 * outcome and a reason.
 */
#ifndef PROBES_UPTIME_H
#define PROBES_UPTIME_H

#include "probes/probe.h"
#include "probes/uptime_url.h"

enum uptime_dnssec { UPTIME_DNSSEC_ANY, UPTIME_DNSSEC_SECURE };
enum uptime_ip { UPTIME_IP_ANY, UPTIME_IP_V4, UPTIME_IP_V6 };

struct uptime_expect { /* the section `expect` */
	bool must_refuse;
	struct option_ranges status;
	int version; /* enum http_version */
	struct option_map headers;
	struct option_list no_headers;
	struct option_list body_contains, body_lacks;
	char *body_matches;
	struct option_list json;
	int64_t latency_degraded_ms, latency_failed_ms; /* 0 = not judged */
	int64_t cert_degraded_ms; /* 0 = by the certificate's own lifetime */
	int64_t cert_failed_ms;
	int rcode; /* index into uptime_rcodes: the code itself */
	struct option_list answers;
	bool answers_only;
	int dnssec;                         /* enum uptime_dnssec */
	int64_t loss_degraded, loss_failed; /* per cent */
};

struct uptime_step { /* of a TCP dialogue */
	char *send, *expect;
};

struct uptime_config {
	char *target;
	int ip; /* enum uptime_ip */
	/* http, https */
	char *method, *body;
	struct option_map headers;
	int version; /* enum http_version */
	int64_t follow, max_body;
	char *user, *password, *bearer;
	bool public_only;
	struct option_list allow_addresses;
	/* https, tls, STARTTLS */
	bool tls_verify;
	char *ca_file, *client_cert, *client_key, *server_name;
	/* tcp, tls */
	int starttls;                 /* index into uptime_starttls_words */
	struct option_array dialogue; /* struct uptime_step */
	/* dns */
	int record; /* index into uptime_records; 0 = as the target says */
	char *trust_anchor;
	/* icmp */
	int64_t packets, gap_ms;

	struct uptime_expect expect;
};

enum uptime_stage { /* how far it came */
	UPTIME_AT_RESOLVE,
	UPTIME_AT_CONNECT,
	UPTIME_AT_TLS,
	UPTIME_AT_TALK,
	UPTIME_AT_END, /* a whole answer */
};

/* What one run learnt. Pointers are borrowed for the judgement. */
struct uptime_facts {
	enum uptime_scheme scheme;
	enum uptime_stage stage;
	struct err err; /* why it went no further; stage UPTIME_AT_END: none */
	bool ours;      /* … and that is our own trouble, not the target's */
	int64_t latency_us; /* what latency limits are about; -1 = none */
	int64_t lag_us, timeout_us;
	int64_t now_ms; /* wall clock */
	char address[64];
	struct http_timings timings;
	const struct tls_certificate *tls; /* NULL = no TLS */

	/* http */
	int status, version;
	const struct http_header *headers; /* names in lower case */
	size_t header_count;
	const char *body;
	size_t body_len;
	bool body_cut;
	unsigned redirects;
	/* dns */
	int rcode;
	enum dnssec dnssec;
	const char *why_bogus;      /* or NULL */
	const char *const *answers; /* as text */
	size_t answer_count;
	const char *record; /* "AAAA" */
	/* icmp */
	unsigned sent, received;
};

/* Facts to outcome and reason. Pure. Latency and missing answers are not held
 * against a target when the agent's own lag could explain them. */
void uptime_expect(const struct uptime_config *config,
    const struct uptime_facts *facts, struct observation *obs);
/* Its part that judges an HTTP reply: status, version, headers, body. Leaves
 * obs alone when there is nothing to say against it. Pure. */
void uptime_reply(const struct uptime_config *config,
    const struct uptime_facts *facts, struct observation *obs);

/* What every run in job->state begins with. */
struct uptime_run {
	void (*cancel)(struct probe_job *job); /* lets go of all of it */
};
/* One run of each scheme: sets job->state, leads to exactly one uptime_finish()
 * or uptime_give_up(). */
typedef void
uptime_start(struct probe_job *job, const struct uptime_url *target);
uptime_start uptime_http_start, uptime_tcp_start, uptime_dns_start,
    uptime_icmp_start;

/* Facts of nothing yet, for a run that has so much time. */
struct uptime_facts
uptime_facts_init(enum uptime_scheme scheme, int64_t timeout_ms);
/* Judge, add what all schemes share to obs' facts and metrics, end the job. A
 * name that was not found is doubted first (uptime_doubt.c). Copies facts. */
void uptime_finish(struct probe_job *job, const struct uptime_facts *facts,
    struct observation *obs);
/* The same without a doubt. */
void uptime_conclude(
    struct probe_job *job, struct uptime_facts *facts, struct observation *obs);
/* Was the name really not found, or does no resolver answer at all? Takes obs;
 * leads to uptime_conclude(). */
void uptime_doubt(struct probe_job *job, const struct uptime_facts *facts,
    struct observation *obs);
/* End the job for a reason of ours: outcome unknown. */
void uptime_give_up(struct probe_job *job, const char *why);

/* Milliseconds left for the run, less what its own ending needs; at least 1. */
int64_t uptime_left_ms(const struct probe_job *job);
int uptime_family(const struct uptime_config *config); /* AF_… */

/* Is this error our own trouble: no descriptors or memory, no route from here,
 * no resolver that answers, a file that cannot be read? `address` is where it
 * went to, as in "192.0.2.7:443", or "". */
bool uptime_is_ours(
    const struct err *err, enum uptime_stage stage, const char *address);

#endif
