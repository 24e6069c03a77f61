#include "alerting/mute.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define MUTES_MAX 4
#define NEVER     "never"

static int64_t
moment(const char *text)
{
	int64_t ms;
	char full[32];

	snprintf(full, sizeof(full), "%s:00Z", text);
	if (clock_parse_rfc3339(full, &ms) != 0)
		fail_msg("%s", text);
	return ms;
}

static const char *
shown(char dst[32], int64_t ms)
{
	if (ms == INT64_MAX)
		return NEVER;
	clock_rfc3339(dst, ms);
	dst[16] = '\0';
	return dst;
}

/* From JSON with ' for ", as a file or the API has it. */
static int
make(struct mute *out, enum mute_kind kind, const char *text, int64_t now_ms,
    struct err *err)
{
	struct mute_config config = {0};
	char *copy = strdup(text);
	json_t *json;
	int rc;

	memset(out, 0, sizeof(*out));
	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	json = json_loads(copy, 0, NULL);
	free(copy);
	assert_non_null(json);
	rc = option_parse_one(mute_options[kind], &config, json, "", err);
	if (rc == 0)
		rc = mute_make(out, kind, &config, now_ms, err);
	option_free(mute_options[kind], &config);
	json_decref(json);
	return rc;
}

/* Good for a file (now = NULL) or the API. */
static void
need(struct mute *out, enum mute_kind kind, const char *text, const char *now)
{
	struct err err = ERR_INIT;

	if (make(out, kind, text, now != NULL ? moment(now) : 0, &err) != 0)
		fail_msg("%s: %s", text, err.text);
}

#define WHY ", 'reason': 'r'}"

/* 2026-11-22 is a Sunday. */
static const struct {
	enum mute_kind kind;
	const char *text, *made, *now;
	enum mute_state state;
	const char *change;
} states[] = {
    {MUTE_SILENCE, "{'all': true, 'for': '2h'" WHY, "2026-11-22T10:00",
	"2026-11-22T10:00", MUTE_ACTIVE, "2026-11-22T12:00"},
    {MUTE_SILENCE, "{'all': true, 'for': '2h'" WHY, "2026-11-22T10:00",
	"2026-11-22T12:00", MUTE_OVER, NEVER},
    {MUTE_SILENCE, "{'all': true, 'from': '2026-11-22 12:00', 'for': '2h'" WHY,
	NULL, "2026-11-22T10:00", MUTE_PENDING, "2026-11-22T12:00"},
    {MUTE_SILENCE,
	"{'all': true, 'until': '2026-11-22 12:00', 'time_zone': "
	"'Europe/Berlin'" WHY,
	NULL, "2001-01-01T00:00", MUTE_ACTIVE, "2026-11-22T11:00"},
    {MUTE_MAINTENANCE, "{'all': true, 'when': 'Sun 02:00-04:00'" WHY, NULL,
	"2026-11-22T03:00", MUTE_ACTIVE, "2026-11-22T04:00"},
    {MUTE_MAINTENANCE, "{'all': true, 'when': 'Sun 02:00-04:00'" WHY, NULL,
	"2026-11-22T04:00", MUTE_PENDING, "2026-11-29T02:00"},
    {MUTE_MAINTENANCE,
	"{'all': true, 'when': 'Sun 02:00-04:00', 'from': '2026-11-22 03:00', "
	"'until': '2026-11-29 03:00'" WHY,
	NULL, "2026-11-22T02:00", MUTE_PENDING, "2026-11-22T03:00"},
    {MUTE_MAINTENANCE,
	"{'all': true, 'when': 'Sun 02:00-04:00', 'from': '2026-11-22 03:00', "
	"'until': '2026-11-29 03:00'" WHY,
	NULL, "2026-11-29T02:00", MUTE_ACTIVE, "2026-11-29T03:00"},
    {MUTE_MAINTENANCE,
	"{'all': true, 'when': 'Sun 02:00-04:00', 'from': '2026-11-22 03:00', "
	"'until': '2026-11-29 03:00'" WHY,
	NULL, "2026-11-29T03:00", MUTE_OVER, NEVER},
    {MUTE_MAINTENANCE,
	"{'all': true, 'when': 'Sun 02:00-04:00', 'from': '2026-11-22 05:00', "
	"'until': '2026-11-29 02:00'" WHY,
	NULL, "2026-11-20T00:00", MUTE_OVER, NEVER}, /* none in between */
    {MUTE_MAINTENANCE, "{'all': true, 'until': '2026-11-29 03:00'" WHY, NULL,
	"2026-11-20T00:00", MUTE_ACTIVE, "2026-11-29T03:00"},
    {MUTE_QUIET_HOURS, "{'when': '22:00-07:00', 'time_zone': 'Europe/Berlin'}",
	NULL, "2026-11-22T21:00", MUTE_ACTIVE, "2026-11-23T06:00"},
};

