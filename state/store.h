/*
 * What the agent must not forget, behind one interface. The only SQL of the
 * tree is in this folder, and no type of an engine leaves it. The engine is
 * chosen by URL; "sqlite:PATH" is the one there is.
 *
 * Used by the core alone, which is the database's only opener. Every put is an
 * upsert by natural key, so that a batch that failed half way, or whose commit
 * is not known to have happened, can be applied again as it is.
 *
 * All calls may block for a disk write; none waits for anything else. Errors:
 * ERR_FULL (disk), ERR_IO (read-only, gone), ERR_CORRUPT, ERR_MISSING. When the
 * trouble is over, the same store works again; nobody needs to reopen it.
 */
#ifndef STATE_STORE_H
#define STATE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/outcome.h"

struct store;

/* Opens or creates, checks integrity (damaged = ERR_CORRUPT with what to do),
 * migrates forward, and locks out a second opener (ERR_BUSY names it). A
 * database from a newer version is refused (ERR_CONFIG). */
int store_open(struct store **out, const char *url, struct err *err);
void store_close(struct store *s); /* NULL is fine */

/* One transaction, durable when store_commit() returns 0. Puts are allowed
 * between begin and commit only. After an error inside, only store_rollback()
 * is of use; it never fails. */
int store_begin(struct store *s, struct err *err);
int store_commit(struct store *s, struct err *err);
/* Nothing is waiting: do what commits put off. Blocks for the disk. */
void store_rest(struct store *s);
void store_rollback(struct store *s);

/* Rows. Strings are borrowed for the call; times are wall-clock ms, 0 = not. */
struct observation_row {
	const char *probe, *region;
	int64_t at_ms;
	enum outcome outcome;
	int64_t duration_us; /* -1 = none */
	const char *detail;  /* the observation as JSON, kept when it says more
	                        than "still the same"; or NULL */
};
struct probe_row {
	const char *name, *kind, *target;
	const char *verdict; /* JSON, alerting/verdict.h */
	const char *memory;  /* JSON; NULL = keep what is stored */
	const char *last;    /* last observation as JSON; NULL = keep */
	int64_t seen_ms;
};
struct incident_row {
	const char *id, *probe;
	int status; /* alerting/incident.h */
	enum severity severity;
	int64_t opened_ms, resolved_ms, updated_ms;
	const char *body; /* the incident as JSON */
};
struct event_row { /* the timeline: key (incident, seq) */
	const char *incident;
	int seq;
	int64_t at_ms;
	int type;         /* alerting/message.h */
	const char *body; /* the message as JSON */
};
enum delivery_status {
	DELIVERY_PENDING,
	DELIVERY_DELIVERED,
	DELIVERY_DEAD,    /* rejected or given up; can be re-sent by a person */
	DELIVERY_DROPPED, /* its channel left the configuration */
};
struct delivery_row { /* key (incident, seq, channel) */
	const char *incident;
	int seq;
	const char *channel;
	enum delivery_status status;
	unsigned attempts;
	int64_t created_ms, due_ms, done_ms;
	int code;           /* of the last receipt */
	const char *detail; /* of the last receipt, or NULL */
	int event;          /* its type, alerting/message.h */
	enum severity severity;
	const char *batch;     /* key of the message that it went out in with
	                          others; NULL = its own */
	const char *grouping;  /* what others share to join it, or NULL */
	const char *because;   /* why this channel, or NULL */
	const char *remote_id; /* what the receiver calls it, or NULL */
	int64_t poll_ms;       /* the receiver is asked then who acknowledged */
	int64_t fallback_ms;   /* unproven by then, others get it; 0 = no */
};
struct attempt_row {         /* key (message, n) */
	const char *message; /* a delivery's or a batch's key */
	unsigned n;          /* 1, 2, … */
	int64_t at_ms, took_us;
	int status, code; /* alerting/channel.h */
	const char *remote_id, *detail;
};
struct finding_row { /* key (probe, key): alerted once, ever */
	const char *probe, *key;
	int64_t at_ms;
	const char *incident;
};

struct mute_row { /* a silence or maintenance window made by a person */
	const char *id;
	const char *body; /* JSON, alerting/mute.h */
};

struct subscription_row { /* key (channel, id) */
	const char *channel, *id;
	int64_t at_ms;
	const char *body; /* JSON, alerting/webpush_subscriber.h; a secret */
};

int store_put_observation(
    struct store *s, const struct observation_row *row, struct err *err);
int
store_put_probe(struct store *s, const struct probe_row *row, struct err *err);
int store_put_incident(
    struct store *s, const struct incident_row *row, struct err *err);
int
store_put_event(struct store *s, const struct event_row *row, struct err *err);
int store_put_delivery(
    struct store *s, const struct delivery_row *row, struct err *err);
int store_put_attempt(
    struct store *s, const struct attempt_row *row, struct err *err);
int store_put_finding(
    struct store *s, const struct finding_row *row, struct err *err);
