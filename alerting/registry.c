#include "alerting/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "base/str.h"
#include "base/worker.h"

#define FILES_MAX  64
#define MEMORY_MAX ((uint64_t)1 << 30)
#define UNLIMITED  UINT64_MAX

#define CHANNEL(x) extern const struct channel_kind channel_##x;
#include "alerting/kinds.def"
#undef CHANNEL

const struct channel_kind *const channel_kinds[] = {
#define CHANNEL(x) &channel_##x,
#include "alerting/kinds.def"
#undef CHANNEL
    NULL,
};

const struct channel_kind *
channel_kind_find(const char *name)
{
	for (size_t i = 0; channel_kinds[i] != NULL; i++)
		if (str_eq(channel_kinds[i]->name, name))
			return channel_kinds[i];
	return NULL;
}

struct path {
	const struct channel_kind *kind;
	/* The kind's own: it runs it inside deliver(), which is called from a
	 * callback of the worker's loop, and a loop does not nest in itself. */
	struct loop *loop;
	void *config, *state;
};

static int
configure(void *ctx, const json_t *json, struct err *err)
{
	struct path *p = ctx;

	p->config = mem_alloc(p->kind->config_size);
	if (option_parse_one(p->kind->options, p->config, json, "", err) < 0)
		return -1;
	if (p->kind->check != NULL && p->kind->check(p->config, err) < 0)
		return -1;
	if (p->kind->open == NULL)
		return 0;
	return p->kind->open(p->config, p->loop, &p->state, err);
}

static json_t *
receipt_json(const struct receipt *r)
{
	json_t *json = json_object();

	json_put_str(json, "status", receipt_names[r->status]);
	json_put_int(json, "code", r->code);
	json_put_int(json, "retry_after_ms", r->retry_after_ms);
	json_put_str(json, "detail", r->detail);
	if (r->remote_id[0] != '\0')
		json_put_str(json, "remote_id", r->remote_id);
	if (r->poll_after_ms >= 0)
		json_put_int(json, "poll_after_ms", r->poll_after_ms);
	if (r->acknowledged_by[0] != '\0')
		json_put_str(json, "acknowledged_by", r->acknowledged_by);
	if (r->gone != NULL)
		json_put(json, "gone", json_incref(r->gone));
	return json;
}

/* A receiver that echoes what it got must not put a right into our log. */
static void
blot_out(char *text, const char *right)
{
	size_t len = strlen(right);

	for (char *at = text; len > 0 && (at = strstr(at, right)) != NULL;
	     at += len)
		memset(at, '*', len);
}

static int
deliver(struct path *p, const json_t *body, int64_t deadline_ms,
    struct receipt *r, struct err *err)
{
	struct message m;

	if (message_parse(&m, json_object_get(body, "message"), err) < 0)
		return -1;
	m.lost = json_bool(body, "lost", false);
	p->kind->deliver(p->config, p->state, &m, deadline_ms, r);
	blot_out(r->detail, m.ack_url);
	message_fini(&m);
	return 0;
}

/* A job is one of: message, poll, cancel (docs/worker-protocol.md). */
static int
start(void *ctx, struct worker_job *job, const json_t *body, struct err *err)
{
	struct path *p = ctx;
	const struct channel_kind *kind = p->kind;
	struct receipt r = RECEIPT_INIT;
	const char *poll = json_str(body, "poll");
	const char *cancel = json_str(body, "cancel");

	if (poll[0] != '\0' && kind->poll != NULL)
		kind->poll(p->config, p->state, poll, job->deadline_ms, &r);
	else if (cancel[0] != '\0' && kind->cancel != NULL)
		kind->cancel(p->config, p->state, cancel, job->deadline_ms, &r);
	else if (deliver(p, body, job->deadline_ms, &r, err) < 0)
		return -1;
	option_redact(kind->options, p->config, r.detail);
	worker_result(job, receipt_json(&r));
	json_decref(r.gone);
	return 0;
}

/* A message that cannot be read will not be readable next time either. */
static json_t *
refuse(void *ctx, const struct err *err)
{
	struct receipt r = RECEIPT_INIT;

	(void)ctx;
	receipt_set(&r, RECEIPT_REJECTED, 0, "%s", err->text);
	return receipt_json(&r);
}

int
path_worker_main(const struct channel_kind *kind)
{
	const struct worker_ops ops = {
	    .role = "path",
	    .kind = kind->name,
	    .max_jobs = 1,
	    .configure = configure,
	    .start = start,
	    .refuse = refuse,
	};
	const struct sandbox_limits limits = {
	    .memory_bytes = kind->spawns ? 0 : MEMORY_MAX,
	    .files = kind->spawns ? 0 : FILES_MAX,
	    .file_bytes = UNLIMITED,
	};
	struct path p = {.kind = kind, .loop = loop_new()};
	struct loop *loop = loop_new();
	struct err err = ERR_INIT;
	int status;

	if (sandbox_enter(&limits, &err) < 0) {
		log_error("%s", err.text);
		return 2;
	}
	status = worker_run(loop, &ops, &p);
	if (p.state != NULL && kind->close != NULL)
		kind->close(p.state);
	if (p.config != NULL)
		option_free(kind->options, p.config);
	free(p.config);
	loop_free(p.loop);
	loop_free(loop);
	return status;
}
