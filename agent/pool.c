#include "agent/pool.h"

#include <stdlib.h>
#include <string.h>

#include "agent/link.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define IDLE_MS        60000 /* then a worker beyond the first goes home */
#define RESTART_MIN_MS 250
#define RESTART_MAX_MS 30000

struct job {
	uint32_t id;
	int64_t timeout_ms;
};

struct queue { /* a ring */
	struct job *jobs;
	unsigned first, count, room;
};

struct seat { /* where a worker sits */
	struct pool *pool;
	struct link *link; /* NULL: nobody */
	int64_t busy_ms;   /* when it last had a job, boot clock */
};

struct pool {
	struct loop *loop;
	struct supervisor *supervisor;
	const struct probe_kind *kind;
	const struct pool_ops *ops;
	void *ctx;
	struct seat seats[POOL_WORKERS_MAX];
	struct seat lane; /* one job at a time */
	struct queue queue, lane_queue;
	struct loop_timer *timer; /* restart and idle */
	int64_t restart_ms;       /* current back-off */
	int64_t not_before_ms;    /* no start before, boot clock */
	int64_t deaths[POOL_DEATHS_ALARM];
	unsigned death;
	uint64_t restarts;
	bool troubled;
	struct buf members;
};

static void pump(struct pool *p);

static void
push(struct queue *q, struct job job)
{
	if (q->count == q->room) {
		unsigned room = q->room * 2 + 16;
		struct job *jobs = mem_array(room, sizeof(*jobs));

		for (unsigned i = 0; i < q->count; i++)
			jobs[i] = q->jobs[(q->first + i) % q->room];
		free(q->jobs);
		q->jobs = jobs;
		q->first = 0;
		q->room = room;
	}
	q->jobs[(q->first + q->count++) % q->room] = job;
}

static struct job
shift(struct queue *q)
{
	struct job job = q->jobs[q->first];

	q->first = (q->first + 1) % q->room;
	q->count--;
	return job;
}

static void
worker_ready(void *ctx, struct link *link)
{
	struct seat *seat = ctx;

	(void)link;
	seat->pool->restart_ms = 0;
	pump(seat->pool);
}

static int
worker_result(void *ctx, struct link *link, uint32_t tag, const json_t *body,
    struct err *err)
{
	struct seat *seat = ctx;
	struct probe_answer answer;

	(void)link;
	if (answer_probe(&answer, body, err) != 0)
		return -1;
	seat->busy_ms = clock_boot_ms();
	seat->pool->ops->result(seat->pool->ctx, tag, body, &answer);
	pump(seat->pool);
	return 0;
}

static void
note_death(struct pool *p, const char *why)
{
	int64_t now_ms = clock_boot_ms();
	int64_t *oldest = &p->deaths[p->death++ % POOL_DEATHS_ALARM];
	bool often = *oldest != 0 && now_ms - *oldest < POOL_DEATHS_MS;

	*oldest = now_ms;
	p->restarts++;
	p->restart_ms = p->restart_ms == 0 ? RESTART_MIN_MS : p->restart_ms * 2;
	if (p->restart_ms > RESTART_MAX_MS)
		p->restart_ms = RESTART_MAX_MS;
	p->not_before_ms = now_ms + p->restart_ms;
	log_kv(LOG_LEVEL_WARN, "a probe worker is over", "kind", p->kind->name,
	    "why", why, NULL);
	if (often) {
		p->troubled = true;
		p->ops->trouble(p->ctx, p->kind, why);
	}
}

static void
worker_lost(void *ctx, struct link *link, const char *why, const uint32_t *tags,
    size_t count)
{
	struct seat *seat = ctx;
	struct pool *p = seat->pool;

	link_free(link);
	seat->link = NULL;
	note_death(p, why);
	for (size_t i = 0; i < count; i++)
		p->ops->lost(p->ctx, tags[i], seat == &p->lane, why);
	pump(p);
}

/* False if no worker may be started now; the timer will try again. */
static bool
occupy(struct pool *p, struct seat *seat)
{
	static const struct link_ops ops = {
	    worker_ready, worker_result, worker_lost};
	struct link_worker worker = {.role = "probe", .kind = p->kind->name};
	struct err err = ERR_INIT;
	char name[80];

	if (seat->link != NULL)
		return true;
	if (clock_boot_ms() < p->not_before_ms)
		return false;
	str_printf(name, sizeof(name), "probe:%s", p->kind->name);
	worker.name = name;
	if (link_open(&seat->link, p->loop, p->supervisor, &worker, &ops, seat,
		&err) != 0) {
		note_death(p, err.text);
		return false;
	}
	seat->busy_ms = clock_boot_ms();
	return true;
}

/* Send the job, or drop it if its owner does not want it any more. */
static void
hand_over(struct pool *p, struct seat *seat, struct job job)
{
	buf_clear(&p->members);
	if (p->ops->compose(p->ctx, job.id, &p->members) != 0)
		return;
	seat->busy_ms = clock_boot_ms();
	if (p->members.cut || link_send(seat->link, job.id, job.timeout_ms,
				  buf_str(&p->members)) != 0)
		p->ops->lost(p->ctx, job.id, true,
		    "its configuration and memory do not fit into a line");
}

