#include <string.h>

#include "agent/api.h"
#include "agent/dispatch.h"
#include "agent/health.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

static json_t *
describe_agent(const struct agent *a)
{
	json_t *o = json_object();

	json_put_str(o, "name", a->config->agent_name);
	json_put_str(o, "version", TOCSIN_VERSION);
	json_put_str(o, "config", a->config->path);
	json_put_time(o, "started_at", a->started_ms);
	json_put_time(o, "reloaded_at", a->reload_ms);
	json_put_bool(o, "reload_failed", a->reload_failed);
	json_put_real(o, "loop_lag_ms", (double)loop_lag_us(a->loop) / 1000.0);
	return o;
}

static bool
has_open_incident(const struct target *t)
{
	return t->story != NULL &&
	       t->story->incident.status != INCIDENT_RESOLVED;
}

static json_t *
describe_probe(const struct target *t)
{
	const struct config_probe *c = t->config;
	json_t *o = json_object();

	json_put_str(o, "name", c->name);
	json_put_str(o, "kind", c->kind != NULL ? c->kind->name : "agent");
	json_put_str(o, "target", c->target);
	json_put_bool(o, "enabled", c->enabled);
	json_put_str(o, "standing", outcome_names[t->verdict.standing]);
	json_put_time(o, "since", t->verdict.standing_since_ms);
	json_put_str(o, "outcome", outcome_names[t->verdict.last]);
	json_put_str(o, "reason", t->reason != NULL ? t->reason : "");
	json_put_time(o, "at", t->last_ms);
	if (t->last_us >= 0)
		json_put_real(o, "duration_ms", (double)t->last_us / 1000.0);
	json_put_bool(o, "flapping", t->verdict.flapping);
	json_put_bool(o, "quarantined", t->quarantined_ms > clock_boot_ms());
	json_put_str(o, "severity", severity_names[c->incident.severity]);
	if (has_open_incident(t)) {
		const struct incident *in = &t->story->incident;

		json_put_str(o, "incident", in->id);
		json_put_str(
		    o, "incident_status", incident_status_names[in->status]);
		json_put_str(o, "held_by", in->held_by);
	}
	return o;
}

static const char *
path_state(const struct dispatch_status *s)
{
	if (!s->enabled)
		return "off";
	if (s->disabled)
		return "gone";
	if (s->last_error[0] != '\0')
		return s->resting ? "resting" : "failing";
	return s->ready ? "ready" : "starting";
}

static json_t *
describe_channels(const struct agent *a)
{
	json_t *list = json_array();
	struct dispatch_status s;

	for (size_t i = 0; dispatch_status(a->dispatch, i, &s); i++) {
		json_t *o = json_object();

		json_put_str(o, "name", s.name);
		json_put_str(o, "kind", s.kind);
		json_put_str(o, "state", path_state(&s));
		json_put_int(o, "pending", s.pending);
		json_put_int(o, "dead", s.dead);
		json_put_time(o, "oldest_at", s.oldest_ms);
		json_put_time(o, "last_delivered_at", s.last_delivered_ms);
		json_put_int(o, "digests", (int64_t)s.digests);
		json_put_int(o, "merged", (int64_t)s.merged);
		json_put_str(o, "last_error", s.last_error);
		json_put_int(o, "pid", s.pid);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
describe_store(const struct agent *a)
{
	json_t *o = json_object();

	json_put_bool(o, "ok", !writer_failing(a->writer));
	json_put_str(o, "reason", writer_reason(a->writer));
	json_put_int(o, "waiting", writer_waiting(a->writer));
	json_put_int(o, "bytes", store_size(a->store));
	return o;
}

static int
count_finding(void *ctx, const struct incident_row *row)
{
	unsigned *open = ctx;
	json_t *in = NULL;

	if (json_parse(&in, row->body, strlen(row->body), NULL) == 0 &&
	    json_bool(in, "finding", false))
		open[row->severity]++;
	json_decref(in);
	return 0;
}

void
api_count_open(const struct agent *a, unsigned open[SEVERITY_COUNT])
{
	struct incident_filter unresolved = {.unresolved_only = true};

	for (int i = 0; i < SEVERITY_COUNT; i++)
		open[i] = 0;
	for (uint32_t i = 0; i < a->target_count; i++)
		if (a->targets[i] != NULL && has_open_incident(a->targets[i]))
			open[a->targets[i]->story->incident.severity]++;
	/* Those that findings opened belong to no target's story. */
	if (store_each_incident(
		a->store, &unresolved, count_finding, open, NULL) != 0)
		log_debug("findings are not counted: the store is away");
}

void
api_status(struct api_call *call)
{
	const struct agent *a = call->agent;
	json_t *o = json_object(), *probes = json_array();
	json_t *incidents = json_object();
	unsigned by_severity[SEVERITY_COUNT], open = 0;

	api_count_open(a, by_severity);
	for (int i = 0; i < SEVERITY_COUNT; i++)
		open += by_severity[i];

	for (uint32_t i = 0; i < a->by_name_count; i++) {
		const struct target *t = a->by_name[i];

		if (!t->self || has_open_incident(t))
			json_array_append_new(probes, describe_probe(t));
	}
	json_put_int(incidents, "open", open);
	json_put(o, "agent", describe_agent(a));
	json_put(o, "probes", probes);
	json_put(o, "channels", describe_channels(a));
	json_put(o, "incidents", incidents);
	json_put(o, "store", describe_store(a));
	api_reply(call, 200, o);
}

void
api_healthz(struct api_call *call)
{
	httpd_reply(call->http, 200, "text/plain", "ok\n", 3);
}

void
api_readyz(struct api_call *call)
{
	struct buf reasons;
	json_t *o = json_object();
	bool ready;

	buf_init(&reasons, 4096);
	ready = health_ready(call->agent, &reasons);
	json_put_bool(o, "ready", ready);
	json_put_text(o, "reasons", buf_str(&reasons), reasons.len);
	buf_fini(&reasons);
	api_reply(call, ready ? 200 : 503, o);
}
