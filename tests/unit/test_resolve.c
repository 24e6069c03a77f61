#include "base/resolve.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/netguard.h"
#include "base/str.h"
#include "tests/unit/peer.h"

#define TYPE_MX  15
#define TYPE_TXT 16
#define TYPE_CAA 257

/* named serves three zones: signed.example, whose key is our trust anchor;
 * broken.example, signed and then changed; and plain.example. */
struct world {
	struct loop *loop;
	struct resolver *resolver;
	char directory[64], server[64], anchor[128], hosts[128];
	pid_t named;
	uint16_t port;

	unsigned calls;
	struct err err;
	struct resolve_addresses found;
	char first[64]; /* the first address, as text */
	int rcode;
	enum dnssec dnssec;
	size_t count;
	char text[512], canonical[256], why_bogus[256];
	int64_t ttl_s;
};

static const char zone[] = "$TTL 300\n"
			   "@ SOA ns hostmaster 1 3600 600 86400 1\n"
			   "@ NS ns\n"
			   "ns A 127.0.0.1\n"
			   "both A 192.0.2.7\n"
			   "both AAAA 2001:db8::7\n"
			   "four A 192.0.2.4\n"
			   "four A 192.0.2.5\n"
			   "six AAAA 2001:db8::6\n"
			   "alias CNAME four\n"
			   "alias2 CNAME alias\n"
			   "loop1 CNAME loop2\n"
			   "loop2 CNAME loop1\n"
			   "text TXT \"hello\" \"there\"\n"
			   "mail MX 10 both\n"
			   "caa CAA 0 issue \"ca.example.net\"\n";

static void
path_of(const struct world *w, char dst[128], const char *name)
{
	str_printf(dst, 128, "%s/%s", w->directory, name);
}

static char *
read_all(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = test_calloc(1, 65536);

	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) > 0);
	fclose(f);
	return text;
}

/* The public key that dnssec-keygen left for a zone, into the anchors. */
static void
add_anchor(const struct world *w, const char *name)
{
	DIR *dir = opendir(w->directory);
	const struct dirent *entry;
	char prefix[64], path[400];
	FILE *anchors = fopen(w->anchor, "a");

	str_printf(prefix, sizeof(prefix), "K%s.+", name);
	assert_non_null(dir);
	assert_non_null(anchors);
	while ((entry = readdir(dir)) != NULL) {
		char *text;

		if (!str_starts(entry->d_name, prefix) ||
		    !str_ends(entry->d_name, ".key"))
			continue;
		str_printf(
		    path, sizeof(path), "%s/%s", w->directory, entry->d_name);
		text = read_all(path);
		fputs(text, anchors);
		test_free(text);
	}
	closedir(dir);
	fclose(anchors);
}

static void
sign_zone(const struct world *w, const char *name)
{
	char log[128], file[128], signed_file[136];

	path_of(w, log, "log");
	path_of(w, file, name);
	str_printf(signed_file, sizeof(signed_file), "%s.signed", file);
	RUN(log, "dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK",
	    "-K", w->directory, name);
	RUN(log, "dnssec-signzone", "-q", "-S", "-z", "-K", w->directory, "-d",
	    w->directory, "-o", name, "-f", signed_file, file);
	add_anchor(w, name);
}

static void
tamper(const struct world *w, const char *name)
{
	char file[128];
	char *text, *at;

	path_of(w, file, name);
	text = read_all(file);
	at = strstr(text, "192.0.2.7");
	assert_non_null(at);
	at[8] = '8';
	file_write(file, text);
	test_free(text);
}

