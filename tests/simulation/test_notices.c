/*
 * A million random schedules of one incident's notice: alarms, news, people,
 * mutes, clocks and restarts in any order, over random plans. What
 * alerting/notice.h promises is held against a second, much simpler account.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alerting/notice.h"

#define SCHEDULES 1000000
#define STEPS     24
#define CHANNELS  6
#define SECOND    ((int64_t)1000)
#define MINUTE    (60 * SECOND)
#define START     ((int64_t)1795000000000)

static const char *const names[CHANNELS + 1] = {
    "mail", "pager", "chat", "hook", "phone", "desk", NULL};

struct world {
	uint64_t seed;
	int64_t now_ms;
	bool muted, open, acknowledged;
	struct option_list lists[4]; /* who the plan's pages name */
	char *items[4][2];
	struct route_plan plan;
	struct channel_set off; /* channels that are switched off */

	struct notice n;
	/* The simple account. */
	bool believes[CHANNELS];
	unsigned pages_seen; /* of this alarm */
	int64_t alarm_ms;    /* told for the first time, or 0 */
	bool owed;
};

static uint64_t
roll(struct world *w, uint64_t below)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return w->seed % below;
}

static struct channel_set
resolve(void *ctx, const struct option_list *list, int64_t now_ms)
{
	const struct world *w = ctx;
	struct channel_set set = {{0}};

	(void)now_ms;
	for (size_t c = 0; c < CHANNELS; c++) {
		bool named = list == NULL;

		for (size_t i = 0; list != NULL && i < list->count; i++)
			named = named || strcmp(list->items[i], names[c]) == 0;
		if (named && !channel_set_has(&w->off, c))
			channel_set_add(&set, c);
	}
	return set;
}

static void
make_world(struct world *w, uint64_t seed)
{
	int64_t after_ms = 0;

	memset(w, 0, sizeof(*w));
	w->seed = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	w->now_ms = START;
	w->plan.count = roll(w, 5);
	w->plan.repeat_ms = roll(w, 2) ? (int64_t)roll(w, 20) * MINUTE : 0;
	for (size_t i = 0; i < w->plan.count; i++) {
		struct option_list *list = &w->lists[i];

		list->items = w->items[i];
		list->count = 1 + roll(w, 2);
		for (size_t n = 0; n < list->count; n++)
			list->items[n] =
			    (char *)(uintptr_t)names[roll(w, CHANNELS)];
		w->plan.pages[i] = (struct route_page){after_ms, list, 0};
		after_ms += (int64_t)(1 + roll(w, 10)) * MINUTE;
	}
	if (roll(w, 4) == 0)
		channel_set_add(&w->off, roll(w, CHANNELS));
}

static struct notice_facts
facts(struct world *w)
{
	return (struct notice_facts){.plan = &w->plan,
	    .muted = w->muted,
	    .now_ms = w->now_ms,
	    .resolve = resolve,
	    .ctx = w};
}

static bool
is_bad(enum event_type event)
{
	return event != EVENT_RESOLVED && event != EVENT_ACKNOWLEDGED &&
	       event != EVENT_NOTE;
}

/* Every message is held against what its reader believes. */
static void
deliver(struct world *w, const struct notice_step *step)
{
	for (size_t c = 0; c < CHANNELS; c++) {
		if (!channel_set_has(&step->who, c))
			continue;
		if (w->muted)
			assert_false(is_bad(step->event));
		if (step->event == EVENT_RESOLVED || !is_bad(step->event))
			assert_true(w->believes[c]);
		w->believes[c] = step->event != EVENT_RESOLVED;
	}
	if (step->event == EVENT_RESOLVED)
		for (size_t c = 0; c < CHANNELS; c++)
			assert_false(w->believes[c]);
}

static bool
anybody(const struct channel_set *set)
{
	return !channel_set_empty(set);
}

static void
happen(struct world *w, enum event_type event)
{
	struct notice_facts f = facts(w);
	struct notice_step step;
	bool alarm = event == EVENT_OPENED || event == EVENT_REOPENED ||
	             event == EVENT_WORSENED;

	notice_on_event(&w->n, event, true, &f, &step);
	assert_int_equal(step.event, event);
	if (alarm && !w->muted && w->plan.count > 0)
		assert_true(anybody(&step.who)); /* never lost */
	deliver(w, &step);
	if (alarm) {
		w->acknowledged = false;
		w->owed = w->muted;
		w->alarm_ms = w->muted ? 0 : w->now_ms;
		w->pages_seen = 1;
	} else if (is_bad(event) && !w->muted && w->owed) {
		w->owed = false;
		w->alarm_ms = w->now_ms;
		w->pages_seen = 1;
	}
}

