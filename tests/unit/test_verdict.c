#include "alerting/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Outcomes, standings and changes as letters, so that a story is one line. */
static const char outcome_letters[] = "odfu";
static const char change_letters[] = ".1BWIGFS";

static enum outcome
outcome_of(char letter)
{
	const char *at = strchr(outcome_letters, letter);

	assert_non_null(at);
	return (enum outcome)(at - outcome_letters);
}

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static const struct story {
	unsigned confirm, recover;
	const char *outcomes, *standings, *changes;
} stories[] = {
    /* The first good result counts at once, the first bad one does not. */
    {2, 2, "oo", "oo", "G."},
    {3, 3, "fffo", "uuff", "1.B."},
    {3, 3, "ffo", "uuo", "1.G"},
    {1, 1, "f", "f", "B"},
    /* A blip is never confirmed, an outage is. */
    {2, 2, "ofo", "ooo", "G1."},
    {2, 2, "offoo", "ooffo", "G1B.G"},
    {3, 2, "offfoo", "oooffo", "G1.B.G"},
    {1, 1, "ofof", "ofof", "GBGB"},
    /* Degraded apart from failed. */
    {2, 2, "oddff", "ooddf", "G1B1W"},
    {2, 2, "ofd", "ood", "G1B"},
    {2, 2, "odf", "ood", "G1B"},
    {2, 2, "odff", "oodf", "G1BW"},
    {2, 2, "offdd", "ooffd", "G1B.I"},
    {2, 2, "offdo", "ooffd", "G1B.I"},
    {2, 2, "offod", "ooffd", "G1B.I"},
    {2, 2, "offodo", "ooffdd", "G1B.I."},
    {2, 2, "offdoo", "ooffdo", "G1B.IG"},
    {2, 2, "oddfdfd", "ooddddd", "G1B1.1."},
    /* A mix of degraded and failed is confirmed as degraded. */
    {3, 2, "ofdf", "oood", "G1.B"},
    {3, 2, "odfdff", "oooddd", "G1.B1."},
    {3, 2, "odfdfff", "ooodddf", "G1.B1.W"},
    /* Unknown is transparent. */
    {2, 2, "oufuf", "oooof", "G.1.B"},
    {2, 2, "offuouo", "ooffffo", "G1B...G"},
    {2, 2, "uuuu", "uuuu", "...."},
    {2, 2, "ouuuu", "ooooo", "G...."},
    {2, 2, "offuuuu", "oofffff", "G1B...."},
    {1, 1, "uo", "uo", ".G"},
};

static void
test_stories(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(stories); i++) {
		const struct story *s = &stories[i];
		struct verdict_policy policy = {s->confirm, s->recover, false};
		struct verdict v;

		verdict_init(&v);
		for (size_t n = 0; s->outcomes[n] != '\0'; n++) {
			enum verdict_change change = verdict_step(&v, &policy,
			    outcome_of(s->outcomes[n]), (int64_t)n + 1);
			char standing = outcome_letters[v.standing];

			if (standing != s->standings[n] ||
			    change_letters[change] != s->changes[n])
				fail_msg("story %zu \"%s\", step %zu: %c %c, "
					 "expected %c %c",
				    i, s->outcomes, n, standing,
				    change_letters[change], s->standings[n],
				    s->changes[n]);
		}
	}
}

/* The same from the whole list of results, without any counters. */
#define MODEL_MAX 8
struct model {
	enum outcome known[MODEL_MAX];
	unsigned count;
	enum outcome standing;
};

static bool
all_last(const struct model *m, unsigned n, unsigned allowed)
{
	if (m->count < n)
		return false;
	for (unsigned i = m->count - n; i < m->count; i++)
		if (!(allowed >> m->known[i] & 1))
			return false;
	return true;
}

