#include "alerting/incident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECOND       ((int64_t)1000)
#define MINUTE       (60 * SECOND)
#define HOUR         (60 * MINUTE)
#define START        ((int64_t)1795000000000)

/*
 * A script is one line. Each letter is something that happens; it answers with
 * one letter. Results come 30 s apart.
 *   o d f u  a result    P p  a parent fails, recovers    A B  two people
 *   Q a parent is only asked
 *   C closed by a person   N  a note      X  probe removed   M  5 min pass
 *   H  4 h pass
 * Answers: upper case = people are told.
 *   o opened  w worsened  i improved  m reminder  f flapping  a acknowledged
 *   n note    r resolved  x re-opened  . nothing  ! refused
 */
static const char answers[] = "owimfanrx?";

struct scene {
	struct verdict_policy verdict_policy;
	struct incident_policy policy;
	struct verdict verdict;
	struct incident in;
	const char *parent;
	bool parent_asked;
	int64_t now_ms;
	uint64_t ids;
	struct incident_step step;
};

static void
scene_init(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->verdict_policy = (struct verdict_policy){2, 2, true};
	s->policy = (struct incident_policy){
	    .severity = SEVERITY_HIGH,
	    .degraded_severity = SEVERITY_MEDIUM,
	    .reminder_ms = 4 * HOUR,
	    .reopen_within_ms = 10 * MINUTE,
	};
	verdict_init(&s->verdict);
	s->now_ms = START;
}

static void
scene_result(struct scene *s, char letter)
{
	struct incident_facts facts = {
	    .probe = "portal",
	    .reason = "connect refused",
	    .parent = s->parent,
	    .parent_asked = s->parent_asked,
	};
	char id[INCIDENT_ID_LEN + 1];
	const char *at = strchr("odfu", letter);

	incident_id(id, s->ids + 1);
	s->now_ms += 30 * SECOND;
	facts.new_id = id;
	facts.now_ms = s->now_ms;
	verdict_step(&s->verdict, &s->verdict_policy,
	    (enum outcome)(at - strchr("odfu", 'o')), s->now_ms);
	incident_on_verdict(&s->in, &s->policy, &s->verdict, &facts, &s->step);
	if (s->step.happened && s->step.event == EVENT_OPENED)
		s->ids++;
}

static void
scene_time(struct scene *s, int64_t passed_ms)
{
	s->now_ms += passed_ms;
	incident_on_time(&s->in, &s->policy, s->parent, s->now_ms, &s->step);
}

static int
scene_person(struct scene *s, char letter)
{
	struct err err = ERR_INIT;

	if (letter == 'A' || letter == 'B')
		return incident_acknowledge(&s->in,
		    letter == 'A' ? "alice" : "bob", s->now_ms, &s->step, &err);
	if (letter == 'C')
		return incident_resolve(
		    &s->in, "alice", "known", s->now_ms, &s->step, &err);
	return incident_note(
	    &s->in, "alice", "looking", s->now_ms, &s->step, &err);
}

static char
scene_play(struct scene *s, char letter)
{
	char answer;

	memset(&s->step, 0, sizeof(s->step));
	if (strchr("odfu", letter) != NULL) {
		scene_result(s, letter);
	} else if (letter == 'P' || letter == 'Q' || letter == 'p') {
		s->parent = letter != 'p' ? "gateway" : NULL;
		s->parent_asked = letter == 'Q';
		scene_time(s, 0);
	} else if (letter == 'M' || letter == 'H') {
		scene_time(s, letter == 'M' ? 5 * MINUTE : 4 * HOUR);
	} else if (letter == 'X') {
		incident_on_removed(&s->in, s->now_ms, &s->step);
	} else if (scene_person(s, letter) < 0) {
		return '!';
	}
	if (!s->step.happened)
		return '.';
	answer = answers[s->step.event];
	return s->step.notify ? (char)(answer - 'a' + 'A') : answer;
}

