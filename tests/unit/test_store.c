/*
 * What every engine must do, written against state/store.h alone. An engine
 * joins by one line in `engines`: how to get the URL of an empty database.
 */
#include "state/store.h"

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

static void
sqlite_fresh(struct fixture *f)
{
	str_copy(f->folder, sizeof(f->folder), "/tmp/tocsin-store-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	str_printf(f->url, sizeof(f->url), "sqlite:%s/state.db", f->folder);
}

static void
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

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	engines[engine].fresh(f);
	if (store_open(&f->s, f->url, &f->err) != 0)
		fail_msg("%s", f->err.text);
	*state = f;
	return 0;
}

static int
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

static void
reopen(struct fixture *f)
{
	store_close(f->s);
	f->s = NULL;
	OK(store_open(&f->s, f->url, &f->err));
}

static void
commit(struct fixture *f)
{
	OK(store_commit(f->s, &f->err));
}

static void
begin(struct fixture *f)
{
	OK(store_begin(f->s, &f->err));
}

/* ---- rows as text, to compare --------------------------------------- */

static int
add_probe(void *ctx, const struct probe_row *r)
{
	buf_printf(ctx, "%s %s %s %s %s %s %lld\n", r->name, r->kind, r->target,
	    r->verdict ? r->verdict : "-", r->memory ? r->memory : "-",
	    r->last ? r->last : "-", (long long)r->seen_ms);
	return 0;
}

static int
add_incident(void *ctx, const struct incident_row *r)
{
	buf_printf(ctx, "%s %s %d %d %lld %lld %lld %s\n", r->id, r->probe,
	    r->status, (int)r->severity, (long long)r->opened_ms,
	    (long long)r->resolved_ms, (long long)r->updated_ms, r->body);
	return 0;
}

static int
add_id(void *ctx, const struct incident_row *r)
{
	buf_printf(ctx, "%s ", r->id);
	return 0;
}

static int
add_event(void *ctx, const struct event_row *r)
{
	buf_printf(ctx, "%s/%d %lld %d %s\n", r->incident, r->seq,
	    (long long)r->at_ms, r->type, r->body);
	return 0;
}

static int
add_delivery(void *ctx, const struct delivery_row *r)
{
	buf_printf(ctx, "%s/%d/%s %d %u %lld %lld %lld %d %s\n", r->incident,
	    r->seq, r->channel, (int)r->status, r->attempts,
	    (long long)r->created_ms, (long long)r->due_ms,
	    (long long)r->done_ms, r->code, r->detail ? r->detail : "-");
	return 0;
}

static int
add_channel(void *ctx, const struct delivery_row *r)
{
	buf_printf(ctx, "%s ", r->channel);
	return 0;
}

static int
add_history(void *ctx, const struct history_row *r)
{
	buf_printf(ctx, "%lld %u/%u/%u/%u %lld %lld %lld %lld %s\n",
	    (long long)(r->from_ms - NOON), r->count[0], r->count[1],
	    r->count[2], r->count[3], (long long)r->p50_us,
	    (long long)r->p90_us, (long long)r->p99_us, (long long)r->max_us,
	    r->detail ? r->detail : "-");
	return 0;
}

#define EXPECT(call, text)                                                     \
	do {                                                                   \
		struct buf out;                                                \
		buf_init(&out, 1 << 20);                                       \
		OK(call);                                                      \
		assert_string_equal(buf_str(&out), text);                      \
		buf_fini(&out);                                                \
	} while (0)

/* ---- probes, incidents, events, deliveries, findings ----------------- */

static void
an_unknown_engine_is_named(void **state)
{
	struct fixture *f = *state;
	struct store *s;

	assert_int_equal(store_open(&s, "oracle:/x", &f->err), -1);
	assert_int_equal(f->err.code, ERR_CONFIG);
	assert_non_null(strstr(f->err.text, "oracle:/x"));
	assert_int_equal(store_open(&s, "state.db", &f->err), -1);
	assert_null(s);
}

static void
a_probe_is_kept_over_a_restart(void **state)
{
	struct fixture *f = *state;
	struct probe_row row = {"portal", "uptime", "https://a/", "{\"v\":1}",
	    "{\"m\":1}", "{\"l\":1}", 5};

	begin(f);
	OK(store_put_probe(f->s, &row, &f->err));
	row.name = "api";
	row.memory = row.last = NULL;
	OK(store_put_probe(f->s, &row, &f->err));
	commit(f);
	reopen(f);
	EXPECT(store_each_probe(f->s, add_probe, &out, &f->err),
	    "api uptime https://a/ {\"v\":1} - - 5\n"
	    "portal uptime https://a/ {\"v\":1} {\"m\":1} {\"l\":1} 5\n");
}

