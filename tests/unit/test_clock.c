#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct moment {
	int64_t ms;
	const char *rfc3339, *rfc5322;
} moments[] = {
    {0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 +0000"},
    {-1, "1969-12-31T23:59:59.999Z", "Wed, 31 Dec 1969 23:59:59 +0000"},
    {951782400000, "2000-02-29T00:00:00.000Z",
	"Tue, 29 Feb 2000 00:00:00 +0000"},
    {951868799999, "2000-02-29T23:59:59.999Z",
	"Tue, 29 Feb 2000 23:59:59 +0000"},
    {951868800000, "2000-03-01T00:00:00.000Z",
	"Wed, 01 Mar 2000 00:00:00 +0000"},
    {1708300800000, "2024-02-19T00:00:00.000Z",
	"Mon, 19 Feb 2024 00:00:00 +0000"},
    {1735689599999, "2024-12-31T23:59:59.999Z",
	"Tue, 31 Dec 2024 23:59:59 +0000"},
    {2147483647000, "2038-01-19T03:14:07.000Z",
	"Tue, 19 Jan 2038 03:14:07 +0000"},
    {2147483648000, "2038-01-19T03:14:08.000Z",
	"Tue, 19 Jan 2038 03:14:08 +0000"},
    {4107542400000, "2100-03-01T00:00:00.000Z",
	"Mon, 01 Mar 2100 00:00:00 +0000"},
    {4107542399000, "2100-02-28T23:59:59.000Z",
	"Sun, 28 Feb 2100 23:59:59 +0000"},
    {-2203977600000, "1900-02-28T00:00:00.000Z",
	"Wed, 28 Feb 1900 00:00:00 +0000"},
    {-2203891200000, "1900-03-01T00:00:00.000Z",
	"Thu, 01 Mar 1900 00:00:00 +0000"},
    {-62167219200000, "0000-01-01T00:00:00.000Z",
	"Sat, 01 Jan 0000 00:00:00 +0000"},
    {253402300799999, "9999-12-31T23:59:59.999Z",
	"Fri, 31 Dec 9999 23:59:59 +0000"},
};

static void
writes_dates(void **state)
{
	char dst[40];

	(void)state;
	for (size_t i = 0; i < COUNT(moments); i++) {
		assert_string_equal(
		    clock_rfc3339(dst, moments[i].ms), moments[i].rfc3339);
		assert_string_equal(
		    clock_rfc5322(dst, moments[i].ms), moments[i].rfc5322);
	}
}

static void
writes_something_for_every_number(void **state)
{
	char dst[40];

	(void)state;
	assert_string_equal(
	    clock_rfc3339(dst, INT64_MIN), "0000-01-01T00:00:00.000Z");
	assert_string_equal(
	    clock_rfc3339(dst, INT64_MAX), "9999-12-31T23:59:59.999Z");
	assert_string_equal(
	    clock_rfc5322(dst, INT64_MAX), "Fri, 31 Dec 9999 23:59:59 +0000");
}

static void
reads_back_what_it_writes(void **state)
{
	int64_t ms;
	char dst[32];

	(void)state;
	for (size_t i = 0; i < COUNT(moments); i++) {
		assert_int_equal(
		    clock_parse_rfc3339(moments[i].rfc3339, &ms), 0);
		assert_true(ms == moments[i].ms);
	}
	/* a prime step, so that every month, weekday and hour comes by */
	for (int64_t t = -62167219200000; t < 253402300799999;
	     t += 38654705669) {
		assert_int_equal(
		    clock_parse_rfc3339(clock_rfc3339(dst, t), &ms), 0);
		assert_true(ms == t);
	}
}

static void
agrees_with_the_c_library(void **state)
{
	char ours[40], theirs[40];

	(void)state;
	for (int64_t t = -62167219200; t < 253402300800; t += 98765431) {
		time_t seconds = (time_t)t;
		struct tm tm;

		assert_non_null(gmtime_r(&seconds, &tm));
		strftime(theirs, sizeof(theirs), "%a, %d %b %Y %T +0000", &tm);
		/* strftime writes years below 1000 without leading zeros */
		if (tm.tm_year >= -900)
			assert_string_equal(
			    clock_rfc5322(ours, t * 1000), theirs);
	}
}

static void
reads_fractions_and_offsets(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"1970-01-01t00:00:00z", 0},
	    {"1970-01-01T00:00:00.5Z", 500},
	    {"1970-01-01T00:00:00.050Z", 50},
	    {"1970-01-01T00:00:00.0009Z", 0},
	    {"1970-01-01T00:00:00.123456789Z", 123},
	    {"1970-01-01T02:00:00+02:00", 0},
	    {"1969-12-31T19:00:00-05:00", 0},
	    {"1970-01-01T00:00:00-00:00", 0},
	    {"1970-01-01T05:45:00.001+05:45", 1},
	    {"1970-01-01T23:59:00+23:59", 0},
	    {"1990-12-31T23:59:60Z", 662688000000},
	    {"1990-12-31T15:59:60-08:00", 662688000000},
	    {"0000-01-01T00:00:00+00:01", -62167219260000},
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(clock_parse_rfc3339(cases[i].text, &ms), 0);
		assert_true(ms == cases[i].ms);
	}
}

