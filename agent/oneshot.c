#include "agent/oneshot.h"

#include <stdlib.h>
#include <string.h>

#include "agent/answer.h"
#include "agent/link.h"
#include "agent/supervise.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/loop.h"

#define REGION "here"

struct oneshot {
	const struct config_probe *probe;
	struct loop *loop;
	json_t *out; /* NULL until the answer */
	struct err err;
};

static void
on_ready(void *ctx, struct link *link)
{
	struct oneshot *o = ctx;
	struct buf members;
	char *name;
	json_t *text = json_string(o->probe->name);

	name = json_dumps(text, JSON_ENCODE_ANY);
	buf_init(&members, LINES_MAX / 2);
	buf_printf(&members, "\"probe\":%s,\"config\":%s,\"memory\":null", name,
	    o->probe->options);
	if (members.cut ||
	    link_send(link, 1, o->probe->timeout_ms, buf_str(&members)) < 0) {
		err_set(&o->err, ERR_FULL, "the job is too large");
		loop_stop(o->loop);
	}
	buf_fini(&members);
	free(name);
	json_decref(text);
}

static json_t *
copy_or(const json_t *value, json_t *fallback)
{
	if (value == NULL)
		return fallback;
	json_decref(fallback);
	return json_deep_copy(value);
}

static json_t *
observation_of(const struct config_probe *p, const struct probe_answer *a)
{
	json_t *out = json_object();

	json_put_str(out, "probe", p->name);
	json_put_str(out, "kind", p->kind->name);
	json_put_str(out, "target", p->target);
	json_put_str(out, "region", REGION);
	json_put_time(out, "at", clock_wall_ms());
	json_put_str(out, "outcome", outcome_names[a->outcome]);
	json_put_str(out, "reason", a->reason);
	if (a->duration_us >= 0)
		json_put_real(
		    out, "duration_ms", (double)a->duration_us / 1000);
	json_put(out, "facts", copy_or(a->facts, json_object()));
	json_put(out, "metrics", copy_or(a->metrics, json_object()));
	json_put(out, "findings", copy_or(a->findings, json_array()));
	return out;
}

static int
on_result(void *ctx, struct link *link, uint32_t tag, const json_t *body,
    struct err *err)
{
	struct oneshot *o = ctx;
	struct probe_answer answer;

	(void)link, (void)tag;
	if (answer_probe(&answer, body, err) < 0)
		return -1;
	o->out = observation_of(o->probe, &answer);
	loop_stop(o->loop);
	return 0;
}

static void
on_lost(void *ctx, struct link *link, const char *why, const uint32_t *tags,
    size_t count)
{
	struct oneshot *o = ctx;

	(void)link, (void)tags, (void)count;
	err_set(&o->err, ERR_IO, "the worker is gone: %s", why);
	loop_stop(o->loop);
}

int
oneshot_probe(json_t **out, const struct config_probe *p, struct err *err)
{
	static const struct link_ops ops = {on_ready, on_result, on_lost};
	const struct link_worker worker = {
	    .role = "probe",
	    .kind = p->kind->name,
	    .name = p->kind->name,
	};
	struct oneshot o = {.probe = p, .err = ERR_INIT};
	struct supervisor *supervisor;
	struct link *link;
	int rc;

	o.loop = loop_new();
	supervisor = supervisor_new(o.loop);
	rc = link_open(&link, o.loop, supervisor, &worker, &ops, &o, err);
	if (rc == 0) {
		loop_run(o.loop);
		link_free(link);
	}
	supervisor_free(supervisor);
	loop_free(o.loop);
	if (rc < 0)
		return -1;
	*out = o.out;
	if (o.out != NULL)
		return 0;
	return err_set(err, o.err.code, "%s", o.err.text);
}
