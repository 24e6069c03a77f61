#include "agent/link.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/worker.h"

struct slot {
	int64_t id; /* 0 = free */
	int64_t deadline_ms;
	uint32_t tag;
};

struct link {
	struct loop *loop;
	struct child *child;
	char *role, *kind, *name;
	const struct link_ops *ops;
	void *ctx;
	struct loop_timer *timer;
	int64_t armed_ms; /* when the timer fires, boot clock; INT64_MAX */
	bool ready;
	struct slot *slots;
	unsigned slot_count, used, next_slot;
	int64_t serial;
	char why[256]; /* why we killed it, "" = we did not */
};

static void
put_down(struct link *l, const char *why)
{
	if (l->why[0] == '\0')
		str_copy(l->why, sizeof(l->why), why);
	child_kill(l->child);
}

static void
arm(struct link *l, int64_t at_ms)
{
	l->armed_ms = at_ms;
	loop_timer_arm_ms(l->timer, at_ms - clock_boot_ms());
}

static void
watch_deadlines(void *ctx)
{
	struct link *l = ctx;
	int64_t now_ms = clock_boot_ms(), next_ms = INT64_MAX;

	l->armed_ms = INT64_MAX;
	if (!l->ready) {
		put_down(l, "it did not say hello in time");
		return;
	}
	for (unsigned i = 0; i < l->slot_count; i++) {
		int64_t end_ms = l->slots[i].deadline_ms + LINK_GRACE_MS;

		if (l->slots[i].id == 0)
			continue;
		if (end_ms <= now_ms) {
			put_down(l, "it let a job's deadline pass");
			return;
		}
		if (end_ms < next_ms)
			next_ms = end_ms;
	}
	if (next_ms != INT64_MAX)
		arm(l, next_ms);
}

static int
take_hello(struct link *l, const json_t *hello, struct err *err)
{
	static const char *const keys[] = {
	    "protocol", "version", "role", "kind", "max_jobs", NULL};
	const char *role, *kind, *version;
	int64_t protocol, max_jobs;

	if (l->ready)
		return err_set(err, ERR_PROTO, "a second hello");
	if (json_only(hello, keys, err) != 0 ||
	    json_need_int(hello, "protocol", 0, INT32_MAX, &protocol, err) != 0)
		return -1;
	if (protocol != WORKER_PROTOCOL)
		return err_set(err, ERR_PROTO,
		    "it speaks protocol %d, not %d: is another version of "
		    "tocsin installed there?",
		    (int)protocol, WORKER_PROTOCOL);
	if (json_need_str(hello, "version", 32, &version, err) != 0 ||
	    json_need_str(hello, "role", 16, &role, err) != 0 ||
	    json_need_str(hello, "kind", 64, &kind, err) != 0 ||
	    json_need_int(
		hello, "max_jobs", 1, LINK_JOBS_MAX, &max_jobs, err) != 0)
		return -1;
	if (!str_eq(role, l->role) || !str_eq(kind, l->kind))
		return err_set(err, ERR_PROTO, "it is not a %s worker for %s",
		    l->role, l->kind);
	l->ready = true;
	l->slot_count = (unsigned)max_jobs;
	l->slots = mem_array(l->slot_count, sizeof(*l->slots));
	loop_timer_disarm(l->timer);
	l->armed_ms = INT64_MAX;
	l->ops->ready(l->ctx, l);
	return 0;
}

static int
take_result(struct link *l, const json_t *body, struct err *err)
{
	struct slot *slot;
	int64_t id;

	if (json_need_int(body, "id", 1, WORKER_JOB_ID_MAX, &id, err) != 0)
		return -1;
	slot = l->slots + id % LINK_JOBS_MAX;
	if (!l->ready || id % LINK_JOBS_MAX >= l->slot_count || slot->id != id)
		return err_set(err, ERR_PROTO,
		    "a result for job %lld, which it "
		    "does not have",
		    (long long)id);
	slot->id = 0;
	l->used--;
	if (l->ops->result(l->ctx, l, slot->tag, body, err) == 0)
		return 0;
	/* The job was not answered in a way we can use: it was lost. */
	slot->id = id;
	l->used++;
	return -1;
}