static void
start_named(struct world *w)
{
	static const char *const zones[][2] = {
	    {"signed.example", "signed.example.signed"},
	    {"broken.example", "broken.example.signed"},
	    {"plain.example", "plain.example"}};
	const char *d = w->directory;
	char conf[128], log[128];
	struct buf text;

	close(peer_bind("127.0.0.1", SOCK_STREAM, &w->port));
	buf_init(&text, 8192);
	buf_printf(&text,
	    "options { directory \"%s\"; listen-on port %u { 127.0.0.1; };\n"
	    "listen-on-v6 { none; }; pid-file \"%s/pid\";\n"
	    "session-keyfile \"%s/key\"; managed-keys-directory \"%s\";\n"
	    "recursion yes; forward only; forwarders { 127.0.0.1 port 1; };\n"
	    "dnssec-validation no; empty-zones-enable no; };\ncontrols { };\n",
	    d, w->port, d, d, d);
	for (size_t i = 0; i < 3; i++)
		buf_printf(&text,
		    "zone \"%s\" { type primary; file \"%s/%s\"; };\n",
		    zones[i][0], d, zones[i][1]);
	path_of(w, conf, "named.conf");
	path_of(w, log, "log");
	file_write(conf, buf_str(&text));
	buf_fini(&text);
	w->named = program_start(log, (const char *const[]){"/usr/sbin/named",
					  "-g", "-n", "1", "-c", conf, NULL});
	program_wait(w->named, w->port);
	str_printf(w->server, sizeof(w->server), "127.0.0.1@%u", w->port);
}

static void
open_resolver(struct world *w, const char *const *servers)
{
	struct resolver_config config = {.servers = servers,
	    .hosts_file = w->hosts,
	    .trust_anchor_file = w->anchor};
	struct err err = ERR_INIT;

	if (resolver_new(&w->resolver, w->loop, &config, &err) < 0)
		fail_msg("%s", err.text);
}

static int
setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));
	char file[128];

	w->loop = loop_new();
	str_copy(w->directory, sizeof(w->directory), "/tmp/tocsin-dns-XXXXXX");
	assert_non_null(mkdtemp(w->directory));
	path_of(w, w->anchor, "anchors");
	path_of(w, w->hosts, "hosts");
	file_write(w->hosts,
	    "# a comment\n127.0.0.9 local.signed.example LOCAL\n"
	    "::9 local.signed.example\n192.0.2.99\tfour.plain.example\n");
	path_of(w, file, "signed.example");
	file_write(file, zone);
	path_of(w, file, "broken.example");
	file_write(file, zone);
	path_of(w, file, "plain.example");
	file_write(file, zone);
	sign_zone(w, "signed.example");
	sign_zone(w, "broken.example");
	tamper(w, "broken.example.signed");
	start_named(w);
	open_resolver(w, (const char *const[]){w->server, NULL});
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	resolver_free(w->resolver);
	loop_free(w->loop);
	program_stop(w->named);
	RUN("/dev/null", "rm", "-r", w->directory);
	test_free(w);
	return 0;
}

static void
on_addresses(
    void *ctx, const struct resolve_addresses *found, const struct err *err)
{
	struct world *w = ctx;

	w->calls++;
	w->err = *err;
	w->found = *found;
	if (found->count > 0)
		netguard_text(
		    w->first, (const struct sockaddr *)&found->items[0]);
	loop_stop(w->loop);
}

static void
look_up(struct world *w, const char *host, int family)
{
	w->calls = 0;
	w->first[0] = '\0';
	resolve_addresses(
	    w->resolver, host, 443, family, 10000, on_addresses, w);
	assert_int_equal(w->calls, 0);
	loop_run(w->loop);
	assert_int_equal(w->calls, 1);
	assert_true(w->found.took_us >= 0);
}

static void
on_records(
    void *ctx, const struct resolve_records *found, const struct err *err)
{
	struct world *w = ctx;

	w->calls++;
	w->err = *err;
	w->rcode = found->rcode;
	w->dnssec = found->dnssec;
	w->count = found->count;
	w->ttl_s = found->ttl_s;
	str_copy(w->canonical, sizeof(w->canonical),
	    found->canonical != NULL ? found->canonical : "");
	str_copy(w->why_bogus, sizeof(w->why_bogus),
	    found->why_bogus != NULL ? found->why_bogus : "");
	if (found->count > 0)
		str_printable(w->text, sizeof(w->text),
		    (const char *)found->data[0], found->lengths[0]);
	loop_stop(w->loop);
}