static const struct {
	const char *what, *script, *answers;
} stories[] = {
    {"a blip", "ofoofo", "......"},
    {"an outage", "offfoo", "..O..R"},
    {"degraded", "oddoo", "..O.R"},
    {"worsens and improves", "oddffddoo", "..O.W.I.R"},
    {"unknown changes nothing", "ouffuuuuouuo", "...O.......R"},
    {"comes back soon", "offooffoo", "..O.R.X.R"},
    {"comes back later", "offooMMMffoo", "..O.R....O.R"},
    {"two people have it", "offAABoo", "..OA.A.R"},
    {"worse than what was acknowledged", "oddAffH", "..OA.WM"},
    {"reminders", "offHHfH", "..OMM.M"},
    {"no reminder too early", "offMMMHM", "..O...M."},
    {"acknowledged: none", "offHAHHfHoo", "..OMA.....R"},
    {"acts on nothing open", "ooACffooAC", "..!!.O.R!!"},
    {"notes, also afterwards", "offNooN", "..ON.Rn"},
    /* Held back by a parent. */
    {"a parent has it all", "oPffoopoo", "...o.r..."},
    {"a parent, and the child as well", "oPffpffoo", "...o..O.R"},
    {"on the second bad result", "oPffpfuuof", "...o.....O"},
    {"the wait starts anew", "oPffpfPfpff", "...o......O"},
    {"asked, and well", "oQffp", "...oO"},
    {"asked, and failing", "oQffPfpff", "...o....O"},
    {"asked, over before it answers", "oQffoo", "...o.r"},
    {"no result, but time", "oPffpMM", "...o.O."},
    {"parent stays: never", "oPffMHHfu", "...o....."},
    {"told before the parent failed", "offPfoopo",
	"..O..."
	"R.."},
    {"re-opened while held", "offooPffpff", "..O.R..x..X"},
    {"re-opened and over while held", "offooPffoop", "..O.R..x.r."},
    {"worse while held", "oPddffpff", "...o.w..O"},
    {"worse when it would leave", "oPddpfff", "...o..wO"},
    {"acknowledged while held", "oPffApffH", "...oa..O."},
    {"closed while held", "oPffCpff", "...or..."},
    {"noted while held", "oPffNoo", "...on.r"},
    /* Closed by a person although it fails. */
    {"closed, recovers, fails later", "offCooMMMff", "..OR......O"},
    {"closed, recovers, fails soon", "offCooff", "..OR...X"},
    {"closed and fails on", "offCffMMff", "..OR....X."},
    {"closed, only unknown since", "offCuMMMMuu", "..OR......."},
    {"closed and gets worse", "oddCdff", "..OR..X"},
    {"closed and gets better", "offCddMMdd", "..OR....X."},
    {"closed twice", "offCC", "..OR!"},
    /* The probe leaves. */
    {"removed", "offX", "..OR"},
    {"removed while held", "oPffX", "...or"},
    {"removed when all is well", "offooX", "..O.R."},
    {"removed and added again", "offXoooff", "..OR....X"},
};

static void
test_stories(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(stories); i++) {
		struct scene s;

		scene_init(&s);
		assert_int_equal(
		    strlen(stories[i].script), strlen(stories[i].answers));
		for (size_t n = 0; stories[i].script[n] != '\0'; n++) {
			char got = scene_play(&s, stories[i].script[n]);

			if (got != stories[i].answers[n])
				fail_msg("%s: %s at %zu: '%c' instead of '%c'",
				    stories[i].what, stories[i].script, n, got,
				    stories[i].answers[n]);
		}
	}
}

static void
play(struct scene *s, const char *script)
{
	for (; *script != '\0'; script++)
		scene_play(s, *script);
}

/* Which events of one kind are told over a script. */
static unsigned
told(struct scene *s, const char *script, char event)
{
	unsigned count = 0;

	for (; *script != '\0'; script++)
		count += scene_play(s, *script) == event;
	return count;
}

