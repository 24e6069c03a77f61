#include "state/sqlite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"
#include "state/sqlite_pack.h"
#include "state/sqlite_schema.h"

static const char *const sql[] = {
#define STATEMENT(name, text) [name] = (text),
#include "state/sqlite_statements.def"
#undef STATEMENT
};

/* In this order: auto_vacuum counts only before the first table, and the
 * exclusive lock before the write-ahead log is opened keeps its index in
 * memory rather than in a file. */
static const char settings[] =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA auto_vacuum = INCREMENTAL;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA cache_size = -512;" /* KiB */
    "PRAGMA mmap_size = 0;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA journal_size_limit = 8388608;"
    "PRAGMA secure_delete = FAST;" /* where that costs no extra write */
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;";
#define BUSY_TIMEOUT_MS 1000
/* When the log is copied back: at rest past the first, in a commit, which waits
 * for it, past the second. */
#define WAL_PAGES_REST 500
#define WAL_PAGES_MAX  2000

static const char restore[] = "it is damaged: stop tocsin, move it and its "
			      "-wal file away, put the newest backup in its "
			      "place; see docs/state.md";
static const struct meaning {
	int rc;
	enum err_code code;
	const char *advice;
} meanings[] = {
    {SQLITE_FULL, ERR_FULL,
	"free some space on that disk; tocsin tries again by itself"},
    {SQLITE_READONLY, ERR_IO,
	"make it writable again; tocsin tries again by itself"},
    {SQLITE_CANTOPEN, ERR_IO, "is the folder still there and writable?"},
    {SQLITE_IOERR, ERR_IO,
	"check the disk (dmesg, df); tocsin tries again by itself"},
    {SQLITE_PERM, ERR_IO, "give the user that runs tocsin access to it"},
    {SQLITE_AUTH, ERR_IO, "give the user that runs tocsin access to it"},
    {SQLITE_CORRUPT, ERR_CORRUPT, restore},
    {SQLITE_NOTADB, ERR_CORRUPT, restore},
    {SQLITE_BUSY, ERR_BUSY,
	"close the other program (sqlite3?) that has it open"},
    {SQLITE_LOCKED, ERR_BUSY, "try again later"},
    {SQLITE_CONSTRAINT, ERR_INPUT, "a bug in tocsin: please report it"},
};
static const struct meaning unforeseen = {
    0, ERR_IO, "a bug in tocsin: please report it"};

static const struct meaning *
meaning_of(int rc)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].rc == (rc & 0xff))
			return &meanings[i];
	}
	return &unforeseen;
}

int
sqlite_fail(const struct sqlite_store *s, int rc, struct err *err)
{
	const struct meaning *m = meaning_of(rc);
	int errnum = sqlite3_system_errno(s->db);
	const char *what;

	if ((rc & 0xff) == SQLITE_NOMEM)
		die("out of memory");
	if (m->code != ERR_IO && m->code != ERR_FULL)
		errnum = 0;
	if (errnum == EDQUOT)
		m = meaning_of(SQLITE_FULL);
	what = sqlite3_errcode(s->db) == rc ? sqlite3_errmsg(s->db)
	                                    : sqlite3_errstr(rc);
	err_set(err, m->code, "%.250s: %.80s%s%s (SQLite %d); %s", s->file.path,
	    what, errnum != 0 ? ": " : "", errnum != 0 ? strerror(errnum) : "",
	    rc, m->advice);
	if (err != NULL)
		err->errnum = errnum;
	return -1;
}

static void
disconnect(struct sqlite_store *s)
{
	packer_free(s->packer);
	s->packer = NULL;
	if (s->backup != NULL)
		sqlite_backup_lose(s->backup);
	series_forget(&s->series);
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_finalize(s->idle[i]);
		s->idle[i] = NULL;
	}
	sqlite3_close_v2(s->db);
	s->db = NULL;
}

