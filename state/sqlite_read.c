#include "base/mem.h"
#include "state/sqlite.h"

/* The end of a walk over rows: `rc` is the last step's code, or SQLITE_ROW
 * when the caller of the walk had enough. */
static int
finish(struct sqlite_store *s, enum statement which, sqlite3_stmt *st, int rc,
    struct err *err)
{
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		sqlite_fail(s, rc, err);
	sqlite_give(s, which, st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static int64_t
limit_of(unsigned limit)
{
	return limit == 0 ? -1 : (int64_t)limit;
}

int
sqlite_finding_known(struct store *store, const char *probe, const char *key,
    bool *known, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, FINDING_KNOWN, err);
	int rc;

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, probe);
	sqlite_bind_str(st, 2, key);
	rc = sqlite3_step(st);
	*known = rc == SQLITE_ROW;
	return finish(s, FINDING_KNOWN, st, rc, err);
}

int
sqlite_each_probe(struct store *store,
    int (*each)(void *ctx, const struct probe_row *row), void *ctx,
    struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, EACH_PROBE, err);
	int rc;

	if (st == NULL)
		return -1;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct probe_row row = {
		    .name = sqlite_column_str(st, 0),
		    .kind = sqlite_column_str(st, 1),
		    .target = sqlite_column_str(st, 2),
		    .verdict = sqlite_column_str(st, 3),
		    .memory = sqlite_column_str(st, 4),
		    .last = sqlite_column_str(st, 5),
		    .seen_ms = sqlite3_column_int64(st, 6),
		};

		if (each(ctx, &row) != 0)
			break;
	}
	return finish(s, EACH_PROBE, st, rc, err);
}

int
sqlite_each_mute(struct store *store,
    int (*each)(void *ctx, const struct mute_row *row), void *ctx,
    struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, EACH_MUTE, err);
	int rc;

	if (st == NULL)
		return -1;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct mute_row row = {
		    .id = sqlite_column_str(st, 0),
		    .body = sqlite_column_str(st, 1),
		};

		if (each(ctx, &row) != 0)
			break;
	}
	return finish(s, EACH_MUTE, st, rc, err);
}

/* The narrowest way in. */
static enum statement
incident_statement(const struct incident_filter *f)
{
	if (f->probe != NULL)
		return EACH_INCIDENT_OF_PROBE;
	return f->unresolved_only ? EACH_UNRESOLVED : EACH_INCIDENT;
}

int
sqlite_each_incident(struct store *store, const struct incident_filter *f,
    int (*each)(void *ctx, const struct incident_row *row), void *ctx,
    struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	enum statement which = incident_statement(f);
	sqlite3_stmt *st = sqlite_take(s, which, err);
	int rc;

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, f->id_prefix);
	sqlite3_bind_int64(st, 2, f->before_ms);
	sqlite3_bind_int(st, 3, f->newest_per_probe);
	sqlite3_bind_int64(st, 4, limit_of(f->limit));
	if (which == EACH_INCIDENT_OF_PROBE) {
		sqlite_bind_str(st, 5, f->probe);
		sqlite3_bind_int(st, 6, f->unresolved_only);
	}
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct incident_row row = {
		    .id = sqlite_column_str(st, 0),
		    .probe = sqlite_column_str(st, 1),
		    .status = sqlite3_column_int(st, 2),
		    .severity = (enum severity)sqlite3_column_int(st, 3),
		    .opened_ms = sqlite3_column_int64(st, 4),
		    .resolved_ms = sqlite3_column_int64(st, 5),
		    .updated_ms = sqlite3_column_int64(st, 6),
		    .body = sqlite_column_str(st, 7),
		};

		if (each(ctx, &row) != 0)
			break;
	}
	return finish(s, which, st, rc, err);
}

int
sqlite_each_event(struct store *store, const char *incident,
    int (*each)(void *ctx, const struct event_row *row), void *ctx,
    struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, EACH_EVENT, err);
	int rc;

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, incident);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct event_row row = {
		    .incident = sqlite_column_str(st, 0),
		    .seq = sqlite3_column_int(st, 1),
		    .at_ms = sqlite3_column_int64(st, 2),
		    .type = sqlite3_column_int(st, 3),
		    .body = sqlite_column_str(st, 4),
		};

		if (each(ctx, &row) != 0)
			break;
	}
	return finish(s, EACH_EVENT, st, rc, err);
}