static void
test_alarms_are_counted(void **unused)
{
	static const struct {
		const char *script;
		unsigned alarms;
	} cases[] = {
	    {"off", 1},
	    {"offAHBNHf", 1},
	    {"oddff", 2},
	    {"oddffddffA", 3},
	    {"offooff", 2},
	    {"offAooffAooff", 3},
	    {"offooMMMff", 1}, /* another incident */
	    {"offCffMMff", 2},
	    {"oPffp", 1},
	    {"oPffpff", 1},
	    {"oPddffpff", 2},
	    {"ofofofofofofofof", 1}, /* flapping */
	    {"offX", 1},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scene s;

		scene_init(&s);
		play(&s, cases[i].script);
		if (s.in.alarms != cases[i].alarms)
			fail_msg("%s: %u alarms", cases[i].script, s.in.alarms);
	}
}

static void
test_flapping_is_told_once(void **unused)
{
	static const char flaps[] = "ofofofofofofofofofofofofofofofofofofofof";
	struct scene s;

	(void)unused;
	scene_init(&s);
	/* Never confirmed, yet told. */
	assert_int_equal(told(&s, flaps, 'F'), 1);
	assert_string_equal(s.in.title, "portal is flapping");
	assert_non_null(strstr(s.in.reason, "changes in the last 20 checks"));
	assert_int_equal(s.in.severity, SEVERITY_MEDIUM);
	assert_int_equal(s.in.outcome, OUTCOME_DEGRADED);
	assert_int_equal(s.in.reopened, 0);
	assert_int_equal(s.in.seq, 1);
	assert_int_equal(told(&s, "oooooooooooooooooooo", 'R'), 1);
	assert_false(s.in.flapping);
	assert_non_null(strstr(s.in.reason, "changes in the last 20 checks"));
}

static void
test_flapping_around_outages(void **unused)
{
	struct scene s;
	char got[64] = "";

	(void)unused;
	scene_init(&s);
	for (int n = 0; n < 40; n++)
		got[n] = scene_play(&s, n % 4 < 2 ? 'o' : 'f');
	/* Two short outages, then flapping, and nothing after that. */
	assert_string_equal(got, "...O.R.X.R.XF...........................");
	assert_int_equal(s.in.severity, SEVERITY_HIGH);
}

static void
test_flapping_gets_worse_or_settles(void **unused)
{
	struct scene s;

	(void)unused;
	scene_init(&s);
	assert_int_equal(told(&s, "ododododododod", 'F'), 1);
	assert_int_equal(s.in.severity, SEVERITY_MEDIUM);
	/* A confirmed failure is more than was told, whatever flaps. */
	assert_int_equal(told(&s, "ofoff", 'W'), 1);
	assert_true(s.in.flapping);
	assert_int_equal(s.in.severity, SEVERITY_HIGH);
	assert_int_equal(told(&s, "ooffooff", 'W'), 0);
	/* It settles to failed: told, as still bad; once. */
	assert_int_equal(told(&s, "ffffffffffffffffffff", 'M'), 1);
	assert_false(s.in.flapping);
	assert_string_equal(s.in.title, "portal is failing");
	assert_int_equal(told(&s, "oo", 'R'), 1);

	scene_init(&s);
	play(&s, "ofofofofofofofoff");
	assert_int_equal(s.in.outcome, OUTCOME_FAILED);
	/* To degraded: better than the worst that was told. */
	assert_int_equal(told(&s, "dddddddddddddddddddd", 'I'), 1);
	assert_string_equal(s.in.title, "portal is degraded");

	scene_init(&s);
	play(&s, "ofofofofofofofoffA");
	/* Who has it already is not reminded by that. */
	assert_int_equal(told(&s, "ffffffffffffffffffff", 'M'), 0);
	assert_int_equal(s.in.status, INCIDENT_ACKNOWLEDGED);
}

