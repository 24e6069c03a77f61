/*
 * Scenes from an on-call engineer's week: what happens to the targets, and
 * exactly which messages people get.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/simulation/simulator.h"

#define ANY (-1)

static void
down(struct sim *s, unsigned probe, int64_t from_ms, int64_t to_ms)
{
	sim_break(s, &(struct sim_fault){
			 .probe = probe,
			 .from_ms = from_ms,
			 .to_ms = to_ms,
			 .outcome = OUTCOME_FAILED,
			 .takes_ms = 5,
		     });
}

static void
test_quiet_week(void **unused)
{
	static struct sim s;

	(void)unused;
	sim_init(&s, 1);
	for (unsigned i = 0; i < 20; i++) {
		char name[32];

		snprintf(name, sizeof(name), "service-%u", i);
		sim_add(&s, name, 30 * SECOND);
	}
	sim_until(&s, 7 * DAY);
	assert_int_equal(sim_count(&s, ANY, ANY), 0);
	for (unsigned i = 0; i < 20; i++)
		assert_in_range(s.probes[i].runs, 7 * 2880 - 1, 7 * 2880 + 1);
	sim_fini(&s);
}

static void
test_blips(void **unused)
{
	static struct sim s;
	unsigned portal;

	(void)unused;
	sim_init(&s, 2);
	portal = sim_add(&s, "portal", 30 * SECOND);
	/* Single failures, a tenth of all runs, for two days. */
	sim_break(&s, &(struct sim_fault){
			  .probe = portal,
			  .from_ms = 8 * SECOND,
			  .to_ms = 2 * DAY,
			  .outcome = OUTCOME_FAILED,
			  .takes_ms = 5,
			  .period_ms = 297 * SECOND,
			  .on_ms = 9 * SECOND,
		      });
	sim_until(&s, 3 * DAY);
	assert_true(s.probes[portal].runs > 3 * 2880 + 100);
	assert_int_equal(sim_count(&s, ANY, ANY), 0);
	sim_fini(&s);
}

/* Outages that begin at any moment, with refusals and with hanging runs. */
static void
test_outage_is_told_in_time(void **unused)
{
	static const int64_t every_ms[] = {
	    5 * SECOND, 30 * SECOND, 60 * SECOND, 300 * SECOND};
	static struct sim s;
	int64_t latest_ms = 0;

	(void)unused;
	for (uint64_t n = 0; n < 400; n++) {
		const struct sim_message *opened;
		const struct sim_probe *p;
		int64_t from_ms, worst_ms, took_ms;
		unsigned portal;

		sim_init(&s, 100 + n);
		portal = sim_add(&s, "portal", every_ms[n % 4]);
		p = &s.probes[portal];
		s.probes[portal].verdict_policy.confirm = 1 + n / 4 % 3;
		from_ms = HOUR + (int64_t)(sim_random(&s) % 1000000);
		down(&s, portal, from_ms, from_ms + HOUR);
		if (n % 2)
			s.faults[0].takes_ms = p->timeout_ms;
		sim_until(&s, 3 * HOUR);
		assert_int_equal(sim_count(&s, ANY, EVENT_OPENED), 1);
		assert_int_equal(sim_count(&s, ANY, EVENT_RESOLVED), 1);
		assert_int_equal(sim_count(&s, ANY, ANY), 2);
		opened = sim_first(&s, portal, EVENT_OPENED);
		took_ms = opened->at_ms - from_ms;
		worst_ms = verdict_worst_case_ms(&p->verdict_policy,
		    p->every_ms, p->retry_every_ms, p->timeout_ms);
		assert_in_range(took_ms, 0, worst_ms);
		if (took_ms * 1000 / worst_ms > latest_ms)
			latest_ms = took_ms * 1000 / worst_ms;
		assert_string_equal(opened->incident,
		    sim_first(&s, portal, EVENT_RESOLVED)->incident);
		sim_fini(&s);
	}
	/* The bound is not there for decoration: some come close to it. */
	assert_in_range(latest_ms, 900, 1000);
}

