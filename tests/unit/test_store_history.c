#include "tests/unit/store_fixture.h"

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

static void
rows_later_than_single_runs_are_kept_join_their_hour(void **state)
{
	struct fixture *f = *state;
	const struct store_retention keep = {.raw_ms = DAY};

	begin(f);
	observe_hour(f, NOON);
	commit(f);
	tidy(f, &keep, NOON + 3 * DAY);
	begin(f);
	observe_hour(f, NOON + 30);
	commit(f);
	for (int i = 0; i < 2; i++) {
		struct history_row hour = {0};

		tidy(f, &keep, NOON + 3 * DAY);
		OK(store_each_history(f->s, "p", "here", HISTORY_HOUR, 0,
		    INT64_MAX, keep_last, &hour, &f->err));
		assert_int_equal(hour.count[OUTCOME_OK], 118);
		assert_int_equal(hour.count[OUTCOME_FAILED], 2);
		expect_day(f, 2);
	}
}

static void
nothing_is_deleted_before_it_is_summed_up(void **state)
{
	struct fixture *f = *state;
	const struct store_retention keep = {
	    .raw_ms = 1, .hourly_ms = 1, .daily_ms = DAY};

	begin(f);
	observe_hour(f, NOON);
	commit(f);
	for (int64_t at = NOON + HOUR; at < NOON + 13 * HOUR; at += MINUTE) {
		tidy(f, &keep, at);
		expect_day(f, 1);
	}
	EXPECT(store_each_history(f->s, "p", "here", HISTORY_HOUR, 0, INT64_MAX,
		   add_history, &out, &f->err),
	    "");
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

/* More than one run of packing takes, while more arrive. */
static void
a_flood_of_arrivals_is_packed_in_parts(void **state)
{
	struct fixture *f = *state;
	struct history_row day;
	bool more = true;

	begin(f);
	for (int i = 0; i < 70000; i++)
		observe(f, NOON + i * 50, OUTCOME_OK, i, NULL);
	commit(f);
	for (int i = 0; more; i++) {
		OK(store_tidy(f->s, &keep_all, NOON + HOUR, &more, &f->err));
		assert_in_range(i, 0, 1000);
		if (i >= 20)
			continue;
		begin(f);
		observe(f, NOON + 70000 * 50 + i, OUTCOME_FAILED, -1, NULL);
		commit(f);
	}
	memset(&day, 0, sizeof(day));
	OK(store_each_history(f->s, "p", "here", HISTORY_DAY, 0, INT64_MAX,
	    keep_last, &day, &f->err));
	assert_int_equal(day.count[OUTCOME_OK], 70000);
	assert_in_range(day.count[OUTCOME_FAILED], 5, 20);
	assert_int_equal(day.max_us, 69999);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(raw_history_is_in_order_whatever_the_arrival),
	    TEST(hours_are_exact_before_and_after_tidying),
	    TEST(a_day_adds_its_hours_up),
	    TEST(late_rows_join_what_was_rolled_up),
	    TEST(retention_ends_each_step_in_its_time),
	    TEST(rows_later_than_retention_are_added),
	    TEST(old_incidents_go_and_open_ones_stay),
	    TEST(rows_later_than_single_runs_are_kept_join_their_hour),
	    TEST(nothing_is_deleted_before_it_is_summed_up),
	    TEST(tidying_may_stop_anywhere),
	    TEST(a_flood_of_arrivals_is_packed_in_parts),
	};
	int failed = 0;

	RUN_ON_EVERY_ENGINE(tests, failed);
	return failed;
}