static void
memory_and_last_are_kept_when_not_given(void **state)
{
	struct fixture *f = *state;
	struct probe_row row = {"p", "ct", "t", "v1", "m1", "l1", 1};

	begin(f);
	OK(store_put_probe(f->s, &row, &f->err));
	row = (struct probe_row){"p", "ct", "t2", "v2", NULL, NULL, 2};
	OK(store_put_probe(f->s, &row, &f->err));
	commit(f);
	EXPECT(store_each_probe(f->s, add_probe, &out, &f->err),
	    "p ct t2 v2 m1 l1 2\n");
	begin(f);
	row.memory = "m3";
	OK(store_put_probe(f->s, &row, &f->err));
	commit(f);
	EXPECT(store_each_probe(f->s, add_probe, &out, &f->err),
	    "p ct t2 v2 m3 l1 2\n");
}

static void
a_dropped_probe_loses_its_memory_and_keeps_its_findings(void **state)
{
	struct fixture *f = *state;
	struct probe_row row = {"p", "ct", "t", "v", "m", "l", 1};
	struct finding_row finding = {"p", "cert-1", 3, "inc"};
	bool known;

	begin(f);
	OK(store_put_probe(f->s, &row, &f->err));
	OK(store_put_finding(f->s, &finding, &f->err));
	OK(store_drop_probe(f->s, "p", &f->err));
	OK(store_drop_probe(f->s, "never there", &f->err));
	commit(f);
	EXPECT(store_each_probe(f->s, add_probe, &out, &f->err), "");
	begin(f);
	row.memory = NULL;
	OK(store_put_probe(f->s, &row, &f->err));
	commit(f);
	EXPECT(store_each_probe(f->s, add_probe, &out, &f->err),
	    "p ct t v - l 1\n");
	OK(store_finding_known(f->s, "p", "cert-1", &known, &f->err));
	assert_true(known);
}

static void
put_incident(struct fixture *f, const char *id, const char *probe,
    int64_t opened_ms, int64_t resolved_ms)
{
	struct incident_row row = {id, probe, resolved_ms ? 2 : 0,
	    SEVERITY_HIGH, opened_ms, resolved_ms, opened_ms + 1, "{}"};

	OK(store_put_incident(f->s, &row, &f->err));
}

static void
an_incident_is_replaced_by_its_id(void **state)
{
	struct fixture *f = *state;
	struct incident_row row = {
	    "a1", "portal", 1, SEVERITY_CRITICAL, 10, 20, 30, "{\"x\":2}"};

	begin(f);
	put_incident(f, "a1", "portal", 10, 0);
	OK(store_put_incident(f->s, &row, &f->err));
	OK(store_put_incident(f->s, &row, &f->err));
	commit(f);
	EXPECT(store_each_incident(f->s, &(struct incident_filter){0},
		   add_incident, &out, &f->err),
	    "a1 portal 1 4 10 20 30 {\"x\":2}\n");
}