static void
knows_its_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(states); i++) {
		struct mute m;
		int64_t change_ms;
		enum mute_state got;
		char change[32];

		need(&m, states[i].kind, states[i].text, states[i].made);
		got = mute_state(&m, moment(states[i].now), &change_ms);
		if (got != states[i].state ||
		    strcmp(shown(change, change_ms), states[i].change) != 0)
			fail_msg("%s at %s: %s, %s", states[i].text,
			    states[i].now, mute_state_names[got],
			    shown(change, change_ms));
		assert_int_equal(
		    mute_state(&m, moment(states[i].now), NULL), got);
		mute_fini(&m);
	}
}

/* Which of the mutes holds it back, and until when? "-" = none. */
static void
expect(const struct mute *mutes, size_t count, const struct route_facts *facts,
    const char *now, const char *expected)
{
	int64_t until_ms = 0;
	const struct mute *m = mute_find(
	    mutes, count, facts, "7k3qx9v2tb", moment(now), &until_ms);
	char got[200] = "-", until[32];

	if (m != NULL)
		snprintf(
		    got, sizeof(got), "%s %s", m->id, shown(until, until_ms));
	assert_string_equal(got, expected);
}

static void
finds_what_is_meant(void **state)
{
	static const char *const texts[] = {
	    "{'name': 'web', 'match': {'probe': 'portal*'}, "
	    "'until': '2026-11-22 12:00'" WHY,
	    "{'name': 'one', 'incident': '7k3qx9v2tb', "
	    "'until': '2026-11-22 13:00'" WHY,
	    "{'name': 'team', 'match': {'labels': {'team': 'web'}, "
	    "'severity': 'high+'}, 'until': '2026-11-22 14:00'" WHY,
	    "{'name': 'other', 'incident': '0000000000', "
	    "'until': '2026-11-22 15:00'" WHY,
	};
	struct mute mutes[MUTES_MAX];
	json_t *labels = json_pack("{s:s}", "team", "web");
	struct route_facts facts = {.severity = SEVERITY_HIGH,
	    .kind = "uptime",
	    .probe = "portal-eu",
	    .component = "",
	    .labels = labels};

	(void)state;
	for (size_t i = 0; i < MUTES_MAX; i++)
		need(&mutes[i], MUTE_SILENCE, texts[i], NULL);
	expect(mutes, 0, &facts, "2026-11-22T10:00", "-");
	expect(mutes, 1, &facts, "2026-11-22T10:00", "web 2026-11-22T12:00");
	expect(mutes, 1, &facts, "2026-11-22T12:00", "-");
	expect(mutes, 2, &facts, "2026-11-22T10:00", "one 2026-11-22T13:00");
	expect(mutes, 4, &facts, "2026-11-22T10:00", "team 2026-11-22T14:00");
	facts.severity = SEVERITY_MEDIUM;
	expect(mutes, 4, &facts, "2026-11-22T10:00", "one 2026-11-22T13:00");
	facts.probe = "dns";
	expect(mutes, 1, &facts, "2026-11-22T10:00", "-");
	for (size_t i = 0; i < MUTES_MAX; i++)
		mute_fini(&mutes[i]);
	json_decref(labels);
}

