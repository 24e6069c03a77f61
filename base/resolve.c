#include "base/resolve.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/resolve_packet.h"
#include "base/resolve_system.h"
#include "base/resolve_upstream.h"
#include "base/str.h"

#define TYPE_A    1
#define TYPE_AAAA 28

#define RCODE_NXDOMAIN 3

/* With addresses of one family in hand, how long to wait for the other. */
#define OTHER_FAMILY_MS 250

#define RESOLV_CONF "/etc/resolv.conf"
#define HOSTS       "/etc/hosts"
#define ROOT_ANCHOR "/usr/share/dns/root.key"
#define RECHECK_MS  1000 /* how often files are looked at for changes */

struct watched_file {
	char *path;
	int64_t checked_ms;
	struct timespec changed;
	off_t size;
	bool loaded;
};

struct resolver {
	struct loop *loop;
	struct resolve *lookups;
	struct watched_file hosts_file, resolv_file;
	bool own_servers; /* given by the caller: no resolv.conf */
	char *trust_anchor_file;
	struct hosts *hosts;
	struct resolv_conf system;
	struct upstream_config upstreams;
	struct upstream *plain, *validating;
};

struct half { /* the question for one family, or for records */
	struct resolve *lookup;
	struct upstream_query *query;
	int rrtype;
	bool asked, done;
	struct sockaddr_storage items[RESOLVE_ADDRESSES_MAX];
	size_t count;
	int rcode;
};

struct resolve {
	struct resolver *resolver;
	struct resolve *next, **link;
	int64_t started_us, timeout_ms;
	struct loop_timer *deadline;

	resolve_addresses_fn *addresses_fn;
	resolve_records_fn *records_fn;
	void *ctx;

	char *host;
	uint16_t port;
	int family;
	char *names[RESOLV_NAMES_MAX]; /* what the host may stand for */
	size_t name_count, name_at;
	struct half halves[2]; /* A and AAAA; or just the first */

	struct resolve_addresses found;
	struct err err;
};

/* ---- the life of a look-up ---- */

static struct resolve *
lookup_new(struct resolver *r, const char *host, int64_t timeout_ms, void *ctx)
{
	struct resolve *q = mem_alloc(sizeof(*q));

	q->resolver = r;
	q->ctx = ctx;
	q->host = mem_strdup(host);
	q->started_us = clock_boot_us();
	q->timeout_ms = timeout_ms;
	q->halves[0].lookup = q->halves[1].lookup = q;
	q->link = &r->lookups;
	q->next = r->lookups;
	if (q->next != NULL)
		q->next->link = &q->next;
	r->lookups = q;
	return q;
}

static void
forget_questions(struct resolve *q)
{
	for (size_t i = 0; i < 2; i++) {
		if (q->halves[i].query != NULL)
			upstream_forget(q->halves[i].query);
		q->halves[i].query = NULL;
	}
}

void
resolve_cancel(struct resolve *q)
{
	forget_questions(q);
	loop_undefer(q->resolver->loop, q);
	loop_timer_free(q->deadline);
	*q->link = q->next;
	if (q->next != NULL)
		q->next->link = q->link;
	for (size_t i = 0; i < q->name_count; i++)
		free(q->names[i]);
	free(q->host);
	free(q);
}

static void
deliver(void *arg)
{
	struct resolve *q = arg;
	struct resolve_records none = {0};

	q->found.took_us = clock_boot_us() - q->started_us;
	if (q->addresses_fn != NULL) {
		q->addresses_fn(q->ctx, &q->found, &q->err);
	} else {
		none.took_us = q->found.took_us;
		q->records_fn(q->ctx, &none, &q->err);
	}
	resolve_cancel(q);
}

static void
deliver_later(struct resolve *q)
{
	loop_defer(q->resolver->loop, deliver, q);
}

/* ---- files that may change while we run ---- */

static bool
has_changed(struct watched_file *f)
{
	int64_t now_ms = clock_boot_ms();
	struct stat st = {0};
	bool same;

	if (f->loaded && now_ms - f->checked_ms < RECHECK_MS)
		return false;
	f->checked_ms = now_ms;
	if (stat(f->path, &st) < 0)
		st.st_size = -1;
	same = f->loaded && st.st_size == f->size &&
	       st.st_mtim.tv_sec == f->changed.tv_sec &&
	       st.st_mtim.tv_nsec == f->changed.tv_nsec;
	f->size = st.st_size;
	f->changed = st.st_mtim;
	f->loaded = true;
	return !same;
}

static const struct hosts *
current_hosts(struct resolver *r)
{
	char *text;

	if (!has_changed(&r->hosts_file))
		return r->hosts;
	text = system_file_read(r->hosts_file.path);
	hosts_free(r->hosts);
	r->hosts = hosts_parse(text != NULL ? text : "");
	free(text);
	return r->hosts;
}