static struct seat *
free_seat(struct pool *p)
{
	/* The first with room, so that the later ones may idle away. */
	for (unsigned i = 0; i < POOL_WORKERS_MAX; i++) {
		struct link *link = p->seats[i].link;

		if (link != NULL && link_slots(link) > 0)
			return &p->seats[i];
	}
	return NULL;
}

static bool
any_starting(const struct pool *p)
{
	for (unsigned i = 0; i < POOL_WORKERS_MAX; i++)
		if (p->seats[i].link != NULL && !link_ready(p->seats[i].link))
			return true;
	return false;
}

static void
grow(struct pool *p)
{
	if (any_starting(p))
		return;
	for (unsigned i = 0; i < POOL_WORKERS_MAX; i++) {
		if (p->seats[i].link == NULL) {
			occupy(p, &p->seats[i]);
			return;
		}
	}
}

/* Workers beyond the first that had nothing to do for long go home. */
static void
retire_idle(struct pool *p)
{
	int64_t before_ms = clock_boot_ms() - IDLE_MS;

	for (unsigned i = 0; i <= POOL_WORKERS_MAX; i++) {
		struct seat *s =
		    i == 0 ? &p->lane : &p->seats[i % POOL_WORKERS_MAX];

		if (s == &p->seats[0] || s->link == NULL ||
		    link_jobs(s->link) > 0 || s->busy_ms > before_ms)
			continue;
		link_free(s->link);
		s->link = NULL;
	}
}

static void
settle_trouble(struct pool *p)
{
	int64_t last =
	    p->deaths[(p->death + POOL_DEATHS_ALARM - 1) % POOL_DEATHS_ALARM];

	if (!p->troubled || clock_boot_ms() - last < POOL_DEATHS_MS)
		return;
	p->troubled = false;
	p->ops->trouble(p->ctx, p->kind, NULL);
}

static void
tick(void *ctx)
{
	struct pool *p = ctx;

	retire_idle(p);
	settle_trouble(p);
	loop_timer_arm_ms(p->timer, IDLE_MS / 4);
	pump(p);
}

/* Jobs wait for a worker that may not be started yet: come back then. */
static void
come_back(struct pool *p)
{
	int64_t wait_ms = p->not_before_ms - clock_boot_ms();

	if (wait_ms > 0)
		loop_timer_arm_ms(p->timer, wait_ms + 1);
}

static void
pump(struct pool *p)
{
	while (p->queue.count > 0) {
		struct seat *seat = free_seat(p);

		if (seat == NULL) {
			grow(p);
			break;
		}
		hand_over(p, seat, shift(&p->queue));
	}
	while (p->lane_queue.count > 0 && occupy(p, &p->lane) &&
	       link_slots(p->lane.link) > 0 && link_jobs(p->lane.link) == 0)
		hand_over(p, &p->lane, shift(&p->lane_queue));
	if (p->queue.count + p->lane_queue.count > 0)
		come_back(p);
}

struct pool *
pool_new(struct loop *loop, struct supervisor *s, const struct probe_kind *kind,
    const struct pool_ops *ops, void *ctx)
{
	struct pool *p = mem_alloc(sizeof(*p));

	CHECK(kind->max_jobs > 0 && kind->max_jobs <= LINK_JOBS_MAX);
	p->loop = loop;
	p->supervisor = s;
	p->kind = kind;
	p->ops = ops;
	p->ctx = ctx;
	for (unsigned i = 0; i < POOL_WORKERS_MAX; i++)
		p->seats[i].pool = p;
	p->lane.pool = p;
	buf_init(&p->members, LINES_MAX / 2);
	p->timer = loop_timer_new(loop, tick, p);
	loop_timer_arm_ms(p->timer, IDLE_MS / 4);
	occupy(p, &p->seats[0]);
	return p;
}

void
pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	for (unsigned i = 0; i < POOL_WORKERS_MAX; i++)
		link_free(p->seats[i].link);
	link_free(p->lane.link);
	loop_timer_free(p->timer);
	buf_fini(&p->members);
	free(p->queue.jobs);
	free(p->lane_queue.jobs);
	free(p);
}

const struct probe_kind *
pool_kind(const struct pool *p)
{
	return p->kind;
}

void
pool_submit(struct pool *p, uint32_t id, int64_t timeout_ms, bool alone)
{
	push(alone ? &p->lane_queue : &p->queue, (struct job){id, timeout_ms});
	pump(p);
}

unsigned
pool_workers(const struct pool *p)
{
	unsigned count = p->lane.link != NULL;

	for (unsigned i = 0; i < POOL_WORKERS_MAX; i++)
		count += p->seats[i].link != NULL;
	return count;
}

unsigned
pool_waiting(const struct pool *p)
{
	return p->queue.count + p->lane_queue.count;
}

uint64_t
pool_restarts(const struct pool *p)
{
	return p->restarts;
}
