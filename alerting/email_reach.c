#include "alerting/email.h"

#include <string.h>

#include "base/clock.h"
#include "base/dial.h"

struct lookup {
	struct loop *loop;
	struct resolve_addresses found;
	struct err err;
};

static void
looked_up(
    void *ctx, const struct resolve_addresses *found, const struct err *err)
{
	struct lookup *l = ctx;

	l->err = *err;
	if (found != NULL)
		l->found = *found;
	loop_stop(l->loop);
}

static void
put_v4_first(struct resolve_addresses *a)
{
	struct resolve_addresses sorted = {.count = 0};

	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].ss_family == AF_INET)
			sorted.items[sorted.count++] = a->items[i];
	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].ss_family != AF_INET)
			sorted.items[sorted.count++] = a->items[i];
	memcpy(a->items, sorted.items, sizeof(a->items));
}

int
email_reach(struct loop *loop, struct resolver *resolver,
    const struct email_server *server, int64_t deadline_ms,
    struct sockaddr_storage *peer, struct err *err)
{
	struct lookup l = {.loop = loop};
	size_t which = 0;
	int fd;

	resolve_addresses(resolver, server->host, server->port, AF_UNSPEC,
	    deadline_ms - clock_boot_ms(), looked_up, &l);
	loop_run(loop);
	*err = l.err;
	if (l.err.code != ERR_NONE)
		return -1;
	if (netguard_judge_all(
		server->guard, l.found.items, l.found.count, err) < 0)
		return err_wrap(err, "not connecting to %s", server->host);
	put_v4_first(&l.found);
	fd = dial(&l.found, deadline_ms, &which, err);
	if (fd >= 0)
		*peer = l.found.items[which];
	return fd;
}
