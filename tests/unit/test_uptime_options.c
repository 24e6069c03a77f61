#include "probes/uptime_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/uptime_sample.h"

static void
good(const char *text)
{
	struct uptime_config *config = sample_config(text);
	struct err err = ERR_INIT;

	if (uptime_options_check(config, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	sample_free(config);
}

static void
bad(const char *text, const char *message)
{
	struct uptime_config *config = sample_config(text);
	struct err err = ERR_INIT;

	assert_int_equal(uptime_options_check(config, &err), -1);
	assert_string_equal(err.text, message);
	sample_free(config);
}

static void
has_good_defaults(void **state)
{
	struct uptime_config *c =
	    sample_config("{'target':'https://x.example/'}");

	(void)state;
	assert_string_equal(c->method, "GET");
	assert_int_equal(c->follow, 5);
	assert_int_equal(c->max_body, 256 << 10);
	assert_true(c->tls_verify);
	assert_int_equal(c->packets, 3);
	assert_true(option_ranges_has(&c->expect.status, 204));
	assert_false(option_ranges_has(&c->expect.status, 301));
	assert_int_equal(c->expect.loss_failed, 100);
	assert_false(c->expect.must_refuse);
	sample_free(c);
}

static void
accepts(void **state)
{
	(void)state;
	good("{'target':'https://x.example/','expect':{'status':'200, 301-308',"
	     "'json':['/a == 1'],'body_matches':'^x','headers':{'a':'b'},"
	     "'latency_degraded':'1s','latency_failed':'2s'}}");
	good("{'target':'tcp://x.example:25','starttls':'smtp','dialogue':["
	     "{'send':'NOOP\\r\\n','expect':'^250'},{'send':'QUIT\\r\\n'}]}");
	good("{'target':'dns://192.0.2.53/x.example?type=MX','expect':"
	     "{'answers':'10 mail.x.example','answers_only':true}}");
	good("{'target':'dns://x.example','record':'AAAA'}");
	good("{'target':'icmp://[2001:db8::1]','ip':'ipv6','packets':5}");
	good("{'target':'https://x.example/','public_only':true,"
	     "'allow_addresses':['10.0.0.0/8']}");
	good("{'target':'tls://x.example/','client_cert':'a','client_key':"
	     "'b','server_name':'y.example'}");
}

static void
refuses_what_cannot_work(void **state)
{
	(void)state;
	bad("{'target':'tcp://x.example'}",
	    "target: say which port: tcp://x.example:PORT");
	bad("{'target':'icmp://x.example/path'}",
	    "target: \"/path\" behind the host means nothing for icmp://");
	bad("{'target':'http://192.0.2.7/','ip':'ipv6'}",
	    "ip: is ipv6, but 192.0.2.7 is an IPv4 address");
	bad("{'target':'tcp://[::1]:1','ip':'ipv4'}",
	    "ip: is ipv4, but ::1 is an IPv6 address");
	bad("{'target':'https://x.example/','client_cert':'a'}",
	    "client_cert: client_cert and client_key belong together");
	bad("{'target':'https://x.example/','password':'a'}",
	    "password: there is no `user` to it");
	bad("{'target':'https://x.example/','user':'a','bearer':'b'}",
	    "bearer: cannot be used together with `user`");
	bad("{'target':'tcp://x.example:1','public_only':true}",
	    "public_only: is for http and https targets only");
	bad("{'target':'https://x.example/','allow_addresses':['10.0.0.1']}",
	    "allow_addresses: means nothing without public_only");
	bad("{'target':'https://x.example/','public_only':true,"
	    "'allow_addresses':['10.0.0.1/8']}",
	    "allow_addresses: \"10.0.0.1/8\" has bits set past its prefix "
	    "length");
	bad("{'target':'https://x.example/','public_only':true,'expect':"
	    "{'must_refuse':true}}",
	    "public_only: cannot be used with expect.must_refuse");
	bad("{'target':'tcp://x.example:1','dialogue':[{}]}",
	    "dialogue: step 1 neither sends nor expects");
	bad("{'target':'https://x.example/','expect':{'body_matches':'('}}",
	    "expect.body_matches: the regular expression is wrong at character "
	    "2: missing closing parenthesis");
	bad("{'target':'https://x.example/','expect':{'headers':{'a':'['}}}",
	    "expect.headers: the regular expression is wrong at character 2: "
	    "missing terminating ] for character class");
	bad("{'target':'https://x.example/','expect':{'latency_degraded':'2s',"
	    "'latency_failed':'1s'}}",
	    "expect.latency_failed: is below latency_degraded");
	bad("{'target':'dns://x.example','expect':{'answers_only':true}}",
	    "expect.answers_only: needs `answers`");
}

/* A key that means nothing for the scheme: somebody believes that something is
 * watched which is not. */
static void
refuses_keys_of_other_schemes(void **state)
{
	(void)state;
	bad("{'target':'https://x.example/','starttls':'smtp'}",
	    "starttls: is for tcp targets only");
	bad("{'target':'icmp://x.example','expect':{'body_contains':'x'}}",
	    "expect.body_contains: is for http and https targets only");
	bad("{'target':'http://x.example','expect':{'dnssec':'secure'}}",
	    "expect.dnssec: is for dns targets only");
	bad("{'target':'dns://x.example','bearer':'x'}",
	    "bearer: is for http and https targets only");
}

static void
understands_dns_targets(void **state)
{
	(void)state;
	bad("{'target':'dns://x.example?type=NOPE'}",
	    "target: \"NOPE\" is none of the record types A, AAAA, CAA, CNAME, "
	    "DS, MX, NS, PTR, SOA, SRV, TLSA, TXT");
	bad("{'target':'dns://x.example?type=A','record':'MX'}",
	    "record: is MX, but the target says ?type=A");
	bad("{'target':'dns://x.example?class=IN'}",
	    "target: after \"?\" only type=… may follow");
	bad("{'target':'dns://192.0.2.53:5353'}",
	    "target: write dns://server:port/name");
	bad("{'target':'dns:///'}", "target: \"\" is not a domain name");
	bad("{'target':'dns:///a..b'}",
	    "target: \"a..b\" is not a domain name");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(has_good_defaults),
	    cmocka_unit_test(accepts),
	    cmocka_unit_test(refuses_what_cannot_work),
	    cmocka_unit_test(refuses_keys_of_other_schemes),
	    cmocka_unit_test(understands_dns_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