static void
model_step(struct model *m, const struct verdict_policy *p, enum outcome o)
{
	enum { OK = 1, DEGRADED = 2, FAILED = 4 };
	bool bad =
	    m->standing == OUTCOME_FAILED || m->standing == OUTCOME_DEGRADED;

	if (o == OUTCOME_UNKNOWN)
		return;
	m->known[m->count++] = o;
	if (all_last(m, p->confirm, FAILED))
		m->standing = OUTCOME_FAILED;
	else if (all_last(m, bad ? p->recover : 1, OK))
		m->standing = OUTCOME_OK;
	else if (m->standing == OUTCOME_FAILED &&
		 all_last(m, p->recover, OK | DEGRADED))
		m->standing = OUTCOME_DEGRADED;
	else if (!bad && all_last(m, p->confirm, DEGRADED | FAILED))
		m->standing = OUTCOME_DEGRADED;
}

/* Every sequence of outcomes that follows (v, m), depth more steps. */
static unsigned
explore(const struct verdict *v, const struct model *m,
    const struct verdict_policy *p, unsigned depth)
{
	unsigned seen = 0;

	if (depth == 0)
		return 1;
	for (int o = 0; o < OUTCOME_COUNT; o++) {
		struct verdict v2 = *v;
		struct model m2 = *m;
		enum verdict_change change =
		    verdict_step(&v2, p, (enum outcome)o, depth + 1);

		model_step(&m2, p, (enum outcome)o);
		assert_int_equal(v2.standing, m2.standing);
		assert_int_equal(v2.standing != v->standing,
		    change >= VERDICT_BAD && change <= VERDICT_GOOD);
		if (o == OUTCOME_UNKNOWN)
			assert_int_equal(change, VERDICT_SAME);
		seen += explore(&v2, &m2, p, depth - 1);
	}
	return seen;
}

static void
test_every_sequence_of_seven(void **unused)
{
	(void)unused;
	for (unsigned confirm = 1; confirm <= 3; confirm++)
		for (unsigned recover = 1; recover <= 3; recover++) {
			struct verdict_policy p = {confirm, recover, false};
			struct model m = {.standing = OUTCOME_UNKNOWN};
			struct verdict v;

			verdict_init(&v);
			assert_int_equal(explore(&v, &m, &p, 7), 16384);
		}
}

static void
test_times(void **unused)
{
	struct verdict_policy policy = {2, 2, true};
	struct verdict v;

	(void)unused;
	verdict_init(&v);
	verdict_step(&v, &policy, OUTCOME_OK, 100);
	assert_int_equal(v.standing_since_ms, 100);
	assert_int_equal(v.bad_since_ms, 0);
	verdict_step(&v, &policy, OUTCOME_FAILED, 200);
	verdict_step(&v, &policy, OUTCOME_UNKNOWN, 250);
	verdict_step(&v, &policy, OUTCOME_DEGRADED, 300);
	assert_int_equal(v.bad_since_ms, 200);
	assert_int_equal(v.standing_since_ms, 300);
	assert_int_equal(v.last_ms, 300);
	verdict_step(&v, &policy, OUTCOME_UNKNOWN, 400);
	assert_int_equal(v.last, OUTCOME_UNKNOWN);
	assert_int_equal(v.known, OUTCOME_DEGRADED);
	assert_int_equal(v.last_ms, 400);
	assert_int_equal(v.unknown_streak, 1);
	assert_int_equal(v.bad_streak, 2);
	verdict_step(&v, &policy, OUTCOME_OK, 500);
	assert_int_equal(v.bad_since_ms, 0);
	assert_int_equal(v.standing_since_ms, 300);
}

static void
test_pending(void **unused)
{
	static const struct {
		const char *outcomes, *pending;
	} cases[] = {
	    {"ooffffooo", "nnynnnynn"},
	    {"oduudoo", "nyyynyn"},
	    {"oddfdffdd", "nynynynyn"},
	    {"fffo", "ynny"},
	    {"uu", "nn"},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct verdict_policy policy = {2, 2, false};
		struct verdict v;

		verdict_init(&v);
		for (size_t n = 0; cases[i].outcomes[n] != '\0'; n++) {
			verdict_step(
			    &v, &policy, outcome_of(cases[i].outcomes[n]), 1);
			if (verdict_pending(&v) != (cases[i].pending[n] == 'y'))
				fail_msg("%s at %zu", cases[i].outcomes, n);
		}
	}
}