static void
incidents_are_chosen_and_ordered(void **state)
{
	struct fixture *f = *state;
	static const struct {
		struct incident_filter filter;
		const char *expected;
	} cases[] = {
	    {{0}, "d4 c3 b2 ab1 aa1 "},
	    {{.id_prefix = "a"}, "ab1 aa1 "},
	    {{.id_prefix = "ab1"}, "ab1 "},
	    {{.id_prefix = "ab12"}, ""},
	    {{.id_prefix = "%"}, ""},
	    {{.probe = "p"}, "d4 b2 aa1 "},
	    {{.probe = "p", .unresolved_only = true}, "d4 aa1 "},
	    {{.unresolved_only = true}, "d4 ab1 aa1 "},
	    {{.newest_per_probe = true}, "d4 c3 "},
	    {{.newest_per_probe = true, .unresolved_only = true}, "d4 "},
	    {{.newest_per_probe = true, .probe = "q"}, "c3 "},
	    {{.before_ms = 300}, "b2 ab1 aa1 "},
	    {{.limit = 2}, "d4 c3 "},
	    {{.before_ms = 400, .limit = 1, .probe = "p"}, "b2 "},
	};

	begin(f);
	put_incident(f, "aa1", "p", 100, 0);
	put_incident(f, "ab1", "q", 100, 0);
	put_incident(f, "b2", "p", 200, 250);
	put_incident(f, "c3", "q", 300, 350);
	put_incident(f, "d4", "p", 400, 0);
	commit(f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		EXPECT(store_each_incident(
			   f->s, &cases[i].filter, add_id, &out, &f->err),
		    cases[i].expected);
}

static void
a_timeline_is_in_order_and_each_event_can_be_had(void **state)
{
	struct fixture *f = *state;
	struct event_row row = {"i", 0, 0, 3, NULL};
	char body[16], *got;

	begin(f);
	for (row.seq = 12; row.seq > 0; row.seq--) {
		row.at_ms = row.seq * 10;
		str_printf(body, sizeof(body), "{\"n\":%d}", row.seq);
		row.body = body;
		OK(store_put_event(f->s, &row, &f->err));
		OK(store_put_event(f->s, &row, &f->err));
	}
	row = (struct event_row){"other", 1, 1, 1, "{}"};
	OK(store_put_event(f->s, &row, &f->err));
	commit(f);
	EXPECT(store_each_event(f->s, "i", add_event, &out, &f->err),
	    "i/1 10 3 {\"n\":1}\ni/2 20 3 {\"n\":2}\ni/3 30 3 {\"n\":3}\n"
	    "i/4 40 3 {\"n\":4}\ni/5 50 3 {\"n\":5}\ni/6 60 3 {\"n\":6}\n"
	    "i/7 70 3 {\"n\":7}\ni/8 80 3 {\"n\":8}\ni/9 90 3 {\"n\":9}\n"
	    "i/10 100 3 {\"n\":10}\ni/11 110 3 {\"n\":11}\n"
	    "i/12 120 3 {\"n\":12}\n");
	OK(store_get_event(f->s, "i", 7, &got, &f->err));
	assert_string_equal(got, "{\"n\":7}");
	free(got);
	assert_int_equal(store_get_event(f->s, "i", 13, &got, &f->err), -1);
	assert_int_equal(f->err.code, ERR_MISSING);
	assert_null(got);
}

static void
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

static void
a_delivery_is_replaced_by_its_key(void **state)
{
	struct fixture *f = *state;
	struct delivery_row row = {"i", 2, "mail", DELIVERY_DELIVERED, 3, 10,
	    20, 30, 250, "250 queued"};

	begin(f);
	put_delivery(f, "i", "mail", DELIVERY_PENDING, 20);
	OK(store_put_delivery(f->s, &row, &f->err));
	row.detail = NULL;
	row.seq = 3;
	OK(store_put_delivery(f->s, &row, &f->err));
	row.detail = "later";
	OK(store_put_delivery(f->s, &row, &f->err));
	commit(f);
	EXPECT(
	    store_each_delivery(f->s, &(struct delivery_filter){.status = -1},
		add_delivery, &out, &f->err),
	    "i/1/mail 0 0 5 20 0 0 -\n"
	    "i/2/mail 1 3 10 20 30 250 250 queued\n"
	    "i/3/mail 1 3 10 20 30 250 later\n");
}

static void
deliveries_are_chosen_and_ordered(void **state)
{
	struct fixture *f = *state;
	static const struct {
		struct delivery_filter filter;
		const char *expected;
	} cases[] = {
	    {{.status = -1}, "d b a c e "},
	    {{.status = DELIVERY_PENDING}, "d a e "},
	    {{.status = DELIVERY_DEAD}, "b "},
	    {{.status = DELIVERY_DROPPED}, "c "},
	    {{.status = -1, .channel = "a"}, "a "},
	    {{.status = DELIVERY_PENDING, .channel = "b"}, ""},
	    {{.status = -1, .incident = "i"}, "b a c "},
	    {{.status = DELIVERY_PENDING, .incident = "i"}, "a "},
	    {{.status = -1, .incident = "i", .channel = "c"}, "c "},
	    {{.status = DELIVERY_PENDING, .limit = 2}, "d a "},
	    {{.status = -1, .limit = 1}, "d "},
	};

	begin(f);
	put_delivery(f, "i", "a", DELIVERY_PENDING, 300);
	put_delivery(f, "i", "b", DELIVERY_DEAD, 200);
	put_delivery(f, "i", "c", DELIVERY_DROPPED, 400);
	put_delivery(f, "j", "d", DELIVERY_PENDING, 100);
	put_delivery(f, "j", "e", DELIVERY_PENDING, 500);
	commit(f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		EXPECT(store_each_delivery(
			   f->s, &cases[i].filter, add_channel, &out, &f->err),
		    cases[i].expected);
}

static void
findings_are_known_by_probe_and_key(void **state)
{
	struct fixture *f = *state;
	struct finding_row row = {"ct", "hash", 1, NULL};
	bool known = true;

	OK(store_finding_known(f->s, "ct", "hash", &known, &f->err));
	assert_false(known);
	begin(f);
	OK(store_put_finding(f->s, &row, &f->err));
	OK(store_put_finding(f->s, &row, &f->err));
	OK(store_finding_known(f->s, "ct", "hash", &known, &f->err));
	assert_true(known);
	commit(f);
	OK(store_finding_known(f->s, "breach", "hash", &known, &f->err));
	assert_false(known);
}

static void
any_text_comes_back_as_it_was(void **state)
{
	struct fixture *f = *state;
	char *large = malloc(300001);
	struct probe_row row = {"p'; DROP TABLE probe; --", "",
	    "\"\\%_\x01\x7f", "schl\xc3\xbcssel \xf0\x9f\x94\x94", large, "",
	    -1};
	struct buf out;

	memset(large, 'x', 300000);
	large[300000] = '\0';
	begin(f);
	OK(store_put_probe(f->s, &row, &f->err));
	commit(f);
	buf_init(&out, 1 << 20);
	OK(store_each_probe(f->s, add_probe, &out, &f->err));
	assert_true(str_starts(buf_str(&out),
	    "p'; DROP TABLE probe; --  \"\\%_\x01\x7f schl\xc3\xbcssel "
	    "\xf0\x9f\x94\x94 xxx"));
	assert_true(str_ends(buf_str(&out), "xxx  -1\n"));
	buf_fini(&out);
	free(large);
}

/* ---- transactions ----------------------------------------------------- */

static void
a_rollback_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct observation_row row = {
	    "p", "here", NOON, OUTCOME_OK, 7, "{\"d\":1}"};

	store_rollback(f->s); /* without a transaction: nothing happens */
	begin(f);
	put_incident(f, "a", "p", 1, 0);
	put_delivery(f, "a", "mail", DELIVERY_PENDING, 1);
	OK(store_put_observation(f->s, &row, &f->err));
	store_rollback(f->s);
	EXPECT(store_each_incident(
		   f->s, &(struct incident_filter){0}, add_id, &out, &f->err),
	    "");
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_RAW, 0, INT64_MAX,
		   add_history, &out, &f->err),
	    "");
	begin(f);
	OK(store_put_observation(f->s, &row, &f->err));
	commit(f);
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_RAW, 0, INT64_MAX,
		   add_history, &out, &f->err),
	    "0 1/0/0/0 7 7 7 7 {\"d\":1}\n");
}