static void
test_worse_and_better(void **unused)
{
	static struct sim s;
	unsigned portal;

	(void)unused;
	sim_init(&s, 4);
	portal = sim_add(&s, "portal", 30 * SECOND);
	down(&s, portal, HOUR, 2 * HOUR);
	s.faults[0].outcome = OUTCOME_DEGRADED;
	down(&s, portal, 2 * HOUR, 3 * HOUR);
	down(&s, portal, 3 * HOUR, 4 * HOUR);
	s.faults[2].outcome = OUTCOME_DEGRADED;
	sim_until(&s, DAY);
	assert_int_equal(sim_count(&s, ANY, ANY), 4);
	assert_int_equal(s.messages[0].event, EVENT_OPENED);
	assert_int_equal(s.messages[0].severity, SEVERITY_MEDIUM);
	assert_int_equal(s.messages[1].event, EVENT_WORSENED);
	assert_int_equal(s.messages[1].severity, SEVERITY_HIGH);
	assert_int_equal(s.messages[2].event, EVENT_IMPROVED);
	assert_int_equal(s.messages[3].event, EVENT_RESOLVED);
	sim_fini(&s);
}

static void
test_flapping_service(void **unused)
{
	static struct sim s;
	unsigned portal;

	(void)unused;
	sim_init(&s, 5);
	portal = sim_add(&s, "portal", 5 * SECOND);
	sim_break(&s, &(struct sim_fault){
			  .probe = portal,
			  .from_ms = HOUR,
			  .to_ms = 3 * HOUR,
			  .outcome = OUTCOME_FAILED,
			  .takes_ms = 5,
			  .period_ms = 33 * SECOND,
			  .on_ms = 15 * SECOND,
		      });
	sim_until(&s, DAY);
	/* 218 outages in two hours. */
	assert_int_equal(sim_count(&s, portal, EVENT_FLAPPING), 1);
	assert_in_range(sim_count(&s, portal, ANY), 2, 8);
	assert_int_equal(s.messages[s.message_count - 1].event, EVENT_RESOLVED);
	assert_in_range(s.messages[s.message_count - 1].at_ms, 3 * HOUR,
	    3 * HOUR + 5 * MINUTE);
	sim_fini(&s);
}

/* Every second, third or fourth run fails: never confirmed, told all the
 * same. Rarer ones are what `confirm` is there to ignore. */
static void
test_one_dead_backend(void **unused)
{
	static struct sim s;

	(void)unused;
	for (unsigned nth = 2; nth <= 6; nth++) {
		sim_init(&s, 60 + nth);
		sim_add(&s, "portal", 30 * SECOND);
		down(&s, 0, HOUR, 10 * HOUR);
		s.faults[0].nth = nth;
		sim_until(&s, DAY);
		if (nth > 4) {
			assert_int_equal(sim_count(&s, ANY, ANY), 0);
			sim_fini(&s);
			continue;
		}
		assert_int_equal(sim_count(&s, 0, EVENT_FLAPPING), 1);
		assert_in_range(s.messages[0].at_ms, HOUR, HOUR + 10 * MINUTE);
		assert_int_equal(sim_count(&s, 0, EVENT_RESOLVED), 1);
		assert_int_equal(sim_count(&s, 0, EVENT_OPENED), 0);
		sim_fini(&s);
	}
}

/* ---- parents ---- */

#define CHILDREN 30

static unsigned
add_family(struct sim *s, int64_t child_every_ms)
{
	unsigned gateway = sim_add(s, "gateway", 60 * SECOND);

	for (unsigned i = 0; i < CHILDREN; i++) {
		char name[32];
		unsigned child;

		snprintf(name, sizeof(name), "service-%u", i);
		child = sim_add(s, name, child_every_ms);
		s->probes[child].parent = (int)gateway;
	}
	return gateway;
}

