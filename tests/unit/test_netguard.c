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

/*
 * Each range, what it is called, and what the addresses right before and right
 * after it are called; NULL = those may be spoken to, "-" = there is none.
 */
static const struct {
	const char *first, *last, *range, *word;
	const char *before, *after;
} ranges[] = {
    {"0.0.0.0", "0.255.255.255", "0.0.0.0/8", "this network", "-", NULL},
    {"10.0.0.0", "10.255.255.255", "10.0.0.0/8", "private", NULL, NULL},
    {"100.64.0.0", "100.127.255.255", "100.64.0.0/10", "carrier-grade", NULL,
	NULL},
    {"127.0.0.0", "127.255.255.255", "127.0.0.0/8", "loopback", NULL, NULL},
    {"169.254.0.0", "169.254.255.255", "169.254.0.0/16", "link-local", NULL,
	NULL},
    {"168.63.129.16", "168.63.129.16", "", "metadata", NULL, NULL},
    {"172.16.0.0", "172.31.255.255", "172.16.0.0/12", "private", NULL, NULL},
    {"192.0.0.0", "192.0.0.255", "192.0.0.0/24", "protocol assignment", NULL,
	NULL},
    {"192.0.2.0", "192.0.2.255", "192.0.2.0/24", "documentation", NULL, NULL},
    {"192.88.99.0", "192.88.99.255", "192.88.99.0/24", "6to4 relay", NULL,
	NULL},
    {"192.168.0.0", "192.168.255.255", "192.168.0.0/16", "private", NULL, NULL},
    {"198.18.0.0", "198.19.255.255", "198.18.0.0/15", "benchmarking", NULL,
	NULL},
    {"198.51.100.0", "198.51.100.255", "198.51.100.0/24", "documentation", NULL,
	NULL},
    {"203.0.113.0", "203.0.113.255", "203.0.113.0/24", "documentation", NULL,
	NULL},
    {"224.0.0.0", "239.255.255.255", "224.0.0.0/4", "multicast", NULL,
	"reserved"},
    {"240.0.0.0", "255.255.255.254", "240.0.0.0/4", "reserved", "multicast",
	"broadcast"},
    {"255.255.255.255", "255.255.255.255", "", "broadcast", "reserved", "-"},
    {"::", "::", "", "unspecified", "-", "loopback"},
    {"::1", "::1", "", "loopback", "unspecified", "IPv4-compatible"},
    {"::2", "::ffff:ffff", "::/96", "IPv4-compatible", "loopback", "reserved"},
    {"::ffff:0:0:0", "::ffff:0:ffff:ffff", "::ffff:0:0:0/96", "IPv4-translated",
	"reserved", "reserved"},
    {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "64:ff9b:1::/48",
	"local NAT64", "reserved", "reserved"},
    {"100::", "100::ffff:ffff:ffff:ffff", "100::/64", "discard", "reserved",
	"reserved"},
    {"2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "2001::/32", "Teredo",
	NULL, "protocol"},
    {"2001:1::", "2001:1:ffff:ffff:ffff:ffff:ffff:ffff", "2001::/23",
	"protocol assignment", "Teredo", "benchmarking"},
    {"2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "2001:2::/48",
	"benchmarking", "protocol", "protocol"},
    {"2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "2001:10::/28",
	"ORCHID", "protocol", "ORCHID"},
    {"2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "2001:20::/28",
	"ORCHID", "ORCHID", "protocol"},
    {"2001:30::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::/23",
	"protocol assignment", "ORCHID", NULL},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32",
	"documentation", NULL, NULL},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::/16", "6to4",
	NULL, NULL},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::/20",
	"documentation", NULL, NULL},
    {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f00::/16",
	"segment", "reserved", "reserved"},
    {"4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::/2",
	"reserved", NULL, "segment"},
    {"8000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "8000::/1",
	"reserved", "reserved", "private"},
    {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fc00::/7", "private",
	"reserved", "reserved"},
    {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::/10",
	"link-local", "reserved", "site-local"},
    {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::/10",
	"site-local", "link-local", "multicast"},
    {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::/8",
	"multicast", "site-local", "-"},
};

/* The address `by` away, as text. */
static const char *
next_to(char dst[INET6_ADDRSTRLEN], const char *text, int by)
{
	uint8_t bytes[16];
	int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	int at = family == AF_INET6 ? 15 : 3;

	assert_int_equal(inet_pton(family, text, bytes), 1);
	for (; at >= 0; at--) {
		bytes[at] = (uint8_t)(bytes[at] + by);
		if (bytes[at] != (by > 0 ? 0x00 : 0xff))
			break;
	}
	return inet_ntop(family, bytes, dst, INET6_ADDRSTRLEN);
}

static void
is_called(const char *text, const char *word, const char *range)
{
	struct err err = ERR_INIT;

	if (passes(NULL, text, &err) != (word == NULL))
		fail_msg("%s: %s", text, word != NULL ? "passes" : err.text);
	if (word == NULL)
		return;
	if (strstr(err.text, word) == NULL || strstr(err.text, range) == NULL)
		fail_msg("%s is not %s %s: %s", text, word, range, err.text);
}

