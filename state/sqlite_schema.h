/*
 * The schema's history: numbered steps that only go forward, compiled in from
 * state/schema/. The number of the last one applied is the database's
 * user_version.
 */
#ifndef STATE_SQLITE_SCHEMA_H
#define STATE_SQLITE_SCHEMA_H

#include <sqlite3.h>

#include "base/err.h"

struct sqlite_store;

struct schema_step {
	const char *title; /* "0001_init" */
	const char *sql;
};
extern const struct schema_step schema_steps[];
extern const int schema_step_count;

/* Is it ours, not from a newer version, and sound? ERR_CONFIG, ERR_CORRUPT. */
int schema_check(struct sqlite_store *s, int known, struct err *err);
/* Apply what is missing of steps[0 .. count), each in a transaction. */
int schema_migrate(struct sqlite_store *s, const struct schema_step *steps,
    int count, struct err *err);

#endif
