#include "alerting/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BERLIN   "Europe/Berlin"
#define NEVER    "never"

static struct calendar *
calendar(const char *text, const char *zone)
{
	struct err err = ERR_INIT;
	struct calendar *c;

	if (calendar_new(&c, text, zone, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	assert_string_equal(calendar_zone(c), zone);
	return c;
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

/* "2026-11-22T08:00", or "never" */
static const char *
shown(char dst[32], int64_t ms)
{
	if (ms == INT64_MAX)
		return NEVER;
	clock_rfc3339(dst, ms);
	dst[16] = '\0';
	return dst;
}

/* All times in UTC. 2026-11-22 is a Sunday. */
static const struct {
	const char *text, *zone, *now;
	const char *until; /* NULL = does not hold */
	const char *next;
} cases[] = {
    {"08:00-18:00", "UTC", "2026-11-22T07:59", NULL, "2026-11-22T08:00"},
    {"08:00-18:00", "UTC", "2026-11-22T08:00", "2026-11-22T18:00",
	"2026-11-23T08:00"},
    {"08:00-18:00", "UTC", "2026-11-22T17:59", "2026-11-22T18:00",
	"2026-11-23T08:00"},
    {"08:00-18:00", "UTC", "2026-11-22T18:00", NULL, "2026-11-23T08:00"},
    /* over midnight */
    {"22:00-07:00", BERLIN, "2026-11-22T20:59", NULL, "2026-11-22T21:00"},
    {"22:00-07:00", BERLIN, "2026-11-22T23:30", "2026-11-23T06:00",
	"2026-11-23T21:00"},
    {"22:00-7:00", BERLIN, "2026-11-23T05:59", "2026-11-23T06:00",
	"2026-11-23T21:00"},
    {" 22:00 - 00:00 ", "UTC", "2026-11-22T23:59", "2026-11-23T00:00",
	"2026-11-23T22:00"},
    /* a window belongs to the day on which it begins */
    {"Fri 22:00-06:00", "UTC", "2026-11-21T05:00", "2026-11-21T06:00",
	"2026-11-27T22:00"},
    {"Fri 22:00-06:00", "UTC", "2026-11-20T05:00", NULL, "2026-11-20T22:00"},
    {"Sun 23:00-01:00", "UTC", "2026-11-23T00:30", "2026-11-23T01:00",
	"2026-11-29T23:00"},
    /* days */
    {"Mon-Fri 08:00-18:00, Sat 10:00-14:00", "UTC", "2026-11-22T09:00", NULL,
	"2026-11-23T08:00"},
    {"Mon-Fri 08:00-18:00, Sat 10:00-14:00", "UTC", "2026-11-21T10:00",
	"2026-11-21T14:00", "2026-11-23T08:00"},
    {"monday-FRIDAY 08:00-18:00", "UTC", "2026-11-20T17:00", "2026-11-20T18:00",
	"2026-11-23T08:00"},
    {"Fri-Mon 08:00-18:00", "UTC", "2026-11-24T09:00", NULL,
	"2026-11-27T08:00"},
    {"Mon, Wed, Fri 08:00-09:00", "UTC", "2026-11-23T09:00", NULL,
	"2026-11-25T08:00"},
    {"Mon Wed 08:00-09:00,Thu 1:00-2:00", "UTC", "2026-11-25T09:00", NULL,
	"2026-11-26T01:00"},
    /* windows that meet are one */
    {"22:00-24:00, 00:00-07:00", "UTC", "2026-11-22T23:00", "2026-11-23T07:00",
	"2026-11-23T22:00"},
    {"Sat-Sun 00:00-24:00", "UTC", "2026-11-21T12:00", "2026-11-23T00:00",
	"2026-11-28T00:00"},
    {"08:00-12:00, 10:00-14:00", "UTC", "2026-11-21T09:00", "2026-11-21T14:00",
	"2026-11-22T08:00"},
    {"00:00-24:00", "UTC", "2026-11-21T12:00", "2026-12-31T12:00", NEVER},
    /* of the month */
    {"first Sun 02:00-04:00", "UTC", "2026-11-22T03:00", NULL,
	"2026-12-06T02:00"},
    {"first Sun 02:00-04:00", "UTC", "2026-12-06T03:00", "2026-12-06T04:00",
	"2027-01-03T02:00"},
    {"second Tue 02:00-04:00", "UTC", "2026-12-01T00:00", NULL,
	"2026-12-08T02:00"},
    {"Third Wed 02:00-04:00", "UTC", "2026-12-01T00:00", NULL,
	"2026-12-16T02:00"},
    {"fourth Thu 02:00-04:00", "UTC", "2026-12-01T00:00", NULL,
	"2026-12-24T02:00"},
    {"last Thu 02:00-04:00", "UTC", "2026-12-01T00:00", NULL,
	"2026-12-31T02:00"},
    {"last Fri 22:00-23:00", "UTC", "2026-11-22T00:00", NULL,
	"2026-11-27T22:00"},
    {"last Sun 22:00-02:00", "UTC", "2026-05-31T23:30", "2026-06-01T02:00",
	"2026-06-28T22:00"},
    {"day 1 02:00-04:00", "UTC", "2026-11-22T03:00", NULL, "2026-12-01T02:00"},
    {"day 31 02:00-04:00", "UTC", "2026-11-01T03:00", NULL, "2026-12-31T02:00"},
    {"day 30 02:00-04:00", "UTC", "2027-01-31T03:00", NULL, "2027-03-30T02:00"},
    {"last day 23:00-01:00", "UTC", "2028-02-01T03:00", NULL,
	"2028-02-29T23:00"},
    /* once */
    {"2026-12-24 18:00 to 2026-12-27 08:00", BERLIN, "2026-11-22T00:00", NULL,
	"2026-12-24T17:00"},
    {"2026-12-24T18:00 to 2026-12-27T08:00", BERLIN, "2026-12-24T17:00",
	"2026-12-27T07:00", NEVER},
    {"2026-12-24 18:00 to 2026-12-27 08:00", BERLIN, "2026-12-27T07:00", NULL,
	NEVER},
    {"2026-12-24 18:00 to 2026-12-27 08:00, 2027-01-01 00:00 to 2027-01-01 "
     "24:00, Sun 08:00-10:00",
	"UTC", "2026-12-27T07:00", "2026-12-27T10:00", "2027-01-01T00:00"},
    {"2059-12-24 18:00 to 2059-12-27 08:00, Fri 08:00-10:00", "UTC",
	"2026-11-22T07:00", NULL, "2026-11-27T08:00"},
    {"Fri 08:00-10:00, 2026-11-25 18:00 to 2026-11-26 08:00", "UTC",
	"2026-11-22T07:00", NULL, "2026-11-25T18:00"},
    {"2026-03-29 00:00 to 2026-10-25 12:00", BERLIN, "2026-06-01T00:00",
	"2026-07-11T00:00", NEVER}, /* it looks 40 days ahead */
    {"2026-03-29 00:00 to 2026-10-25 12:00, 2026-12-01 00:00 to 2026-12-02 "
     "00:00",
	"UTC", "2026-06-01T00:00", "2026-07-11T00:00", "2026-12-01T00:00"},
};

static void
holds_when_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct calendar *c = calendar(cases[i].text, cases[i].zone);
		int64_t now_ms = moment(cases[i].now), until_ms = -1;
		bool covers = calendar_covers(c, now_ms, &until_ms);
		char until[32], next[32];

		if (covers != (cases[i].until != NULL) ||
		    covers != calendar_covers(c, now_ms, NULL) ||
		    (covers &&
			strcmp(shown(until, until_ms), cases[i].until) != 0))
			fail_msg("%s at %s: %d, until %s", cases[i].text,
			    cases[i].now, covers, shown(until, until_ms));
		if (strcmp(shown(next, calendar_next_ms(c, now_ms)),
			cases[i].next) != 0)
			fail_msg("%s at %s: next is %s", cases[i].text,
			    cases[i].now,
			    shown(next, calendar_next_ms(c, now_ms)));
		calendar_free(c);
	}
}

/* In Berlin the clocks go from 2 to 3 on 2026-03-29 (1:00 UTC), and from 3 to 2
 * on 2026-10-25 (1:00 UTC). Begin and end in UTC. */
static void
follows_the_clocks(void **state)
{
	static const struct {
		const char *text, *from, *begin, *end;
	} changes[] = {
	    {"02:00-04:00", "2026-03-28T12:00", "2026-03-29T01:00",
		"2026-03-29T02:00"},
	    {"01:30-02:30", "2026-03-28T12:00", "2026-03-29T00:30",
		"2026-03-29T01:00"},
	    {"02:15-02:45", "2026-03-28T12:00", "2026-03-30T00:15",
		"2026-03-30T00:45"}, /* swallowed */
	    {"Sun 02:15-02:45", "2026-03-28T12:00", "2026-04-05T00:15",
		"2026-04-05T00:45"},
	    {"last Sun 02:00-03:00", "2026-03-28T12:00", "2026-04-26T00:00",
		"2026-04-26T01:00"},
	    {"22:00-07:00", "2026-03-28T12:00", "2026-03-28T21:00",
		"2026-03-29T05:00"}, /* eight hours */
	    {"00:00-24:00, 02:30-04:00", "2026-10-24T12:00", NULL, NULL},
	    {"02:00-04:00", "2026-10-24T12:00", "2026-10-25T00:00",
		"2026-10-25T03:00"}, /* three hours */
	    {"02:00-02:30", "2026-10-24T12:00", "2026-10-25T00:00",
		"2026-10-25T00:30"}, /* the first of two */
	    {"02:30-03:00", "2026-10-24T12:00", "2026-10-25T00:30",
		"2026-10-25T02:00"},
	    {"22:00-07:00", "2026-10-24T12:00", "2026-10-24T20:00",
		"2026-10-25T06:00"}, /* ten hours */
	    {"Sat 22:00-02:30", "2026-10-24T12:00", "2026-10-24T20:00",
		"2026-10-25T00:30"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct calendar *c = calendar(changes[i].text, BERLIN);
		int64_t begin_ms = calendar_next_ms(c, moment(changes[i].from));
		int64_t end_ms = 0;
		char text[32];

		if (changes[i].begin == NULL) {
			assert_true(begin_ms == INT64_MAX);
			calendar_free(c);
			continue;
		}
		if (strcmp(shown(text, begin_ms), changes[i].begin) != 0)
			fail_msg("%s begins %s", changes[i].text, text);
		assert_false(calendar_covers(c, begin_ms - 1, NULL));
		assert_true(calendar_covers(c, begin_ms, &end_ms));
		if (strcmp(shown(text, end_ms), changes[i].end) != 0)
			fail_msg("%s ends %s", changes[i].text, text);
		assert_true(calendar_covers(c, end_ms - 1, NULL));
		assert_false(calendar_covers(c, end_ms, NULL));
		calendar_free(c);
	}
}

/* Minute by minute over a year: what covers() and next() say fits together. */
static void
agrees_with_itself(void **state)
{
	static const char *const texts[] = {
	    "22:00-07:00",
	    "Mon-Fri 08:00-18:00, Sat 10:00-14:00",
	    "last Sun 02:00-04:00, first Sun 00:00-02:30",
	    "day 31 23:30-00:30, last day 12:00-13:00",
	    "01:45-02:15, 02:15-02:45, 02:50-03:10",
	    "2026-03-29 02:30 to 2026-03-29 04:00, Sun 01:00-01:30",
	};
	static const char *const zones[] = {BERLIN, "America/New_York",
	    "Australia/Lord_Howe", "America/Havana"};
	const int64_t step_ms = 5 * 60000;

	(void)state;
	for (size_t i = 0; i < COUNT(texts) * COUNT(zones); i++) {
		struct calendar *c =
		    calendar(texts[i / COUNT(zones)], zones[i % COUNT(zones)]);
		int64_t at_ms = moment("2026-01-01T00:00");
		int64_t last_ms = at_ms + 366 * (int64_t)86400000;
		int64_t next_ms = calendar_next_ms(c, at_ms), until_ms = 0;
		bool was = calendar_covers(c, at_ms, &until_ms);

		for (at_ms += step_ms; at_ms < last_ms; at_ms += step_ms) {
			bool is = calendar_covers(c, at_ms, NULL);

			if (is && !was) {
				assert_int_equal(at_ms, next_ms);
				calendar_covers(c, at_ms, &until_ms);
				next_ms = calendar_next_ms(c, at_ms);
			} else if (was && !is) {
				assert_int_equal(at_ms, until_ms);
			}
			was = is;
		}
		calendar_free(c);
	}
}

static void
says_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
	    {"", "expected a time such as 08:00 at the end"},
	    {"8-18", "expected a time such as 08:00 at \"8-18\"; write, for "
		     "example, Mon-Fri 08:00-18:00"},
	    {"08:00", "expected - and when it ends at the end"},
	    {"08:00-", "expected a time such as 18:00 at the end"},
	    {"08:00-18", "expected a time such as 18:00 at \"18\""},
	    {"24:00-08:00", "expected a time such as 08:00 at \"24:00-08:00\""},
	    {"08:00-24:01", "expected a time such as 18:00 at \"24:01\""},
	    {"08:00-08:00", "the whole day is written 00:00-24:00"},
	    {"Mon-Fry 08:00-18:00", "expected a day such as Fri at \"Fry"},
	    {"Mo 08:00-18:00", "expected a day such as Mon at \"Mo 08:00"},
	    {"Sat", "write, for example, Sat 00:00-24:00"},
	    {"Mon-Fri 08:00-18:00, Sat", "Sat 00:00-24:00"},
	    {"Mon-Fri 08:00-18:00,", "expected a time such as 08:00"},
	    {"Mon-Fri 08:00-18:00 Sat 10:00-14:00",
		"expected a comma or the end at \"Sat 10:00-14:00\""},
	    {"fifth Sun 02:00-04:00", "expected a day such as Mon at"},
	    {"first 02:00-04:00", "expected a day such as Sun at"},
	    {"first Sun, 02:00-04:00", "expected a time such as 08:00 at"},
	    {"first day 02:00-04:00", "expected a day such as Sun at"},
	    {"day 32 02:00-04:00", "a day of the month from 1 to 31"},
	    {"day 0 02:00-04:00", "a day of the month from 1 to 31"},
	    {"day 123456789012 02:00-04:00", "from 1 to 31"},
	    {"Mon, day 1 02:00-04:00", "expected a day such as Mon"},
	    {"2026-12-24", "\"2026-12-24\" is no date and time"},
	    {"2026-12-24 18:00", "expected \"to\" and when it ends"},
	    {"2026-12-24 18:00 to", "\"\" is no date and time"},
	    {"2026-12-24 18:00-19:00", "expected \"to\""},
	    {"2026-02-29 18:00 to 2026-03-02 18:00", "\"2026-02-29 18:00\""},
	    {"2026-12-24 18:00 to 2026-12-24 18:00", "ends before it begins"},
	    {"2019-12-24 18:00 to 2026-12-24 18:00", "2020 and 2060"},
	    {"* * * * *", "expected a time such as 08:00 at \"* * * * *\""},
	    {"\x1b[2J", "expected a time such as 08:00 at \"\\x1b[2J\""},
	};
	char longer[CALENDAR_TEXT_MAX + 2];
	struct err err = ERR_INIT;
	struct calendar *c;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(
		    calendar_new(&c, wrong[i].text, "UTC", &err), -1);
		assert_null(c);
		assert_int_equal(err.code, ERR_CONFIG);
		if (strncmp(err.text, "when: ", 6) != 0 ||
		    strstr(err.text, wrong[i].says) == NULL)
			fail_msg("%s: %s", wrong[i].text, err.text);
	}
	assert_int_equal(calendar_new(&c, "08:00-18:00", "Berlin", &err), -1);
	assert_non_null(strstr(err.text,
	    "time_zone: there is no time zone Berlin; did you mean "
	    "Europe/Berlin?"));
	memset(longer, ' ', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(calendar_new(&c, longer, "UTC", &err), -1);
	for (size_t i = 0; i < 33; i++)
		snprintf(longer + 10 * i, sizeof(longer) - 10 * i,
		    "1:00-2:00%s", i < 32 ? "," : "");
	assert_int_equal(calendar_new(&c, longer, "UTC", &err), -1);
	assert_non_null(strstr(err.text, "more than 32"));
}

static void
remembers_its_text(void **state)
{
	struct calendar *c = calendar("\t Sun 02:00-04:00\n", BERLIN);

	(void)state;
	assert_string_equal(calendar_text(c), "Sun 02:00-04:00");
	calendar_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(holds_when_it_should),
	    cmocka_unit_test(follows_the_clocks),
	    cmocka_unit_test(agrees_with_itself),
	    cmocka_unit_test(says_what_is_wrong),
	    cmocka_unit_test(remembers_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
