#include "probes/uptime_options.h"

#include <string.h>
#include <strings.h>

#include "base/netguard.h"
#include "base/str.h"
#include "probes/uptime.h"
#include "probes/uptime_answer.h"
#include "probes/uptime_dns.h"
#include "probes/uptime_pattern.h"
#include "probes/uptime_pointer.h"
#include "probes/uptime_starttls.h"

static const char *const ip_words[] = {"any", "ipv4", "ipv6", NULL};
static const char *const version_words[] = {
    [HTTP_VERSION_ANY] = "any",
    [HTTP_VERSION_1_1] = "1.1",
    [HTTP_VERSION_2] = "2",
    NULL,
};
static const char *const dnssec_words[] = {
    [UPTIME_DNSSEC_ANY] = "any",
    [UPTIME_DNSSEC_SECURE] = "secure",
    NULL,
};

#define E(type, member) OPTION(type, struct uptime_expect, member)

static const struct option expect_options[] = {
    {.name = "must_refuse",
	E(BOOL, must_refuse),
	.standard = "false",
	.help = "turn the probe around: getting through is the failure, a "
		"refused or unanswered connection is ok"},
    {.name = "status",
	E(RANGES, status),
	.min = 100,
	.max = 599,
	.standard = "200-299",
	.help = "HTTP statuses that are right, such as \"200-299, 401\""},
    {.name = "version",
	E(ENUM, version),
	.words = version_words,
	.standard = "any",
	.help = "HTTP version that must answer"},
    {.name = "headers",
	E(MAP, headers),
	.help = "headers that must be there, each with a regular expression "
		"(PCRE2) that its value must match"},
    {.name = "no_headers",
	E(LIST, no_headers),
	.help = "headers that must not be there"},
    {.name = "body_contains",
	E(LIST, body_contains),
	.help = "texts that must all be in the body"},
    {.name = "body_lacks",
	E(LIST, body_lacks),
	.help = "texts that must not be in the body"},
    {.name = "body_matches",
	E(REGEX, body_matches),
	.help = "regular expression (PCRE2) that the body must match"},
    {.name = "json",
	E(LIST, json),
	.help = "claims about a JSON body, such as '/status == \"ok\"' or "
		"'/queue/depth < 100'; operators == != < <= > >= exists "
		"missing"},
    {.name = "latency_degraded",
	E(DURATION, latency_degraded_ms),
	.help = "degraded when the whole check takes longer"},
    {.name = "latency_failed",
	E(DURATION, latency_failed_ms),
	.help = "failed when the whole check takes longer"},
    {.name = "cert_degraded",
	E(DURATION, cert_degraded_ms),
	.help = "degraded when the certificate has less time left; unless "
		"set, 14 days or a third of its life, whichever is shorter"},
    {.name = "cert_failed",
	E(DURATION, cert_failed_ms),
	.help = "failed when the certificate has less time left; unless set, "
		"when it has expired"},
    {.name = "rcode",
	E(ENUM, rcode),
	.words = uptime_rcodes,
	.standard = "NOERROR",
	.help = "DNS response code that is right"},
    {.name = "answers",
	E(LIST, answers),
	.help = "DNS records that must all be in the answer, as text: "
		"\"192.0.2.7\", \"10 mail.example.org\""},
    {.name = "answers_only",
	E(BOOL, answers_only),
	.standard = "false",
	.help = "no other records than `answers` may be in the answer"},
    {.name = "dnssec",
	E(ENUM, dnssec),
	.words = dnssec_words,
	.standard = "any",
	.help = "secure: the answer must be signed, with a chain of trust "
		"from the trust anchor"},
    {.name = "loss_degraded",
	E(INT, loss_degraded),
	.min = 1,
	.max = 100,
	.standard = "34",
	.help = "degraded when this share of ICMP packets, in per cent, is "
		"lost"},
    {.name = "loss_failed",
	E(INT, loss_failed),
	.min = 1,
	.max = 100,
	.standard = "100",
	.help = "failed when this share of ICMP packets, in per cent, is lost"},
    OPTION_END,
};

#define S(type, member) OPTION(type, struct uptime_step, member)

static const struct option step_options[] = {
    {.name = "send", S(STRING, send), .help = "text to send"},
    {.name = "expect",
	S(REGEX, expect),
	.help = "regular expression (PCRE2) to wait for"},
    OPTION_END,
};

#define C(type, member) OPTION(type, struct uptime_config, member)

