#include "state/store.h"

#include <string.h>

#include "base/check.h"
#include "state/engine.h"

static const struct engine *const engines[] = {
    &sqlite_engine,
};

int
store_open(struct store **out, const char *url, struct err *err)
{
	const char *colon = strchr(url, ':');
	size_t len = colon == NULL ? 0 : (size_t)(colon - url);

	*out = NULL;
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		const struct engine *e = engines[i];

		if (strlen(e->scheme) != len ||
		    strncmp(url, e->scheme, len) != 0)
			continue;
		if (e->open(out, colon + 1, err) != 0)
			return -1;
		(*out)->engine = e;
		return 0;
	}
	return err_set(err, ERR_CONFIG,
	    "state \"%.100s\" is not one of: sqlite:PATH, such as "
	    "sqlite:/var/lib/tocsin/state.db",
	    url);
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	store_rollback(s);
	s->engine->close(s);
}

int
store_begin(struct store *s, struct err *err)
{
	CHECK(!s->in_transaction);
	if (s->engine->begin(s, err) != 0)
		return -1;
	s->in_transaction = true;
	s->failure = ERR_NONE;
	return 0;
}

void
store_rollback(struct store *s)
{
	if (!s->in_transaction)
		return;
	s->engine->rollback(s);
	s->in_transaction = false;
}

/* May the open transaction go on? */
static int
intact(const struct store *s, struct err *err)
{
	CHECK(s->in_transaction);
	if (s->failure == ERR_NONE)
		return 0;
	return err_set(err, s->failure,
	    "an earlier step of this transaction failed: it must be rolled "
	    "back");
}

/* Remember what broke the transaction. */
static int
settle(struct store *s, int result, const struct err *err)
{
	if (result != 0)
		s->failure = err != NULL ? err->code : ERR_IO;
	return result;
}

int
store_commit(struct store *s, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	if (settle(s, s->engine->commit(s, err), err) != 0)
		return -1;
	s->in_transaction = false;
	return 0;
}

void
store_rest(struct store *s)
{
	if (!s->in_transaction && s->engine->rest != NULL)
		s->engine->rest(s);
}

int
store_put_observation(
    struct store *s, const struct observation_row *row, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	return settle(s, s->engine->put_observation(s, row, err), err);
}

int
store_put_probe(struct store *s, const struct probe_row *row, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	return settle(s, s->engine->put_probe(s, row, err), err);
}

int
store_put_incident(
    struct store *s, const struct incident_row *row, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	return settle(s, s->engine->put_incident(s, row, err), err);
}

int
store_put_event(struct store *s, const struct event_row *row, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	return settle(s, s->engine->put_event(s, row, err), err);
}

int
store_put_delivery(
    struct store *s, const struct delivery_row *row, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	return settle(s, s->engine->put_delivery(s, row, err), err);
}

int
store_put_attempt(
    struct store *s, const struct attempt_row *row, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	return settle(s, s->engine->put_attempt(s, row, err), err);
}

int
store_put_finding(
    struct store *s, const struct finding_row *row, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	return settle(s, s->engine->put_finding(s, row, err), err);
}

int
store_put_mute(struct store *s, const struct mute_row *row, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	return settle(s, s->engine->put_mute(s, row, err), err);
}

int
store_drop_mute(struct store *s, const char *id, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	return settle(s, s->engine->drop_mute(s, id, err), err);
}

int
store_drop_probe(struct store *s, const char *name, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	return settle(s, s->engine->drop_probe(s, name, err), err);
}

int
store_put_subscription(
    struct store *s, const struct subscription_row *row, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	return settle(s, s->engine->put_subscription(s, row, err), err);
}

int
store_drop_subscription(
    struct store *s, const char *channel, const char *id, struct err *err)
{
	if (intact(s, err) != 0)
		return -1;
	return settle(
	    s, s->engine->drop_subscription(s, channel, id, err), err);
}

int
store_each_subscription(struct store *s,
    int (*each)(void *ctx, const struct subscription_row *row), void *ctx,
    struct err *err)
{
	return s->engine->each_subscription(s, each, ctx, err);
}

int
store_finding_known(struct store *s, const char *probe, const char *key,
    bool *known, struct err *err)
{
	return s->engine->finding_known(s, probe, key, known, err);
}

int
store_each_probe(struct store *s,
    int (*each)(void *ctx, const struct probe_row *row), void *ctx,
    struct err *err)
{
	return s->engine->each_probe(s, each, ctx, err);
}

int
store_each_mute(struct store *s,
    int (*each)(void *ctx, const struct mute_row *row), void *ctx,
    struct err *err)
{
	return s->engine->each_mute(s, each, ctx, err);
}

int
store_each_incident(struct store *s, const struct incident_filter *f,
    int (*each)(void *ctx, const struct incident_row *row), void *ctx,
    struct err *err)
{
	return s->engine->each_incident(s, f, each, ctx, err);
}

int
store_each_event(struct store *s, const char *incident,
    int (*each)(void *ctx, const struct event_row *row), void *ctx,
    struct err *err)
{
	return s->engine->each_event(s, incident, each, ctx, err);
}

int
store_get_event(struct store *s, const char *incident, int seq, char **body,
    struct err *err)
{
	return s->engine->get_event(s, incident, seq, body, err);
}

int
store_each_delivery(struct store *s, const struct delivery_filter *f,
    int (*each)(void *ctx, const struct delivery_row *row), void *ctx,
    struct err *err)
{
	return s->engine->each_delivery(s, f, each, ctx, err);
}

int
store_each_attempt(struct store *s, const char *message,
    int (*each)(void *ctx, const struct attempt_row *row), void *ctx,
    struct err *err)
{
	return s->engine->each_attempt(s, message, each, ctx, err);
}

int
store_last_proof(
    struct store *s, const char *channel, int64_t *done_ms, struct err *err)
{
	return s->engine->last_proof(s, channel, done_ms, err);
}

int
store_each_history(struct store *s, const char *probe, const char *region,
    enum history_step step, int64_t from_ms, int64_t to_ms,
    int (*each)(void *ctx, const struct history_row *row), void *ctx,
    struct err *err)
{
	struct history_query q = {probe, region, step, from_ms, to_ms};

	return s->engine->each_history(s, &q, each, ctx, err);
}

int
store_tidy(struct store *s, const struct store_retention *keep, int64_t now_ms,
    bool *more, struct err *err)
{
	CHECK(!s->in_transaction);
	*more = false;
	return s->engine->tidy(s, keep, now_ms, more, err);
}

int
store_probe_writable(struct store *s, struct err *err)
{
	CHECK(!s->in_transaction);
	return s->engine->probe_writable(s, err);
}

int
store_backup_new(struct store_backup **out, struct store *s, const char *path,
    struct err *err)
{
	*out = NULL;
	if (s->engine->backup_new(out, s, path, err) != 0)
		return -1;
	(*out)->store = s;
	return 0;
}

int
store_backup_step(
    struct store_backup *b, int pages, bool *done, struct err *err)
{
	CHECK(!b->store->in_transaction);
	*done = false;
	return b->store->engine->backup_step(b, pages, done, err);
}

void
store_backup_free(struct store_backup *b)
{
	if (b != NULL)
		b->store->engine->backup_free(b);
}

int64_t
store_size(const struct store *s)
{
	return s->engine->size(s);
}