static void
test_flapping_while_held(void **unused)
{
	struct scene s;

	(void)unused;
	scene_init(&s);
	assert_int_equal(told(&s, "oPfofofofofofofof", 'f'), 1);
	assert_int_equal(told(&s, "pofof", 'F'), 1);
	assert_true(s.in.told);
}

static void
test_what_is_said(void **unused)
{
	struct scene s;

	(void)unused;
	scene_init(&s);
	play(&s, "oodd");
	assert_string_equal(s.in.title, "portal is degraded");
	assert_string_equal(s.in.reason, "connect refused");
	assert_string_equal(s.step.text, "connect refused");
	assert_int_equal(s.in.severity, SEVERITY_MEDIUM);
	assert_int_equal(s.in.failing_since_ms, s.now_ms - 30 * SECOND);
	play(&s, "ff");
	assert_string_equal(s.in.title, "portal is failing");
	assert_string_equal(
	    s.step.text, "from degraded to failed: connect refused");
	assert_int_equal(s.in.severity, SEVERITY_HIGH);
	play(&s, "dd");
	assert_string_equal(s.in.title, "portal is degraded");
	assert_int_equal(s.in.severity, SEVERITY_HIGH);
	play(&s, "H");
	assert_non_null(strstr(s.step.text, "still degraded after 4 h"));
	play(&s, "oo");
	assert_non_null(strstr(s.step.text, "over after 4 h"));
	assert_int_equal(s.in.outcome, OUTCOME_OK);
	assert_string_equal(s.in.title, "portal is degraded");
	/* Again: as bad as it is now. */
	play(&s, "dd");
	assert_int_equal(s.step.event, EVENT_REOPENED);
	assert_int_equal(s.in.severity, SEVERITY_MEDIUM);
	assert_string_equal(
	    s.step.text, "degraded 1 min after it was closed: connect refused");

	/* An odd policy: what was said to be critical stays so. */
	scene_init(&s);
	s.policy.degraded_severity = SEVERITY_CRITICAL;
	play(&s, "oddff");
	assert_int_equal(s.step.event, EVENT_WORSENED);
	assert_int_equal(s.in.severity, SEVERITY_CRITICAL);

	scene_init(&s);
	play(&s, "oPff");
	assert_string_equal(
	    s.step.text, "held back while gateway fails: connect refused");
	assert_string_equal(s.in.held_by, "gateway");
	play(&s, "pff");
	assert_string_equal(s.step.text,
	    "gateway is well, but portal is failing, for 1 min 30 s "
	    "now: connect refused");
	assert_string_equal(s.in.held_by, "");
	play(&s, "A");
	assert_string_equal(s.step.actor, "alice");
	assert_string_equal(s.in.acknowledged_by, "alice");
	play(&s, "B");
	assert_string_equal(s.step.text, "taken over from alice");
	play(&s, "C");
	assert_string_equal(s.step.text, "known");
	assert_string_equal(s.in.acknowledged_by, "bob");
}

static void
test_an_incident_keeps_its_id(void **unused)
{
	struct scene s;
	char first[INCIDENT_ID_LEN + 1];

	(void)unused;
	scene_init(&s);
	play(&s, "off");
	str_copy(first, sizeof(first), s.in.id);
	assert_int_equal(s.in.seq, 1);
	play(&s, "ooff");
	assert_string_equal(s.in.id, first);
	assert_int_equal(s.in.seq, 3);
	assert_int_equal(s.in.reopened, 1);
	assert_int_equal(s.in.resolved_ms, 0);
	assert_int_equal(s.in.opened_ms, START + 90 * SECOND);
	play(&s, "ooHff");
	assert_string_not_equal(s.in.id, first);
	assert_int_equal(s.in.seq, 1);
	assert_int_equal(s.in.reopened, 0);

	scene_init(&s);
	s.policy.reopen_within_ms = 0;
	play(&s, "off");
	str_copy(first, sizeof(first), s.in.id);
	play(&s, "ooff");
	assert_string_not_equal(s.in.id, first);
}