static void
test_parent_down_is_one_alert(void **unused)
{
	static const int64_t child_every_ms[] = {
	    10 * SECOND, 30 * SECOND, 60 * SECOND, 120 * SECOND};
	static struct sim s;

	(void)unused;
	for (uint64_t n = 0; n < 40; n++) {
		int64_t from_ms;
		unsigned gateway;

		sim_init(&s, 700 + n);
		gateway = add_family(&s, child_every_ms[n % 4]);
		from_ms = HOUR + (int64_t)(sim_random(&s) % 1000000);
		down(&s, gateway, from_ms, from_ms + 2 * HOUR);
		s.faults[0].takes_ms = 10 * SECOND;
		sim_until(&s, 6 * HOUR);
		assert_int_equal(sim_count(&s, gateway, EVENT_OPENED), 1);
		assert_int_equal(sim_count(&s, gateway, EVENT_RESOLVED), 1);
		assert_int_equal(sim_count(&s, ANY, ANY), 2);
		/* Their checks went on, and each has its incident on record. */
		for (unsigned i = 1; i <= CHILDREN; i++) {
			assert_int_equal(
			    s.probes[i].incident.status, INCIDENT_RESOLVED);
			assert_true(s.probes[i].runs * 3 >=
				    6 * HOUR / s.probes[i].every_ms * 2);
		}
		sim_fini(&s);
	}
}

static void
test_child_still_broken_after_parent(void **unused)
{
	static struct sim s;
	const struct sim_message *opened;
	unsigned gateway, child = 7;

	(void)unused;
	sim_init(&s, 8);
	gateway = add_family(&s, 30 * SECOND);
	down(&s, gateway, HOUR, 2 * HOUR);
	down(&s, child, HOUR, 3 * HOUR);
	sim_until(&s, 6 * HOUR);
	assert_int_equal(sim_count(&s, gateway, ANY), 2);
	assert_int_equal(sim_count(&s, (int)child, ANY), 2);
	assert_int_equal(sim_count(&s, ANY, ANY), 4);
	opened = sim_first(&s, child, EVENT_OPENED);
	assert_non_null(opened);
	assert_in_range(opened->at_ms, 2 * HOUR, 2 * HOUR + 5 * MINUTE);
	sim_fini(&s);
}

/* The parent is well: it only costs the child the time to ask it. */
static void
test_child_alone_is_told_in_time(void **unused)
{
	static struct sim s;
	int64_t from_ms, worst_ms;
	struct sim_probe *p;

	(void)unused;
	for (uint64_t n = 0; n < 60; n++) {
		sim_init(&s, 900 + n);
		add_family(&s, 30 * SECOND);
		p = &s.probes[1];
		p->verdict_policy.confirm = 1 + n % 3;
		from_ms = HOUR + (int64_t)(sim_random(&s) % 100000);
		down(&s, 1, from_ms, 2 * HOUR);
		sim_until(&s, 3 * HOUR);
		assert_int_equal(sim_count(&s, ANY, ANY), 2);
		worst_ms = verdict_worst_case_ms(&p->verdict_policy,
		    p->every_ms, p->retry_every_ms, p->timeout_ms);
		assert_in_range(sim_first(&s, 1, EVENT_OPENED)->at_ms, from_ms,
		    from_ms + worst_ms + 2 * SECOND);
		sim_fini(&s);
	}
}

/* A child that people were told of before the parent fell hears its end. */
static void
test_told_child_is_always_ended(void **unused)
{
	static struct sim s;
	unsigned gateway, child = 3;

	(void)unused;
	sim_init(&s, 10);
	gateway = add_family(&s, 30 * SECOND);
	down(&s, child, HOUR, 2 * HOUR);
	down(&s, gateway, 90 * MINUTE, 3 * HOUR);
	sim_until(&s, 6 * HOUR);
	assert_int_equal(sim_count(&s, (int)child, EVENT_OPENED), 1);
	assert_int_equal(sim_count(&s, (int)child, EVENT_RESOLVED), 1);
	assert_int_equal(sim_count(&s, ANY, ANY), 4);
	sim_fini(&s);
}