const struct option uptime_options[] = {
    {.name = "target",
	C(URL, target),
	.words = uptime_schemes,
	.flags = OPTION_REQUIRED,
	.help = "what to watch: http://, https://, tcp://host:port, "
		"tls://host:port, dns://[server]/name?type=A, icmp://host"},
    {.name = "ip",
	C(ENUM, ip),
	.words = ip_words,
	.standard = "any",
	.help = "which addresses of the host to use"},
    {.name = "method",
	C(STRING, method),
	.min = 1,
	.max = 32,
	.standard = "GET",
	.help = "HTTP request method"},
    {.name = "headers",
	C(MAP, headers),
	.flags = OPTION_SECRETS,
	.help = "HTTP request headers; not sent to another host after a "
		"redirect"},
    {.name = "body", C(STRING, body), .help = "HTTP request body"},
    {.name = "version",
	C(ENUM, version),
	.words = version_words,
	.standard = "any",
	.help = "HTTP version to ask for"},
    {.name = "follow",
	C(INT, follow),
	.min = 0,
	.max = 5,
	.standard = "5",
	.help = "HTTP redirects to follow; only GET and HEAD are redirected"},
    {.name = "max_body",
	C(SIZE, max_body),
	.min = 1,
	.max = 8 << 20,
	.standard = "256KiB",
	.help = "bytes of an HTTP body to read at most; the rest is not looked "
		"at"},
    {.name = "user", C(STRING, user), .help = "user for HTTP Basic"},
    {.name = "password",
	C(SECRET, password),
	.help = "password for HTTP Basic"},
    {.name = "bearer",
	C(SECRET, bearer),
	.help = "token for HTTP Bearer authentication"},
    {.name = "public_only",
	C(BOOL, public_only),
	.standard = "false",
	.help = "refuse private, loopback, metadata and other special "
		"addresses, whatever name or redirect leads there"},
    {.name = "allow_addresses",
	C(LIST, allow_addresses),
	.help = "networks (CIDR) that are reachable with public_only"},
    {.name = "tls_verify",
	C(BOOL, tls_verify),
	.standard = "true",
	.help = "the certificate must be trusted and be for the host's name"},
    {.name = "ca_file",
	C(STRING, ca_file),
	.help = "PEM file of CAs to trust instead of the system's"},
    {.name = "client_cert",
	C(STRING, client_cert),
	.help = "PEM file of the client certificate"},
    {.name = "client_key",
	C(STRING, client_key),
	.help = "PEM file of the client certificate's key"},
    {.name = "server_name",
	C(STRING, server_name),
	.help = "name to ask for by SNI and to expect in the certificate of a "
		"tls:// or STARTTLS target; the host, unless set"},
    {.name = "starttls",
	C(ENUM, starttls),
	.words = uptime_starttls_words,
	.standard = "none",
	.help = "protocol in which to ask a tcp:// target for TLS"},
    {.name = "dialogue",
	C(SECTIONS, dialogue),
	.section = step_options,
	.section_size = sizeof(struct uptime_step),
	.max = 32,
	.help = "what to say to a tcp:// or tls:// target and what to wait "
		"for, step by step; each step sends first"},
    {.name = "record",
	C(ENUM, record),
	.words = uptime_records,
	.standard = "auto",
	.help = "DNS record type; auto is the target's ?type=, or A"},
    {.name = "trust_anchor",
	C(STRING, trust_anchor),
	.help = "file with the DNSSEC trust anchor (DS or DNSKEY records); "
		"the root's, unless set"},
    {.name = "packets",
	C(INT, packets),
	.min = 1,
	.max = 20,
	.standard = "3",
	.help = "ICMP packets to send"},
    {.name = "gap",
	C(DURATION, gap_ms),
	.min = 10,
	.max = 10000,
	.standard = "200ms",
	.help = "time between two ICMP packets"},
    {.name = "expect",
	C(SECTION, expect),
	.section = expect_options,
	.help = "what a good answer is"},
    OPTION_END,
};

static int
check_regex(const char *key, const char *pattern, struct err *err)
{
	struct uptime_pattern *compiled = NULL;

	if (pattern == NULL)
		return 0;
	if (uptime_pattern_new(&compiled, pattern, err) != 0)
		return err_wrap(err, "%s", key);
	uptime_pattern_free(compiled);
	return 0;
}

static int
check_expect(const struct uptime_expect *e, struct err *err)
{
	if (check_regex("expect.body_matches", e->body_matches, err) != 0)
		return -1;
	for (size_t i = 0; i < e->headers.count; i++)
		if (check_regex(
			"expect.headers", e->headers.items[i].value, err) != 0)
			return -1;
	for (size_t i = 0; i < e->json.count; i++)
		if (uptime_pointer_check(e->json.items[i], err) != 0)
			return err_wrap(err, "expect.json");
	if (e->latency_failed_ms > 0 &&
	    e->latency_failed_ms < e->latency_degraded_ms)
		return err_set(err, ERR_CONFIG,
		    "expect.latency_failed: is below latency_degraded");
	if (e->answers_only && e->answers.count == 0)
		return err_set(
		    err, ERR_CONFIG, "expect.answers_only: needs `answers`");
	return 0;
}