static void
refuses_what_is_no_rfc3339(void **state)
{
	static const char *const wrong[] = {"", "now", "1970-01-01",
	    "1970-01-01T00:00:00", "1970-01-01 00:00:00Z", "1970-01-01T00:00Z",
	    "70-01-01T00:00:00Z", "1970-1-1T00:00:00Z", "1970-00-01T00:00:00Z",
	    "1970-13-01T00:00:00Z", "1970-01-00T00:00:00Z",
	    "1970-01-32T00:00:00Z", "1970-04-31T00:00:00Z",
	    "1971-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
	    "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
	    "1970-01-01T00:00:61Z", "1970-01-01T00:00:00.Z",
	    "1970-01-01T00:00:00,5Z", "1970-01-01T00:00:00+0200",
	    "1970-01-01T00:00:00+02", "1970-01-01T00:00:00+24:00",
	    "1970-01-01T00:00:00+00:60", "1970-01-01T00:00:00Z ",
	    " 1970-01-01T00:00:00Z", "+1970-01-01T00:00:00Z",
	    "1970-01-01T00:00:-1Z"};
	int64_t ms = 42;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(clock_parse_rfc3339(wrong[i], &ms), -1);
	assert_int_equal(ms, 42);
}

static void
reads_http_dates(void **state)
{
	static const char *const wrong[] = {"", "Sun, 06 Nov 1994 08:49:37",
	    "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
	    "Sun 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
	    "Sun Nov  6 08:49:37 1994", "Sun, 06 nov 1994 08:49:37 GMT",
	    "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Xyz 1994 08:49:37 GMT",
	    "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
	    "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 08:49:37 GMTx",
	    "120", "-1"};
	int64_t ms = 42;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(clock_parse_http(wrong[i], &ms), -1);
	assert_int_equal(ms, 42);
	assert_int_equal(
	    clock_parse_http("Sun, 06 Nov 1994 08:49:37 GMT", &ms), 0);
	assert_true(ms == 784111777000);
	assert_int_equal(
	    clock_parse_http("Thu, 29 Feb 2024 23:59:59 GMT", &ms), 0);
	assert_true(ms == 1709251199000);
	assert_int_equal(
	    clock_parse_http("Fri, 31 Dec 9999 23:59:59 GMT", &ms), 0);
	assert_true(ms == 253402300799000);
}

static void
stands_still_when_told(void **state)
{
	(void)state;
	clock_fake(1234, 99);
	assert_int_equal(clock_wall_ms(), 1234);
	assert_int_equal(clock_boot_ms(), 99);
	assert_int_equal(clock_boot_us(), 99000);
	clock_fake(1235, 98); /* tests may go back as well */
	assert_int_equal(clock_wall_ms(), 1235);
	assert_int_equal(clock_boot_ms(), 98);
	clock_real();
	assert_true(clock_wall_ms() > 1700000000000);
}

static void
boot_time_never_goes_back(void **state)
{
	int64_t last = clock_boot_us();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_boot_us();

		assert_true(now >= last);
		last = now;
	}
	assert_true(clock_boot_ms() >= last / 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_dates),
	    cmocka_unit_test(writes_something_for_every_number),
	    cmocka_unit_test(reads_back_what_it_writes),
	    cmocka_unit_test(agrees_with_the_c_library),
	    cmocka_unit_test(reads_fractions_and_offsets),
	    cmocka_unit_test(refuses_what_is_no_rfc3339),
	    cmocka_unit_test(reads_http_dates),
	    cmocka_unit_test(stands_still_when_told),
	    cmocka_unit_test(boot_time_never_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
