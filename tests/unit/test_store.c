#include "tests/unit/store_fixture.h"

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
add_channel(void *ctx, const struct delivery_row *r)
{
	buf_printf(ctx, "%s ", r->channel);
	return 0;
}

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
	    "i/3/mail 1 3 10 20 30 250 later\n"
	    "i/2/mail 1 3 10 20 30 250 250 queued\n"
	    "i/1/mail 0 0 5 20 0 0 -\n");
}

static void
deliveries_are_chosen_and_ordered(void **state)
{
	struct fixture *f = *state;
	static const struct {
		struct delivery_filter filter;
		const char *expected;
	} cases[] = {
	    {{.status = -1}, "a b c d e "},
	    {{.status = DELIVERY_PENDING}, "d a e "},
	    {{.status = DELIVERY_DEAD}, "b "},
	    {{.status = DELIVERY_DROPPED}, "c "},
	    {{.status = -1, .channel = "a"}, "a "},
	    {{.status = DELIVERY_PENDING, .channel = "b"}, ""},
	    {{.status = -1, .incident = "i"}, "a b c "},
	    {{.status = DELIVERY_PENDING, .incident = "i"}, "a "},
	    {{.status = -1, .incident = "i", .channel = "c"}, "c "},
	    {{.status = DELIVERY_PENDING, .limit = 2}, "d a "},
	    {{.status = -1, .limit = 1}, "a "},
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

static int
add_attempt(void *ctx, const struct attempt_row *row)
{
	buf_printf(ctx, "%s %u %d %d %s\n", row->message, row->n, row->status,
	    row->code, row->detail);
	return 0;
}

static void
every_attempt_is_kept_until_its_incident_goes(void **state)
{
	struct fixture *f = *state;
	struct attempt_row row = {
	    "iiiiiiiiii-1-mail", 1, 100, 2500, 1, 421, NULL, "busy"};
	struct delivery_row proof = {"iiiiiiiiii", 1, "mail",
	    DELIVERY_DELIVERED, 2, 10, 20, 700, 250, "ok", .remote_id = "4F2A",
	    .poll_ms = 9};
	int64_t done_ms = -1;

	begin(f);
	OK(store_put_attempt(f->s, &row, &f->err));
	OK(store_put_attempt(f->s, &row, &f->err));
	row.n = 2;
	row.status = 0;
	row.detail = "taken";
	OK(store_put_attempt(f->s, &row, &f->err));
	OK(store_put_delivery(f->s, &proof, &f->err));
	commit(f);
	EXPECT(
	    store_each_attempt(f->s, row.message, add_attempt, &out, &f->err),
	    "iiiiiiiiii-1-mail 1 1 421 busy\n"
	    "iiiiiiiiii-1-mail 2 0 421 taken\n");
	OK(store_last_proof(f->s, "mail", &done_ms, &f->err));
	assert_int_equal(done_ms, 700);
	OK(store_last_proof(f->s, "pager", &done_ms, &f->err));
	assert_int_equal(done_ms, 0);
	EXPECT(store_each_delivery(f->s,
		   &(struct delivery_filter){.status = -1, .polled = true},
		   add_channel, &out, &f->err),
	    "mail ");
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

static int
add_mute(void *ctx, const struct mute_row *r)
{
	buf_printf(ctx, "%s %s\n", r->id, r->body);
	return 0;
}

static void
mutes_are_replaced_and_dropped_by_id(void **state)
{
	struct fixture *f = *state;
	struct mute_row row = {"b", "{\"v\":1}"};

	EXPECT(store_each_mute(f->s, add_mute, &out, &f->err), "");
	begin(f);
	OK(store_put_mute(f->s, &row, &f->err));
	row = (struct mute_row){"a", "{}"};
	OK(store_put_mute(f->s, &row, &f->err));
	row = (struct mute_row){"b", "{\"v\":2}"};
	OK(store_put_mute(f->s, &row, &f->err));
	commit(f);
	reopen(f);
	EXPECT(store_each_mute(f->s, add_mute, &out, &f->err),
	    "a {}\nb {\"v\":2}\n");
	begin(f);
	OK(store_drop_mute(f->s, "a", &f->err));
	OK(store_drop_mute(f->s, "never there", &f->err));
	commit(f);
	EXPECT(store_each_mute(f->s, add_mute, &out, &f->err), "b {\"v\":2}\n");
}

static int
add_subscription(void *ctx, const struct subscription_row *row)
{
	buf_printf(ctx, "%s %s %d %s\n", row->channel, row->id, (int)row->at_ms,
	    row->body);
	return 0;
}

static void
subscriptions_come_and_go(void **state)
{
	struct fixture *f = *state;
	struct subscription_row b = {"web", "b", 2, "{}"};
	struct subscription_row a = {"web", "a", 3, "{}"};
	struct subscription_row other = {"app", "b", 9, "{}"};

	begin(f);
	OK(store_put_subscription(f->s, &a, &f->err));
	OK(store_put_subscription(f->s, &b, &f->err));
	OK(store_put_subscription(f->s, &other, &f->err));
	a.at_ms = 1;
	a.body = "{\"new\":1}";
	OK(store_put_subscription(f->s, &a, &f->err));
	commit(f);
	EXPECT(store_each_subscription(f->s, add_subscription, &out, &f->err),
	    "app b 9 {}\nweb a 1 {\"new\":1}\nweb b 2 {}\n");
	begin(f);
	OK(store_drop_subscription(f->s, "web", "b", &f->err));
	OK(store_drop_subscription(f->s, "web", "never there", &f->err));
	commit(f);
	EXPECT(store_each_subscription(f->s, add_subscription, &out, &f->err),
	    "app b 9 {}\nweb a 1 {\"new\":1}\n");
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
	row.probe = "another, which may now get what the first one had";
	row.at_ms++;
	OK(store_put_observation(f->s, &row, &f->err));
	row.probe = "p";
	row.at_ms--;
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

int
main(void)
{
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
	    TEST(every_attempt_is_kept_until_its_incident_goes),
	    TEST(findings_are_known_by_probe_and_key),
	    TEST(mutes_are_replaced_and_dropped_by_id),
	    TEST(subscriptions_come_and_go),
	    TEST(any_text_comes_back_as_it_was),
	    TEST(a_rollback_leaves_nothing),
	    TEST(what_was_not_committed_is_gone_after_closing),
	    TEST(a_broken_transaction_only_rolls_back),
	    TEST(a_reader_may_stop_and_readers_may_nest),
	    TEST(it_can_say_whether_it_can_write),
	};
	int failed = 0;

	RUN_ON_EVERY_ENGINE(tests, failed);
	return failed;
}