static void
refresh_servers(struct resolver *r)
{
	if (r->own_servers || !has_changed(&r->resolv_file))
		return;
	resolv_conf_load(&r->system, r->resolv_file.path);
	r->upstreams.server_count = r->system.server_count;
	for (size_t i = 0; i < r->system.server_count; i++)
		str_copy(r->upstreams.servers[i],
		    sizeof(r->upstreams.servers[i]), r->system.servers[i]);
	upstream_retire(r->plain);
	upstream_retire(r->validating);
	r->plain = r->validating = NULL;
}

static struct upstream *
upstream_for(struct resolver *r, bool validate)
{
	struct upstream **u = validate ? &r->validating : &r->plain;

	refresh_servers(r);
	if (*u == NULL) {
		str_copy(r->upstreams.trust_anchor_file,
		    sizeof(r->upstreams.trust_anchor_file),
		    validate && r->trust_anchor_file != NULL
			? r->trust_anchor_file
			: "");
		*u = upstream_new(r->loop, &r->upstreams);
	}
	return *u;
}

static void
servers_text(const struct resolver *r, char *dst, size_t size)
{
	const struct upstream_config *c = &r->upstreams;
	size_t used = 0;

	dst[0] = '\0';
	for (size_t i = 0; i < c->server_count && used < size; i++) {
		str_printf(dst + used, size - used, "%s%s", i > 0 ? ", " : "",
		    c->servers[i]);
		used += strlen(dst + used);
	}
}

/* ---- addresses ---- */

static void
add_address(struct resolve *q, const struct sockaddr_storage *address)
{
	struct sockaddr_storage *item;
	struct sockaddr_in in;

	if (q->found.count == RESOLVE_ADDRESSES_MAX)
		return;
	item = &q->found.items[q->found.count++];
	*item = *address;
	/* The port is at the same place in both families. */
	memcpy(&in, item, sizeof(in));
	in.sin_port = htons(q->port);
	memcpy(item, &in, sizeof(in));
}

static void
add_half(struct resolve *q, const struct half *half)
{
	for (size_t i = 0; i < half->count; i++)
		add_address(q, &half->items[i]);
}

/* RFC 6724 puts what cannot be reached last: is there a way to it at all? */
static bool
has_route(const struct sockaddr_storage *address)
{
	struct sockaddr_in6 in6;
	bool route;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	memcpy(&in6, address, sizeof(in6));
	in6.sin6_port = htons(53); /* nothing is sent */
	route = connect(fd, (struct sockaddr *)&in6, sizeof(in6)) == 0;
	close(fd);
	return route;
}

static void
fail(struct resolve *q)
{
	const char *kind = q->family == AF_INET    ? "IPv4 "
	                   : q->family == AF_INET6 ? "IPv6 "
	                                           : "";
	char servers[200];
	bool failed = false, missing = false;

	for (size_t i = 0; i < 2; i++) {
		const struct half *half = &q->halves[i];

		if (!half->asked)
			continue;
		if (half->rcode == RCODE_NXDOMAIN)
			missing = true;
		else if (half->rcode != 0)
			failed = true;
	}
	servers_text(q->resolver, servers, sizeof(servers));
	if (missing)
		err_set(&q->err, ERR_DNS, "%s does not exist", q->host);
	else if (failed)
		err_set(&q->err, ERR_DNS,
		    "the resolver (%s) found no answer for %s (SERVFAIL)",
		    servers, q->host);
	else
		err_set(&q->err, ERR_DNS, "%s has no %saddress", q->host, kind);
}

static void ask_addresses(struct resolve *q);

static bool
answers_settle(const struct resolve *q)
{
	return q->halves[0].count > 0 || q->halves[1].count > 0;
}

static void
conclude(struct resolve *q)
{
	const struct half *v4 = &q->halves[0], *v6 = &q->halves[1];

	forget_questions(q);
	if (!answers_settle(q) && q->name_at + 1 < q->name_count) {
		q->name_at++;
		ask_addresses(q);
		return;
	}
	if (!answers_settle(q)) {
		fail(q);
	} else if (v6->count > 0 && v4->count > 0 && !has_route(v6->items)) {
		add_half(q, v4);
		add_half(q, v6);
	} else {
		add_half(q, v6);
		add_half(q, v4);
	}
	deliver(q);
}

static bool
is_pending(const struct half *half)
{
	return half->asked && !half->done;
}

static void
on_deadline(void *arg)
{
	struct resolve *q = arg;
	char servers[200], span[32];

	if (answers_settle(q)) {
		conclude(q);
		return;
	}
	forget_questions(q);
	servers_text(q->resolver, servers, sizeof(servers));
	err_set(&q->err, ERR_TIMEOUT,
	    "no resolver answered for %s within %s (%s)", q->host,
	    str_duration_human(span, q->timeout_ms * 1000), servers);
	deliver(q);
}