static void
test_lost_calls_heal(void **unused)
{
	struct scene s;
	struct incident none = {0};

	(void)unused;
	/* The incident was lost: the next bad result opens one, an unknown one
	 * or a good one does not. */
	scene_init(&s);
	play(&s, "off");
	s.in = none;
	assert_int_equal(scene_play(&s, 'u'), '.');
	assert_int_equal(scene_play(&s, 'f'), 'O');
	/* The verdict was lost: the first good result resolves. */
	verdict_init(&s.verdict);
	assert_int_equal(scene_play(&s, 'f'), '.');
	assert_int_equal(scene_play(&s, 'o'), 'R');
	/* A finding's incident is not the probe's. */
	scene_init(&s);
	play(&s, "of");
	incident_on_finding(&s.in,
	    &(struct incident_finding){
		.probe = "portal", .title = "t", .reason = "r"},
	    "0123456789", s.now_ms, &s.step);
	assert_int_equal(scene_play(&s, 'f'), 'O');
	assert_false(s.in.finding);
}

static void
test_clock_set_back(void **unused)
{
	struct scene s;

	(void)unused;
	scene_init(&s);
	play(&s, "off");
	s.now_ms -= 1000 * HOUR;
	play(&s, "f");
	assert_true(incident_next_ms(&s.in, &s.policy) <= s.now_ms + 4 * HOUR);
	play(&s, "oo");
	assert_string_equal(s.step.text, "over after 0 ms");
	assert_int_equal(scene_play(&s, 'f'), '.');
	assert_int_equal(scene_play(&s, 'f'), 'X');
}

static void
test_next_ms(void **unused)
{
	struct scene s;

	(void)unused;
	scene_init(&s);
	assert_true(incident_next_ms(&s.in, &s.policy) == INT64_MAX);
	play(&s, "off");
	assert_int_equal(
	    incident_next_ms(&s.in, &s.policy), s.now_ms + 4 * HOUR);
	s.policy.reminder_ms = 0;
	assert_true(incident_next_ms(&s.in, &s.policy) == INT64_MAX);
	assert_int_equal(scene_play(&s, 'H'), '.');
	s.policy.reminder_ms = 4 * HOUR;
	play(&s, "A");
	assert_true(incident_next_ms(&s.in, &s.policy) == INT64_MAX);
	play(&s, "oo");
	assert_true(incident_next_ms(&s.in, &s.policy) == INT64_MAX);
	scene_init(&s);
	play(&s, "oPff");
	assert_true(incident_next_ms(&s.in, &s.policy) == INT64_MAX);
	play(&s, "p");
	assert_int_equal(
	    incident_next_ms(&s.in, &s.policy), s.now_ms + 5 * MINUTE);
}

static void
test_findings(void **unused)
{
	static const struct incident_finding finding = {
	    .probe = "names",
	    .title = "a certificate for example.org from an unknown issuer",
	    .reason = "issuer \"Mallory\"\x01",
	    .severity = SEVERITY_CRITICAL,
	};
	struct err err = ERR_INIT;
	struct scene s;

	(void)unused;
	scene_init(&s);
	incident_on_finding(&s.in, &finding, "7k3qx9v2tb", s.now_ms, &s.step);
	assert_true(s.step.happened && s.step.notify);
	assert_int_equal(s.step.event, EVENT_OPENED);
	assert_string_equal(s.in.title, finding.title);
	assert_int_equal(s.in.severity, SEVERITY_CRITICAL);
	assert_null(strchr(s.in.reason, '\x01'));
	assert_int_equal(scene_play(&s, 'H'), 'M');
	assert_non_null(strstr(s.step.text, "still open after 4 h"));
	assert_int_equal(
	    incident_resolve(&s.in, "alice", "ours", s.now_ms, &s.step, &err),
	    0);
	assert_true(s.step.notify);
	assert_int_equal(s.in.status, INCIDENT_RESOLVED);
	assert_int_equal(scene_play(&s, 'H'), '.');
}

