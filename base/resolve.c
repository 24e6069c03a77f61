#include "base/resolve.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/resolve_lookup.h"
#include "base/str.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define HOSTS       "/etc/hosts"
#define ROOT_ANCHOR "/usr/share/dns/root.key"
#define RECHECK_MS  1000 /* how often files are looked at for changes */

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

const struct hosts *
resolver_hosts(struct resolver *r)
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

void
resolver_refresh(struct resolver *r)
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

struct upstream *
resolver_upstream(struct resolver *r, bool validate)
{
	struct upstream **u = validate ? &r->validating : &r->plain;

	resolver_refresh(r);
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

void
resolver_servers_text(const struct resolver *r, char *dst, size_t size)
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