static void
what_was_not_committed_is_gone_after_closing(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_incident(f, "a", "p", 1, 0);
	commit(f);
	begin(f);
	put_incident(f, "b", "p", 1, 0);
	reopen(f);
	EXPECT(store_each_incident(
		   f->s, &(struct incident_filter){0}, add_id, &out, &f->err),
	    "a ");
}

static void
a_broken_transaction_only_rolls_back(void **state)
{
	struct fixture *f = *state;
	struct incident_row bad = {"b", NULL, 0, SEVERITY_LOW, 1, 0, 1, "{}"};

	begin(f);
	put_incident(f, "a", "p", 1, 0);
	assert_int_equal(store_put_incident(f->s, &bad, &f->err), -1);
	assert_int_equal(f->err.code, ERR_INPUT);
	bad.probe = "p";
	assert_int_equal(store_put_incident(f->s, &bad, &f->err), -1);
	assert_int_equal(store_commit(f->s, &f->err), -1);
	store_rollback(f->s);
	begin(f);
	put_incident(f, "c", "p", 1, 0);
	commit(f);
	EXPECT(store_each_incident(
		   f->s, &(struct incident_filter){0}, add_id, &out, &f->err),
	    "c ");
}

static int
stop_at_second(void *ctx, const struct incident_row *r)
{
	int *seen = ctx;

	(void)r;
	return ++*seen == 2;
}