static void
test_two_that_fail_together_are_two(void **unused)
{
	static struct sim s;

	(void)unused;
	sim_init(&s, 11);
	down(&s, sim_add(&s, "mail", 30 * SECOND), HOUR, 2 * HOUR);
	down(&s, sim_add(&s, "portal", 30 * SECOND), HOUR, 2 * HOUR);
	sim_until(&s, 3 * HOUR);
	assert_int_equal(sim_count(&s, 0, ANY), 2);
	assert_int_equal(sim_count(&s, 1, ANY), 2);
	assert_string_not_equal(s.messages[0].incident, s.messages[1].incident);
	sim_fini(&s);
}

/* ---- the agent's own troubles ---- */

static void
test_restarts(void **unused)
{
	static struct sim s;
	unsigned gateway;

	(void)unused;
	sim_init(&s, 12);
	gateway = add_family(&s, 30 * SECOND);
	down(&s, gateway, HOUR, 3 * HOUR);
	down(&s, 5, HOUR, 4 * HOUR);
	for (int64_t at_ms = 30 * MINUTE; at_ms < 6 * HOUR;
	     at_ms += 47 * SECOND) {
		sim_until(&s, at_ms);
		sim_restart(&s);
	}
	sim_until(&s, 7 * HOUR);
	assert_int_equal(sim_count(&s, gateway, EVENT_OPENED), 1);
	assert_int_equal(sim_count(&s, gateway, EVENT_RESOLVED), 1);
	assert_int_equal(sim_count(&s, 5, EVENT_OPENED), 1);
	assert_int_equal(sim_count(&s, 5, EVENT_RESOLVED), 1);
	assert_int_equal(sim_count(&s, ANY, ANY), 4);
	sim_fini(&s);
}

/* The worker dies for six hours: nothing is known, nothing is told, and what
 * was open stays open until a run says otherwise. */
static void
test_unknown_storm(void **unused)
{
	static struct sim s;

	(void)unused;
	sim_init(&s, 13);
	add_family(&s, 30 * SECOND);
	down(&s, 2, HOUR, 5 * HOUR);
	s.probes[2].policy.reminder_ms = 0;
	for (unsigned i = 0; i < s.probe_count; i++) {
		sim_break(&s, &(struct sim_fault){
				  .probe = i,
				  .from_ms = 2 * HOUR,
				  .to_ms = 8 * HOUR,
				  .outcome = OUTCOME_UNKNOWN,
				  .takes_ms = 1,
			      });
	}
	s.faults[0].to_ms = 2 * HOUR;
	down(&s, 2, 8 * HOUR, 9 * HOUR);
	sim_until(&s, 8 * HOUR);
	assert_int_equal(sim_count(&s, ANY, ANY), 1);
	assert_int_equal(s.probes[2].incident.status, INCIDENT_OPEN);
	assert_true(s.probes[2].verdict.unknown_streak > 600);
	sim_until(&s, 10 * HOUR);
	assert_int_equal(sim_count(&s, 2, EVENT_RESOLVED), 1);
	assert_int_equal(sim_count(&s, ANY, ANY), 2);
	sim_fini(&s);
}

/* ---- people ---- */

static void
test_reminders_until_somebody_has_it(void **unused)
{
	static struct sim s;
	unsigned portal;

	(void)unused;
	sim_init(&s, 14);
	portal = sim_add(&s, "portal", 30 * SECOND);
	down(&s, portal, HOUR, 49 * HOUR);
	sim_until(&s, 25 * HOUR + 5 * MINUTE);
	assert_int_equal(sim_count(&s, portal, EVENT_REMINDER), 6);
	sim_acknowledge(&s, portal, "alice");
	sim_until(&s, 72 * HOUR);
	assert_int_equal(sim_count(&s, portal, EVENT_REMINDER), 6);
	assert_int_equal(sim_count(&s, portal, EVENT_ACKNOWLEDGED), 1);
	assert_int_equal(sim_count(&s, portal, EVENT_RESOLVED), 1);
	assert_int_equal(sim_count(&s, portal, ANY), 9);
	sim_fini(&s);
}

