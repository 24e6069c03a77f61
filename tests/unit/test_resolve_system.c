#include "base/resolve_system.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
reads_resolv_conf(void **state)
{
	struct resolv_conf c;

	(void)state;
	resolv_conf_parse(&c,
	    "# first\n; second\nnameserver 192.0.2.53\r\n"
	    "\tnameserver\t2001:db8::53 # here\n"
	    "nameserver not-an-address\nnameserver 127.0.0.1@5353\n"
	    "nameserver 192.0.2.99\n"
	    "search old.example\nsearch example.org. example.net\n"
	    "options timeout:1 ndots:2\noptions ndots:x\nsortlist 1\n"
	    "nameserverx 1.1.1.1");
	assert_int_equal(c.server_count, 3);
	assert_string_equal(c.servers[0], "192.0.2.53");
	assert_string_equal(c.servers[1], "2001:db8::53");
	assert_string_equal(c.servers[2], "127.0.0.1@5353");
	assert_int_equal(c.search_count, 2);
	assert_string_equal(c.search[0], "example.org");
	assert_string_equal(c.search[1], "example.net");
	assert_int_equal(c.ndots, 2);
}

static void
has_the_standards(void **state)
{
	struct resolv_conf c;

	(void)state;
	resolv_conf_parse(&c, "");
	assert_int_equal(c.server_count, 1);
	assert_string_equal(c.servers[0], "127.0.0.1");
	assert_int_equal(c.search_count, 0);
	assert_int_equal(c.ndots, 1);
	resolv_conf_load(&c, "/nonexistent/resolv.conf");
	assert_int_equal(c.server_count, 1);
}

static void
expect_names(const char *conf, const char *host, const char *expected)
{
	struct resolv_conf c;
	char *names[RESOLV_NAMES_MAX];
	char joined[512] = "";
	size_t count;

	resolv_conf_parse(&c, conf);
	count = resolv_conf_names(&c, host, names);
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(joined);

		snprintf(joined + used, sizeof(joined) - used, "%s ", names[i]);
		free(names[i]);
	}
	assert_string_equal(joined, expected);
}

static void
lists_what_a_name_may_stand_for(void **state)
{
	(void)state;
	expect_names("", "db1", "db1 ");
	expect_names("search a.example b.example", "db1",
	    "db1.a.example db1.b.example db1 ");
	expect_names("search a.example", "db1.", "db1. ");
	expect_names("search a.example", "db1.x", "db1.x db1.x.a.example ");
	expect_names("search a.example\noptions ndots:5", "svc.ns",
	    "svc.ns.a.example svc.ns ");
	expect_names(
	    "options ndots:0\nsearch a.example", "db1", "db1 db1.a.example ");
}

static void
finds_hosts(void **state)
{
	struct hosts *h = hosts_parse(
	    "127.0.0.1 localhost\n::1 LOCALHOST ip6-localhost # mine\n"
	    "192.0.2.8 portal.example.org portal\n"
	    "192.0.2.7\tportal.example.org\n"
	    "bad-address portal\n# 192.0.2.1 hidden\n192.0.2.5\n\n"
	    "fe80::1%eth0 scoped");
	struct sockaddr_storage found[3];
	char text[INET_ADDRSTRLEN];
	struct sockaddr_in in;

	(void)state;
	assert_int_equal(hosts_find(h, "localhost", AF_UNSPEC, found, 3), 2);
	assert_int_equal(found[0].ss_family, AF_INET);
	assert_int_equal(hosts_find(h, "LocalHost", AF_INET6, found, 3), 1);
	assert_int_equal(hosts_find(h, "ip6-localhost", AF_INET, found, 3), 0);
	assert_int_equal(
	    hosts_find(h, "PORTAL.example.org", AF_INET, found, 3), 2);
	memcpy(&in, &found[0], sizeof(in));
	assert_string_equal(
	    inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text)), "192.0.2.8");
	assert_int_equal(
	    hosts_find(h, "portal.example.org", AF_INET, found, 1), 1);
	assert_int_equal(hosts_find(h, "portal", AF_UNSPEC, found, 3), 1);
	assert_int_equal(hosts_find(h, "hidden", AF_UNSPEC, found, 3), 0);
	assert_int_equal(hosts_find(h, "scoped", AF_UNSPEC, found, 3), 0);
	assert_int_equal(hosts_find(h, "mine", AF_UNSPEC, found, 3), 0);
	hosts_free(h);
	hosts_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_resolv_conf),
	    cmocka_unit_test(has_the_standards),
	    cmocka_unit_test(lists_what_a_name_may_stand_for),
	    cmocka_unit_test(finds_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