struct nested {
	struct store *s;
	int rows;
};

static int
count_each(void *ctx, const struct incident_row *r)
{
	(void)r;
	++*(int *)ctx;
	return 0;
}

static int
read_again(void *ctx, const struct incident_row *r)
{
	struct nested *n = ctx;
	char before[8];

	str_copy(before, sizeof(before), r->id);
	assert_int_equal(store_each_incident(n->s, &(struct incident_filter){0},
			     count_each, &n->rows, NULL),
	    0);
	assert_string_equal(r->id, before);
	return 0;
}

static void
a_reader_may_stop_and_readers_may_nest(void **state)
{
	struct fixture *f = *state;
	struct nested n = {f->s, 0};
	int seen = 0;

	begin(f);
	put_incident(f, "a", "p", 1, 0);
	put_incident(f, "b", "p", 2, 0);
	put_incident(f, "c", "p", 3, 0);
	commit(f);
	OK(store_each_incident(f->s, &(struct incident_filter){0},
	    stop_at_second, &seen, &f->err));
	assert_int_equal(seen, 2);
	OK(store_each_incident(
	    f->s, &(struct incident_filter){0}, read_again, &n, &f->err));
	assert_int_equal(n.rows, 9);
	begin(f);
	commit(f);
}

static void
it_can_say_whether_it_can_write(void **state)
{
	struct fixture *f = *state;

	OK(store_probe_writable(f->s, &f->err));
	OK(store_probe_writable(f->s, &f->err));
	assert_true(store_size(f->s) > 0);
}

/* ---- history ------------------------------------------------------------ */

static void
observe(struct fixture *f, int64_t at_ms, enum outcome outcome,
    int64_t duration_us, const char *detail)
{
	struct observation_row row = {
	    "p", "here", at_ms, outcome, duration_us, detail};

	OK(store_put_observation(f->s, &row, &f->err));
}

static const struct store_retention keep_all;

/* Slices until there is nothing more to do; returns how many. */
static int
tidy(struct fixture *f, const struct store_retention *keep, int64_t now_ms)
{
	bool more = true;
	int slices = 0;

	while (more) {
		OK(store_tidy(f->s, keep, now_ms, &more, &f->err));
		assert_in_range(++slices, 1, 100000);
	}
	return slices;
}

static void
raw_history_is_in_order_whatever_the_arrival(void **state)
{
	struct fixture *f = *state;
	static const char expected[] =
	    "-3600000 1/0/0/0 10 10 10 10 -\n"
	    "0 0/1/0/0 20 20 20 20 {\"slow\":1}\n"
	    "1000 0/0/1/0 -1 -1 -1 -1 {\"why\":\"refused\"}\n"
	    "2000 0/0/0/1 -1 -1 -1 -1 -\n";

	begin(f);
	observe(f, NOON + 2000, OUTCOME_UNKNOWN, -1, NULL);
	observe(f, NOON - HOUR, OUTCOME_OK, 10, NULL);
	observe(f, NOON + 1000, OUTCOME_OK, 1, NULL);
	observe(f, NOON, OUTCOME_DEGRADED, 20, "{\"slow\":1}");
	/* The same run again: the last word counts. */
	observe(f, NOON + 1000, OUTCOME_FAILED, -1, "{\"why\":\"refused\"}");
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_RAW, 0, INT64_MAX,
		   add_history, &out, &f->err),
	    expected);
	commit(f);
	tidy(f, &keep_all, NOON + 30 * MINUTE);
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_RAW, 0, INT64_MAX,
		   add_history, &out, &f->err),
	    expected);
	reopen(f);
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_RAW, NOON,
		   NOON + 1001, add_history, &out, &f->err),
	    "0 0/1/0/0 20 20 20 20 {\"slow\":1}\n"
	    "1000 0/0/1/0 -1 -1 -1 -1 {\"why\":\"refused\"}\n");
	EXPECT(store_each_history(f->s, "p", "elsewhere", HISTORY_RAW, 0,
		   INT64_MAX, add_history, &out, &f->err),
	    "");
}

/* An hour of a run a minute that takes 1000, 2000, … 60000 us. */
static void
observe_hour(struct fixture *f, int64_t from_ms)
{
	for (int i = 0; i < 60; i++)
		observe(f, from_ms + i * MINUTE,
		    i == 7 ? OUTCOME_FAILED : OUTCOME_OK, (i + 1) * 1000, NULL);
}