static void
test_refusals(void **unused)
{
	struct err err = ERR_INIT;
	char much[500];
	struct scene s;

	(void)unused;
	memset(much, 'x', sizeof(much));
	much[sizeof(much) - 1] = '\0';
	scene_init(&s);
	play(&s, "off");
	assert_int_equal(
	    incident_acknowledge(&s.in, "", s.now_ms, &s.step, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(
	    incident_acknowledge(&s.in, much, s.now_ms, &s.step, &err), -1);
	assert_int_equal(
	    incident_note(&s.in, "bob", "", s.now_ms, &s.step, &err), -1);
	assert_string_equal(err.text, "the note is empty");
	assert_int_equal(
	    incident_note(&s.in, "bob", much, s.now_ms, &s.step, &err), -1);
	assert_string_equal(err.text, "the text may have 399 bytes, not 499");
	assert_int_equal(
	    incident_resolve(&s.in, "bob", much, s.now_ms, &s.step, &err), -1);
	assert_false(s.step.happened);
	assert_int_equal(s.in.seq, 1);
	play(&s, "oo");
	assert_int_equal(
	    incident_acknowledge(&s.in, "bob", s.now_ms, &s.step, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	assert_non_null(strstr(err.text, "is already resolved"));
	assert_true(str_starts(err.text, s.in.id));
}

static void
test_hostile_text(void **unused)
{
	static const char hostile[] = "a\r\nBcc: x\x1b[2J\xff\xf0 end";
	struct err err = ERR_INIT;
	struct scene s;
	json_t *json;

	(void)unused;
	scene_init(&s);
	play(&s, "off");
	assert_int_equal(
	    incident_note(&s.in, hostile, hostile, s.now_ms, &s.step, &err), 0);
	assert_true(str_is_text(s.step.text, strlen(s.step.text)));
	assert_null(strchr(s.step.text, '\n'));
	assert_null(strchr(s.step.actor, '\r'));
	incident_acknowledge(&s.in, hostile, s.now_ms, &s.step, &err);
	json = incident_to_json(&s.in);
	assert_int_equal(incident_from_json(&s.in, json, &err), 0);
	json_decref(json);
}

static void
test_id(void **unused)
{
	char id[INCIDENT_ID_LEN + 1];

	(void)unused;
	incident_id(id, 0);
	assert_string_equal(id, "0000000000");
	incident_id(id, UINT64_MAX);
	assert_string_equal(id, "zzzzzzzzzz");
	for (uint64_t n = 0; n < 10000; n++) {
		incident_id(id, n * UINT64_C(0x9e3779b97f4a7c15));
		assert_int_equal(strlen(id), INCIDENT_ID_LEN);
		assert_null(strpbrk(id, "ilouILOU"));
	}
}

static void
test_status_names(void **unused)
{
	(void)unused;
	assert_string_equal(incident_status_names[INCIDENT_OPEN], "open");
	assert_string_equal(
	    incident_status_names[INCIDENT_RESOLVED], "resolved");
	assert_null(incident_status_names[INCIDENT_RESOLVED + 1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stories),
	    cmocka_unit_test(test_alarms_are_counted),
	    cmocka_unit_test(test_flapping_is_told_once),
	    cmocka_unit_test(test_flapping_around_outages),
	    cmocka_unit_test(test_flapping_gets_worse_or_settles),
	    cmocka_unit_test(test_flapping_while_held),
	    cmocka_unit_test(test_what_is_said),
	    cmocka_unit_test(test_an_incident_keeps_its_id),
	    cmocka_unit_test(test_lost_calls_heal),
	    cmocka_unit_test(test_clock_set_back),
	    cmocka_unit_test(test_next_ms),
	    cmocka_unit_test(test_findings),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_hostile_text),
	    cmocka_unit_test(test_id),
	    cmocka_unit_test(test_status_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
