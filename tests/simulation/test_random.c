/*
 * Properties over random histories, with fixed seeds that are printed:
 *   - people's picture is consistent: nothing opens twice, ends twice, or goes
 *     on in silence once all is well;
 *   - an unknown result changes nothing;
 *   - state that goes through JSON at every step behaves the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/simulation/simulator.h"

#define STEPS 16000

struct life { /* one probe, stepped directly */
	struct verdict verdict;
	struct incident incident;
	struct incident_step step;
	bool believed;
};

struct world { /* what happens to it */
	struct verdict_policy verdict_policy;
	struct incident_policy policy;
	const char *parent;
	bool parent_asked;
	int64_t now_ms;
	enum outcome outcome;
	uint64_t seed;
};

static uint64_t
roll(struct world *w, uint64_t sides)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return w->seed % sides;
}

static void
live_result(struct life *l, const struct world *w, const char *id)
{
	struct incident_facts facts = {
	    .probe = "portal",
	    .reason = "as it was rolled",
	    .parent = w->parent,
	    .parent_asked = w->parent_asked,
	    .new_id = id,
	    .now_ms = w->now_ms,
	};
	struct verdict before = l->verdict;
	struct incident was = l->incident;

	verdict_step(&l->verdict, &w->verdict_policy, w->outcome, w->now_ms);
	incident_on_verdict(
	    &l->incident, &w->policy, &l->verdict, &facts, &l->step);
	if (w->outcome != OUTCOME_UNKNOWN)
		return;
	assert_int_equal(l->verdict.standing, before.standing);
	assert_int_equal(l->verdict.flapping, before.flapping);
	assert_int_equal(l->verdict.bad_streak, before.bad_streak);
	assert_int_equal(l->verdict.good_streak, before.good_streak);
	assert_false(l->step.happened);
	assert_int_equal(l->incident.status, was.status);
	assert_int_equal(l->incident.outcome, was.outcome);
}

static void
live(struct life *l, const struct world *w, unsigned deed, const char *id)
{
	struct err err = ERR_INIT;
	struct incident *in = &l->incident;

	memset(&l->step, 0, sizeof(l->step));
	if (deed >= 6)
		live_result(l, w, id);
	else if (deed == 5)
		incident_on_time(
		    in, &w->policy, w->parent, w->now_ms, &l->step);
	else if (in->id[0] == '\0')
		return;
	else if (deed == 4)
		incident_acknowledge(in, id[0] < '8' ? "alice" : "bob",
		    w->now_ms, &l->step, &err);
	else if (deed == 3)
		incident_resolve(
		    in, "alice", "enough", w->now_ms, &l->step, &err);
	else
		incident_note(in, "bob", "hm", w->now_ms, &l->step, &err);
}

/* Does what people are told fit what they were told before? */
static void
believe(struct life *l)
{
	enum event_type event = l->step.event;
	bool opens = event == EVENT_OPENED || event == EVENT_REOPENED ||
	             (event == EVENT_FLAPPING && !l->believed);

	if (l->step.happened && l->step.notify) {
		assert_true(l->believed != opens);
		l->believed = event != EVENT_RESOLVED;
	}
	assert_int_equal(l->believed, l->incident.told);
	if (l->incident.status == INCIDENT_RESOLVED || !l->incident.id[0])
		assert_false(l->believed);
}

static void
through_json(struct life *l)
{
	json_t *verdict = verdict_to_json(&l->verdict);
	json_t *incident = incident_to_json(&l->incident);
	struct err err = ERR_INIT;

	if (verdict_from_json(&l->verdict, verdict, &err) < 0)
		fail_msg("%s", err.text);
	if (l->incident.id[0] != '\0' &&
	    incident_from_json(&l->incident, incident, &err) < 0)
		fail_msg("%s", err.text);
	json_decref(verdict);
	json_decref(incident);
}

static void
assert_same(const struct life *a, const struct life *b)
{
	json_t *one, *other;

	assert_int_equal(a->step.happened, b->step.happened);
	assert_int_equal(a->step.event, b->step.event);
	assert_int_equal(a->step.notify, b->step.notify);
	assert_string_equal(a->step.text, b->step.text);
	assert_int_equal(a->verdict.standing, b->verdict.standing);
	assert_int_equal(a->verdict.flapping, b->verdict.flapping);
	if (!a->step.happened)
		return; /* the next event shows any difference */
	one = incident_to_json(&a->incident);
	other = incident_to_json(&b->incident);
	assert_true(json_equal(one, other));
	json_decref(one);
	json_decref(other);
}

static unsigned
change_world(struct world *w)
{
	static const int64_t pauses_ms[] = {
	    1, SECOND, 30 * SECOND, MINUTE, 6 * MINUTE, HOUR};
	unsigned deed = (unsigned)roll(w, 60);

	w->now_ms += pauses_ms[roll(w, roll(w, 10) ? 3 : 6)];
	if (roll(w, 3) == 0)
		w->outcome = (enum outcome)roll(w, OUTCOME_COUNT);
	if (roll(w, 20) == 0) {
		w->parent = roll(w, 3) ? NULL : "gateway";
		w->parent_asked = w->parent != NULL && roll(w, 2);
	}
	if (roll(w, 2000) == 0)
		w->now_ms -= HOUR; /* somebody sets the clock */
	return deed;
}