static void
hours_are_exact_before_and_after_tidying(void **state)
{
	struct fixture *f = *state;
	static const char expected[] =
	    "0 59/0/1/0 31000 55000 60000 60000 -\n"
	    "3600000 59/0/1/0 31000 55000 60000 60000 -\n";

	begin(f);
	observe_hour(f, NOON);
	observe_hour(f, NOON + HOUR);
	commit(f);
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_HOUR, 0, INT64_MAX,
		   add_history, &out, &f->err),
	    expected);
	tidy(f, &keep_all, NOON + 3 * HOUR);
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_HOUR, 0, INT64_MAX,
		   add_history, &out, &f->err),
	    expected);
	/* Hours that begin in the range. */
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_HOUR, NOON + 1,
		   NOON + HOUR + 1, add_history, &out, &f->err),
	    "3600000 59/0/1/0 31000 55000 60000 60000 -\n");
}

static int
keep_last(void *ctx, const struct history_row *r)
{
	*(struct history_row *)ctx = *r;
	return 0;
}

static void
expect_day(struct fixture *f, unsigned hours)
{
	struct history_row day = {0};

	OK(store_each_history(f->s, "p", "here", HISTORY_DAY, 0, INT64_MAX,
	    keep_last, &day, &f->err));
	assert_int_equal(day.from_ms, NOON - 12 * HOUR);
	assert_int_equal(day.count[OUTCOME_OK], hours * 59);
	assert_int_equal(day.count[OUTCOME_FAILED], hours);
	assert_in_range(day.p50_us, 31000 * 95 / 100, 31000 * 105 / 100);
	assert_in_range(day.p99_us, 60000 * 95 / 100, 60000);
	assert_int_equal(day.max_us, 60000);
}

static void
a_day_adds_its_hours_up(void **state)
{
	struct fixture *f = *state;

	begin(f);
	for (int i = 0; i < 3; i++)
		observe_hour(f, NOON + i * HOUR);
	commit(f);
	expect_day(f, 3);
	tidy(f, &keep_all, NOON + 4 * HOUR);
	expect_day(f, 3);
	tidy(f, &keep_all, NOON + 2 * DAY);
	expect_day(f, 3);
	tidy(f, &keep_all, NOON + 3 * DAY);
	expect_day(f, 3);
}

static void
late_rows_join_what_was_rolled_up(void **state)
{
	struct fixture *f = *state;

	begin(f);
	observe_hour(f, NOON);
	commit(f);
	tidy(f, &keep_all, NOON + 2 * DAY);
	expect_day(f, 1);
	begin(f);
	observe_hour(f, NOON + HOUR);
	observe_hour(f, NOON); /* told twice, counted once */
	commit(f);
	tidy(f, &keep_all, NOON + 2 * DAY);
	expect_day(f, 2);
}

static void
retention_ends_each_step_in_its_time(void **state)
{
	struct fixture *f = *state;
	const struct store_retention keep = {
	    .raw_ms = DAY, .hourly_ms = 3 * DAY, .daily_ms = 10 * DAY};
	struct history_row day = {0};

	begin(f);
	observe_hour(f, NOON);
	observe(f, NOON + HOUR, OUTCOME_FAILED, 1, "{\"d\":1}");
	commit(f);
	tidy(f, &keep, NOON + 2 * DAY);
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_RAW, 0, INT64_MAX,
		   add_history, &out, &f->err),
	    "");
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_HOUR, 0, INT64_MAX,
		   add_history, &out, &f->err),
	    "0 59/0/1/0 31000 55000 60000 60000 -\n"
	    "3600000 0/0/1/0 -1 -1 -1 -1 -\n");
	tidy(f, &keep, NOON + 5 * DAY);
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_HOUR, 0, INT64_MAX,
		   add_history, &out, &f->err),
	    "");
	OK(store_each_history(f->s, "p", "here", HISTORY_DAY, 0, NOON + DAY,
	    keep_last, &day, &f->err));
	assert_int_equal(day.count[OUTCOME_OK], 59);
	assert_int_equal(day.count[OUTCOME_FAILED], 2);
	assert_int_equal(day.max_us, 60000);
	tidy(f, &keep, NOON + 12 * DAY);
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_DAY, 0, INT64_MAX,
		   add_history, &out, &f->err),
	    "");
}

