#include "agent/heartbeat.h"

#include <stdlib.h>

#include "agent/health.h"
#include "agent/results.h"
#include "agent/runs.h"
#include "base/json.h"
#include "base/mem.h"
#include "probes/registry.h"

#define NAME       SELF_PREFIX "heartbeat"
#define TIMEOUT_MS 10000

void
heartbeat_configure(struct agent *a)
{
	struct target *t = agent_find(a, NAME);
	struct config_probe *c;
	json_t *options, *allow;

	if (a->config->heartbeat_url == NULL) {
		if (t != NULL)
			results_dismiss(a, t);
		return;
	}
	if (t == NULL)
		t = agent_self(a, NAME);
	c = agent_self_config(t);
	c->kind = probe_kind_find("uptime");
	c->timeout_ms = TIMEOUT_MS;
	c->retry_every_ms = c->every_ms = a->config->heartbeat_ms;
	free(c->options);
	allow = json_array();
	for (size_t i = 0; i < a->config->heartbeat_allow.count; i++)
		json_array_append_new(
		    allow, json_string(a->config->heartbeat_allow.items[i]));
	options = json_pack("{s:s, s:i, s:b, s:o}", "target",
	    a->config->heartbeat_url, "follow", 0, "public_only", 1,
	    "allow_addresses", allow);
	c->options = json_text(options);
	json_decref(options);
}

void
heartbeat_tick(struct agent *a, int64_t now_ms)
{
	struct target *t;
	struct buf reasons;

	if (a->config->heartbeat_url == NULL || now_ms < a->heartbeat_ms)
		return;
	a->heartbeat_ms = now_ms + a->config->heartbeat_ms;
	t = agent_find(a, NAME);
	buf_init(&reasons, 1024);
	if (t != NULL && health_ready(a, &reasons))
		runs_now(a, t);
	buf_fini(&reasons);
}
