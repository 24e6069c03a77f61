/*
 * The core at run time: everything `tocsin run` holds, and the order in which
 * it is opened and closed. One thread, one loop. The parts of the core share
 * this struct; each field belongs to the file named beside it.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/pool.h"
#include "agent/schedule.h"
#include "agent/supervise.h"
#include "agent/writer.h"
#include "alerting/incident.h"
#include "alerting/message.h"
#include "alerting/notice.h"
#include "alerting/verdict.h"
#include "base/loop.h"
#include "state/store.h"

#define AGENT_REGION    "here" /* the only region there is */
#define AGENT_LATE_KEPT 4096   /* schedule latenesses kept for quantiles */
#define TARGET_NONE     UINT32_MAX
#define SELF_PREFIX     "tocsin/" /* names of the agent's own troubles */

/* An incident, who was told of it, and the last of its timeline, in memory
 * while it may go on (stories.h). */
struct story {
	struct incident incident;
	struct notice notice;
	int64_t due_ms; /* wall clock: when time alone may tell somebody */
	struct story_line {
		int64_t at_ms;
		enum event_type type;
		char *text;
	} * timeline;
	size_t timeline_count; /* at most MESSAGE_TIMELINE_MAX */
	json_t *about;     /* what it was opened with; NULL = its probe says */
	uint64_t key_hash; /* of about's "key", 0 = none (manual.c) */
	char indexed[INCIDENT_ID_LEN + 1]; /* under this id; "" = not */
	struct story *same_bucket;
};

/* A probe at run time; also one of the agent's own troubles (self). */
struct target {
	uint32_t id; /* its place in agent->targets, for life */
	bool self;
	const struct config_probe *config; /* self: owned by the target */
	struct verdict verdict;
	struct story *story;    /* newest incident of its verdicts, or NULL */
	char *memory;           /* JSON, or NULL */
	char *last;             /* last result as JSON, or NULL */
	char *reason;           /* of the last result, or NULL */
	int64_t last_ms;        /* wall clock; 0 = none yet */
	int64_t last_us;        /* how long it took; -1 */
	bool running;           /* submitted to its pool and not answered */
	int64_t started_ms;     /* boot clock, of the running or last run */
	unsigned strikes;       /* workers that died with its job in flight */
	int64_t quarantined_ms; /* until then, boot clock; 0 = not */
	bool blind; /* people know that it has not been able to tell */
	uint64_t runs, skipped;
};

struct backup;
struct control;
struct dispatch;
struct links;
struct subscribe;
struct mutes;

struct agent {
	struct loop *loop;
	struct config *config;
	struct store *store;
	struct supervisor *supervisor;
	struct writer *writer;       /* agent.c */
	struct dispatch *dispatch;   /* dispatch.c */
	struct control *control;     /* control.c */
	struct backup *backup;       /* backup.c; the last one, or NULL */
	struct links *links;         /* links.c */
	struct subscribe *subscribe; /* subscribe.c */
	struct mutes *mutes;         /* mutes.c */
	int64_t started_ms;          /* wall clock */
	int64_t offset_ms;           /* wall minus boot, as last seen */

	struct target **targets; /* by id; NULL where one went */
	uint32_t target_count;
	struct target **by_name; /* sorted; rebuilt when targets change */
	uint32_t by_name_count;

	struct story **loose; /* stories.c: no target holds them */
	size_t loose_count, loose_room;
	struct story **story_buckets; /* stories.c: by incident id */
	size_t story_bucket_count, story_count;

	uint64_t *findings; /* findings.c: told, but not on disk yet */
	size_t finding_count;

	struct schedule *schedule;    /* runs.c */
	struct loop_timer *run_timer; /* runs.c */
	struct pool **pools;          /* runs.c */
	size_t pool_count;
	float late_ms[AGENT_LATE_KEPT]; /* ring */
	uint64_t late_count;
	double late_sum_ms;

	struct loop_timer *stop_timer; /* agent.c; NULL until asked to stop */
	struct loop_timer *tick;       /* health.c: once a second */
	struct loop_timer *tidy;       /* health.c: the store's housekeeping */
	int64_t heartbeat_ms, watchdog_ms; /* boot clock, next */
	int64_t drill_ms;  /* drill.c: wall clock of the last one, 0 = none */
	int64_t reload_ms; /* wall clock of the last successful one */
	bool reload_failed;
	bool stopping;
};

/* Open everything and run until SIGTERM or SIGINT. The exit status. */
int agent_run(const char *config_path);

/* targets.c: the probes at run time. Ids are never used again. */
struct target *agent_target(const struct agent *a, uint32_t id); /* or NULL */
struct target *
agent_find(const struct agent *a, const char *name); /* or NULL */
struct target *agent_add(struct agent *a, const struct config_probe *config);
/* The self target of that name, made when it is not there yet. */
struct target *agent_self(struct agent *a, const char *name);
struct config_probe *agent_self_config(struct target *t); /* to change it */
void agent_remove(struct agent *a, struct target *t); /* then agent_index() */
void agent_index(struct agent *a); /* after targets came or went */

/* Read the configuration again; whole or not at all. -1: the old one stays
 * and the mistakes say why. */
int agent_reload(struct agent *a, struct config_mistakes *mistakes);

#endif