int
sqlite_get_event(struct store *store, const char *incident, int seq,
    char **body, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, GET_EVENT, err);
	int rc;

	*body = NULL;
	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, incident);
	sqlite3_bind_int(st, 2, seq);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*body = mem_strdup(sqlite_column_str(st, 0));
	if (finish(s, GET_EVENT, st, rc, err) != 0)
		return -1;
	if (*body == NULL)
		return err_set(err, ERR_MISSING,
		    "incident %.40s has no event %d", incident, seq);
	return 0;
}

static enum statement
delivery_statement(const struct delivery_filter *f)
{
	if (f->polled)
		return EACH_POLLED;
	if (f->incident != NULL)
		return EACH_DELIVERY_OF_INCIDENT;
	return f->status == DELIVERY_PENDING ? EACH_PENDING : EACH_DELIVERY;
}

int
sqlite_each_delivery(struct store *store, const struct delivery_filter *f,
    int (*each)(void *ctx, const struct delivery_row *row), void *ctx,
    struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	enum statement which = delivery_statement(f);
	sqlite3_stmt *st = sqlite_take(s, which, err);
	int rc;

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, f->channel);
	sqlite3_bind_int(st, 2, f->status);
	sqlite3_bind_int64(st, 3, limit_of(f->limit));
	if (which == EACH_DELIVERY_OF_INCIDENT)
		sqlite_bind_str(st, 4, f->incident);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct delivery_row row = {
		    .incident = sqlite_column_str(st, 0),
		    .seq = sqlite3_column_int(st, 1),
		    .channel = sqlite_column_str(st, 2),
		    .status = (enum delivery_status)sqlite3_column_int(st, 3),
		    .attempts = (unsigned)sqlite3_column_int64(st, 4),
		    .created_ms = sqlite3_column_int64(st, 5),
		    .due_ms = sqlite3_column_int64(st, 6),
		    .done_ms = sqlite3_column_int64(st, 7),
		    .code = sqlite3_column_int(st, 8),
		    .detail = sqlite_column_str(st, 9),
		    .event = sqlite3_column_int(st, 10),
		    .severity = (enum severity)sqlite3_column_int(st, 11),
		    .batch = sqlite_column_str(st, 12),
		    .grouping = sqlite_column_str(st, 13),
		    .because = sqlite_column_str(st, 14),
		    .remote_id = sqlite_column_str(st, 15),
		    .poll_ms = sqlite3_column_int64(st, 16),
		    .fallback_ms = sqlite3_column_int64(st, 17),
		};

		if (each(ctx, &row) != 0)
			break;
	}
	return finish(s, which, st, rc, err);
}

int
sqlite_each_attempt(struct store *store, const char *message,
    int (*each)(void *ctx, const struct attempt_row *row), void *ctx,
    struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, EACH_ATTEMPT, err);
	int rc;

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, message);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct attempt_row row = {
		    .message = sqlite_column_str(st, 0),
		    .n = (unsigned)sqlite3_column_int64(st, 1),
		    .at_ms = sqlite3_column_int64(st, 2),
		    .took_us = sqlite3_column_int64(st, 3),
		    .status = sqlite3_column_int(st, 4),
		    .code = sqlite3_column_int(st, 5),
		    .remote_id = sqlite_column_str(st, 6),
		    .detail = sqlite_column_str(st, 7),
		};

		if (each(ctx, &row) != 0)
			break;
	}
	return finish(s, EACH_ATTEMPT, st, rc, err);
}

int
sqlite_last_proof(
    struct store *store, const char *channel, int64_t *done_ms, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, LAST_PROOF, err);
	int rc;

	*done_ms = 0;
	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, channel);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*done_ms = sqlite3_column_int64(st, 0);
	return finish(s, LAST_PROOF, st, rc, err);
}
