/*
 * What every engine must do is tested in test_store*.c, against state/store.h
 * alone. An engine joins by one line in `engines`: how to get the URL of an
 * empty database.
 */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "state/store.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define NOON   (INT64_C(20780) * DAY + 12 * HOUR) /* of a day in 2026 */

struct fixture {
	struct store *s;
	char folder[64];
	char url[96];
	struct err err;
};

static inline void
sqlite_fresh(struct fixture *f)
{
	str_copy(f->folder, sizeof(f->folder), "/tmp/tocsin-store-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	str_printf(f->url, sizeof(f->url), "sqlite:%s/state.db", f->folder);
}

static inline void
sqlite_clean(const struct fixture *f)
{
	static const char *const names[] = {"state.db", "state.db-wal",
	    "state.db.lock", "copy.db", "copy.db.lock", "copy.db.partial"};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		str_printf(path, sizeof(path), "%s/%s", f->folder, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(f->folder), 0);
}

static const struct {
	const char *name;
	void (*fresh)(struct fixture *f);
	void (*clean)(const struct fixture *f);
} engines[] = {
    {"sqlite", sqlite_fresh, sqlite_clean},
};
static size_t engine; /* under test */

static inline int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	engines[engine].fresh(f);
	if (store_open(&f->s, f->url, &f->err) != 0)
		fail_msg("%s", f->err.text);
	*state = f;
	return 0;
}

static inline int
teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->s);
	engines[engine].clean(f);
	free(f);
	return 0;
}

#define OK(call)                                                               \
	do {                                                                   \
		if ((call) != 0)                                               \
			fail_msg("%s: %s", #call, f->err.text);                \
	} while (0)

static inline void
reopen(struct fixture *f)
{
	store_close(f->s);
	f->s = NULL;
	OK(store_open(&f->s, f->url, &f->err));
}

static inline void
commit(struct fixture *f)
{
	OK(store_commit(f->s, &f->err));
}

static inline void
begin(struct fixture *f)
{
	OK(store_begin(f->s, &f->err));
}

/* Expect the rows that the call collects in `out`, as text. */
#define EXPECT(call, text)                                                     \
	do {                                                                   \
		struct buf out;                                                \
		buf_init(&out, 1 << 20);                                       \
		OK(call);                                                      \
		assert_string_equal(buf_str(&out), text);                      \
		buf_fini(&out);                                                \
	} while (0)

static inline int
add_id(void *ctx, const struct incident_row *r)
{
	buf_printf(ctx, "%s ", r->id);
	return 0;
}

static inline void
put_incident(struct fixture *f, const char *id, const char *probe,
    int64_t opened_ms, int64_t resolved_ms)
{
	struct incident_row row = {id, probe, resolved_ms ? 2 : 0,
	    SEVERITY_HIGH, opened_ms, resolved_ms, opened_ms + 1, "{}"};

	OK(store_put_incident(f->s, &row, &f->err));
}

static inline int
add_delivery(void *ctx, const struct delivery_row *r)
{
	buf_printf(ctx, "%s/%d/%s %d %u %lld %lld %lld %d %s\n", r->incident,
	    r->seq, r->channel, (int)r->status, r->attempts,
	    (long long)r->created_ms, (long long)r->due_ms,
	    (long long)r->done_ms, r->code, r->detail ? r->detail : "-");
	return 0;
}

static inline void
put_delivery(struct fixture *f, const char *incident, const char *channel,
    enum delivery_status status, int64_t due_ms)
{
	struct delivery_row row = {
	    .incident = incident,
	    .seq = 1,
	    .channel = channel,
	    .status = status,
	    .created_ms = 5,
	    .due_ms = due_ms,
	};

	OK(store_put_delivery(f->s, &row, &f->err));
}

static inline int
add_event(void *ctx, const struct event_row *r)
{
	buf_printf(ctx, "%s/%d %lld %d %s\n", r->incident, r->seq,
	    (long long)r->at_ms, r->type, r->body);
	return 0;
}

static inline int
add_history(void *ctx, const struct history_row *r)
{
	buf_printf(ctx, "%lld %u/%u/%u/%u %lld %lld %lld %lld %s\n",
	    (long long)(r->from_ms - NOON), r->count[0], r->count[1],
	    r->count[2], r->count[3], (long long)r->p50_us,
	    (long long)r->p90_us, (long long)r->p99_us, (long long)r->max_us,
	    r->detail ? r->detail : "-");
	return 0;
}

static inline void
observe(struct fixture *f, int64_t at_ms, enum outcome outcome,
    int64_t duration_us, const char *detail)
{
	struct observation_row row = {
	    "p", "here", at_ms, outcome, duration_us, detail};

	OK(store_put_observation(f->s, &row, &f->err));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define RUN_ON_EVERY_ENGINE(tests, failed)                                     \
	for (; engine < sizeof(engines) / sizeof(engines[0]); engine++) {      \
		printf("# engine %s\n", engines[engine].name);                 \
		failed += cmocka_run_group_tests(tests, NULL, NULL);           \
	}

#endif