int
store_put_mute(struct store *s, const struct mute_row *row, struct err *err);
int store_drop_mute(struct store *s, const char *id, struct err *err);
int store_put_subscription(
    struct store *s, const struct subscription_row *row, struct err *err);
int store_drop_subscription(
    struct store *s, const char *channel, const char *id, struct err *err);
/* The probe left the configuration: its row and memory go, history stays
 * until its retention ends. */
int store_drop_probe(struct store *s, const char *name, struct err *err);

/* *known = has this finding been stored before? */
int store_finding_known(struct store *s, const char *probe, const char *key,
    bool *known, struct err *err);

/* Reading. The callback gets rows valid during the call, and returns 0 to go
 * on, anything else to stop. No writing inside a callback. */
int store_each_probe(struct store *s,
    int (*each)(void *ctx, const struct probe_row *row), void *ctx,
    struct err *err);

int store_each_mute(struct store *s,
    int (*each)(void *ctx, const struct mute_row *row), void *ctx,
    struct err *err); /* by id */

struct incident_filter {
	const char *id_prefix; /* or NULL */
	const char *probe;     /* or NULL */
	bool unresolved_only;  /* resolved_ms is 0 */
	bool newest_per_probe; /* of each probe, whatever its status */
	int64_t before_ms;     /* opened before; 0 = any */
	unsigned limit;        /* 0 = all */
};
int store_each_incident(struct store *s, const struct incident_filter *f,
    int (*each)(void *ctx, const struct incident_row *row), void *ctx,
    struct err *err); /* newest first */
int store_each_event(struct store *s, const char *incident,
    int (*each)(void *ctx, const struct event_row *row), void *ctx,
    struct err *err); /* oldest first */
int store_get_event(struct store *s, const char *incident, int seq, char **body,
    struct err *err); /* *body the caller's; ERR_MISSING */

struct delivery_filter {
	const char *incident, *channel; /* or NULL */
	int status;                     /* enum delivery_status, -1 = any */
	bool polled;    /* only those with poll_ms; then nothing else counts */
	unsigned limit; /* 0 = all */
};
int store_each_delivery(struct store *s, const struct delivery_filter *f,
    int (*each)(void *ctx, const struct delivery_row *row), void *ctx,
    struct err *err); /* pending: oldest due first; of an incident: oldest
                         first; others: newest first */
int store_each_attempt(struct store *s, const char *message,
    int (*each)(void *ctx, const struct attempt_row *row), void *ctx,
    struct err *err); /* oldest first */
/* When did a channel last prove a delivery? Wall-clock ms, 0 = never. */
int store_last_proof(
    struct store *s, const char *channel, int64_t *done_ms, struct err *err);

int store_each_subscription(struct store *s,
    int (*each)(void *ctx, const struct subscription_row *row), void *ctx,
    struct err *err); /* by channel */

/* History, oldest first: single runs, or the hours or days (UTC) that begin in
 * from_ms <= t < to_ms. Hours and days not rolled up yet, such as the one that
 * runs, are worked out from what there is. Raw rows have count 1, and the run's
 * own duration whatever its outcome. */
enum history_step { HISTORY_RAW, HISTORY_HOUR, HISTORY_DAY };
struct history_row {
	int64_t from_ms;
	unsigned count[OUTCOME_COUNT]; /* runs by outcome */
	int64_t p50_us, p90_us, p99_us,
	    max_us;         /* of ok and degraded; -1 none */
	const char *detail; /* HISTORY_RAW: JSON or NULL */
};
int store_each_history(struct store *s, const char *probe, const char *region,
    enum history_step step, int64_t from_ms, int64_t to_ms,
    int (*each)(void *ctx, const struct history_row *row), void *ctx,
    struct err *err);

/* Housekeeping, in slices small enough for the core's loop (a few ms, and a
 * commit): packs arrivals, rolls finished hours and days up, deletes what is
 * past its retention (0 = never), gives pages back. Its own transaction; safe
 * to stop anywhere. *more = call again soon. Rows that come after their hour
 * was rolled up join it. */
struct store_retention {
	int64_t raw_ms, hourly_ms, daily_ms, incidents_ms;
};
int store_tidy(struct store *s, const struct store_retention *keep,
    int64_t now_ms, bool *more, struct err *err);

/* Can it write now? A real write of one small row, committed. */
int store_probe_writable(struct store *s, struct err *err);

/* Online backup into a new file (never over an existing one), `pages` at a
 * time; *done when complete and fsynced. Cancel with store_backup_free. */
struct store_backup;
int store_backup_new(struct store_backup **out, struct store *s,
    const char *path, struct err *err);
int store_backup_step(
    struct store_backup *b, int pages, bool *done, struct err *err);
void store_backup_free(struct store_backup *b);

/* Bytes on disk, write-ahead log included; -1 if not known. */
int64_t store_size(const struct store *s);

#endif
