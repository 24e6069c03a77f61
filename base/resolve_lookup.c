#include "base/resolve_lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

struct resolve *
resolve_lookup_new(
    struct resolver *r, const char *host, int64_t timeout_ms, void *ctx)
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

void
resolve_lookup_forget(struct resolve *q)
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
	resolve_lookup_forget(q);
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

void
resolve_lookup_deliver(void *arg)
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

void
resolve_lookup_deliver_later(struct resolve *q)
{
	loop_defer(q->resolver->loop, resolve_lookup_deliver, q);
}

void
resolve_lookup_expire(struct resolve *q)
{
	char servers[200], span[32];

	resolve_lookup_forget(q);
	resolver_servers_text(q->resolver, servers, sizeof(servers));
	err_set(&q->err, ERR_TIMEOUT,
	    "no resolver answered for %s within %s (%s)", q->host,
	    str_duration_human(span, q->timeout_ms * 1000), servers);
	resolve_lookup_deliver(q);
}

int
resolve_lookup_check_name(const char *name, struct err *err)
{
	size_t label = 0, len = strlen(name);
	char shown[104];

	if (len == 0 || len > 254)
		return err_set(
		    err, ERR_INPUT, "a host name has 1 to 253 characters");
	str_printable(shown, sizeof(shown), name, len);
	for (const char *c = name; *c != '\0'; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') ||
		             (*c >= 'A' && *c <= 'Z') ||
		             (*c >= '0' && *c <= '9') || *c == '-' ||
		             *c == '_' || *c == '*';

		if (*c == '.' ? label == 0 && len > 1 : !plain)
			return err_set(
			    err, ERR_INPUT, "\"%s\" is not a host name", shown);
		label = *c == '.' ? 0 : label + 1;
		if (label > 63)
			return err_set(err, ERR_INPUT,
			    "\"%s\" has a label longer than 63 characters",
			    shown);
	}
	return 0;
}

/* ---- records ---- */

static void
on_deadline(void *arg)
{
	resolve_lookup_expire(arg);
}

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
	struct resolve *q = resolve_lookup_new(r, name, timeout_ms, ctx);
	struct half *half = &q->halves[0];

	q->records_fn = fn;
	if (resolve_lookup_check_name(name, &q->err) == 0) {
		q->deadline = loop_timer_new(r->loop, on_deadline, q);
		loop_timer_arm_ms(q->deadline, timeout_ms);
		half->rrtype = rrtype;
		half->query = upstream_ask(resolver_upstream(r, true), name,
		    rrtype, on_record_reply, half, &q->err);
	}
	if (half->query == NULL)
		resolve_lookup_deliver_later(q);
	return q;
}