static void
quiet_hours_let_pass_what_matters(void **state)
{
	struct mute m;
	struct route_facts facts = {
	    .kind = "uptime", .probe = "portal", .component = ""};

	(void)state;
	need(&m, MUTE_QUIET_HOURS, "{'name': 'night', 'when': '22:00-07:00'}",
	    NULL);
	for (int s = 0; s < SEVERITY_COUNT; s++) {
		facts.severity = (enum severity)s;
		expect(&m, 1, &facts, "2026-11-22T23:00",
		    s < SEVERITY_HIGH ? "night 2026-11-23T07:00" : "-");
		expect(&m, 1, &facts, "2026-11-22T21:00", "-");
	}
	mute_fini(&m);
}

static void
tells_people(void **state)
{
	struct mute m;
	char text[200];

	(void)state;
	need(&m, MUTE_SILENCE,
	    "{'name': '4k2x9', 'all': true, 'author': 'anna', 'for': '4h', "
	    "'reason': 'database\\nupgrade'}",
	    "2026-11-22T10:00");
	assert_string_equal(mute_text(text, sizeof(text), &m, m.until_ms),
	    "silence 4k2x9 by anna until 2026-11-22 14:00 UTC: database "
	    "upgrade");
	mute_fini(&m);
	need(&m, MUTE_QUIET_HOURS, "{'name': 'night', 'when': '22:00-07:00'}",
	    NULL);
	assert_string_equal(
	    mute_text(text, sizeof(text), &m, moment("2026-11-23T07:00")),
	    "quiet hours night until 2026-11-23 07:00 UTC");
	assert_string_equal(
	    mute_text(text, sizeof(text), &m, INT64_MAX), "quiet hours night");
	mute_fini(&m);
}