/* ---- flapping ---- */

static unsigned
steps_until(struct verdict *v, const struct verdict_policy *p,
    const char *outcomes, bool flapping)
{
	for (unsigned n = 0; n < 200; n++) {
		verdict_step(v, p, outcome_of(outcomes[n % strlen(outcomes)]),
		    (int64_t)n);
		if (v->flapping == flapping)
			return n + 1;
	}
	return 0;
}

static void
test_flapping_begins_and_ends(void **unused)
{
	static const struct {
		const char *outcomes;
		unsigned on; /* results until it flaps, 0 = never */
	} cases[] = {
	    {"df", 7},      /* six changes in a row */
	    {"of", 10},     /* not before the fifth bad result */
	    {"od", 10},     /* degraded is bad as well */
	    {"ofu", 14},    /* unknown does not count */
	    {"ooffff", 19}, /* rarely, but for long */
	    {"oof", 15},    /* one dead backend of three */
	    {"ooof", 20},   /* of four */
	    {"oooof", 0},   /* rarer blips are what confirm ignores */
	    {"ooooof", 0},
	    {"oooooooooofffffffffff", 0},
	    {"ffffff", 0},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct verdict_policy policy = {2, 2, true};
		struct verdict v;
		unsigned on;

		verdict_init(&v);
		on = steps_until(&v, &policy, cases[i].outcomes, true);
		if (on != cases[i].on)
			fail_msg("\"%s\" flaps after %u, not %u",
			    cases[i].outcomes, on, cases[i].on);
	}
}

static void
test_flapping_changes(void **unused)
{
	struct verdict_policy policy = {2, 2, true};
	struct verdict v;
	unsigned steady = 0;

	(void)unused;
	verdict_init(&v);
	for (int n = 0; n < 9; n++)
		verdict_step(
		    &v, &policy, n % 2 ? OUTCOME_FAILED : OUTCOME_OK, n + 1);
	assert_false(v.flapping);
	assert_int_equal(
	    verdict_step(&v, &policy, OUTCOME_FAILED, 10), VERDICT_FLAPPING);
	/* The standing goes on moving. */
	assert_int_equal(
	    verdict_step(&v, &policy, OUTCOME_FAILED, 11), VERDICT_BAD);
	assert_true(v.flapping);
	while (steady < 30 && verdict_step(&v, &policy, OUTCOME_FAILED,
				  12 + steady) != VERDICT_STEADY)
		steady++;
	assert_in_range(steady, 8, 16);
	assert_int_equal(v.standing, OUTCOME_FAILED);
	assert_false(v.flapping);
	/* Switched off by a new configuration. */
	steps_until(&v, &policy, "of", true);
	policy.flap_detection = false;
	assert_int_equal(verdict_step(&v, &policy, v.last, 99), VERDICT_STEADY);
}

static unsigned
bad_of_20(const enum outcome *known, unsigned count)
{
	unsigned bad = 0;

	for (unsigned i = count > 20 ? count - 20 : 0; i < count; i++)
		bad += known[i] != OUTCOME_OK;
	return bad;
}

/* In doubles, from the whole list: on at 30 %, off below 25 %. */
static double
share(const enum outcome *known, unsigned count)
{
	double sum = 0, all = 0;

	for (unsigned age = 0; age < 20; age++) {
		double weight = 1.15 - 0.35 * age / 19;

		all += weight;
		if (count >= age + 2 &&
		    known[count - 1 - age] != known[count - 2 - age])
			sum += weight;
	}
	return sum / all;
}

