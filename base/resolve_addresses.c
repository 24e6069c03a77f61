#include "base/resolve_lookup.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define TYPE_A    1
#define TYPE_AAAA 28

#define RCODE_FORMERR  1
#define RCODE_NXDOMAIN 3

/* With addresses of one family in hand, how long to wait for the other. */
#define OTHER_FAMILY_MS 250

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
	resolver_servers_text(q->resolver, servers, sizeof(servers));
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

	resolve_lookup_forget(q);
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
	resolve_lookup_deliver(q);
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

	if (answers_settle(q))
		conclude(q);
	else
		resolve_lookup_expire(q);
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
		half->rcode = RCODE_FORMERR;
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
	half->query = upstream_ask(resolver_upstream(q->resolver, false),
	    q->names[q->name_at], rrtype, on_address_reply, half, &q->err);
	return half->query != NULL ? 0 : -1;
}

static void
ask_addresses(struct resolve *q)
{
	if ((q->family != AF_INET6 && ask_half(q, &q->halves[0], TYPE_A) < 0) ||
	    (q->family != AF_INET &&
		ask_half(q, &q->halves[1], TYPE_AAAA) < 0)) {
		resolve_lookup_forget(q);
		resolve_lookup_deliver_later(q);
	}
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
		count = hosts_find(resolver_hosts(q->resolver), q->host,
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
	struct resolve *q = resolve_lookup_new(r, host, timeout_ms, ctx);

	q->addresses_fn = fn;
	q->port = port;
	q->family = family;
	if (find_locally(q) || resolve_lookup_check_name(host, &q->err) < 0) {
		resolve_lookup_deliver_later(q);
		return q;
	}
	q->deadline = loop_timer_new(r->loop, on_deadline, q);
	loop_timer_arm_ms(q->deadline, timeout_ms);
	resolver_refresh(r);
	q->name_count = resolv_conf_names(&r->system, host, q->names);
	ask_addresses(q);
	return q;
}