static void
says_what_is_wrong(void **state)
{
	static const struct {
		enum mute_kind kind;
		const char *text, *now, *says;
	} wrong[] = {
	    {MUTE_SILENCE, "{'for': '2h'" WHY, "2026-11-22T10:00",
		"match: nothing is matched"},
	    {MUTE_SILENCE, "{'match': {'when': '08:00-09:00'}, 'for': '2h'" WHY,
		"2026-11-22T10:00", "match: nothing is matched"},
	    {MUTE_SILENCE, "{'all': true, 'for': '2h'}", "2026-11-22T10:00",
		"reason"},
	    {MUTE_SILENCE, "{'all': true" WHY, NULL, "until: required key"},
	    {MUTE_SILENCE, "{'all': true, 'for': '2h'" WHY, NULL,
		"for: needs from"},
	    {MUTE_SILENCE,
		"{'all': true, 'for': '2h', 'until': '2026-11-23 00:00'" WHY,
		"2026-11-22T10:00", "for: until is set as well"},
	    {MUTE_SILENCE, "{'all': true, 'until': '2026-11-22 00:00'" WHY,
		"2026-11-22T10:00", "until: is already past"},
	    {MUTE_SILENCE,
		"{'all': true, 'from': '2026-11-20 00:00', 'for': '1h'" WHY,
		"2026-11-22T10:00", "until: is already past"},
	    {MUTE_SILENCE,
		"{'all': true, 'from': '2026-11-23 00:00', 'until': "
		"'2026-11-23 00:00'" WHY,
		NULL, "until: is not after from"},
	    {MUTE_SILENCE, "{'all': true, 'until': 'tomorrow'" WHY, NULL,
		"until: \"tomorrow\" is no date and time"},
	    {MUTE_SILENCE,
		"{'all': true, 'match': {'probe': 'x'}, 'until': "
		"'2026-11-22 00:00'" WHY,
		NULL, "all: something is matched"},
	    {MUTE_SILENCE,
		"{'match': {'severity': 'urgent'}, 'until': "
		"'2026-11-22 00:00'" WHY,
		NULL, "match.severity: \"urgent\""},
	    {MUTE_SILENCE, "{'all': true, 'when': '08:00-09:00'" WHY, NULL,
		"when"},
	    {MUTE_SILENCE,
		"{'all': true, 'until': '2026-11-22 00:00', 'time_zone': "
		"'Berlin'" WHY,
		NULL, "time_zone: there is no time zone Berlin"},
	    {MUTE_MAINTENANCE, "{'all': true" WHY, NULL,
		"when: required key is missing"},
	    {MUTE_MAINTENANCE, "{'all': true, 'when': 'Sunday'" WHY, NULL,
		"when: expected a time"},
	    {MUTE_MAINTENANCE, "{'incident': '7k3qx9v2tb'" WHY, NULL,
		"incident"},
	    {MUTE_QUIET_HOURS, "{}", NULL, "when"},
	    {MUTE_QUIET_HOURS, "{'when': '22:00-07:00', 'below': 'loud'}", NULL,
		"below"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct mute m;
		struct err err = ERR_INIT;
		int64_t now_ms =
		    wrong[i].now != NULL ? moment(wrong[i].now) : 0;

		assert_int_equal(
		    make(&m, wrong[i].kind, wrong[i].text, now_ms, &err), -1);
		if (strstr(err.text, wrong[i].says) == NULL)
			fail_msg("%s: %s", wrong[i].text, err.text);
		mute_fini(&m);
	}
}

static void
is_stored_whole(void **state)
{
	struct mute m, again;
	struct err err = ERR_INIT;
	json_t *json, *twice;

	(void)state;
	need(&m, MUTE_MAINTENANCE,
	    "{'name': 'db', 'match': {'probe': ['db-*', 'x'], 'severity': "
	    "'high+', 'labels': {'team': 'db'}, 'when': '10:00-11:00', "
	    "'time_zone': 'Europe/Berlin'}, 'when': 'Sun 02:00-04:00', "
	    "'time_zone': 'America/New_York', 'author': 'anna', "
	    "'until': '2027-01-01 00:00'" WHY,
	    "2026-11-22T10:00");
	json = mute_to_json(&m);
	if (mute_from_json(&again, json, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(again.created_ms, moment("2026-11-22T10:00"));
	assert_int_equal(again.until_ms, m.until_ms);
	assert_string_equal(again.match.probe.items[1], "x");
	assert_int_equal(
	    mute_state(&again, moment("2026-11-29T07:30"), NULL), MUTE_ACTIVE);
	twice = mute_to_json(&again);
	assert_true(json_equal(json, twice));
	json_decref(twice);
	mute_fini(&again);
	json_object_set_new(json, "more", json_true());
	assert_int_equal(mute_from_json(&again, json, &err), -1);
	mute_fini(&again);
	json_object_del(json, "more");
	json_object_set_new(json, "kind", json_string("nap"));
	assert_int_equal(mute_from_json(&again, json, &err), -1);
	mute_fini(&again);
	json_object_set_new(json, "kind", json_string("silence"));
	json_object_set_new(json, "when", json_string("whenever"));
	assert_int_equal(mute_from_json(&again, json, &err), -1);
	mute_fini(&again);
	json_object_del(json, "match");
	assert_int_equal(mute_from_json(&again, json, &err), -1);
	assert_non_null(strstr(err.text, "match"));
	mute_fini(&again);
	json_decref(json);
	mute_fini(&m);
}

static void
makes_ids(void **state)
{
	char id[MUTE_ID_LEN + 1];

	(void)state;
	mute_id(id, 0);
	assert_string_equal(id, "00000");
	mute_id(id, UINT64_MAX);
	assert_string_equal(id, "zzzzz");
	mute_id(id, 1);
	assert_string_equal(id, "10000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_its_state),
	    cmocka_unit_test(finds_what_is_meant),
	    cmocka_unit_test(quiet_hours_let_pass_what_matters),
	    cmocka_unit_test(tells_people),
	    cmocka_unit_test(says_what_is_wrong),
	    cmocka_unit_test(is_stored_whole),
	    cmocka_unit_test(makes_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
