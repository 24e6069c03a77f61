/*
 * The SQLite engine's own parts, shared by the sqlite*.c files only.
 *
 *   sqlite.c         the connection: opening, transactions, statements, errors
 *   sqlite_file.c    where the file is, who may open it, is it still there
 *   sqlite_schema.c  migrations and the integrity check
 *   sqlite_series.c  a probe and a region as one small number
 *   sqlite_rows.c    the puts
 *   sqlite_read.c    probes, incidents, events, deliveries, findings
 *   sqlite_subscription.c who gets a channel's pushes
 *   sqlite_samples.c observations and roll-ups by series and hour
 *   sqlite_history.c what store_each_history() shows
 *   sqlite_pack.c    arrivals into hourly blocks     } the stages
 *   sqlite_tidy.c    roll-ups, retention, free pages } of store_tidy()
 *   sqlite_backup.c  online backup
 */
#ifndef STATE_SQLITE_H
#define STATE_SQLITE_H

#include <sqlite3.h>

#include "state/engine.h"
#include "state/sqlite_file.h"
#include "state/sqlite_series.h"

enum statement {
#define STATEMENT(name, sql) name,
#include "state/sqlite_statements.def"
#undef STATEMENT
	STATEMENT_COUNT
};

struct packer; /* state/sqlite_pack.h */
struct sqlite_backup;

struct sqlite_store {
	struct store base;
	struct sqlite_file file;
	sqlite3 *db;   /* NULL after it broke, until the next use */
	int wal_pages; /* in the log since it was last copied back */
	sqlite3_stmt *idle[STATEMENT_COUNT];
	struct series_cache series;
	struct packer *packer;        /* at work, or NULL */
	int64_t series_day;           /* old series were looked for until it */
	struct sqlite_backup *backup; /* the one in progress, or NULL */
};

static inline struct sqlite_store *
sqlite_self(struct store *s)
{
	return (struct sqlite_store *)s;
}

/* Open the connection if there is none. */
int sqlite_connect(struct sqlite_store *s, struct err *err);

int sqlite_begin(struct store *s, struct err *err);
int sqlite_commit(struct store *s, struct err *err);
void sqlite_rollback(struct store *s);

/* Take a prepared statement; NULL with err filled if there is none to be had.
 * Give it back as soon as its rows are read: it is reset there. A statement
 * may be taken while another taker still reads from it. */
sqlite3_stmt *
sqlite_take(struct sqlite_store *s, enum statement which, struct err *err);
void
sqlite_give(struct sqlite_store *s, enum statement which, sqlite3_stmt *st);

/* Step a statement that returns no rows, and give it back. */
int sqlite_run(struct sqlite_store *s, enum statement which, sqlite3_stmt *st,
    struct err *err);
/* Take, bind up to two numbers, and run. */
int sqlite_run2(struct sqlite_store *s, enum statement which, int64_t first,
    int64_t second, struct err *err);
/* Take, bind one number, and read one; `fallback` when there is no row or it
 * is NULL. */
int sqlite_number(struct sqlite_store *s, enum statement which, int64_t arg,
    int64_t fallback, int64_t *out, struct err *err);

/* -1 with what SQLite's code `rc` means and what to do about it. */
int sqlite_fail(const struct sqlite_store *s, int rc, struct err *err);

/* Borrowed text, NULL allowed. */
void sqlite_bind_str(sqlite3_stmt *st, int column, const char *text);
/* A number, or NULL when it is negative; and back. */
void sqlite_bind_some(sqlite3_stmt *st, int column, int64_t value);
int64_t sqlite_column_some(sqlite3_stmt *st, int column);
const char *sqlite_column_str(sqlite3_stmt *st, int column);

/* engine.h's calls by file. */
int sqlite_put_observation(
    struct store *s, const struct observation_row *row, struct err *err);
int
sqlite_put_probe(struct store *s, const struct probe_row *row, struct err *err);
int sqlite_put_incident(
    struct store *s, const struct incident_row *row, struct err *err);
int
sqlite_put_event(struct store *s, const struct event_row *row, struct err *err);
int sqlite_put_delivery(
    struct store *s, const struct delivery_row *row, struct err *err);
int sqlite_put_attempt(
    struct store *s, const struct attempt_row *row, struct err *err);
int sqlite_put_finding(
    struct store *s, const struct finding_row *row, struct err *err);
int
sqlite_put_mute(struct store *s, const struct mute_row *row, struct err *err);
int sqlite_drop_mute(struct store *s, const char *id, struct err *err);
int sqlite_put_subscription(
    struct store *s, const struct subscription_row *row, struct err *err);
int sqlite_drop_subscription(
    struct store *s, const char *channel, const char *id, struct err *err);
int sqlite_drop_probe(struct store *s, const char *name, struct err *err);

int sqlite_finding_known(struct store *s, const char *probe, const char *key,
    bool *known, struct err *err);
int sqlite_each_probe(struct store *s,
    int (*each)(void *ctx, const struct probe_row *row), void *ctx,
    struct err *err);
int sqlite_each_mute(struct store *s,
    int (*each)(void *ctx, const struct mute_row *row), void *ctx,
    struct err *err);
int sqlite_each_incident(struct store *s, const struct incident_filter *f,
    int (*each)(void *ctx, const struct incident_row *row), void *ctx,
    struct err *err);
int sqlite_each_event(struct store *s, const char *incident,
    int (*each)(void *ctx, const struct event_row *row), void *ctx,
    struct err *err);
int sqlite_get_event(struct store *s, const char *incident, int seq,
    char **body, struct err *err);
int sqlite_each_delivery(struct store *s, const struct delivery_filter *f,
    int (*each)(void *ctx, const struct delivery_row *row), void *ctx,
    struct err *err);
int sqlite_each_attempt(struct store *s, const char *message,
    int (*each)(void *ctx, const struct attempt_row *row), void *ctx,
    struct err *err);
int sqlite_last_proof(
    struct store *s, const char *channel, int64_t *done_ms, struct err *err);
int sqlite_each_subscription(struct store *s,
    int (*each)(void *ctx, const struct subscription_row *row), void *ctx,
    struct err *err);
int sqlite_each_history(struct store *s, const struct history_query *q,
    int (*each)(void *ctx, const struct history_row *row), void *ctx,
    struct err *err);

int sqlite_tidy(struct store *s, const struct store_retention *keep,
    int64_t now_ms, bool *more, struct err *err);

int sqlite_backup_new(struct store_backup **out, struct store *s,
    const char *path, struct err *err);
int sqlite_backup_step(
    struct store_backup *b, int pages, bool *done, struct err *err);
void sqlite_backup_free(struct store_backup *b);
/* The connection goes away: the backup in progress can only fail. */
void sqlite_backup_lose(struct sqlite_backup *b);

#endif