/* All is well for a while: nothing may stay open. */
static void
assert_quiets_down(struct life *l, struct world *w)
{
	w->parent = NULL;
	w->parent_asked = false;
	w->outcome = OUTCOME_OK;
	for (int n = 0; n < 40; n++) {
		w->now_ms += 30 * SECOND;
		live(l, w, 6, "0123456789");
		believe(l);
	}
	assert_int_equal(l->verdict.standing, OUTCOME_OK);
	assert_false(l->verdict.flapping);
	assert_false(l->believed);
	assert_true(l->incident.id[0] == '\0' ||
		    l->incident.status == INCIDENT_RESOLVED);
}

static void
random_life(uint64_t seed)
{
	struct world w = {
	    .now_ms = SIM_START, .outcome = OUTCOME_OK, .seed = seed};
	struct life a = {0}, b;
	unsigned told[EVENT_COUNT] = {0};

	print_message("seed %llu\n", (unsigned long long)seed);
	w.verdict_policy = (struct verdict_policy){
	    1 + (unsigned)roll(&w, 3), 1 + (unsigned)roll(&w, 3), true};
	w.policy = (struct incident_policy){SEVERITY_CRITICAL, SEVERITY_LOW,
	    roll(&w, 2) ? HOUR : 0, roll(&w, 2) ? 10 * MINUTE : 0};
	verdict_init(&a.verdict);
	b = a;
	for (unsigned n = 0; n < STEPS; n++) {
		unsigned deed = change_world(&w);
		char id[INCIDENT_ID_LEN + 1];

		incident_id(id, roll(&w, UINT64_MAX));
		live(&a, &w, deed, id);
		live(&b, &w, deed, id);
		through_json(&b);
		assert_same(&a, &b);
		believe(&a);
		if (a.step.happened && a.step.notify)
			told[a.step.event]++;
		if (n % 1000 == 999) {
			assert_quiets_down(&a, &w);
			b = a;
		}
	}
	assert_true(told[EVENT_RESOLVED] > 10 && told[EVENT_FLAPPING] > 5);
	assert_true(told[EVENT_WORSENED] > 5 && told[EVENT_NOTE] > 5);
}

static void
test_random_lives(void **unused)
{
	(void)unused;
	for (uint64_t seed = 1; seed <= 6; seed++)
		random_life(seed * UINT64_C(0x9e3779b97f4a7c15));
}

/* A month of forty probes, every kind of trouble, restarts and people; then a
 * quiet day. The simulator holds each message against people's picture. */
static void
random_month(uint64_t seed)
{
	static struct sim s;
	int64_t now_ms = 0;

	print_message("seed %llu\n", (unsigned long long)seed);
	sim_init(&s, seed);
	for (unsigned i = 0; i < 40; i++) {
		char name[32];
		struct sim_probe *p;

		snprintf(name, sizeof(name), "service-%u", i);
		p = &s.probes[sim_add(
		    &s, name, (int64_t)(20 + sim_random(&s) % 280) * SECOND)];
		p->verdict_policy.confirm = 1 + sim_random(&s) % 3;
		p->verdict_policy.recover = 1 + sim_random(&s) % 3;
		if (i > 4 && sim_random(&s) % 2)
			p->parent = (int)(sim_random(&s) % i);
	}
	for (unsigned n = 0; n < SIM_FAULTS; n++) {
		struct sim_fault f = {.probe = sim_random(&s) % 40};

		f.from_ms = (int64_t)(sim_random(&s) % (uint64_t)(30 * DAY));
		f.to_ms = f.from_ms +
		          (int64_t)(sim_random(&s) % (uint64_t)(6 * HOUR));
		f.outcome = 1 + sim_random(&s) % 3;
		f.takes_ms = 1 + (int64_t)(sim_random(&s) % 10000);
		f.nth = (unsigned)(sim_random(&s) % 4);
		sim_break(&s, &f);
	}
	while (now_ms < 30 * DAY + 6 * HOUR) {
		now_ms += (int64_t)(sim_random(&s) % (uint64_t)(6 * HOUR));
		sim_until(&s, now_ms);
		if (sim_random(&s) % 3 == 0)
			sim_restart(&s);
	}
	sim_until(&s, now_ms + DAY);
	assert_true(sim_count(&s, -1, EVENT_OPENED) > 10);
	for (unsigned i = 0; i < s.probe_count; i++) {
		assert_int_equal(s.probes[i].verdict.standing, OUTCOME_OK);
		assert_false(s.probes[i].believed);
	}
	sim_fini(&s);
}

static void
test_random_months(void **unused)
{
	(void)unused;
	for (uint64_t seed = 11; seed <= 13; seed++)
		random_month(seed * UINT64_C(0xd1342543de82ef95));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random_lives),
	    cmocka_unit_test(test_random_months),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