static void
read_half(struct half *half, const struct upstream_reply *reply)
{
	struct resolve_answer answer;
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	half->rcode = reply->rcode;
	if (reply->packet == NULL)
		return;
	if (resolve_packet_read(&answer, reply->packet, reply->packet_len,
		half->rrtype, NULL) < 0) {
		half->rcode = 1; /* FORMERR, RFC 1035 section 4.1.1 */
		return;
	}
	half->rcode = answer.rcode;
	for (size_t i = 0;
	     i < answer.count && half->count < RESOLVE_ADDRESSES_MAX; i++) {
		struct sockaddr_storage *to = &half->items[half->count];

		if (half->rrtype == TYPE_A && answer.lengths[i] == 4) {
			memcpy(&in.sin_addr, answer.data[i], 4);
			memcpy(to, &in, sizeof(in));
			half->count++;
		} else if (half->rrtype == TYPE_AAAA &&
			   answer.lengths[i] == 16) {
			memcpy(&in6.sin6_addr, answer.data[i], 16);
			memcpy(to, &in6, sizeof(in6));
			half->count++;
		}
	}
	resolve_answer_free(&answer);
}

static void
on_address_reply(void *ctx, const struct upstream_reply *reply)
{
	struct half *half = ctx;
	struct resolve *q = half->lookup;
	int64_t spent_ms = (clock_boot_us() - q->started_us) / 1000;

	half->query = NULL;
	half->done = true;
	read_half(half, reply);
	if (!is_pending(&q->halves[0]) && !is_pending(&q->halves[1]))
		conclude(q);
	else if (half->count > 0 && q->timeout_ms - spent_ms > OTHER_FAMILY_MS)
		loop_timer_arm_ms(q->deadline, OTHER_FAMILY_MS);
}

static int
ask_half(struct resolve *q, struct half *half, int rrtype)
{
	*half = (struct half){.lookup = q, .rrtype = rrtype, .asked = true};
	half->query = upstream_ask(upstream_for(q->resolver, false),
	    q->names[q->name_at], rrtype, on_address_reply, half, &q->err);
	return half->query != NULL ? 0 : -1;
}

static void
ask_addresses(struct resolve *q)
{
	if ((q->family != AF_INET6 && ask_half(q, &q->halves[0], TYPE_A) < 0) ||
	    (q->family != AF_INET &&
		ask_half(q, &q->halves[1], TYPE_AAAA) < 0)) {
		forget_questions(q);
		deliver_later(q);
	}
}

static int
check_name(const char *name, struct err *err)
{
	size_t label = 0, len = strlen(name);

	if (len == 0 || len > 254)
		return err_set(
		    err, ERR_INPUT, "a host name has 1 to 253 characters");
	for (const char *c = name; *c != '\0'; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') ||
		             (*c >= 'A' && *c <= 'Z') ||
		             (*c >= '0' && *c <= '9') || *c == '-' ||
		             *c == '_' || *c == '*';

		if (*c == '.' ? label == 0 && len > 1 : !plain)
			return err_set(err, ERR_INPUT,
			    "\"%.100s\" is not a host name", name);
		label = *c == '.' ? 0 : label + 1;
		if (label > 63)
			return err_set(err, ERR_INPUT,
			    "\"%.100s\" has a label longer than 63 characters",
			    name);
	}
	return 0;
}

/* RFC 6761 section 6.3: never asked of anybody. */
static bool
is_localhost(const char *host)
{
	size_t len = strlen(host);

	return strcasecmp(host, "localhost") == 0 ||
	       strcasecmp(host, "localhost.") == 0 ||
	       (len > 10 && strcasecmp(host + len - 10, ".localhost") == 0);
}

/* Found without asking anybody? */
static bool
find_locally(struct resolve *q)
{
	struct sockaddr_storage items[RESOLVE_ADDRESSES_MAX];
	size_t count = 0;

	if (system_address(&items[0], q->host) == 0) {
		count = 1;
		if (q->family != AF_UNSPEC && q->family != items[0].ss_family) {
			err_set(&q->err, ERR_INPUT, "%s is not an %s address",
			    q->host, q->family == AF_INET ? "IPv4" : "IPv6");
			return true;
		}
	}
	if (count == 0)
		count = hosts_find(current_hosts(q->resolver), q->host,
		    q->family, items, RESOLVE_ADDRESSES_MAX);
	if (count == 0 && is_localhost(q->host)) {
		if (q->family != AF_INET)
			system_address(&items[count++], "::1");
		if (q->family != AF_INET6)
			system_address(&items[count++], "127.0.0.1");
	}
	for (size_t i = 0; i < count; i++)
		add_address(q, &items[i]);
	return count > 0;
}

