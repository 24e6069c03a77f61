#include "base/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/clock.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct zone *
zone(const char *name)
{
	struct err err = ERR_INIT;
	struct zone *z;

	if (zone_new(&z, name, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(zone_name(z), name);
	return z;
}

/* "2026-03-29T01:00:00Z" */
static int64_t
moment(const char *text)
{
	int64_t ms;

	if (clock_parse_rfc3339(text, &ms) != 0)
		fail_msg("%s", text);
	return ms;
}

static void
knows_offsets(void **state)
{
	static const struct {
		const char *zone, *at;
		int32_t offset_s;
	} cases[] = {
	    {"UTC", "2026-07-01T00:00:00Z", 0},
	    {"Europe/Berlin", "2026-01-01T00:00:00Z", 3600},
	    {"Europe/Berlin", "2026-03-29T00:59:59Z", 3600},
	    {"Europe/Berlin", "2026-03-29T01:00:00Z", 7200},
	    {"Europe/Berlin", "2026-10-25T00:59:59Z", 7200},
	    {"Europe/Berlin", "2026-10-25T01:00:00Z", 3600},
	    {"Europe/Berlin", "2055-07-01T00:00:00Z", 7200},
	    {"America/New_York", "2026-03-08T06:59:59Z", -18000},
	    {"America/New_York", "2026-03-08T07:00:00Z", -14400},
	    {"America/New_York", "2026-11-01T06:00:00Z", -18000},
	    {"Asia/Kolkata", "2026-07-01T00:00:00Z", 19800},
	    {"Australia/Lord_Howe", "2026-01-01T00:00:00Z", 39600},
	    {"Australia/Lord_Howe", "2026-04-04T14:59:59Z", 39600},
	    {"Australia/Lord_Howe", "2026-04-04T15:00:00Z", 37800},
	    {"Africa/Casablanca", "2026-03-01T00:00:00Z", 0}, /* Ramadan */
	    {"Africa/Casablanca", "2026-04-01T00:00:00Z", 3600},
	    {"Pacific/Kiritimati", "2026-04-01T00:00:00Z", 50400},
	    {"America/Argentina/Salta", "2026-04-01T00:00:00Z", -10800},
	    {"Etc/GMT+5", "2026-04-01T00:00:00Z", -18000},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct zone *z = zone(cases[i].zone);
		int64_t at_ms = moment(cases[i].at);

		assert_int_equal(zone_offset_s(z, at_ms), cases[i].offset_s);
		assert_int_equal(
		    zone_local_ms(z, at_ms), at_ms + cases[i].offset_s * 1000);
		zone_free(z);
	}
}

static void
answers_gaps_and_overlaps(void **state)
{
	/* local is what the clock shows, written as if it were UTC */
	static const struct {
		const char *zone, *local, *utc;
	} cases[] = {
	    {"Europe/Berlin", "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z"},
	    {"Europe/Berlin", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z"},
	    {"Europe/Berlin", "2026-03-29T02:59:59Z", "2026-03-29T01:00:00Z"},
	    {"Europe/Berlin", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"},
	    {"Europe/Berlin", "2026-03-29T03:00:01Z", "2026-03-29T01:00:01Z"},
	    {"Europe/Berlin", "2026-10-25T01:59:59Z", "2026-10-24T23:59:59Z"},
	    {"Europe/Berlin", "2026-10-25T02:00:00Z", "2026-10-25T00:00:00Z"},
	    {"Europe/Berlin", "2026-10-25T02:59:59Z", "2026-10-25T00:59:59Z"},
	    {"Europe/Berlin", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"},
	    {"America/New_York", "2026-03-08T02:30:00Z",
		"2026-03-08T07:00:00Z"},
	    {"America/New_York", "2026-11-01T01:30:00Z",
		"2026-11-01T05:30:00Z"},
	    {"Australia/Lord_Howe", "2026-10-04T02:15:00Z",
		"2026-10-03T15:30:00Z"}, /* a gap of half an hour */
	    {"Asia/Kolkata", "2026-01-01T05:30:00Z", "2026-01-01T00:00:00Z"},
	    {"UTC", "2026-01-01T05:30:00Z", "2026-01-01T05:30:00Z"},
	    {"Europe/Berlin", "2009-07-01T12:00:00Z", "2009-07-01T11:00:00Z"},
	    {"Europe/Berlin", "2099-07-01T12:00:00Z", "2099-07-01T11:00:00Z"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct zone *z = zone(cases[i].zone);
		char text[32];

		clock_rfc3339(text, zone_utc_ms(z, moment(cases[i].local)));
		if (strncmp(text, cases[i].utc, 19) != 0)
			fail_msg(
			    "%s %s is %s", cases[i].zone, cases[i].local, text);
		zone_free(z);
	}
}

static int32_t
libc_offset(int64_t ms)
{
	time_t at = (time_t)(ms / 1000);
	struct tm tm;

	assert_non_null(localtime_r(&at, &tm));
	return (int32_t)tm.tm_gmtoff;
}

/* Random moments of 40 years, and those beside every change of the hour. */
static void
agrees_with_libc(void **state)
{
	static const char *const names[] = {"UTC", "Europe/Berlin",
	    "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
	    "Africa/Casablanca", "Africa/Cairo", "America/Santiago",
	    "Asia/Gaza", "Asia/Tehran", "America/Nuuk", "Antarctica/Troll",
	    "Pacific/Chatham", "Europe/Dublin"};
	const int64_t first = moment("2020-01-01T00:00:00Z");
	const int64_t last = moment("2060-12-31T00:00:00Z");

	(void)state;
	srand48(7);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct zone *z = zone(names[i]);

		setenv("TZ", names[i], 1);
		tzset();
		for (int n = 0; n < 20000; n++) {
			int64_t ms = first + (int64_t)(drand48() *
						       (double)(last - first));
			int64_t local_ms, back_ms;

			if (n % 2 == 0) /* on the hour, or just before it */
				ms -= ms % 3600000 + n % 4 / 2 * 1000;
			if (zone_offset_s(z, ms) != libc_offset(ms))
				fail_msg("%s at %lld", names[i], (long long)ms);
			local_ms = zone_local_ms(z, ms);
			back_ms = zone_utc_ms(z, local_ms);
			/* the same, or the first of two such moments */
			assert_true(back_ms <= ms);
			assert_int_equal(zone_local_ms(z, back_ms), local_ms);
		}
		zone_free(z);
	}
	unsetenv("TZ");
}

static void
leaves_the_environment(void **state)
{
	struct zone *z;

	(void)state;
	setenv("TZ", "America/New_York", 1);
	z = zone("Asia/Kolkata");
	assert_string_equal(getenv("TZ"), "America/New_York");
	assert_int_equal(libc_offset(moment("2026-01-01T00:00:00Z")), -18000);
	zone_free(z);
	z = zone("local");
	assert_int_equal(
	    zone_offset_s(z, moment("2026-01-01T00:00:00Z")), -18000);
	zone_free(z);
	unsetenv("TZ");
	zone_free(zone("Asia/Kolkata"));
	assert_null(getenv("TZ"));
}

static void
refuses_what_is_none(void **state)
{
	static const struct {
		const char *name, *says;
	} cases[] = {
	    {"Europe/Berln", "did you mean Europe/Berlin?"},
	    {"berlin", "did you mean Europe/Berlin?"},
	    {"america/new_york", "did you mean America/New_York?"},
	    {"utc", "did you mean UTC?"},
	    {"Middle-earth/Bree", "there is no time zone Middle-earth/Bree"},
	    {"", "there is no time zone"},
	    {"Europe", "there is no time zone Europe"},
	    {"../../../etc/localtime", "there is no time zone"},
	    {"/usr/share/zoneinfo/UTC", "there is no time zone"},
	    {"zone.tab", "there is no time zone"},
	    {"Europe/Berlin\n", "there is no time zone"},
	    {"CET-1CEST", "there is no time zone"},
	    {"Europe/BerlinBerlinBerlinBerlinBerlinBerlinBerlinBerlinBerlinBer",
		"there is no time zone"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = ERR_INIT;
		struct zone *z = NULL;

		assert_int_equal(zone_new(&z, cases[i].name, &err), -1);
		assert_null(z);
		assert_int_equal(err.code, ERR_CONFIG);
		if (strstr(err.text, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].name, err.text);
	}
}

static void
reads_moments(void **state)
{
	static const struct {
		const char *text, *utc;
	} cases[] = {
	    {"2026-12-24 18:00", "2026-12-24T17:00:00.000Z"},
	    {"2026-07-24T18:00", "2026-07-24T16:00:00.000Z"},
	    {"2026-12-31 24:00", "2026-12-31T23:00:00.000Z"},
	    {"2026-03-29 02:30", "2026-03-29T01:00:00.000Z"},
	    {"2026-12-24T18:00:00Z", "2026-12-24T18:00:00.000Z"},
	    {"2026-12-24T18:00:00-05:00", "2026-12-24T23:00:00.000Z"},
	};
	static const char *const wrong[] = {"", "tomorrow", "2026-12-24",
	    "18:00", "2026-12-24 18:00 ", "2026-12-24 24:30",
	    "2019-12-24 18:00", "2061-01-02 00:00", "9999-12-31T23:59:59Z"};
	struct zone *z = zone("Europe/Berlin");
	int64_t ms;
	char text[32];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(zone_parse(z, cases[i].text, &ms, NULL), 0);
		assert_string_equal(clock_rfc3339(text, ms), cases[i].utc);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(zone_parse(z, wrong[i], &ms, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.text, wrong[i]));
	}
	zone_free(z);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_offsets),
	    cmocka_unit_test(answers_gaps_and_overlaps),
	    cmocka_unit_test(agrees_with_libc),
	    cmocka_unit_test(leaves_the_environment),
	    cmocka_unit_test(refuses_what_is_none),
	    cmocka_unit_test(reads_moments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
