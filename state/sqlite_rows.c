#include "state/block.h"
#include "state/sqlite.h"

static int
put_detail(struct sqlite_store *s, int64_t series,
    const struct observation_row *row, struct err *err)
{
	sqlite3_stmt *st = sqlite_take(s, PUT_DETAIL, err);

	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, row->at_ms);
	sqlite3_bind_int64(st, 2, series);
	sqlite_bind_str(st, 3, row->detail);
	return sqlite_run(s, PUT_DETAIL, st, err);
}

/* A second row for the same run is not looked for here: the one that arrived
 * last counts when they are read or packed. */
int
sqlite_put_observation(
    struct store *store, const struct observation_row *row, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	struct sample sample = {
	    .outcome = (uint8_t)row->outcome, .detail = row->detail != NULL};
	sqlite3_stmt *st;
	int64_t series;

	if (series_id(s, row->probe, row->region, row->at_ms, &series, err) !=
	    0)
		return -1;
	st = sqlite_take(s, ADD_RECENT, err);
	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, series);
	sqlite3_bind_int64(st, 2, row->at_ms);
	sqlite3_bind_int(st, 3, sample_flags(&sample));
	sqlite_bind_some(st, 4, row->duration_us);
	if (sqlite_run(s, ADD_RECENT, st, err) != 0)
		return -1;
	return row->detail == NULL ? 0 : put_detail(s, series, row, err);
}

int
sqlite_put_probe(
    struct store *store, const struct probe_row *row, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, PUT_PROBE, err);

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, row->name);
	sqlite_bind_str(st, 2, row->kind);
	sqlite_bind_str(st, 3, row->target);
	sqlite_bind_str(st, 4, row->verdict);
	sqlite_bind_str(st, 5, row->last);
	sqlite3_bind_int64(st, 6, row->seen_ms);
	if (sqlite_run(s, PUT_PROBE, st, err) != 0)
		return -1;
	if (row->memory == NULL)
		return 0;
	st = sqlite_take(s, PUT_MEMORY, err);
	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, row->name);
	sqlite_bind_str(st, 2, row->memory);
	return sqlite_run(s, PUT_MEMORY, st, err);
}

int
sqlite_put_incident(
    struct store *store, const struct incident_row *row, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, PUT_INCIDENT, err);

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, row->id);
	sqlite_bind_str(st, 2, row->probe);
	sqlite3_bind_int(st, 3, row->status);
	sqlite3_bind_int(st, 4, (int)row->severity);
	sqlite3_bind_int64(st, 5, row->opened_ms);
	sqlite3_bind_int64(st, 6, row->resolved_ms);
	sqlite3_bind_int64(st, 7, row->updated_ms);
	sqlite_bind_str(st, 8, row->body);
	return sqlite_run(s, PUT_INCIDENT, st, err);
}

int
sqlite_put_event(
    struct store *store, const struct event_row *row, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, PUT_EVENT, err);

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, row->incident);
	sqlite3_bind_int(st, 2, row->seq);
	sqlite3_bind_int64(st, 3, row->at_ms);
	sqlite3_bind_int(st, 4, row->type);
	sqlite_bind_str(st, 5, row->body);
	return sqlite_run(s, PUT_EVENT, st, err);
}

int
sqlite_put_delivery(
    struct store *store, const struct delivery_row *row, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, PUT_DELIVERY, err);

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, row->incident);
	sqlite3_bind_int(st, 2, row->seq);
	sqlite_bind_str(st, 3, row->channel);
	sqlite3_bind_int(st, 4, (int)row->status);
	sqlite3_bind_int64(st, 5, row->attempts);
	sqlite3_bind_int64(st, 6, row->created_ms);
	sqlite3_bind_int64(st, 7, row->due_ms);
	sqlite3_bind_int64(st, 8, row->done_ms);
	sqlite3_bind_int(st, 9, row->code);
	sqlite_bind_str(st, 10, row->detail);
	sqlite3_bind_int(st, 11, row->event);
	sqlite3_bind_int(st, 12, (int)row->severity);
	sqlite_bind_str(st, 13, row->batch);
	sqlite_bind_str(st, 14, row->grouping);
	sqlite_bind_str(st, 15, row->because);
	sqlite_bind_str(st, 16, row->remote_id);
	sqlite3_bind_int64(st, 17, row->poll_ms);
	sqlite3_bind_int64(st, 18, row->fallback_ms);
	return sqlite_run(s, PUT_DELIVERY, st, err);
}

int
sqlite_put_attempt(
    struct store *store, const struct attempt_row *row, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, PUT_ATTEMPT, err);

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, row->message);
	sqlite3_bind_int64(st, 2, row->n);
	sqlite3_bind_int64(st, 3, row->at_ms);
	sqlite3_bind_int64(st, 4, row->took_us);
	sqlite3_bind_int(st, 5, row->status);
	sqlite3_bind_int(st, 6, row->code);
	sqlite_bind_str(st, 7, row->remote_id);
	sqlite_bind_str(st, 8, row->detail);
	return sqlite_run(s, PUT_ATTEMPT, st, err);
}

int
sqlite_put_finding(
    struct store *store, const struct finding_row *row, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, PUT_FINDING, err);

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, row->probe);
	sqlite_bind_str(st, 2, row->key);
	sqlite3_bind_int64(st, 3, row->at_ms);
	sqlite_bind_str(st, 4, row->incident);
	return sqlite_run(s, PUT_FINDING, st, err);
}

int
sqlite_put_mute(
    struct store *store, const struct mute_row *row, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, PUT_MUTE, err);

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, row->id);
	sqlite_bind_str(st, 2, row->body);
	return sqlite_run(s, PUT_MUTE, st, err);
}

int
sqlite_drop_mute(struct store *store, const char *id, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, DROP_MUTE, err);

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, id);
	return sqlite_run(s, DROP_MUTE, st, err);
}

int
sqlite_drop_probe(struct store *store, const char *name, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, DROP_PROBE, err);

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, name);
	return sqlite_run(s, DROP_PROBE, st, err);
}