struct resolve *
resolve_addresses(struct resolver *r, const char *host, uint16_t port,
    int family, int64_t timeout_ms, resolve_addresses_fn *fn, void *ctx)
{
	struct resolve *q = lookup_new(r, host, timeout_ms, ctx);

	q->addresses_fn = fn;
	q->port = port;
	q->family = family;
	if (find_locally(q) || check_name(host, &q->err) < 0) {
		deliver_later(q);
		return q;
	}
	q->deadline = loop_timer_new(r->loop, on_deadline, q);
	loop_timer_arm_ms(q->deadline, timeout_ms);
	refresh_servers(r);
	q->name_count = resolv_conf_names(&r->system, host, q->names);
	ask_addresses(q);
	return q;
}

/* ---- records ---- */

static void
on_record_reply(void *ctx, const struct upstream_reply *reply)
{
	struct half *half = ctx;
	struct resolve *q = half->lookup;
	struct resolve_answer answer = {.ttl_s = -1};
	struct resolve_records found = {0};

	half->query = NULL;
	loop_timer_disarm(q->deadline);
	found.rcode = reply->rcode;
	found.took_us = clock_boot_us() - q->started_us;
	if (reply->packet != NULL &&
	    resolve_packet_read(&answer, reply->packet, reply->packet_len,
		half->rrtype, &q->err) == 0)
		found.rcode = answer.rcode;
	found.dnssec = reply->secure  ? DNSSEC_SECURE
	               : reply->bogus ? DNSSEC_BOGUS
	                              : DNSSEC_INSECURE;
	found.why_bogus = reply->why_bogus;
	found.data = answer.data;
	found.lengths = answer.lengths;
	found.count = answer.count;
	found.packet = reply->packet;
	found.packet_len = reply->packet_len;
	found.canonical = answer.count > 0 ? answer.canonical : NULL;
	found.ttl_s = answer.ttl_s;
	q->records_fn(q->ctx, &found, &q->err);
	resolve_answer_free(&answer);
	resolve_cancel(q);
}

struct resolve *
resolve_records(struct resolver *r, const char *name, int rrtype,
    int64_t timeout_ms, resolve_records_fn *fn, void *ctx)
{
	struct resolve *q = lookup_new(r, name, timeout_ms, ctx);
	struct half *half = &q->halves[0];

	q->records_fn = fn;
	if (check_name(name, &q->err) == 0) {
		q->deadline = loop_timer_new(r->loop, on_deadline, q);
		loop_timer_arm_ms(q->deadline, timeout_ms);
		half->rrtype = rrtype;
		half->query = upstream_ask(upstream_for(r, true), name, rrtype,
		    on_record_reply, half, &q->err);
	}
	if (half->query == NULL)
		deliver_later(q);
	return q;
}

/* ---- the resolver ---- */

static int
take_servers(struct resolver *r, const char *const *servers, struct err *err)
{
	struct upstream_config *c = &r->upstreams;

	r->own_servers = true;
	r->system.ndots = 1;
	for (size_t i = 0; servers[i] != NULL; i++) {
		if (c->server_count == UPSTREAM_SERVERS_MAX)
			return err_set(err, ERR_INPUT, "at most %d resolvers",
			    UPSTREAM_SERVERS_MAX);
		if (!resolv_server_valid(servers[i]))
			return err_set(err, ERR_INPUT,
			    "\"%s\" is not the address of a resolver "
			    "(192.0.2.53 or 192.0.2.53@5353)",
			    servers[i]);
		str_copy(c->servers[c->server_count++], sizeof(c->servers[0]),
		    servers[i]);
	}
	return 0;
}

int
resolver_new(struct resolver **out, struct loop *loop,
    const struct resolver_config *config, struct err *err)
{
	static const struct resolver_config standard = {0};
	struct resolver *r = mem_alloc(sizeof(*r));

	if (config == NULL)
		config = &standard;
	r->loop = loop;
	r->hosts_file.path =
	    mem_strdup(config->hosts_file ? config->hosts_file : HOSTS);
	r->resolv_file.path =
	    mem_strdup(config->resolv_conf ? config->resolv_conf : RESOLV_CONF);
	if (config->trust_anchor_file != NULL)
		r->trust_anchor_file = mem_strdup(config->trust_anchor_file);
	else if (access(ROOT_ANCHOR, R_OK) == 0)
		r->trust_anchor_file = mem_strdup(ROOT_ANCHOR);
	if (config->servers != NULL &&
	    take_servers(r, config->servers, err) < 0) {
		resolver_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	while (r->lookups != NULL)
		resolve_cancel(r->lookups);
	upstream_free(r->plain);
	upstream_free(r->validating);
	hosts_free(r->hosts);
	free(r->hosts_file.path);
	free(r->resolv_file.path);
	free(r->trust_anchor_file);
	free(r);
}