/* A region that was cut off for days tells what it saw. */
static void
rows_later_than_retention_are_added(void **state)
{
	struct fixture *f = *state;
	const struct store_retention keep = {
	    .raw_ms = DAY, .hourly_ms = 3 * DAY, .daily_ms = 100 * DAY};

	begin(f);
	observe_hour(f, NOON);
	commit(f);
	tidy(f, &keep, NOON + 5 * DAY);
	expect_day(f, 1);
	begin(f);
	observe_hour(f, NOON + 30);
	observe_hour(f, NOON + HOUR);
	commit(f);
	tidy(f, &keep, NOON + 5 * DAY);
	expect_day(f, 3);
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_RAW, 0, INT64_MAX,
		   add_history, &out, &f->err),
	    "");
	assert_int_equal(tidy(f, &keep, NOON + 5 * DAY), 1);
}

static void
old_incidents_go_and_open_ones_stay(void **state)
{
	struct fixture *f = *state;
	const struct store_retention keep = {.incidents_ms = 10 * DAY};
	struct event_row event = {"old", 1, NOON, 1, "{}"};

	begin(f);
	put_incident(f, "old", "p", NOON - 30 * DAY, NOON - 11 * DAY);
	put_incident(f, "open", "p", NOON - 30 * DAY, 0);
	put_incident(f, "new", "p", NOON - 30 * DAY, NOON - 9 * DAY);
	put_delivery(f, "old", "mail", DELIVERY_DELIVERED, 1);
	put_delivery(f, "new", "mail", DELIVERY_DELIVERED, 1);
	OK(store_put_event(f->s, &event, &f->err));
	commit(f);
	tidy(f, &keep_all, NOON);
	tidy(f, &keep, NOON);
	EXPECT(store_each_incident(
		   f->s, &(struct incident_filter){0}, add_id, &out, &f->err),
	    "open new ");
	EXPECT(store_each_event(f->s, "old", add_event, &out, &f->err), "");
	EXPECT(
	    store_each_delivery(f->s, &(struct delivery_filter){.status = -1},
		add_delivery, &out, &f->err),
	    "new/1/mail 1 0 5 1 0 0 -\n");
}

/* Many series, tidied slice by slice with a restart after each. */
static void
tidying_may_stop_anywhere(void **state)
{
	struct fixture *f = *state;
	const struct store_retention keep = {
	    .raw_ms = 100 * DAY, .hourly_ms = 100 * DAY, .daily_ms = 100 * DAY};
	bool more = true;
	char probe[16];
	int slices = 0;

	begin(f);
	for (int i = 0; i < 400; i++) {
		struct observation_row row = {
		    probe, "here", NOON + i, OUTCOME_OK, i, NULL};

		str_printf(probe, sizeof(probe), "probe-%d", i);
		OK(store_put_observation(f->s, &row, &f->err));
	}
	commit(f);
	while (more) {
		OK(store_tidy(f->s, &keep, NOON + 2 * DAY, &more, &f->err));
		if (++slices % 7 == 0)
			reopen(f);
		assert_in_range(slices, 1, 1000);
	}
	assert_in_range(slices, 8, 1000);
	for (int i = 0; i < 400; i++) {
		struct history_row day = {0};

		str_printf(probe, sizeof(probe), "probe-%d", i);
		OK(store_each_history(f->s, probe, "here", HISTORY_DAY, 0,
		    INT64_MAX, keep_last, &day, &f->err));
		assert_int_equal(day.count[OUTCOME_OK], 1);
		assert_int_equal(day.max_us, i);
	}
}

/* ---- backup --------------------------------------------------------------- */

static void
backup_path(const struct fixture *f, char *path, size_t size)
{
	str_printf(path, size, "%s/copy.db", f->folder);
}

