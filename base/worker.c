#include "base/worker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"

#define DRAIN_MS 2000

struct worker {
	struct loop *loop;
	const struct worker_ops *ops;
	void *ctx;
	struct lines *lines;
	unsigned jobs;
	bool configured, ending;
	int status;
};

struct pending { /* what a worker_job really is */
	struct worker_job job;
	struct loop_timer *timer;
	bool starting, answered;
};

static struct pending *
pending_of(struct worker_job *job)
{
	return (struct pending *)job; /* its first member */
}

static void
stop(struct worker *w, int status)
{
	if (status != 0)
		w->status = status;
	loop_stop(w->loop);
}

static void
finish(struct pending *p)
{
	struct worker *w = p->job.worker;

	loop_timer_free(p->timer);
	free(p);
	w->jobs--;
	if (w->ending && w->jobs == 0)
		stop(w, 0);
}

void
worker_result(struct worker_job *job, json_t *body)
{
	struct pending *p = pending_of(job);
	json_t *line = json_object();

	CHECK(!p->answered);
	p->answered = true;
	json_put_int(body, "id", job->id);
	json_put(line, "result", body);
	if (lines_send_json(job->worker->lines, line) != 0)
		die("worker: the core does not take results any more");
	json_decref(line);
	if (!p->starting) /* start() still looks at it */
		finish(p);
}

static void
expired(void *ctx)
{
	struct pending *p = ctx;
	struct worker *w = p->job.worker;

	CHECK(w->ops->expire != NULL);
	worker_result(&p->job, w->ops->expire(w->ctx, &p->job));
}

static int
take_config(struct worker *w, const json_t *config, struct err *err)
{
	if (w->ops->configure == NULL)
		return err_set(err, ERR_PROTO, "this role takes no config");
	if (w->configured)
		return err_set(err, ERR_PROTO, "a second config");
	if (w->ops->configure(w->ctx, config, err) != 0)
		return err_wrap(err, "config");
	w->configured = true;
	return 0;
}

static int
take_job(struct worker *w, const json_t *body, struct err *err)
{
	struct pending *p;
	int64_t id, timeout_ms;
	struct err why = ERR_INIT;

	if (!w->configured)
		return err_set(err, ERR_PROTO, "a job before the config");
	if (w->jobs >= w->ops->max_jobs)
		return err_set(err, ERR_BUSY, "more than %u jobs at once",
		    w->ops->max_jobs);
	if (json_need_int(body, "id", 0, WORKER_JOB_ID_MAX, &id, err) != 0 ||
	    json_need_int(body, "timeout_ms", 1, WORKER_TIMEOUT_MAX,
		&timeout_ms, err) != 0)
		return -1;
	p = mem_alloc(sizeof(*p));
	p->job.worker = w;
	p->job.id = id;
	p->job.deadline_ms = clock_boot_ms() + timeout_ms;
	p->starting = true;
	w->jobs++;
	if (w->ops->expire != NULL) {
		p->timer = loop_timer_new(w->loop, expired, p);
		loop_timer_arm_ms(p->timer, timeout_ms);
	}
	if (w->ops->start(w->ctx, &p->job, body, &why) != 0)
		worker_result(&p->job, w->ops->refuse(w->ctx, &why));
	p->starting = false;
	if (p->answered)
		finish(p);
	return 0;
}

static void
take_line(void *ctx, char *text, size_t len)
{
	struct worker *w = ctx;
	struct err err = ERR_INIT;
	json_t *line = NULL, *body;
	int rc = -1;

	if (json_parse(&line, text, len, &err) == 0) {
		if ((body = json_object_get(line, "job")) != NULL)
			rc = take_job(w, body, &err);
		else if ((body = json_object_get(line, "config")) != NULL)
			rc = take_config(w, body, &err);
		else
			err_set(&err, ERR_PROTO, "neither job nor config");
	}
	json_decref(line);
	if (rc == 0)
		return;
	log_error("cannot use this line from the core: %s", err.text);
	stop(w, 2);
}

/* The core closed our stdin, or died. Over a socket, that is the end. Fed
 * from a file or a pipe (by hand, in tests, over ssh) what is under way ends
 * first. */
static void
input_ended(void *ctx, const struct err *why)
{
	struct worker *w = ctx;
	struct stat st;

	if (why->code != ERR_NONE)
		log_error("input from the core: %s", why->text);
	w->ending = true;
	if (w->jobs == 0 || (fstat(0, &st) == 0 && S_ISSOCK(st.st_mode)))
		stop(w, why->code == ERR_NONE ? 0 : 2);
}

static void
say_hello(struct worker *w)
{
	json_t *hello = json_object(), *line = json_object();

	json_put_int(hello, "protocol", WORKER_PROTOCOL);
	json_put_str(hello, "version", TOCSIN_VERSION);
	json_put_str(hello, "role", w->ops->role);
	json_put_str(hello, "kind", w->ops->kind);
	json_put_int(hello, "max_jobs", w->ops->max_jobs);
	json_put(line, "hello", hello);
	lines_send_json(w->lines, line);
	json_decref(line);
}

int
worker_run(struct loop *loop, const struct worker_ops *ops, void *ctx)
{
	static const struct lines_ops line_ops = {take_line, input_ended};
	struct worker w = {.loop = loop, .ops = ops, .ctx = ctx};

	w.configured = ops->configure == NULL;
	w.lines = lines_new(
	    loop, STDIN_FILENO, STDOUT_FILENO, LINES_MAX, &line_ops, &w);
	say_hello(&w);
	loop_run(loop);
	lines_drain(w.lines, DRAIN_MS);
	lines_free(w.lines);
	return w.status;
}
