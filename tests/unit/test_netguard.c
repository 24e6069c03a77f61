#include "base/netguard.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const struct sockaddr *
address(struct sockaddr_storage *out, const char *text, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		in.sin_port = htons(port);
		memcpy(out, &in, sizeof(in));
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
		in6.sin6_port = htons(port);
		memcpy(out, &in6, sizeof(in6));
	}
	return (const struct sockaddr *)out;
}

static bool
passes(const struct netguard *g, const char *text, struct err *err)
{
	struct sockaddr_storage sa;
	int rc = netguard_judge(g, address(&sa, text, 443), err);

	if (rc < 0)
		assert_int_equal(err->code, ERR_REFUSED);
	return rc == 0;
}

static struct netguard *
guard_with(const char *const *allow, size_t count)
{
	struct netguard *g = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(netguard_new(&g, allow, count, &err), 0);
	return g;
}

/* The first and last address of each range, and what it is called. */
static const struct {
	const char *first, *last, *word;
} ranges[] = {
    {"0.0.0.0", "0.255.255.255", "this network"},
    {"10.0.0.0", "10.255.255.255", "private"},
    {"100.64.0.0", "100.127.255.255", "carrier-grade"},
    {"127.0.0.0", "127.255.255.255", "loopback"},
    {"169.254.0.0", "169.254.255.255", "link-local"},
    {"172.16.0.0", "172.31.255.255", "private"},
    {"192.0.0.0", "192.0.0.255", "protocol assignment"},
    {"192.0.2.0", "192.0.2.255", "documentation"},
    {"192.88.99.0", "192.88.99.255", "6to4"},
    {"192.168.0.0", "192.168.255.255", "private"},
    {"198.18.0.0", "198.19.255.255", "benchmarking"},
    {"198.51.100.0", "198.51.100.255", "documentation"},
    {"203.0.113.0", "203.0.113.255", "documentation"},
    {"224.0.0.0", "239.255.255.255", "multicast"},
    {"240.0.0.0", "255.255.255.254", "reserved"},
    {"255.255.255.255", "255.255.255.255", "broadcast"},
    {"::", "::", "unspecified"},
    {"::1", "::1", "loopback"},
    {"::2", "::ffff:ffff", "IPv4-compatible"},
    {"::ffff:127.0.0.1", "::ffff:10.1.2.3", ""},
    {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "NAT64"},
    {"100::", "100::ffff:ffff:ffff:ffff", "discard"},
    {"2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "protocol"},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"},
    {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "segment"},
    {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private"},
    {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"},
    {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"},
    {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"},
};

static void
refuses_every_special_range(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		assert_false(passes(NULL, ranges[i].first, &err));
		assert_non_null(strstr(err.text, ranges[i].word));
		assert_false(passes(NULL, ranges[i].last, &err));
		assert_non_null(strstr(err.text, ranges[i].word));
	}
}

static void
lets_the_neighbours_pass(void **state)
{
	static const char *const neighbours[] = {"1.0.0.0", "9.255.255.255",
	    "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
	    "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255",
	    "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
	    "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0",
	    "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
	    "203.0.112.255", "203.0.114.0", "223.255.255.255",
	    "::ffff:93.184.216.34", "64:ff9b:2::", "100:0:0:1::", "2001:200::",
	    "2001:db7:ffff::", "2001:db9::", "2003::", "3fff:1000::", "5eff::",
	    "5f01::", "fbff::", "2606:2800:220:1::"};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++)
		if (!passes(NULL, neighbours[i], &err))
			fail_msg("%s: %s", neighbours[i], err.text);
}

static void
refuses_metadata_addresses(void **state)
{
	static const char *const private[] = {"private"};
	static const char *const addresses[] = {"169.254.169.254",
	    "169.254.170.2", "169.254.170.23", "168.63.129.16",
	    "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23",
	    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
	    "2002:a9fe:a9fe::1"};
	struct netguard *g = guard_with(private, 1);
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		assert_false(passes(NULL, addresses[i], &err));
		assert_non_null(strstr(err.text, "metadata"));
		assert_false(passes(g, addresses[i], &err));
	}
	netguard_free(g);
}

static void
judges_what_is_inside(void **state)
{
	static const struct {
		const char *address;
		bool passes;
	} cases[] = {
	    {"64:ff9b::7f00:1", false},     /* NAT64 of 127.0.0.1 */
	    {"64:ff9b::0a00:1", false},     /* … 10.0.0.1 */
	    {"64:ff9b::5db8:d822", true},   /* … 93.184.216.34 */
	    {"2002:7f00:1::", false},       /* 6to4 of 127.0.0.1 */
	    {"2002:c0a8:101::1", false},    /* … 192.168.1.1 */
	    {"2002:5db8:d822::1", true},    /* … 93.184.216.34 */
	    {"2001:0:1::80ff:fffe", false}, /* Teredo of 127.0.0.1 */
	    {"2001:0:1::f5ff:fffe", false}, /* … 10.0.0.1 */
	    {"2001:0:1::a247:27dd", true},  /* … 93.184.216.34 */
	};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (passes(NULL, cases[i].address, &err) != cases[i].passes)
			fail_msg("%s: %s", cases[i].address, err.text);
	passes(NULL, "64:ff9b::7f00:1", &err);
	assert_string_equal(err.text,
	    "64:ff9b::7f00:1 leads to 127.0.0.1, which is a loopback address; "
	    "allow it with \"127.0.0.1\"");
}

static void
makes_exceptions(void **state)
{
	static const char *const allow[] = {
	    "10.0.0.0/8", "127.0.0.1", "fd00::/8", "169.254.0.0/16"};
	struct netguard *g = guard_with(allow, 4);
	struct err err = ERR_INIT;

	(void)state;
	assert_true(passes(g, "10.1.2.3", &err));
	assert_true(passes(g, "::ffff:10.1.2.3", &err));
	assert_true(passes(g, "64:ff9b::a01:203", &err));
	assert_true(passes(g, "127.0.0.1", &err));
	assert_false(passes(g, "127.0.0.2", &err));
	assert_false(passes(g, "192.168.0.1", &err));
	assert_true(passes(g, "fd12:3456::1", &err));
	assert_true(passes(g, "169.254.1.1", &err));
	/* A range never opens a metadata address; its own name does. */
	assert_false(passes(g, "169.254.169.254", &err));
	assert_false(passes(g, "fd00:ec2::254", &err));
	netguard_free(g);

	g = guard_with((const char *const[]){"169.254.169.254"}, 1);
	assert_true(passes(g, "169.254.169.254", &err));
	assert_false(passes(g, "169.254.170.2", &err));
	netguard_free(g);
}

static void
private_opens_all_but_metadata(void **state)
{
	struct netguard *g = guard_with((const char *const[]){"private"}, 1);
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		assert_true(passes(g, ranges[i].first, &err));
	netguard_free(g);
}

static void
reads_exceptions_strictly(void **state)
{
	static const char *const wrong[] = {"", "10.0.0.0/33", "10.1.0.0/8",
	    "10.0.0", "0x7f.1", "2130706433", "fd00::/129", "10.0.0.0/",
	    "10.0.0.0/-1", "10.0.0.0/ 8", "localhost", "fe80::1%eth0",
	    "10.0.0.0/8/8", "Private",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"};
	struct netguard *g = NULL;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (netguard_new(&g, &wrong[i], 1, &err) == 0)
			fail_msg("\"%s\" was accepted", wrong[i]);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

static void
says_why_and_what_to_do(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_false(passes(NULL, "127.0.0.1", &err));
	assert_string_equal(err.text,
	    "127.0.0.1 is a loopback address; allow it with \"127.0.0.1\"");
	assert_false(passes(NULL, "::ffff:192.168.7.8", &err));
	assert_string_equal(err.text,
	    "192.168.7.8 is a private address; allow it with "
	    "\"192.168.7.8\"");
}

static void
refuses_what_is_no_internet_address(void **state)
{
	struct sockaddr sa = {.sa_family = AF_UNIX};
	struct err err = ERR_INIT;
	char text[64];

	(void)state;
	assert_int_equal(netguard_judge(NULL, &sa, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	assert_string_equal(netguard_text(text, &sa), "?");
}

static void
writes_addresses(void **state)
{
	struct sockaddr_storage sa;
	char text[64];

	(void)state;
	assert_string_equal(netguard_text(text, address(&sa, "192.0.2.7", 443)),
	    "192.0.2.7:443");
	assert_string_equal(
	    netguard_text(text, address(&sa, "2001:db8::1", 65535)),
	    "[2001:db8::1]:65535");
	assert_string_equal(
	    netguard_text(text, address(&sa, "::ffff:192.0.2.7", 80)),
	    "192.0.2.7:80");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_every_special_range),
	    cmocka_unit_test(lets_the_neighbours_pass),
	    cmocka_unit_test(refuses_metadata_addresses),
	    cmocka_unit_test(judges_what_is_inside),
	    cmocka_unit_test(makes_exceptions),
	    cmocka_unit_test(private_opens_all_but_metadata),
	    cmocka_unit_test(reads_exceptions_strictly),
	    cmocka_unit_test(says_why_and_what_to_do),
	    cmocka_unit_test(refuses_what_is_no_internet_address),
	    cmocka_unit_test(writes_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