static void
ask(struct world *w, const char *name, int rrtype)
{
	w->calls = 0;
	w->text[0] = '\0';
	resolve_records(w->resolver, name, rrtype, 10000, on_records, w);
	assert_int_equal(w->calls, 0);
	loop_run(w->loop);
	assert_int_equal(w->calls, 1);
}

/* ---- addresses ---- */

static void
finds_addresses(void **state)
{
	struct world *w = *state;

	look_up(w, "four.signed.example", AF_UNSPEC);
	assert_string_equal(w->err.text, "");
	assert_int_equal(w->found.count, 2);
	assert_true(str_starts(w->first, "192.0.2."));
	assert_true(str_ends(w->first, ":443"));
	look_up(w, "FOUR.signed.example.", AF_UNSPEC);
	assert_int_equal(w->found.count, 2);
	look_up(w, "six.plain.example", AF_UNSPEC);
	assert_int_equal(w->found.count, 1);
	assert_string_equal(w->first, "[2001:db8::6]:443");
	look_up(w, "both.plain.example", AF_UNSPEC);
	assert_int_equal(w->found.count, 2);
	look_up(w, "both.plain.example", AF_INET6);
	assert_int_equal(w->found.count, 1);
	assert_string_equal(w->first, "[2001:db8::7]:443");
	look_up(w, "both.plain.example", AF_INET);
	assert_string_equal(w->first, "192.0.2.7:443");
	look_up(w, "alias2.plain.example", AF_UNSPEC);
	assert_int_equal(w->found.count, 2);
}

static void
says_why_there_are_none(void **state)
{
	struct world *w = *state;
	char text[200];

	look_up(w, "nobody.plain.example", AF_UNSPEC);
	assert_int_equal(w->err.code, ERR_DNS);
	assert_string_equal(w->err.text, "nobody.plain.example does not exist");
	assert_int_equal(w->found.count, 0);
	look_up(w, "text.plain.example", AF_UNSPEC);
	assert_string_equal(w->err.text, "text.plain.example has no address");
	look_up(w, "four.plain.example", AF_INET6);
	assert_string_equal(
	    w->err.text, "four.plain.example has no IPv6 address");
	look_up(w, "www.elsewhere.example", AF_UNSPEC);
	str_printf(text, sizeof(text),
	    "the resolver (%s) found no answer for www.elsewhere.example "
	    "(SERVFAIL)",
	    w->server);
	assert_string_equal(w->err.text, text);
	assert_int_equal(w->err.code, ERR_DNS);
	look_up(w, "loop1.plain.example", AF_UNSPEC);
	assert_int_equal(w->err.code, ERR_DNS);
}

static void
answers_some_without_asking(void **state)
{
	struct world *w = *state;
	struct resolver *good = w->resolver;

	/* A resolver that is not there: whatever is found was not asked for. */
	open_resolver(w, (const char *const[]){"127.0.0.1@1", NULL});
	look_up(w, "192.0.2.1", AF_UNSPEC);
	assert_string_equal(w->first, "192.0.2.1:443");
	look_up(w, "2001:db8::1", AF_UNSPEC);
	assert_string_equal(w->first, "[2001:db8::1]:443");
	look_up(w, "localhost", AF_INET);
	assert_string_equal(w->first, "127.0.0.1:443");
	look_up(w, "LocalHost.", AF_INET6);
	assert_string_equal(w->first, "[::1]:443");
	look_up(w, "app.localhost", AF_UNSPEC);
	assert_int_equal(w->found.count, 2);
	look_up(w, "local.signed.example", AF_UNSPEC);
	assert_int_equal(w->found.count, 2);
	assert_string_equal(w->first, "127.0.0.9:443");
	look_up(w, "local", AF_INET);
	assert_string_equal(w->first, "127.0.0.9:443");
	look_up(w, "192.0.2.1", AF_INET6);
	assert_int_equal(w->err.code, ERR_INPUT);
	assert_string_equal(w->err.text, "192.0.2.1 is not an IPv6 address");
	resolver_free(w->resolver);
	w->resolver = good;
}

