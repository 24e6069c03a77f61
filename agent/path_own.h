/*
 * What the parts of a path share. Private to agent/path*.c: path.c keeps the
 * worker and decides when something leaves, path_send.c what it says,
 * path_receipt.c what became of it, path_follow.c what is asked or repeated
 * afterwards, path_health.c how the path is.
 */
#ifndef AGENT_PATH_OWN_H
#define AGENT_PATH_OWN_H

#include "agent/link.h"
#include "agent/path.h"

struct follow { /* of a delivery that arrived */
	struct follow *next;
	char incident[INCIDENT_ID_LEN + 1];
	int seq;
	char *remote_id; /* polled: what the receiver calls it */
	int64_t due_ms;  /* wall clock */
	bool cancel;     /* nobody need answer it there any more */
};

struct follow_list { /* in the order in which they came */
	struct follow *first, **last;
};

enum path_job { JOB_NONE, JOB_DELIVER, JOB_POLL, JOB_CANCEL, JOB_REFRESH };

struct path_current { /* in the worker's hands */
	enum path_job job;
	struct delivery *delivery; /* JOB_DELIVER; its batch if it has one */
	struct follow *follow;     /* the others; owned meanwhile */
	int64_t sent_ms;           /* wall clock */
	int64_t sent_us;           /* boot clock */
};

struct path {
	struct agent *agent;
	char *name;
	const struct channel_kind *kind;
	struct channel_traits traits;
	json_t *options;
	int64_t timeout_ms, fallback_after_ms;
	bool enabled, disabled;

	struct link *link;
	struct loop_timer *timer;
	int64_t restart_ms, not_before_ms; /* boot clock */
	bool lost; /* the last job was lost with its worker */

	struct delivery_line line;
	unsigned unsent;    /* added, and their group has not ended yet */
	unsigned fallbacks; /* waiting with a fallback */
	struct path_current current;
	struct follow_list polls, refreshes;

	double tokens;     /* messages that may leave at once */
	int64_t tokens_ms; /* boot clock, when they were counted */
	int64_t rest_ms;   /* boot clock: the breaker is open until then */
	unsigned dead, failures; /* failures in a row */
	bool unproven; /* the last test did not arrive, and nothing since */
	int64_t
	    dead_test_ms; /* wall clock of the newest such, from the store */
	uint64_t delivered, attempts, failed, restarts, digests, merged;
	int64_t last_delivered_ms;
	double seconds_sum;
	char last_error[sizeof(((struct receipt *)0)->detail)];
};

/* path_send.c: false when there is nothing to send now; *wake_ms is the wall
 * clock to come back at (INT64_MAX: when something changes). */
bool path_send_next(struct path *p, uint64_t committed, int64_t *wake_ms);
bool path_send_follow(struct path *p, int64_t *wake_ms);
/* It counts against the channel's cap. */
void path_pay(struct path *p, const struct delivery *x);

/* path_receipt.c: what became of the job in the worker's hands. */
void path_settle(struct path *p, const struct receipt *r);
/* This delivery alone can never be made. In a writer group. */
void path_bury(struct path *p, struct delivery *x, const struct receipt *r);
/* The whole message that it is in. */
void
path_bury_message(struct path *p, struct delivery *x, const struct receipt *r);
/* It is tried again then, with those it leaves together with. */
void path_put_off(struct path *p, struct delivery *x, int64_t due_ms);

/* path_follow.c */
void follow_init(struct follow_list *list);
void follow_clear(struct follow_list *list);
void follow_add(struct follow_list *list, struct follow *f);
struct follow *follow_new(const char *incident, int seq, const char *remote_id);
void follow_free(struct follow *f);
void path_follow_delivered(
    struct path *p, const struct delivery *x, const struct receipt *r);
void path_follow_settle(struct path *p, const struct receipt *r);
void path_follow_end(struct path *p, const char *incident);
void path_follow_rebase(struct path *p, int64_t jump_ms);

#endif
