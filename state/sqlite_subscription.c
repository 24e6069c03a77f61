#include "state/sqlite.h"

int
sqlite_put_subscription(
    struct store *store, const struct subscription_row *row, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, PUT_SUBSCRIPTION, err);

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, row->channel);
	sqlite_bind_str(st, 2, row->id);
	sqlite3_bind_int64(st, 3, row->at_ms);
	sqlite_bind_str(st, 4, row->body);
	return sqlite_run(s, PUT_SUBSCRIPTION, st, err);
}

int
sqlite_drop_subscription(
    struct store *store, const char *channel, const char *id, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, DROP_SUBSCRIPTION, err);

	if (st == NULL)
		return -1;
	sqlite_bind_str(st, 1, channel);
	sqlite_bind_str(st, 2, id);
	return sqlite_run(s, DROP_SUBSCRIPTION, st, err);
}

int
sqlite_each_subscription(struct store *store,
    int (*each)(void *ctx, const struct subscription_row *row), void *ctx,
    struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	sqlite3_stmt *st = sqlite_take(s, EACH_SUBSCRIPTION, err);
	int rc;

	if (st == NULL)
		return -1;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct subscription_row row = {
		    .channel = sqlite_column_str(st, 0),
		    .id = sqlite_column_str(st, 1),
		    .at_ms = sqlite3_column_int64(st, 2),
		    .body = sqlite_column_str(st, 3),
		};

		if (each(ctx, &row) != 0)
			break;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		sqlite_fail(s, rc, err);
	sqlite_give(s, EACH_SUBSCRIPTION, st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}