static void
sees_changes_of_the_hosts_file(void **state)
{
	struct world *w = *state;

	look_up(w, "four.plain.example", AF_INET);
	assert_string_equal(w->first, "192.0.2.99:443");
	file_write(w->hosts, "192.0.2.100 four.plain.example\n");
	usleep(1100000); /* it is looked at once a second */
	look_up(w, "four.plain.example", AF_INET);
	assert_string_equal(w->first, "192.0.2.100:443");
}

static void
refuses_what_is_no_name(void **state)
{
	static const char *const names[] = {"", "a b", "a..b", ".a", "a/b",
	    "b\xc3\xbc"
	    "cher.example",
	    "a\nb", "fe80::1%eth0",
	    "a123456789b123456789c123456789d123456789e123456789f123456789g123"
	    ".example"};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		look_up(w, names[i], AF_UNSPEC);
		assert_int_equal(w->err.code, ERR_INPUT);
	}
	ask(w, "a b", TYPE_TXT);
	assert_int_equal(w->err.code, ERR_INPUT);
}

static void
gives_up_in_time(void **state)
{
	struct world *w = *state;
	struct resolver *good = w->resolver;
	uint16_t port = 0;
	int deaf = peer_bind("127.0.0.1", SOCK_DGRAM, &port);
	char server[64], text[200];

	str_printf(server, sizeof(server), "127.0.0.1@%u", port);
	open_resolver(w, (const char *const[]){server, NULL});
	resolve_addresses(w->resolver, "portal.example.net", 443, AF_UNSPEC,
	    300, on_addresses, w);
	loop_run(w->loop);
	assert_int_equal(w->err.code, ERR_TIMEOUT);
	str_printf(text, sizeof(text),
	    "no resolver answered for portal.example.net within 300 ms (%s)",
	    server);
	assert_string_equal(w->err.text, text);
	resolve_records(
	    w->resolver, "portal.example.net", TYPE_TXT, 200, on_records, w);
	loop_run(w->loop);
	assert_int_equal(w->err.code, ERR_TIMEOUT);
	/* The questions are still with libunbound, and go with it. */
	resolver_free(w->resolver);
	close(deaf);
	w->resolver = good;
}

/* ---- records ---- */

static void
finds_records(void **state)
{
	struct world *w = *state;

	ask(w, "text.plain.example", TYPE_TXT);
	assert_string_equal(w->err.text, "");
	assert_int_equal(w->rcode, 0);
	assert_int_equal(w->count, 1);
	assert_int_equal(w->dnssec, DNSSEC_INSECURE);
	assert_non_null(strstr(w->text, "hello"));
	assert_in_range(w->ttl_s, 0, 5);
	assert_string_equal(w->canonical, "text.plain.example");
	ask(w, "mail.plain.example", TYPE_MX);
	assert_int_equal(w->count, 1);
	assert_non_null(strstr(w->text, "both"));
	assert_non_null(strstr(w->text, "plain")); /* not compressed */
	ask(w, "caa.plain.example", TYPE_CAA);
	assert_non_null(strstr(w->text, "issueca.example.net"));
	ask(w, "alias2.plain.example", 1);
	assert_int_equal(w->count, 2);
	assert_string_equal(w->canonical, "four.plain.example");
	ask(w, "nobody.plain.example", TYPE_TXT);
	assert_int_equal(w->err.code, ERR_NONE);
	assert_int_equal(w->rcode, 3);
	assert_int_equal(w->count, 0);
	ask(w, "four.plain.example", TYPE_TXT);
	assert_int_equal(w->rcode, 0);
	assert_int_equal(w->count, 0);
	ask(w, "www.elsewhere.example", TYPE_TXT);
	assert_int_equal(w->err.code, ERR_NONE);
	assert_int_equal(w->rcode, 2);
}