static void
knows_every_range_to_its_edges(void **state)
{
	char edge[INET6_ADDRSTRLEN];

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const char *before = ranges[i].before, *after = ranges[i].after;

		is_called(ranges[i].first, ranges[i].word, ranges[i].range);
		is_called(ranges[i].last, ranges[i].word, ranges[i].range);
		if (before == NULL || strcmp(before, "-") != 0)
			is_called(
			    next_to(edge, ranges[i].first, -1), before, "");
		if (after == NULL || strcmp(after, "-") != 0)
			is_called(next_to(edge, ranges[i].last, 1), after, "");
	}
}

static void
lets_public_addresses_pass(void **state)
{
	static const char *const public[] = {"93.184.216.34",
	    "::ffff:93.184.216.34", "64:ff9b::5db8:d822",
	    "2606:2800:220:1::", "2000::", "2001:200::", "2003::", "3ffe::",
	    "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};

	(void)state;
	for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++)
		is_called(public[i], NULL, "");
}

/* Every way to write 127.0.0.1 that is an address at all. */
static void
knows_127_0_0_1_in_every_coat(void **state)
{
	static const char *const coats[] = {"127.0.0.1", "::1",
	    "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1",
	    "::FFFF:7F00:0001", "0:0:0:0:0:ffff:7f00:1",
	    "0000:0000:0000:0000:0000:ffff:127.0.0.1", "::127.0.0.1",
	    "::7f00:1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1",
	    "64:ff9b::7f00:1", "0064:ff9b:0:0:0:0:7f00:1",
	    "64:ff9b:1::127.0.0.1", "2002:7f00:1::", "2002:7f00:1::1",
	    "2002:7f00:0001:0:0:0:7f00:1", "2001:0:4136:e378::80ff:fffe",
	    "2001::80ff:fffe", "0.0.0.0", "::", "127.255.255.254"};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(coats) / sizeof(coats[0]); i++)
		if (passes(NULL, coats[i], &err))
			fail_msg("%s passes", coats[i]);
}

static void
opens_metadata_addresses_one_by_one(void **state)
{
	static const char *const around[] = {"0.0.0.0/0", "::/0",
	    "169.254.0.0/16", "168.63.129.0/24", "fd00::/8", "fe80::/10"};
	static const char *const addresses[] = {"169.254.169.254",
	    "169.254.170.2", "169.254.170.23", "169.254.42.42", "168.63.129.16",
	    "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23",
	    "fd00:42::42", "fd00:c1::a9fe:a9fe", "fd20:ce::254",
	    "fe80::a9fe:a9fe", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"};
	struct netguard *wide = guard_with(around, 6), *exact;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		is_called(addresses[i], "metadata", "");
		assert_false(passes(wide, addresses[i], &err));
		assert_non_null(strstr(err.text, "metadata"));
	}
	netguard_free(wide);
	exact = guard_with((const char *const[]){"169.254.169.254"}, 1);
	assert_true(passes(exact, "169.254.169.254", &err));
	assert_true(passes(exact, "64:ff9b::a9fe:a9fe", &err));
	assert_false(passes(exact, "169.254.170.2", &err));
	netguard_free(exact);
}

static void
judges_what_is_inside(void **state)
{
	static const struct {
		const char *address, *word; /* NULL = passes */
	} cases[] = {
	    {"64:ff9b::7f00:1", "leads to 127.0.0.1"},
	    {"64:ff9b::0a00:1", "leads to 10.0.0.1"},
	    {"64:ff9b::5db8:d822", NULL}, /* 93.184.216.34 */
	    {"2002:7f00:1::", "a 6to4 address"},
	    {"2002:5db8:d822::1", "a 6to4 address"},
	    {"2001:0:1::80ff:fffe", "a Teredo address"},
	    {"2001:0:1::a247:27dd", "a Teredo address"},
	};
	struct err err = ERR_INIT;
	struct netguard *g;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_called(cases[i].address, cases[i].word, "");
	passes(NULL, "64:ff9b::7f00:1", &err);
	assert_string_equal(err.text,
	    "64:ff9b::7f00:1 leads to 127.0.0.1, which is a loopback address "
	    "(127.0.0.0/8); to allow it, put \"127.0.0.1\" into "
	    "allow_addresses");

	/* A tunnel that is allowed does not open what it leads to. */
	g = guard_with((const char *const[]){"2002::/16", "2001::/32"}, 2);
	assert_true(passes(g, "2002:5db8:d822::1", &err));
	assert_true(passes(g, "2001:0:1::a247:27dd", &err));
	assert_false(passes(g, "2002:7f00:1::1", &err));
	assert_non_null(strstr(err.text, "leads to 127.0.0.1, which is"));
	assert_false(passes(g, "2001:0:1::f5ff:fffe", &err));
	assert_non_null(strstr(err.text, "leads to 10.0.0.1, which is"));
	netguard_free(g);
	g = guard_with((const char *const[]){"127.0.0.0/8"}, 1);
	assert_true(passes(g, "64:ff9b::7f00:1", &err));
	assert_false(passes(g, "2002:7f00:1::1", &err));
	netguard_free(g);
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
	netguard_free(g);
}

