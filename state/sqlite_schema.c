#include "state/sqlite_schema.h"

#include "base/str.h"
#include "state/sqlite.h"

#define APPLICATION_ID 0x746f6373 /* "tocs" */

/* The first column of the first row; statements here run once per start. */
static int
pragma(struct sqlite_store *s, const char *sql, char *out, size_t size,
    struct err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
	const char *text;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		text = sqlite_column_str(st, 0);
		str_copy(out, size, text == NULL ? "" : text);
	} else {
		sqlite_fail(s, rc, err);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 0 : -1;
}

static int
pragma_number(
    struct sqlite_store *s, const char *sql, int64_t *out, struct err *err)
{
	char text[32];

	if (pragma(s, sql, text, sizeof(text), err) != 0)
		return -1;
	if (str_parse_i64(text, INT64_MIN, INT64_MAX, out) == 0)
		return 0;
	return err_set(err, ERR_CORRUPT, "%.300s is damaged (%s said \"%s\")",
	    s->file.path, sql, text);
}

/* A file that holds tables, but not tocsin's, belongs to somebody else. */
static int
check_owner(struct sqlite_store *s, struct err *err)
{
	int64_t id, tables;

	if (pragma_number(s, "PRAGMA application_id", &id, err) != 0 ||
	    pragma_number(
		s, "SELECT count(*) FROM sqlite_schema", &tables, err) != 0)
		return -1;
	if (id == APPLICATION_ID || (id == 0 && tables == 0))
		return 0;
	return err_set(err, ERR_CONFIG,
	    "%.300s is another program's database: set `state:` to a path of "
	    "tocsin's own",
	    s->file.path);
}

int
schema_check(struct sqlite_store *s, int known, struct err *err)
{
	char first[160];
	int64_t version;

	if (check_owner(s, err) != 0 ||
	    pragma_number(s, "PRAGMA user_version", &version, err) != 0)
		return -1;
	if (version > known)
		return err_set(err, ERR_CONFIG,
		    "%.250s was written by a newer tocsin (schema %d; this one "
		    "knows schemas up to %d): run that version again, or "
		    "restore "
		    "a backup from before the upgrade",
		    s->file.path, (int)version, known);
	if (pragma(s, "PRAGMA quick_check(1)", first, sizeof(first), err) != 0)
		return -1;
	if (str_eq(first, "ok"))
		return 0;
	return err_set(err, ERR_CORRUPT,
	    "%.200s is damaged (%s): move it and its -wal file away, put the "
	    "newest backup in its place and start again; see docs/state.md",
	    s->file.path, first);
}

static int
apply(struct sqlite_store *s, const struct schema_step *step, int version,
    struct err *err)
{
	char head[128];
	int rc;

	str_printf(head, sizeof(head),
	    "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    APPLICATION_ID, version);
	if (sqlite_begin(&s->base, err) != 0)
		return -1;
	rc = sqlite3_exec(s->db, step->sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, head, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		sqlite_fail(s, rc, err);
	if (rc == SQLITE_OK && sqlite_commit(&s->base, err) == 0)
		return 0;
	sqlite_rollback(&s->base);
	return err_wrap(err, "bringing the schema to %s", step->title);
}

int
schema_migrate(struct sqlite_store *s, const struct schema_step *steps,
    int count, struct err *err)
{
	int64_t version;

	if (pragma_number(s, "PRAGMA user_version", &version, err) != 0)
		return -1;
	for (int i = (int)version; i < count; i++) {
		if (apply(s, &steps[i], i + 1, err) != 0)
			return -1;
	}
	return 0;
}