static void
test_flapping_like_the_model(void **unused)
{
	static enum outcome known[20000];
	struct verdict_policy policy = {2, 2, true};
	uint64_t seed = 20261122;
	struct verdict v;
	bool flapping = false;
	unsigned count = 0, turns = 0, stay = 1;

	(void)unused;
	print_message("seed %llu\n", (unsigned long long)seed);
	verdict_init(&v);
	while (count < COUNT(known)) {
		double now;

		if (count % 500 == 0)
			stay = 1 + (unsigned)(next_random(&seed) % 12);
		known[count] = count > 0 && next_random(&seed) % stay != 0
		                   ? known[count - 1]
		                   : (enum outcome)(next_random(&seed) % 3);
		verdict_step(&v, &policy, known[count], 1);
		count++;
		now = share(known, count);
		if (now > 0.2999 && now < 0.3001)
			flapping = v.flapping; /* rounding decides here */
		else if (now > 0.2499 && now < 0.2501)
			flapping = v.flapping;
		else
			flapping = flapping ? now >= 0.25
			                    : now >= 0.30 &&
			                          bad_of_20(known, count) >= 5;
		assert_int_equal(v.flapping, flapping);
		turns += count > 1 && flapping;
	}
	assert_in_range(turns, 2000, 18000);
}

/* ---- worst case ---- */

struct schedule {
	int64_t every_ms, retry_every_ms, timeout_ms;
	struct verdict_policy policy;
};

/* Runs until an outage that begins outage_ms after a slot is confirmed. A good
 * run looks at its very start and takes good_ms, a failing one takes the whole
 * timeout. Returns how long that took from the outage's first moment. */
static int64_t
detect(const struct schedule *s, int64_t outage_ms, int64_t good_ms)
{
	int64_t start = 0;
	struct verdict v;

	verdict_init(&v);
	for (int runs = 0; runs < 10000; runs++) {
		bool fails = start >= outage_ms;
		int64_t end = start + (fails ? s->timeout_ms : good_ms);
		int64_t slot = (end / s->every_ms + 1) * s->every_ms;
		int64_t retry = start + s->retry_every_ms;

		verdict_step(
		    &v, &s->policy, fails ? OUTCOME_FAILED : OUTCOME_OK, end);
		if (v.standing == OUTCOME_FAILED)
			return end - outage_ms;
		start = slot;
		if (verdict_pending(&v) && retry < slot)
			start = retry > end ? retry : end;
	}
	fail_msg("never detected");
	return 0;
}

static void
test_worst_case_table(void **unused)
{
	static const struct {
		unsigned confirm;
		int64_t every, retry, timeout, expected;
	} cases[] = {
	    {2, 30000, 10000, 10000, 50000},
	    {1, 30000, 10000, 10000, 40000},
	    {3, 60000, 20000, 5000, 105000},
	    {2, 5000, 5000, 2000, 12000},
	    {2, 30000, 5000, 12000, 54000}, /* the retry waits for a timeout */
	    {3, 30000, 20000, 5000, 65000}, /* a slot comes before a retry */
	    {2, 30000, 60000, 5000, 65000}, /* a slot instead of the retry */
	    {1, 5000, 5000, 12000, 27000},  /* slots pass while it runs */
	    {5, 300000, 100000, 30000, 730000},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct verdict_policy p = {cases[i].confirm, 2, true};

		assert_int_equal(verdict_worst_case_ms(&p, cases[i].every,
				     cases[i].retry, cases[i].timeout),
		    cases[i].expected);
	}
}

static void
test_worst_case_holds_and_is_reached(void **unused)
{
	uint64_t seed = 77;

	(void)unused;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int n = 0; n < 3000; n++) {
		struct schedule s = {
		    .every_ms = 1 + (int64_t)(next_random(&seed) % 50),
		    .retry_every_ms = 1 + (int64_t)(next_random(&seed) % 20),
		    .timeout_ms = 1 + (int64_t)(next_random(&seed) % 60),
		    .policy = {1 + next_random(&seed) % 5, 2, false},
		};
		int64_t worst = verdict_worst_case_ms(
		    &s.policy, s.every_ms, s.retry_every_ms, s.timeout_ms);
		int64_t longest = 0;

		for (int64_t outage = 1; outage < 120; outage++) {
			int64_t good_ms =
			    next_random(&seed) % 2 ? s.timeout_ms - 1 : 0;
			int64_t took = detect(&s, outage, good_ms);

			if (took > longest)
				longest = took;
		}
		/* "Just after a good run looked" is one tick after here. */
		assert_true(longest <= worst - 1);
		assert_int_equal(detect(&s, 1, s.timeout_ms - 1), worst - 1);
	}
}