/* … of one family never reach into the other. */
static void
keeps_the_families_apart(void **state)
{
	struct netguard *g = guard_with((const char *const[]){"::/0"}, 1);
	struct err err = ERR_INIT;

	(void)state;
	assert_true(passes(g, "fd12:3456::1", &err));
	assert_true(passes(g, "::1", &err));
	assert_false(passes(g, "127.0.0.1", &err));
	assert_false(passes(g, "::ffff:127.0.0.1", &err));
	assert_false(passes(g, "64:ff9b::7f00:1", &err));
	netguard_free(g);
	g = guard_with((const char *const[]){"0.0.0.0/0"}, 1);
	assert_true(passes(g, "127.0.0.1", &err));
	assert_true(passes(g, "::ffff:127.0.0.1", &err));
	assert_false(passes(g, "::1", &err));
	netguard_free(g);
}

static void
refuses_mixed_sets_as_a_whole(void **state)
{
	static const char *const sets[][3] = {
	    {"93.184.216.34", "10.0.0.1", "93.184.216.35"},
	    {"93.184.216.34", "93.184.216.35", "10.0.0.1"},
	    {"2606:2800:220:1::", "93.184.216.34", "::ffff:10.0.0.1"},
	};
	struct sockaddr_storage items[3];
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		for (size_t j = 0; j < 3; j++)
			address(&items[j], sets[i][j], 443);
		assert_int_equal(netguard_judge_all(NULL, items, 3, &err), -1);
		assert_int_equal(err.code, ERR_REFUSED);
		assert_non_null(strstr(err.text, "10.0.0.1 is a private"));
	}
	assert_int_equal(netguard_judge_all(NULL, items, 2, &err), 0);
	assert_int_equal(netguard_judge_all(NULL, items, 0, &err), 0);
}

/* URLs that others give: browsers' push endpoints. */
static void
judges_ports_of_foreign_urls(void **state)
{
	struct netguard *g = guard_with((const char *const[]){"10.0.0.0/8"}, 1);
	struct sockaddr_storage items[2];
	struct err err = ERR_INIT;

	(void)state;
	address(&items[0], "93.184.216.34", 443);
	address(&items[1], "2606:2800:220:1::", 443);
	assert_int_equal(netguard_judge_port(g, items, 2, &err), 0);
	address(&items[1], "10.0.0.1", 8443);
	assert_int_equal(netguard_judge_port(g, items, 2, &err), 0);
	address(&items[0], "93.184.216.34", 25);
	assert_int_equal(netguard_judge_port(g, items, 2, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	assert_non_null(strstr(err.text, "93.184.216.34:25: only port 443"));
	address(&items[1], "93.184.216.34", 8443);
	assert_int_equal(netguard_judge_port(g, &items[1], 1, &err), -1);
	assert_int_equal(netguard_judge_port(NULL, &items[1], 1, &err), -1);
	netguard_free(g);
}

static void
reads_exceptions_strictly(void **state)
{
	static const char *const wrong[] = {"", "10.0.0.0/33", "10.1.0.0/8",
	    "10.0.0", "0x7f.1", "2130706433", "fd00::/129", "10.0.0.0/",
	    "10.0.0.0/-1", "10.0.0.0/ 8", "localhost", "fe80::1%eth0",
	    "10.0.0.0/8/8", "private",
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
	    "127.0.0.1 is a loopback address (127.0.0.0/8); to allow it, put "
	    "\"127.0.0.1\" into allow_addresses");
	assert_false(passes(NULL, "::ffff:192.168.7.8", &err));
	assert_string_equal(err.text,
	    "192.168.7.8 is a private address (192.168.0.0/16); to allow it, "
	    "put \"192.168.7.8\" into allow_addresses");
	assert_false(passes(NULL, "168.63.129.16", &err));
	assert_string_equal(err.text,
	    "168.63.129.16 is a cloud metadata address; to allow it, put "
	    "\"168.63.129.16\" into allow_addresses");
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
	    cmocka_unit_test(knows_every_range_to_its_edges),
	    cmocka_unit_test(lets_public_addresses_pass),
	    cmocka_unit_test(knows_127_0_0_1_in_every_coat),
	    cmocka_unit_test(opens_metadata_addresses_one_by_one),
	    cmocka_unit_test(judges_what_is_inside),
	    cmocka_unit_test(makes_exceptions),
	    cmocka_unit_test(keeps_the_families_apart),
	    cmocka_unit_test(refuses_mixed_sets_as_a_whole),
	    cmocka_unit_test(judges_ports_of_foreign_urls),
	    cmocka_unit_test(reads_exceptions_strictly),
	    cmocka_unit_test(says_why_and_what_to_do),
	    cmocka_unit_test(refuses_what_is_no_internet_address),
	    cmocka_unit_test(writes_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
