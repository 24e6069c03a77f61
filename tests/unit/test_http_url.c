#include "base/http_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void
reads_urls(void **state)
{
	static const struct {
		const char *url, *host;
		uint16_t port;
		bool tls, numeric;
	} cases[] = {
	    {"http://portal.example.org", "portal.example.org", 80, 0, 0},
	    {"https://portal.example.org/", "portal.example.org", 443, 1, 0},
	    {"HTTPS://Portal.Example.ORG:8443/a?b#c", "Portal.Example.ORG",
		8443, 1, 0},
	    {"http://portal.example.org./", "portal.example.org", 80, 0, 0},
	    {"http://192.0.2.7:8080/", "192.0.2.7", 8080, 0, 1},
	    {"https://[2001:db8::1]/", "2001:db8::1", 443, 1, 1},
	    {"http://localhost?x", "localhost", 80, 0, 0},
	    {"http://xn--bcher-kva.example/", "xn--bcher-kva.example", 80, 0,
		0},
	    {"http://1a.example/", "1a.example", 80, 0, 0},
	    {"http://0x7f.example/", "0x7f.example", 80, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_url url;
		struct err err = ERR_INIT;

		if (http_url_parse(&url, cases[i].url, &err) < 0)
			fail_msg("%s: %s", cases[i].url, err.text);
		assert_string_equal(url.host, cases[i].host);
		assert_int_equal(url.port, cases[i].port);
		assert_int_equal(url.tls, cases[i].tls);
		assert_int_equal(url.numeric, cases[i].numeric);
	}
}

static void
refuses_ways_around_an_address_filter(void **state)
{
	static const struct {
		const char *url, *part;
	} cases[] = {
	    {"http://0x7f.1/", "must be written as 127.0.0.1"},
	    {"http://2130706433/", "must be written as 127.0.0.1"},
	    {"http://0177.0.0.1/", "must be written as 127.0.0.1"},
	    {"http://127.1/", "must be written as 127.0.0.1"},
	    {"http://127.0.0.1./", "neither a name nor an address"},
	    {"http://1.2.3.4.5/", "neither a name nor an address"},
	    {"http://portal.example.256/", "neither a name nor an address"},
	    {"http://portal.example.0x1/", "neither a name nor an address"},
	    {"http://%31%32%37.0.0.1/", "percent escapes"},
	    {"http://me:pw@portal.example.org/", "user name in the URL"},
	    {"http://portal.example.org@127.0.0.1/", "user name in the URL"},
	    {"http://a\\@127.0.0.1/", ""},
	    {"http://[fe80::1%25eth0]/", "with a zone"},
	    {"http:///portal.example.org/", "must be written as"},
	    {"http://b\xc3\xbc"
	     "cher.example/",
		"ASCII form"},
	    {"http://a..b/", "not a valid name"},
	    {"http://.a/", "not a valid name"},
	    {"http://a b/", "not a valid URL"},
	    {"http://a/\r\nHost: b", "not a valid URL"},
	    {"http://a:0/", "port"},
	    {"http://a:65536/", "not a valid URL"},
	    {"http://a:x/", "not a valid URL"},
	    {"http://", "not a valid URL"},
	    {"", ""},
	    {"portal.example.org", ""},
	    {"ftp://portal.example.org/", "must begin with http://"},
	    {"file:///etc/passwd", "must begin with http://"},
	    {"javascript:1", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_url url;
		struct err err = ERR_INIT;

		if (http_url_parse(&url, cases[i].url, &err) == 0)
			fail_msg("accepted: %s", cases[i].url);
		assert_int_equal(err.code, ERR_INPUT);
		if (strstr(err.text, cases[i].part) == NULL)
			fail_msg("%s: %s", cases[i].url, err.text);
	}
}

static void
tells_names_from_disguised_numbers(void **state)
{
	static const char *const unreadable[] = {"2130706433", "0x7f000001",
	    "017700000001", "0177.0.0.1", "0x7f.0.0.1", "127.1", "127.0.1",
	    "0x7f.1", "0177.0x0.0.1", "127.0.0.1.", "127.0.0.01", "0", "0x0",
	    "00", "0x7F.0x0.0x0.0x1", "127.0.0.1.0x7f", "4294967295",
	    "127.0.0.256", "1.2.3.4.5", "portal.example.256", "0x"};
	static const char *const names[] = {"localhost", "a.example",
	    "0x7f.example", "1a", "1.2.3.4a", "0xg", "x0", "cafe.de", "", ".",
	    "127.0.0.1", "dead.beef", "::1"};

	(void)state;
	for (size_t i = 0; i < sizeof(unreadable) / sizeof(*unreadable); i++)
		if (!http_url_is_disguised(unreadable[i]))
			fail_msg("%s is taken for a name", unreadable[i]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (http_url_is_disguised(names[i]))
			fail_msg("%s is taken for a number", names[i]);
}

static void
refuses_endless_urls(void **state)
{
	char text[HTTP_URL_MAX + 2];
	struct http_url url;
	struct err err = ERR_INIT;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "http://a/", 9);
	text[HTTP_URL_MAX] = '\0';
	assert_int_equal(http_url_parse(&url, text, &err), 0);
	text[HTTP_URL_MAX] = 'a';
	text[HTTP_URL_MAX + 1] = '\0';
	assert_int_equal(http_url_parse(&url, text, &err), -1);
	assert_non_null(strstr(err.text, "longer than 8192 bytes"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_urls),
	    cmocka_unit_test(refuses_ways_around_an_address_filter),
	    cmocka_unit_test(tells_names_from_disguised_numbers),
	    cmocka_unit_test(refuses_endless_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
