#include "base/resolve_upstream.h"

#include <stdlib.h>
#include <string.h>
#include <unbound.h>
#include <unbound-event.h>

#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"

#define CLASS_IN 1

struct upstream {
	struct loop *loop;
	struct upstream_config config;
	struct ub_ctx *ub; /* NULL until the first question */
	struct upstream_query *queries;
	bool retired;
};

struct upstream_query {
	struct upstream *upstream;
	struct upstream_query *next, **link;
	upstream_fn *fn; /* NULL once forgotten */
	void *ctx;
	bool answered; /* libunbound let go of it */
	struct upstream_reply reply;
};

/*
 * cache-max-ttl: a monitor wants to see what the servers say now, so answers
 * are kept just long enough to spare them many probes of one name.
 * infra-*: a server that was dead is asked again soon.
 * The local zones that unbound brings along would answer for names that a site
 * may well use.
 */
static const char *const options[][2] = {
    {"do-not-query-localhost:", "no"},
    {"cache-max-ttl:", "5"},
    {"cache-max-negative-ttl:", "1"},
    {"infra-host-ttl:", "60"},
    {"infra-keep-probing:", "yes"},
    {"unblock-lan-zones:", "yes"},
    {"insecure-lan-zones:", "yes"},
    {"outgoing-range:", "256"},
    {"num-queries-per-thread:", "2048"},
    {"local-zone:", "test. nodefault"},
    {"local-zone:", "invalid. nodefault"},
    {"local-zone:", "home.arpa. nodefault"},
};

static int
configure(struct upstream *u, struct err *err)
{
	const struct upstream_config *c = &u->config;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		CHECK(ub_ctx_set_option(u->ub, options[i][0], options[i][1]) ==
		      0);
	for (size_t i = 0; i < c->server_count; i++)
		if (ub_ctx_set_fwd(u->ub, c->servers[i]) != 0)
			return err_set(err, ERR_CONFIG,
			    "\"%s\" is not the address of a resolver",
			    c->servers[i]);
	if (c->trust_anchor_file[0] == '\0')
		CHECK(ub_ctx_set_option(u->ub, "module-config:", "iterator") ==
		      0);
	else if (ub_ctx_add_ta_file(u->ub, c->trust_anchor_file) != 0)
		return err_set(err, ERR_CONFIG,
		    "cannot read the trust anchor %s", c->trust_anchor_file);
	return 0;
}

static int
open_context(struct upstream *u, struct err *err)
{
	if (u->ub != NULL)
		return 0;
	u->ub = ub_ctx_create_event(loop_base(u->loop));
	CHECK(u->ub != NULL);
	if (configure(u, err) == 0)
		return 0;
	ub_ctx_delete(u->ub);
	u->ub = NULL;
	return -1;
}

struct upstream *
upstream_new(struct loop *loop, const struct upstream_config *config)
{
	struct upstream *u = mem_alloc(sizeof(*u));

	u->loop = loop;
	u->config = *config;
	return u;
}

static void
query_free(struct upstream_query *q)
{
	loop_undefer(q->upstream->loop, q);
	*q->link = q->next;
	if (q->next != NULL)
		q->next->link = q->link;
	free((void *)(uintptr_t)q->reply.packet);
	free((void *)(uintptr_t)q->reply.why_bogus);
	free(q);
}

void
upstream_free(struct upstream *u)
{
	if (u == NULL)
		return;
	loop_undefer(u->loop, u);
	for (struct upstream_query *q = u->queries; q != NULL; q = q->next)
		q->fn = NULL; /* deleting the context calls back for each */
	ub_ctx_delete(u->ub);
	while (u->queries != NULL)
		query_free(u->queries);
	free(u);
}

void
upstream_retire(struct upstream *u)
{
	if (u == NULL)
		return;
	u->retired = true;
	if (u->queries == NULL)
		upstream_free(u);
}

static void
deliver(void *arg)
{
	struct upstream_query *q = arg;
	struct upstream *u = q->upstream;

	if (q->fn != NULL)
		q->fn(q->ctx, &q->reply);
	query_free(q);
	if (u->retired && u->queries == NULL)
		upstream_free(u);
}

/* May be called from inside ub_resolve_event, and always is from deep inside
 * libunbound: keep what it says for later. */
static void
on_answer(void *arg, int rcode, void *packet, int packet_len, int security,
    char *why_bogus, int limited)
{
	struct upstream_query *q = arg;

	(void)limited;
	q->answered = true;
	q->reply.rcode = rcode;
	q->reply.secure = security == 2;
	q->reply.bogus = security == 1;
	if (rcode == 0 && packet != NULL && packet_len > 0) {
		q->reply.packet = mem_dup(packet, (size_t)packet_len);
		q->reply.packet_len = (size_t)packet_len;
	}
	if (why_bogus != NULL)
		q->reply.why_bogus = mem_strdup(why_bogus);
	loop_defer(q->upstream->loop, deliver, q);
}

struct upstream_query *
upstream_ask(struct upstream *u, const char *name, int rrtype, upstream_fn *fn,
    void *ctx, struct err *err)
{
	struct upstream_query *q;
	int rc;

	CHECK(!u->retired);
	if (open_context(u, err) < 0)
		return NULL;
	q = mem_alloc(sizeof(*q));
	q->upstream = u;
	q->fn = fn;
	q->ctx = ctx;
	q->link = &u->queries;
	q->next = u->queries;
	if (q->next != NULL)
		q->next->link = &q->next;
	u->queries = q;
	rc =
	    ub_resolve_event(u->ub, name, rrtype, CLASS_IN, q, on_answer, NULL);
	if (rc == 0)
		return q;
	err_set(err, rc == UB_SYNTAX ? ERR_INPUT : ERR_DNS,
	    "cannot ask for %s: %s", name, ub_strerror(rc));
	if (!q->answered)
		query_free(q);
	else
		q->fn = NULL;
	return NULL;
}

/* libunbound cannot drop a question safely in event mode; it stays until the
 * answer comes, and that goes nowhere. */
void
upstream_forget(struct upstream_query *q)
{
	q->fn = NULL;
}