static int
check_dialogue(const struct uptime_config *c, struct err *err)
{
	const struct uptime_step *steps = c->dialogue.items;

	for (size_t i = 0; i < c->dialogue.count; i++) {
		if (steps[i].send == NULL && steps[i].expect == NULL)
			return err_set(err, ERR_CONFIG,
			    "dialogue: step %zu neither sends nor expects",
			    i + 1);
		if (check_regex("dialogue", steps[i].expect, err) != 0)
			return -1;
	}
	return 0;
}

/* Keys that mean nothing for the target's scheme are mistakes: somebody thinks
 * that something is watched which is not. */
static int
check_scheme(
    const struct uptime_config *c, enum uptime_scheme scheme, struct err *err)
{
	const struct uptime_expect *e = &c->expect;
	bool http = scheme == UPTIME_HTTP || scheme == UPTIME_HTTPS;
	bool tcp = scheme == UPTIME_TCP || scheme == UPTIME_TLS;
	const struct {
		bool set, fits;
		const char *key, *where;
	} rules[] = {
	    {c->starttls != 0, scheme == UPTIME_TCP, "starttls", "tcp"},
	    {c->dialogue.count > 0, tcp, "dialogue", "tcp and tls"},
	    {c->server_name != NULL, tcp, "server_name", "tcp and tls"},
	    {c->body != NULL, http, "body", "http and https"},
	    {c->headers.count > 0, http, "headers", "http and https"},
	    {c->user != NULL, http, "user", "http and https"},
	    {c->bearer != NULL, http, "bearer", "http and https"},
	    {c->public_only, http, "public_only", "http and https"},
	    {c->record != 0, scheme == UPTIME_DNS, "record", "dns"},
	    {c->trust_anchor != NULL, scheme == UPTIME_DNS, "trust_anchor",
		"dns"},
	    {e->body_matches != NULL, http, "expect.body_matches",
		"http and https"},
	    {e->body_contains.count > 0, http, "expect.body_contains",
		"http and https"},
	    {e->body_lacks.count > 0, http, "expect.body_lacks",
		"http and https"},
	    {e->headers.count > 0, http, "expect.headers", "http and https"},
	    {e->no_headers.count > 0, http, "expect.no_headers",
		"http and https"},
	    {e->json.count > 0, http, "expect.json", "http and https"},
	    {e->version != 0, http, "expect.version", "http and https"},
	    {e->answers.count > 0, scheme == UPTIME_DNS, "expect.answers",
		"dns"},
	    {e->rcode != 0, scheme == UPTIME_DNS, "expect.rcode", "dns"},
	    {e->dnssec != 0, scheme == UPTIME_DNS, "expect.dnssec", "dns"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].set && !rules[i].fits)
			return err_set(err, ERR_CONFIG,
			    "%s: is for %s targets only", rules[i].key,
			    rules[i].where);
	return 0;
}

static int
check_pairs(const struct uptime_config *c, struct err *err)
{
	if ((c->client_cert == NULL) != (c->client_key == NULL))
		return err_set(err, ERR_CONFIG,
		    "%s: client_cert and client_key belong together",
		    c->client_cert == NULL ? "client_key" : "client_cert");
	if (c->password != NULL && c->user == NULL)
		return err_set(
		    err, ERR_CONFIG, "password: there is no `user` to it");
	if (c->bearer != NULL && c->user != NULL)
		return err_set(err, ERR_CONFIG,
		    "bearer: cannot be used together with `user`");
	return 0;
}

static int
check_addresses(const struct uptime_config *c, struct err *err)
{
	struct netguard *guard = NULL;

	if (c->allow_addresses.count > 0 && !c->public_only)
		return err_set(err, ERR_CONFIG,
		    "allow_addresses: means nothing without public_only");
	if (c->public_only && c->expect.must_refuse)
		return err_set(err, ERR_CONFIG,
		    "public_only: cannot be used with expect.must_refuse");
	if (netguard_new(&guard, (const char *const *)c->allow_addresses.items,
		c->allow_addresses.count, err) < 0)
		return err_wrap(err, "allow_addresses");
	netguard_free(guard);
	return 0;
}

int
uptime_options_check(const void *config, struct err *err)
{
	const struct uptime_config *c = config;
	struct uptime_url target;

	if (uptime_url_parse(c->target, &target, err) != 0)
		return err_wrap(err, "target");
	if (uptime_url_check_family(&target, uptime_family(c), err) != 0)
		return -1;
	if (target.scheme == UPTIME_DNS &&
	    uptime_dns_check(c, &target, err) != 0)
		return -1;
	if (target.scheme > UPTIME_HTTPS && target.scheme != UPTIME_DNS &&
	    target.rest[strspn(target.rest, "/")] != '\0')
		return err_set(err, ERR_CONFIG,
		    "target: \"%.60s\" behind the host means nothing for %s://",
		    target.rest, uptime_schemes[target.scheme]);
	if (check_scheme(c, target.scheme, err) != 0 ||
	    check_pairs(c, err) != 0 || check_dialogue(c, err) != 0 ||
	    check_addresses(c, err) != 0)
		return -1;
	return check_expect(&c->expect, err);
}