/* ---- JSON ---- */

static void
assert_same(const struct verdict *a, const struct verdict *b)
{
	json_t *ja = verdict_to_json(a), *jb = verdict_to_json(b);

	assert_true(json_equal(ja, jb));
	json_decref(ja);
	json_decref(jb);
}

static void
test_json_keeps_behaviour(void **unused)
{
	struct verdict_policy policy = {3, 2, true};
	uint64_t seed = 4711;
	struct verdict a, b;

	(void)unused;
	print_message("seed %llu\n", (unsigned long long)seed);
	verdict_init(&a);
	verdict_init(&b);
	for (int n = 0; n < 20000; n++) {
		enum outcome o = (enum outcome)(next_random(&seed) % 4);
		json_t *json = verdict_to_json(&b);
		struct err err = ERR_INIT;

		if (verdict_from_json(&b, json, &err) < 0)
			fail_msg("%s", err.text);
		json_decref(json);
		if (next_random(&seed) % 3 != 0)
			o = a.last;
		assert_int_equal(verdict_step(&a, &policy, o, n),
		    verdict_step(&b, &policy, o, n));
		assert_same(&a, &b);
	}
}

static void
test_json_refuses(void **unused)
{
	static const struct {
		const char *key, *value; /* replaces one member; NULL removes */
		const char *blames;
	} cases[] = {
	    {"standing", "\"down\"", "standing"},
	    {"standing", NULL, "standing"},
	    {"standing", "2", "standing"},
	    {"last", "\"ok\"", "last"},
	    {"known", "\"unknown\"", "streaks"},
	    {"last_ms", "-1", "last_ms"},
	    {"last_ms", "1.5", "last_ms"},
	    {"bad_streak", "0", "streaks"},
	    {"bad_streak", "1000000001", "bad_streak"},
	    {"failed_streak", "3", "streaks"},
	    {"good_streak", "1", "streaks"},
	    {"unfailed_streak", "1", "streaks"},
	    {"unknown_streak", "1", "last"},
	    {"history", "1048576", "history"},
	    {"history", "2", "history"},
	    {"changes", "1048576", "changes"},
	    {"history", "\"0\"", "history"},
	    {"flapping", "0", "flapping"},
	    {"flapping", NULL, "flapping"},
	    {"extra", "1", "extra"},
	};
	struct verdict_policy policy = {2, 2, true};
	struct verdict v, fresh;

	(void)unused;
	verdict_init(&fresh);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = ERR_INIT;
		json_t *json, *value;

		verdict_init(&v);
		verdict_step(&v, &policy, OUTCOME_OK, 1);
		verdict_step(&v, &policy, OUTCOME_FAILED, 2);
		verdict_step(&v, &policy, OUTCOME_FAILED, 3);
		json = verdict_to_json(&v);
		if (cases[i].value == NULL) {
			json_object_del(json, cases[i].key);
		} else {
			value =
			    json_loads(cases[i].value, JSON_DECODE_ANY, NULL);
			assert_non_null(value);
			json_object_set_new(json, cases[i].key, value);
		}
		assert_int_equal(verdict_from_json(&v, json, &err), -1);
		if (strstr(err.text, cases[i].blames) == NULL)
			fail_msg("%s: %s", cases[i].key, err.text);
		assert_same(&v, &fresh);
		json_decref(json);
	}
	assert_int_equal(verdict_from_json(&v, NULL, NULL), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stories),
	    cmocka_unit_test(test_every_sequence_of_seven),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_pending),
	    cmocka_unit_test(test_flapping_begins_and_ends),
	    cmocka_unit_test(test_flapping_changes),
	    cmocka_unit_test(test_flapping_like_the_model),
	    cmocka_unit_test(test_worst_case_table),
	    cmocka_unit_test(test_worst_case_holds_and_is_reached),
	    cmocka_unit_test(test_json_keeps_behaviour),
	    cmocka_unit_test(test_json_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