/* A failure to copy back is no failure of the commit: the log is the truth. */
static int
note_log(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_store *s = ctx;

	s->wal_pages = pages;
	if (pages >= WAL_PAGES_MAX)
		sqlite3_wal_checkpoint_v2(
		    db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return SQLITE_OK;
}

static void
sqlite_rest(struct store *store)
{
	struct sqlite_store *s = sqlite_self(store);

	if (s->db == NULL || s->wal_pages < WAL_PAGES_REST)
		return;
	s->wal_pages = 0;
	sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

int
sqlite_connect(struct sqlite_store *s, struct err *err)
{
	int rc;

	if (s->db != NULL)
		return 0;
	rc = sqlite3_open_v2(s->file.path, &s->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (s->db == NULL)
		die("out of memory");
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, settings, NULL, NULL, NULL);
	sqlite3_wal_hook(s->db, note_log, s);
	if (rc == SQLITE_OK && sqlite3_db_readonly(s->db, "main") == 1)
		rc = SQLITE_READONLY;
	if (rc == SQLITE_OK)
		return 0;
	sqlite_fail(s, rc, err);
	disconnect(s);
	return -1;
}

sqlite3_stmt *
sqlite_take(struct sqlite_store *s, enum statement which, struct err *err)
{
	sqlite3_stmt *st = s->idle[which];
	int rc;

	if (st != NULL) {
		s->idle[which] = NULL;
		return st;
	}
	if (sqlite_connect(s, err) != 0)
		return NULL;
	rc = sqlite3_prepare_v3(
	    s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
	if (rc != SQLITE_OK)
		sqlite_fail(s, rc, err);
	return st;
}

void
sqlite_give(struct sqlite_store *s, enum statement which, sqlite3_stmt *st)
{
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	if (s->idle[which] == NULL)
		s->idle[which] = st;
	else
		sqlite3_finalize(st);
}

int
sqlite_run(struct sqlite_store *s, enum statement which, sqlite3_stmt *st,
    struct err *err)
{
	int rc = sqlite3_step(st);

	if (rc != SQLITE_DONE)
		sqlite_fail(s, rc, err);
	sqlite_give(s, which, st);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
sqlite_run2(struct sqlite_store *s, enum statement which, int64_t first,
    int64_t second, struct err *err)
{
	sqlite3_stmt *st = sqlite_take(s, which, err);

	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, first);
	sqlite3_bind_int64(st, 2, second);
	return sqlite_run(s, which, st, err);
}

int
sqlite_number(struct sqlite_store *s, enum statement which, int64_t arg,
    int64_t fallback, int64_t *out, struct err *err)
{
	sqlite3_stmt *st = sqlite_take(s, which, err);
	int rc;

	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, arg);
	rc = sqlite3_step(st);
	*out = fallback;
	if (rc == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL)
		*out = sqlite3_column_int64(st, 0);
	else if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		sqlite_fail(s, rc, err);
	sqlite_give(s, which, st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

void
sqlite_bind_str(sqlite3_stmt *st, int column, const char *text)
{
	sqlite3_bind_text(st, column, text, -1, SQLITE_STATIC);
}

void
sqlite_bind_some(sqlite3_stmt *st, int column, int64_t value)
{
	if (value < 0)
		sqlite3_bind_null(st, column);
	else
		sqlite3_bind_int64(st, column, value);
}

int64_t
sqlite_column_some(sqlite3_stmt *st, int column)
{
	return sqlite3_column_type(st, column) == SQLITE_NULL
	           ? -1
	           : sqlite3_column_int64(st, column);
}

const char *
sqlite_column_str(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}

static int
run(struct sqlite_store *s, enum statement which, struct err *err)
{
	sqlite3_stmt *st = sqlite_take(s, which, err);

	return st == NULL ? -1 : sqlite_run(s, which, st, err);
}

int
sqlite_begin(struct store *store, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);

	if (sqlite_file_check(&s->file, err) != 0)
		return -1;
	if (run(s, BEGIN, err) == 0)
		return 0;
	if (s->db != NULL)
		disconnect(s);
	return -1;
}

int
sqlite_commit(struct store *store, struct err *err)
{
	return run(sqlite_self(store), COMMIT, err);
}

void
sqlite_rollback(struct store *store)
{
	struct sqlite_store *s = sqlite_self(store);

	packer_free(s->packer);
	s->packer = NULL;
	series_forget(&s->series);
	if (s->db == NULL)
		return;
	/* Some failures have rolled back already; only if none of that worked
	 * is the connection given up. */
	if (sqlite3_get_autocommit(s->db) == 0)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	if (sqlite3_get_autocommit(s->db) == 0)
		disconnect(s);
}

static int
probe_writable(struct store *store, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);

	if (sqlite_begin(store, err) != 0)
		return -1;
	if (run(s, COUNT_WRITE, err) == 0 && sqlite_commit(store, err) == 0)
		return 0;
	sqlite_rollback(store);
	return -1;
}

static int64_t
size(const struct store *store)
{
	const struct sqlite_store *s = (const struct sqlite_store *)store;
	char *log = mem_printf("%s-wal", s->file.path);
	struct stat st;
	int64_t bytes = -1;

	if (stat(s->file.path, &st) == 0) {
		bytes = st.st_size;
		if (stat(log, &st) == 0)
			bytes += st.st_size;
	}
	free(log);
	return bytes;
}

static void
close_store(struct store *store)
{
	struct sqlite_store *s = sqlite_self(store);

	disconnect(s);
	sqlite_file_close(&s->file);
	free(s);
}

static int
open_store(struct store **out, const char *path, struct err *err)
{
	struct sqlite_store *s = mem_alloc(sizeof(*s));

	if (sqlite_file_open(&s->file, path, err) != 0) {
		free(s);
		return -1;
	}
	if (sqlite_connect(s, err) != 0 ||
	    schema_check(s, schema_step_count, err) != 0 ||
	    schema_migrate(s, schema_steps, schema_step_count, err) != 0) {
		close_store(&s->base);
		return -1;
	}
	*out = &s->base;
	return 0;
}

const struct engine sqlite_engine = {
    .scheme = "sqlite",
    .open = open_store,
    .close = close_store,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rest = sqlite_rest,
    .rollback = sqlite_rollback,
    .put_observation = sqlite_put_observation,
    .put_probe = sqlite_put_probe,
    .put_incident = sqlite_put_incident,
    .put_event = sqlite_put_event,
    .put_delivery = sqlite_put_delivery,
    .put_attempt = sqlite_put_attempt,
    .put_finding = sqlite_put_finding,
    .put_mute = sqlite_put_mute,
    .drop_mute = sqlite_drop_mute,
    .drop_probe = sqlite_drop_probe,
    .put_subscription = sqlite_put_subscription,
    .drop_subscription = sqlite_drop_subscription,
    .each_subscription = sqlite_each_subscription,
    .finding_known = sqlite_finding_known,
    .each_probe = sqlite_each_probe,
    .each_mute = sqlite_each_mute,
    .each_incident = sqlite_each_incident,
    .each_event = sqlite_each_event,
    .get_event = sqlite_get_event,
    .each_delivery = sqlite_each_delivery,
    .each_attempt = sqlite_each_attempt,
    .last_proof = sqlite_last_proof,
    .each_history = sqlite_each_history,
    .tidy = sqlite_tidy,
    .probe_writable = probe_writable,
    .backup_new = sqlite_backup_new,
    .backup_step = sqlite_backup_step,
    .backup_free = sqlite_backup_free,
    .size = size,
};