static void
take_line(void *ctx, char *text, size_t len)
{
	struct link *l = ctx;
	json_t *line = NULL, *body;
	struct err err = ERR_INIT;
	int rc = -1;

	if (l->why[0] != '\0')
		return; /* condemned: nothing it says counts any more */
	if (json_parse(&line, text, len, &err) == 0) {
		if ((body = json_object_get(line, "result")) != NULL)
			rc = take_result(l, body, &err);
		else if ((body = json_object_get(line, "hello")) != NULL)
			rc = take_hello(l, body, &err);
		else
			err_set(&err, ERR_PROTO, "neither hello nor result");
	}
	json_decref(line);
	if (rc != 0) {
		err_wrap(&err, "it broke the protocol");
		put_down(l, err.text);
	}
}

static void
worker_over(void *ctx, const char *how)
{
	struct link *l = ctx;
	uint32_t *tags = mem_array(l->used, sizeof(*tags));
	size_t count = 0;
	char why[400];

	str_printf(
	    why, sizeof(why), "%s%s%s", how, l->why[0] ? ": " : "", l->why);
	for (unsigned i = 0; i < l->slot_count; i++)
		if (l->slots[i].id != 0)
			tags[count++] = l->slots[i].tag;
	l->ops->lost(l->ctx, l, why, tags, count);
	free(tags);
}

int
link_open(struct link **out, struct loop *loop, struct supervisor *s,
    const struct link_worker *worker, const struct link_ops *ops, void *ctx,
    struct err *err)
{
	static const struct child_ops child_ops = {take_line, worker_over};
	const char *argv[] = {"worker", worker->role, worker->kind, NULL};
	struct link *l = mem_alloc(sizeof(*l));

	if (child_spawn(&l->child, s, worker->name, argv, &child_ops, l, err) !=
	    0) {
		free(l);
		return -1;
	}
	l->loop = loop;
	l->role = mem_strdup(worker->role);
	l->kind = mem_strdup(worker->kind);
	l->name = mem_strdup(worker->name);
	l->ops = ops;
	l->ctx = ctx;
	l->timer = loop_timer_new(loop, watch_deadlines, l);
	arm(l, clock_boot_ms() + LINK_HELLO_MS);
	if (worker->config != NULL) {
		json_t *line = json_pack("{s:O}", "config", worker->config);
		char *text = json_text(line);

		child_send(l->child, text, strlen(text));
		mem_free_secret(text);
		json_decref(line);
	}
	*out = l;
	return 0;
}

void
link_free(struct link *l)
{
	if (l == NULL)
		return;
	child_free(l->child);
	loop_timer_free(l->timer);
	free(l->slots);
	free(l->role);
	free(l->kind);
	free(l->name);
	free(l);
}

bool
link_ready(const struct link *l)
{
	return l->ready;
}

unsigned
link_jobs(const struct link *l)
{
	return l->used;
}

unsigned
link_slots(const struct link *l)
{
	if (!l->ready || l->why[0] != '\0' || child_ended(l->child))
		return 0;
	return l->slot_count - l->used;
}

pid_t
link_pid(const struct link *l)
{
	return child_pid(l->child);
}

int
link_send(struct link *l, uint32_t tag, int64_t timeout_ms, const char *members)
{
	struct slot *slot;
	struct buf line;
	int rc;

	if (link_slots(l) == 0)
		return -1;
	while (l->slots[l->next_slot % l->slot_count].id != 0)
		l->next_slot++;
	slot = &l->slots[l->next_slot % l->slot_count];
	slot->id = ++l->serial * LINK_JOBS_MAX + (slot - l->slots);
	slot->tag = tag;
	slot->deadline_ms = clock_boot_ms() + timeout_ms;
	l->used++;
	if (slot->deadline_ms + LINK_GRACE_MS < l->armed_ms)
		arm(l, slot->deadline_ms + LINK_GRACE_MS);
	buf_init(&line, LINES_MAX - 1);
	rc = buf_printf(&line, "{\"job\":{\"id\":%lld,\"timeout_ms\":%lld,%s}}",
	    (long long)slot->id, (long long)timeout_ms, members);
	if (rc == 0)
		rc = child_send(l->child, line.data, line.len);
	buf_fini(&line);
	if (rc == 0)
		return 0;
	slot->id = 0;
	l->used--;
	return -1;
}

void
link_flush(struct link *l)
{
	child_flush(l->child);
}
