/*
 * What a database engine provides, call for call what state/store.h promises.
 * Private to this folder. An engine is one set of files and one line in
 * store.c; tests/unit/test_store.c runs against every engine.
 *
 * store.c keeps the rules that hold for every engine: rows are put between
 * begin and commit only, and after a failure nothing but a rollback is tried.
 */
#ifndef STATE_ENGINE_H
#define STATE_ENGINE_H

#include "state/store.h"

struct history_query {
	const char *probe, *region;
	enum history_step step;
	int64_t from_ms, to_ms;
};

struct engine {
	const char *scheme; /* the URL up to its colon */
	int (*open)(struct store **out, const char *where, struct err *err);
	void (*close)(struct store *s);

	int (*begin)(struct store *s, struct err *err);
	int (*commit)(struct store *s, struct err *err);
	void (*rollback)(struct store *s);
	void (*rest)(struct store *s); /* may be NULL */

	int (*put_observation)(struct store *s,
	    const struct observation_row *row, struct err *err);
	int (*put_probe)(
	    struct store *s, const struct probe_row *row, struct err *err);
	int (*put_incident)(
	    struct store *s, const struct incident_row *row, struct err *err);
	int (*put_event)(
	    struct store *s, const struct event_row *row, struct err *err);
	int (*put_delivery)(
	    struct store *s, const struct delivery_row *row, struct err *err);
	int (*put_attempt)(
	    struct store *s, const struct attempt_row *row, struct err *err);
	int (*put_finding)(
	    struct store *s, const struct finding_row *row, struct err *err);
	int (*put_mute)(
	    struct store *s, const struct mute_row *row, struct err *err);
	int (*drop_mute)(struct store *s, const char *id, struct err *err);
	int (*put_subscription)(struct store *s,
	    const struct subscription_row *row, struct err *err);
	int (*drop_subscription)(struct store *s, const char *channel,
	    const char *id, struct err *err);
	int (*drop_probe)(struct store *s, const char *name, struct err *err);

	int (*finding_known)(struct store *s, const char *probe,
	    const char *key, bool *known, struct err *err);
	int (*each_probe)(struct store *s,
	    int (*each)(void *ctx, const struct probe_row *row), void *ctx,
	    struct err *err);
	int (*each_mute)(struct store *s,
	    int (*each)(void *ctx, const struct mute_row *row), void *ctx,
	    struct err *err);
	int (*each_incident)(struct store *s, const struct incident_filter *f,
	    int (*each)(void *ctx, const struct incident_row *row), void *ctx,
	    struct err *err);
	int (*each_event)(struct store *s, const char *incident,
	    int (*each)(void *ctx, const struct event_row *row), void *ctx,
	    struct err *err);
	int (*get_event)(struct store *s, const char *incident, int seq,
	    char **body, struct err *err);
	int (*each_delivery)(struct store *s, const struct delivery_filter *f,
	    int (*each)(void *ctx, const struct delivery_row *row), void *ctx,
	    struct err *err);
	int (*each_attempt)(struct store *s, const char *message,
	    int (*each)(void *ctx, const struct attempt_row *row), void *ctx,
	    struct err *err);
	int (*last_proof)(struct store *s, const char *channel,
	    int64_t *done_ms, struct err *err);
	int (*each_subscription)(struct store *s,
	    int (*each)(void *ctx, const struct subscription_row *row),
	    void *ctx, struct err *err);
	int (*each_history)(struct store *s, const struct history_query *q,
	    int (*each)(void *ctx, const struct history_row *row), void *ctx,
	    struct err *err);

	int (*tidy)(struct store *s, const struct store_retention *keep,
	    int64_t now_ms, bool *more, struct err *err);
	int (*probe_writable)(struct store *s, struct err *err);
	int (*backup_new)(struct store_backup **out, struct store *s,
	    const char *path, struct err *err);
	int (*backup_step)(
	    struct store_backup *b, int pages, bool *done, struct err *err);
	void (*backup_free)(struct store_backup *b);
	int64_t (*size)(const struct store *s);
};

/* The first member of an engine's own store and backup. store.c sets and
 * reads them; `failure` is what broke the open transaction, or ERR_NONE. */
struct store {
	const struct engine *engine;
	bool in_transaction;
	enum err_code failure;
};

struct store_backup {
	struct store *store;
};

extern const struct engine sqlite_engine;

#endif
