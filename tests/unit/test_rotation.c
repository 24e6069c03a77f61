#include "alerting/rotation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NEVER    "never"

/* From JSON with ' for ", through the option table. -1: why. */
static int
make(struct rotation **out, const char *text, struct err *err)
{
	struct rotation_config config = {0};
	char *copy = strdup(text);
	json_t *json;
	int rc;

	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	json = json_loads(copy, 0, NULL);
	free(copy);
	assert_non_null(json);
	*out = NULL;
	rc = option_parse_one(rotation_options, &config, json, "r", err);
	if (rc == 0)
		rc = rotation_new(out, &config, err);
	option_free(rotation_options, &config);
	json_decref(json);
	return rc;
}

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

#define THREE "{'people': ['anna', 'bob', 'carla']"
#define LOCAL ", 'time_zone': 'Europe/Berlin'"

/* Times in UTC. 2024-01-01 and 2026-11-23 are Mondays, 151 weeks apart: the
 * turn that begins there is number 151, of three people the second. */
static const struct {
	const char *rotation, *now, *person, *until;
} cases[] = {
    {THREE "}", "2024-01-01T09:00", "anna", "2024-01-08T09:00"},
    {THREE "}", "2024-01-08T08:59", "anna", "2024-01-08T09:00"},
    {THREE "}", "2024-01-08T09:00", "bob", "2024-01-15T09:00"},
    {THREE "}", "2026-11-23T09:00", "bob", "2026-11-30T09:00"},
    {THREE "}", "2026-11-23T08:59", "anna", "2026-11-23T09:00"},
    /* before the start it goes on backwards */
    {THREE "}", "2024-01-01T08:59", "carla", "2024-01-01T09:00"},
    {THREE "}", "2023-12-25T08:59", "bob", "2023-12-25T09:00"},
    {THREE ", 'start': '2026-11-24'}", "2026-11-30T08:00", "carla",
	"2026-11-30T09:00"},
    {THREE ", 'start': '2026-11-24'}", "2026-11-30T09:00", "anna",
	"2026-12-07T09:00"},
    {THREE ", 'start': '2026-11-24', 'hand_over': '18:30'}", "2026-11-24T18:30",
	"anna", "2026-12-01T18:30"},
    {THREE ", 'every': 'day', 'hand_over': '00:00', 'start': '2026-11-22'}",
	"2026-11-23T12:00", "bob", "2026-11-24T00:00"},
    {THREE ", 'every': '3d', 'hand_over': '8:00', 'start': '2026-11-22'}",
	"2026-11-28T07:59", "bob", "2026-11-28T08:00"},
    {THREE ", 'every': '2w', 'hand_over': 'Wed 10:00', 'start': "
	   "'2026-11-22'}",
	"2026-12-09T09:59", "anna", "2026-12-09T10:00"},
    /* by local time, over both changes of the clocks */
    {THREE LOCAL "}", "2026-03-30T06:59", "carla", "2026-03-30T07:00"},
    {THREE LOCAL "}", "2026-03-23T08:00", "carla", "2026-03-30T07:00"},
    {THREE LOCAL "}", "2026-10-19T07:00", "carla", "2026-10-26T08:00"},
    {THREE LOCAL "}", "2026-10-26T07:30", "carla", "2026-10-26T08:00"},
    {THREE LOCAL ", 'hand_over': 'Sun 02:30'}", "2026-03-29T00:59", "bob",
	"2026-03-29T01:00"}, /* no such time: the moment after the gap */
    {THREE LOCAL ", 'hand_over': 'Sun 02:30'}", "2026-03-29T01:00", "carla",
	"2026-04-05T00:30"},
    {THREE LOCAL ", 'hand_over': 'Sun 02:30'}", "2026-10-25T00:29", "bob",
	"2026-10-25T00:30"}, /* twice: the first */
    {THREE LOCAL ", 'hand_over': 'Sun 02:30'}", "2026-10-25T01:30", "carla",
	"2026-11-01T01:30"},
    /* who follows himself */
    {"{'people': ['anna']}", "2026-11-23T12:00", "anna", NEVER},
    {"{'people': ['anna', 'anna']}", "2026-11-23T12:00", "anna", NEVER},
    {"{'people': ['anna', 'anna', 'bob']}", "2024-01-01T12:00", "anna",
	"2024-01-15T09:00"},
    /* overrides */
    {THREE ", 'overrides': [{'person': 'dora', 'from': '2026-11-24 18:00', "
	   "'until': '2026-11-25 09:00'}]}",
	"2026-11-23T12:00", "bob", "2026-11-24T18:00"},
    {THREE ", 'overrides': [{'person': 'dora', 'from': '2026-11-24 18:00', "
	   "'until': '2026-11-25 09:00'}]}",
	"2026-11-24T18:00", "dora", "2026-11-25T09:00"},
    {THREE ", 'overrides': [{'person': 'dora', 'from': '2026-11-24 18:00', "
	   "'until': '2026-11-25 09:00'}]}",
	"2026-11-25T09:00", "bob", "2026-11-30T09:00"},
    {THREE LOCAL ", 'overrides': [{'person': 'dora', 'from': "
		 "'2026-11-24 18:00', 'until': '2026-11-25T09:00:00Z'}]}",
	"2026-11-24T17:00", "dora", "2026-11-25T09:00"},
    /* the latest listed wins, while it lasts */
    {THREE ", 'overrides': ["
	   "{'person': 'dora', 'from': '2026-11-24 00:00', "
	   "'until': '2026-11-27 00:00'},"
	   "{'person': 'emil', 'from': '2026-11-25 00:00', "
	   "'until': '2026-11-26 00:00'}]}",
	"2026-11-24T12:00", "dora", "2026-11-25T00:00"},
    {THREE ", 'overrides': ["
	   "{'person': 'dora', 'from': '2026-11-24 00:00', "
	   "'until': '2026-11-27 00:00'},"
	   "{'person': 'emil', 'from': '2026-11-25 00:00', "
	   "'until': '2026-11-26 00:00'}]}",
	"2026-11-25T12:00", "emil", "2026-11-26T00:00"},
    {THREE ", 'overrides': ["
	   "{'person': 'emil', 'from': '2026-11-25 00:00', "
	   "'until': '2026-11-26 00:00'},"
	   "{'person': 'dora', 'from': '2026-11-24 00:00', "
	   "'until': '2026-11-27 00:00'}]}",
	"2026-11-24T12:00", "dora", "2026-11-27T00:00"},
    {THREE ", 'overrides': [{'person': 'bob', 'from': '2026-11-24 00:00', "
	   "'until': '2026-12-02 00:00'}]}",
	"2026-11-23T12:00", "bob", "2026-12-02T00:00"},
    {"{'people': ['anna'], 'overrides': [{'person': 'bob', 'from': "
     "'2026-11-24 00:00', 'until': '2026-12-02 00:00'}]}",
	"2026-11-23T12:00", "anna", "2026-11-24T00:00"},
};