/* The clock as the core runs it: a look each second would find the same. */
static void
pass(struct world *w, int64_t by_ms)
{
	int64_t end_ms = w->now_ms + by_ms;
	struct notice_step step;
	unsigned turns = 0;

	for (;;) {
		struct notice_facts f = facts(w);
		int64_t next_ms = notice_next_ms(&w->n, &f);

		if (w->muted || next_ms > end_ms)
			break;
		if (next_ms > w->now_ms)
			w->now_ms = next_ms;
		f = facts(w);
		notice_on_time(&w->n, &f, &step);
		assert_true(w->open && !w->acknowledged);
		if (!step.released) {
			assert_int_equal(step.event, EVENT_ESCALATED);
			assert_false(w->owed);
		} else {
			assert_true(w->owed);
			w->owed = false;
		}
		if (w->plan.count > 0)
			assert_true(anybody(&step.who));
		deliver(w, &step);
		if (++turns > 1000)
			fail_msg("time does not pass");
	}
	w->now_ms = end_ms;
}

static void
act(struct world *w)
{
	unsigned deed = (unsigned)roll(w, 12);

	if (!w->open) {
		happen(w, roll(w, 2) ? EVENT_OPENED : EVENT_REOPENED);
		w->open = true;
	} else if (deed < 2) {
		w->open = false;
		w->owed = false;
		happen(w, EVENT_RESOLVED);
	} else if (deed < 4) {
		w->acknowledged = true;
		w->owed = false;
		happen(w, EVENT_ACKNOWLEDGED);
	} else if (deed == 4) {
		happen(w, EVENT_WORSENED);
	} else if (deed == 5) {
		happen(w, EVENT_IMPROVED);
	} else if (deed == 6) {
		happen(w, EVENT_NOTE);
	} else if (deed == 8) {
		happen(w, EVENT_FLAPPING);
	} else if (deed == 7 && !w->acknowledged) {
		happen(w, EVENT_REMINDER);
	} else {
		w->muted = !w->muted;
	}
}

/* An alarm that nobody took is with everybody in its plan once its last page
 * is due and nothing mutes it. */
static void
assert_never_silent(struct world *w)
{
	int64_t last_ms = 0;

	if (!w->open || w->acknowledged || w->plan.count == 0)
		return;
	w->muted = false;
	last_ms = w->plan.pages[w->plan.count - 1].after_ms;
	pass(w, last_ms + SECOND);
	for (size_t i = 0; i < w->plan.count; i++) {
		struct channel_set set =
		    resolve(w, w->plan.pages[i].notify, w->now_ms);

		for (size_t c = 0; c < CHANNELS; c++)
			if (channel_set_has(&set, c))
				assert_true(w->believes[c]);
	}
}

static void
restart(struct world *w)
{
	struct notice copy = {.rounds = 77};
	json_t *json = notice_to_json(&w->n, names, CHANNELS);
	struct err err = ERR_INIT;

	if (notice_from_json(&copy, json, names, CHANNELS, &err) != 0)
		fail_msg("%s", err.text);
	assert_memory_equal(&copy.told, &w->n.told, sizeof(copy.told));
	w->n = copy;
	json_decref(json);
}

static void
random_schedule(uint64_t seed)
{
	static const int64_t pauses_ms[] = {
	    0, SECOND, MINUTE, 3 * MINUTE, 15 * MINUTE, 240 * MINUTE};
	struct world w;

	make_world(&w, seed);
	for (unsigned n = 0; n < STEPS; n++) {
		act(&w);
		pass(&w, pauses_ms[roll(&w, 6)]);
		if (roll(&w, 100) == 0)
			restart(&w);
	}
	assert_never_silent(&w);
	if (w.open) {
		w.open = false;
		happen(&w, EVENT_RESOLVED);
	}
	for (size_t c = 0; c < CHANNELS; c++)
		assert_false(w.believes[c]);
}

static void
a_million_schedules(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SCHEDULES; seed++)
		random_schedule(seed);
}

/* Pages of one alarm, by the minute: who is rung when, and how often. */
static void
each_page_once(void **state)
{
	struct world w;
	static char pager[] = "pager", phone[] = "phone", desk[] = "desk";
	char *who[3] = {pager, phone, desk};
	struct option_list lists[3] = {
	    {&who[0], 1}, {&who[1], 1}, {&who[2], 1}};
	unsigned rung[CHANNELS] = {0};
	struct notice_step step;

	(void)state;
	make_world(&w, 1);
	w.off = (struct channel_set){{0}};
	w.plan = (struct route_plan){.count = 3};
	for (size_t i = 0; i < 3; i++)
		w.plan.pages[i] =
		    (struct route_page){(int64_t)i * 5 * MINUTE, &lists[i], 0};
	for (int64_t t = 0; t < 60 * 60; t++) {
		struct notice_facts f;

		w.now_ms = START + t * SECOND;
		f = facts(&w);
		if (t == 0)
			notice_on_event(&w.n, EVENT_OPENED, true, &f, &step);
		else
			notice_on_time(&w.n, &f, &step);
		for (size_t c = 0; c < CHANNELS; c++)
			if (channel_set_has(&step.who, c))
				rung[c]++;
		if (t == 299)
			assert_int_equal(rung[4], 0);
		if (t == 300)
			assert_int_equal(rung[4], 1);
	}
	assert_int_equal(rung[1], 1);
	assert_int_equal(rung[4], 1);
	assert_int_equal(rung[5], 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_page_once),
	    cmocka_unit_test(a_million_schedules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
