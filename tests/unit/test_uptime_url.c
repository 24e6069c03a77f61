#include "probes/uptime_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void
parses(const char *text, enum uptime_scheme scheme, const char *host, int port)
{
	struct uptime_url url;
	struct err err = ERR_INIT;

	if (uptime_url_parse(text, &url, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(url.scheme, scheme);
	assert_string_equal(url.host, host);
	assert_int_equal(url.port, port);
}

static void
parses_targets(void **state)
{
	struct uptime_url url;

	(void)state;
	parses("http://a.example", UPTIME_HTTP, "a.example", 80);
	parses("HTTPS://A.example/x?y#z", UPTIME_HTTPS, "A.example", 443);
	parses("https://a.example:8443/", UPTIME_HTTPS, "a.example", 8443);
	parses("http://[2001:db8::1]/", UPTIME_HTTP, "2001:db8::1", 80);
	parses("tcp://[::1]:25", UPTIME_TCP, "::1", 25);
	parses("tls://a.example", UPTIME_TLS, "a.example", 443);
	parses("dns:///example.org?type=MX", UPTIME_DNS, "", 53);
	parses("dns://192.0.2.53:5353/x", UPTIME_DNS, "192.0.2.53", 5353);
	parses("icmp://192.0.2.7", UPTIME_ICMP, "192.0.2.7", 0);
	assert_int_equal(uptime_url_parse("http://h?q", &url, NULL), 0);
	assert_string_equal(url.rest, "?q");
}

static void
refused(const char *text, const char *part)
{
	struct uptime_url url;
	struct err err = ERR_INIT;

	assert_int_equal(uptime_url_parse(text, &url, &err), -1);
	if (strstr(err.text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static void
refuses_what_is_no_target(void **state)
{
	char longer[UPTIME_URL_MAX + 100] = "http://h/";

	(void)state;
	refused("", "begins with");
	refused("a.example", "begins with");
	refused("ftp://a.example", "begins with");
	refused("http://", "no host");
	refused("http:///x", "no host");
	refused("http://u:p@a.example/", "user names");
	refused("http://a.example:0/", "port");
	refused("http://a.example:/", "port");
	refused("http://a.example:65536/", "port");
	refused("http://a.example:80x/", "port");
	refused("http://[::1/", "]");
	refused("http://[::1]x/", "]");
	refused("http://a b/", "character");
	refused("tcp://a.example", "which port");
	refused("icmp://a.example:7", "no ports");
	memset(longer + 9, 'x', sizeof(longer) - 10);
	refused(longer, "longer");
}

static void
leads(const char *base, const char *location, const char *to)
{
	char out[UPTIME_URL_MAX];

	assert_int_equal(uptime_url_join(out, base, location, NULL), 0);
	assert_string_equal(out, to);
}

static void
follows_locations(void **state)
{
	const char *base = "https://a.example:8443/d/e?q=/x#f";

	(void)state;
	leads(base, "http://b.example/", "http://b.example/");
	leads(base, "//b.example/x", "https://b.example/x");
	leads(base, "/x", "https://a.example:8443/x");
	leads(base, "x", "https://a.example:8443/d/x");
	leads(base, "x#g", "https://a.example:8443/d/x");
	leads(base, "?n", "https://a.example:8443/d/e?n");
	leads(base, "", "https://a.example:8443/d/e?q=/x");
	leads("http://a.example", "x", "http://a.example/x");
	leads("http://a.example?q", "x", "http://a.example/x");
	leads(base, "/a b\xc3\xa9\r\nx",
	    "https://a.example:8443/a%20b%C3%A9%0D%0Ax");
	leads(base, "1x:y", "https://a.example:8443/d/1x:y");
}

static void
locations_have_an_end(void **state)
{
	char out[UPTIME_URL_MAX], location[UPTIME_URL_MAX];

	(void)state;
	memset(location, ' ', sizeof(location));
	location[sizeof(location) - 1] = '\0';
	assert_int_equal(
	    uptime_url_join(out, "http://a.example/", location, NULL), -1);
}

static void
knows_origins(void **state)
{
	struct uptime_url a, b;

	(void)state;
	uptime_url_parse("https://a.example/x", &a, NULL);
	uptime_url_parse("https://A.EXAMPLE:443/y", &b, NULL);
	assert_true(uptime_url_same_origin(&a, &b));
	uptime_url_parse("http://a.example:443/", &b, NULL);
	assert_false(uptime_url_same_origin(&a, &b));
	uptime_url_parse("https://b.example/", &b, NULL);
	assert_false(uptime_url_same_origin(&a, &b));
	uptime_url_parse("https://a.example:444/", &b, NULL);
	assert_false(uptime_url_same_origin(&a, &b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_targets),
	    cmocka_unit_test(refuses_what_is_no_target),
	    cmocka_unit_test(follows_locations),
	    cmocka_unit_test(locations_have_an_end),
	    cmocka_unit_test(knows_origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