static void
tells_what_is_signed(void **state)
{
	struct world *w = *state;

	ask(w, "text.signed.example", TYPE_TXT);
	assert_int_equal(w->dnssec, DNSSEC_SECURE);
	assert_int_equal(w->count, 1);
	ask(w, "nobody.signed.example", TYPE_TXT);
	assert_int_equal(w->rcode, 3);
	assert_int_equal(w->dnssec, DNSSEC_SECURE);
	ask(w, "both.broken.example", 1);
	assert_int_equal(w->dnssec, DNSSEC_BOGUS);
	assert_non_null(strstr(w->why_bogus, "both.broken.example"));
}

/* ---- lifetimes ---- */

static void
never(void *ctx, const struct resolve_addresses *found, const struct err *err)
{
	(void)ctx;
	(void)found;
	(void)err;
	fail_msg("a cancelled look-up came back");
}

static void
can_be_cancelled(void **state)
{
	static const char *const names[] = {"192.0.2.1", "localhost", "a b",
	    "both.plain.example", "alias.plain.example"};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		resolve_cancel(resolve_addresses(
		    w->resolver, names[i], 1, AF_UNSPEC, 1000, never, w));
	look_up(w, "both.plain.example", AF_UNSPEC);
	assert_string_equal(w->err.text, "");
}

static void
reads_the_systems_file(void **state)
{
	struct world *w = *state;
	struct resolver *good = w->resolver;
	struct resolver_config config = {.hosts_file = w->hosts};
	struct err err = ERR_INIT;
	char path[128], text[200];

	path_of(w, path, "resolv.conf");
	config.resolv_conf = path;
	str_printf(text, sizeof(text),
	    "nameserver %s\nsearch signed.example plain.example\n", w->server);
	file_write(path, text);
	assert_int_equal(resolver_new(&w->resolver, w->loop, &config, &err), 0);
	look_up(w, "six", AF_UNSPEC);
	assert_string_equal(w->first, "[2001:db8::6]:443");
	look_up(w, "four.plain.example", AF_INET);
	assert_int_equal(w->found.count, 1);
	look_up(w, "nobody", AF_UNSPEC);
	assert_int_equal(w->err.code, ERR_DNS);

	/* Another server: the next look-up asks that one. */
	file_write(path, "nameserver 127.0.0.1@1\n");
	usleep(1100000);
	resolve_addresses(w->resolver, "both.signed.example", 443, AF_INET, 300,
	    on_addresses, w);
	loop_run(w->loop);
	assert_int_equal(w->err.code, ERR_TIMEOUT);
	assert_non_null(strstr(w->err.text, "127.0.0.1@1"));
	resolver_free(w->resolver);
	w->resolver = good;
}

static void
refuses_bad_servers(void **state)
{
	static const char *const wrong[] = {"", "localhost", "127.0.0.1@",
	    "127.0.0.1@0", "127.0.0.1@65536", "127.0.0.1:53",
	    "127.0.0.1@53@53"};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *const servers[] = {wrong[i], NULL};
		struct resolver_config config = {.servers = servers};
		struct resolver *r = NULL;
		struct err err = ERR_INIT;

		if (resolver_new(&r, w->loop, &config, &err) == 0)
			fail_msg("\"%s\" was accepted", wrong[i]);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_addresses),
	    cmocka_unit_test(says_why_there_are_none),
	    cmocka_unit_test(answers_some_without_asking),
	    cmocka_unit_test(sees_changes_of_the_hosts_file),
	    cmocka_unit_test(refuses_what_is_no_name),
	    cmocka_unit_test(gives_up_in_time),
	    cmocka_unit_test(finds_records),
	    cmocka_unit_test(tells_what_is_signed),
	    cmocka_unit_test(can_be_cancelled),
	    cmocka_unit_test(reads_the_systems_file),
	    cmocka_unit_test(refuses_bad_servers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