static void
test_worse_breaks_the_silence(void **unused)
{
	static struct sim s;
	unsigned portal;

	(void)unused;
	sim_init(&s, 15);
	portal = sim_add(&s, "portal", 30 * SECOND);
	down(&s, portal, HOUR, 3 * HOUR);
	s.faults[0].outcome = OUTCOME_DEGRADED;
	down(&s, portal, 3 * HOUR, 10 * HOUR);
	sim_until(&s, 2 * HOUR);
	sim_acknowledge(&s, portal, "alice");
	sim_until(&s, 9 * HOUR);
	assert_int_equal(sim_count(&s, portal, EVENT_WORSENED), 1);
	assert_int_equal(sim_count(&s, portal, EVENT_REMINDER), 1);
	sim_fini(&s);
}

/* Who is told that it began is told how it ends, whatever it became. */
static void
test_routes_follow_the_story(void **unused)
{
	char high[] = "high", medium[] = "medium", pager[] = "pager",
	     mail[] = "mail";
	char *words[] = {high, medium, pager, mail};
	struct route routes[] = {
	    {.match = {.severity = {&words[0], 1}}, .notify = {&words[2], 1}},
	    {.match = {.severity = {&words[1], 1}}, .notify = {&words[3], 1}},
	};
	static struct sim s;
	unsigned portal;

	(void)unused;
	sim_init(&s, 16);
	s.routes = routes;
	s.route_count = 2;
	portal = sim_add(&s, "portal", 30 * SECOND);
	down(&s, portal, HOUR, 2 * HOUR);
	s.faults[0].outcome = OUTCOME_DEGRADED;
	down(&s, portal, 2 * HOUR, 3 * HOUR);
	sim_until(&s, 4 * HOUR);
	assert_int_equal(s.message_count, 3);
	assert_true(s.messages[0].channels[0] && !s.messages[0].channels[1]);
	assert_true(s.messages[1].channels[0] && s.messages[1].channels[1]);
	assert_true(s.messages[2].channels[0] && s.messages[2].channels[1]);
	assert_false(s.messages[2].channels[2]);
	sim_fini(&s);
}

static void
test_back_within_minutes_is_the_same_story(void **unused)
{
	static struct sim s;
	unsigned portal;

	(void)unused;
	sim_init(&s, 17);
	portal = sim_add(&s, "portal", 30 * SECOND);
	down(&s, portal, 60 * MINUTE, 80 * MINUTE);
	down(&s, portal, 86 * MINUTE, 100 * MINUTE);
	down(&s, portal, 130 * MINUTE, 150 * MINUTE);
	sim_until(&s, 4 * HOUR);
	assert_int_equal(sim_count(&s, portal, EVENT_OPENED), 2);
	assert_int_equal(sim_count(&s, portal, EVENT_REOPENED), 1);
	assert_int_equal(sim_count(&s, portal, EVENT_RESOLVED), 3);
	assert_string_equal(s.messages[0].incident, s.messages[3].incident);
	assert_string_not_equal(s.messages[0].incident, s.messages[4].incident);
	sim_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quiet_week),
	    cmocka_unit_test(test_blips),
	    cmocka_unit_test(test_outage_is_told_in_time),
	    cmocka_unit_test(test_worse_and_better),
	    cmocka_unit_test(test_flapping_service),
	    cmocka_unit_test(test_one_dead_backend),
	    cmocka_unit_test(test_parent_down_is_one_alert),
	    cmocka_unit_test(test_child_still_broken_after_parent),
	    cmocka_unit_test(test_child_alone_is_told_in_time),
	    cmocka_unit_test(test_told_child_is_always_ended),
	    cmocka_unit_test(test_two_that_fail_together_are_two),
	    cmocka_unit_test(test_restarts),
	    cmocka_unit_test(test_unknown_storm),
	    cmocka_unit_test(test_reminders_until_somebody_has_it),
	    cmocka_unit_test(test_worse_breaks_the_silence),
	    cmocka_unit_test(test_routes_follow_the_story),
	    cmocka_unit_test(test_back_within_minutes_is_the_same_story),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