static void
knows_who_is_on_call(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rotation *r;
		struct err err = ERR_INIT;
		int64_t until_ms = -1;
		const char *person;
		char until[32];

		if (make(&r, cases[i].rotation, &err) != 0)
			fail_msg("%s: %s", cases[i].rotation, err.text);
		person = rotation_on_call(r, moment(cases[i].now), &until_ms);
		if (strcmp(person, cases[i].person) != 0 ||
		    strcmp(shown(until, until_ms), cases[i].until) != 0)
			fail_msg("%s at %s: %s until %s", cases[i].rotation,
			    cases[i].now, person, shown(until, until_ms));
		assert_ptr_equal(
		    rotation_on_call(r, moment(cases[i].now), NULL), person);
		rotation_free(r);
	}
}

/* Hour by hour over two years: everybody comes, in order, for what is a week
 * by the clock, and `until` is when it changes. */
static void
takes_turns(void **state)
{
	struct rotation *r;
	int64_t until_ms, at_ms = moment("2026-01-01T00:00");
	const char *who;
	int turns = 0;

	(void)state;
	assert_int_equal(make(&r, THREE LOCAL "}", NULL), 0);
	who = rotation_on_call(r, at_ms, &until_ms);
	for (int hour = 0; hour < 2 * 8760; hour++) {
		const char *now = rotation_on_call(r, at_ms, NULL);

		if (now != who) {
			assert_int_equal(at_ms, until_ms);
			assert_string_equal(
			    now, strcmp(who, "anna") == 0  ? "bob"
				 : strcmp(who, "bob") == 0 ? "carla"
							   : "anna");
			who = rotation_on_call(r, at_ms, &until_ms);
			turns++;
		}
		at_ms += 3600000;
	}
	assert_int_equal(turns, 104);
	rotation_free(r);
}

static void
says_what_is_wrong(void **state)
{
	static const struct {
		const char *rotation, *says;
	} wrong[] = {
	    {"{}", "people"},
	    {"{'people': []}", "people"},
	    {THREE ", 'every': 'month'}", "every: \"month\" is no length"},
	    {THREE ", 'every': '0d'}", "every: \"0d\""},
	    {THREE ", 'every': '367d'}", "at most 366d"},
	    {THREE ", 'every': '53w'}", "at most 366d"},
	    {THREE ", 'every': ''}", "every: \"\""},
	    {THREE ", 'every': '12h'}", "every: \"12h\""},
	    {THREE ", 'every': '99999999999999999999d'}", "every: "},
	    {THREE ", 'hand_over': 'Mon'}", "hand_over: \"Mon\" is no time"},
	    {THREE ", 'hand_over': '24:00'}", "hand_over: \"24:00\""},
	    {THREE ", 'hand_over': 'Mon 09:00 '}", "hand_over: "},
	    {THREE ", 'every': 'day', 'hand_over': 'Mon 09:00'}",
		"hand_over: \"Mon 09:00\" names a day, but turns are not"},
	    {THREE ", 'every': '10d'}", "names a day, but"},
	    {THREE ", 'start': 'tomorrow'}", "start: \"tomorrow\" is no date"},
	    {THREE ", 'start': '1999-12-31'}", "start: "},
	    {THREE ", 'start': '2026-02-29'}", "start: "},
	    {THREE ", 'time_zone': 'Berlin'}",
		"time_zone: there is no time zone Berlin; did you mean "
		"Europe/Berlin?"},
	    {THREE ", 'overrides': [{'person': 'a', 'from': "
		   "'2026-11-24 00:00', 'until': '2026-11-24 00:00'}]}",
		"overrides: number 1 ends before it begins"},
	    {THREE ", 'overrides': [{'person': 'a', 'from': 'now', 'until': "
		   "'2026-11-24 00:00'}]}",
		"overrides: number 1: \"now\" is no date and time"},
	    {THREE ", 'overrides': [{'person': 'a'}]}", "from"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct err err = ERR_INIT;
		struct rotation *r;

		assert_int_equal(make(&r, wrong[i].rotation, &err), -1);
		assert_null(r);
		if (strstr(err.text, wrong[i].says) == NULL)
			fail_msg("%s: %s", wrong[i].rotation, err.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_who_is_on_call),
	    cmocka_unit_test(takes_turns),
	    cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