static void
a_backup_is_whole_though_writing_goes_on(void **state)
{
	struct fixture *f = *state;
	struct store_backup *b;
	struct store *copy;
	char path[128], url[160];
	struct buf before, after;
	bool done = false;
	int steps = 0;

	backup_path(f, path, sizeof(path));
	begin(f);
	for (int i = 0; i < 2000; i++)
		observe(
		    f, NOON + i * 1000, OUTCOME_OK, i, "{\"some\":\"text\"}");
	put_incident(f, "first", "p", 1, 0);
	commit(f);
	OK(store_backup_new(&b, f->s, path, &f->err));
	while (!done) {
		OK(store_backup_step(b, 4, &done, &f->err));
		if (++steps == 3) {
			begin(f);
			put_incident(f, "second", "p", 2, 0);
			commit(f);
			assert_int_not_equal(access(path, F_OK), 0);
		}
	}
	assert_in_range(steps, 4, 100000);
	store_backup_free(b);
	str_printf(url, sizeof(url), "sqlite:%s", path);
	OK(store_open(&copy, url, &f->err));
	buf_init(&before, 1 << 22);
	buf_init(&after, 1 << 22);
	OK(store_each_history(f->s, "p", "here", HISTORY_RAW, 0, INT64_MAX,
	    add_history, &before, &f->err));
	OK(store_each_history(copy, "p", "here", HISTORY_RAW, 0, INT64_MAX,
	    add_history, &after, &f->err));
	OK(store_each_incident(
	    copy, &(struct incident_filter){0}, add_id, &after, &f->err));
	buf_puts(&before, "second first ");
	assert_string_equal(buf_str(&after), buf_str(&before));
	buf_fini(&before);
	buf_fini(&after);
	store_close(copy);
}

static void
a_backup_never_replaces_a_file(void **state)
{
	struct fixture *f = *state;
	struct store_backup *b, *second;
	char path[128], partial[160];
	bool done = false;
	FILE *file;

	backup_path(f, path, sizeof(path));
	str_printf(partial, sizeof(partial), "%s.partial", path);
	OK(store_backup_new(&b, f->s, path, &f->err));
	assert_int_equal(
	    store_backup_new(&second, f->s, "/tmp/x", &f->err), -1);
	assert_int_equal(f->err.code, ERR_BUSY);
	store_backup_free(b); /* called off: nothing is left */
	assert_int_not_equal(access(partial, F_OK), 0);
	/* A file that appears while the copy is made. */
	OK(store_backup_new(&b, f->s, path, &f->err));
	file = fopen(path, "w");
	fputs("precious", file);
	fclose(file);
	assert_int_equal(store_backup_step(b, -1, &done, &f->err), -1);
	assert_false(done);
	store_backup_free(b);
	assert_int_equal(store_backup_new(&b, f->s, path, &f->err), -1);
	assert_int_equal(f->err.code, ERR_INPUT);
	assert_non_null(strstr(f->err.text, path));
	file = fopen(path, "r");
	assert_int_equal(fgetc(file), 'p');
	fclose(file);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(an_unknown_engine_is_named),
	    TEST(a_probe_is_kept_over_a_restart),
	    TEST(memory_and_last_are_kept_when_not_given),
	    TEST(a_dropped_probe_loses_its_memory_and_keeps_its_findings),
	    TEST(an_incident_is_replaced_by_its_id),
	    TEST(incidents_are_chosen_and_ordered),
	    TEST(a_timeline_is_in_order_and_each_event_can_be_had),
	    TEST(a_delivery_is_replaced_by_its_key),
	    TEST(deliveries_are_chosen_and_ordered),
	    TEST(findings_are_known_by_probe_and_key),
	    TEST(any_text_comes_back_as_it_was),
	    TEST(a_rollback_leaves_nothing),
	    TEST(what_was_not_committed_is_gone_after_closing),
	    TEST(a_broken_transaction_only_rolls_back),
	    TEST(a_reader_may_stop_and_readers_may_nest),
	    TEST(it_can_say_whether_it_can_write),
	    TEST(raw_history_is_in_order_whatever_the_arrival),
	    TEST(hours_are_exact_before_and_after_tidying),
	    TEST(a_day_adds_its_hours_up),
	    TEST(late_rows_join_what_was_rolled_up),
	    TEST(retention_ends_each_step_in_its_time),
	    TEST(rows_later_than_retention_are_added),
	    TEST(old_incidents_go_and_open_ones_stay),
	    TEST(tidying_may_stop_anywhere),
	    TEST(a_backup_is_whole_though_writing_goes_on),
	    TEST(a_backup_never_replaces_a_file),
	};
	int failed = 0;

	for (; engine < sizeof(engines) / sizeof(engines[0]); engine++) {
		printf("# engine %s\n", engines[engine].name);
		failed += cmocka_run_group_tests(tests, NULL, NULL);
	}
	return failed;
}
