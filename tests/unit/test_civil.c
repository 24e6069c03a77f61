#include "base/civil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Every day of 10,000 years, counted by hand. */
static void
counts_all_days(void **state)
{
	struct civil c = {.year = 0, .month = 1, .day = 1};
	int weekday = 5; /* 0000-01-01 was a Saturday */

	(void)state;
	for (int64_t ms = CIVIL_FIRST_MS; ms < CIVIL_LAST_MS;
	     ms += CIVIL_DAY_MS) {
		struct civil got = civil_of(ms);
		int64_t back;

		if (got.year != c.year || got.month != c.month ||
		    got.day != c.day || got.weekday != weekday ||
		    civil_to_ms(&got, &back) != 0 || back != ms)
			fail_msg("%04d-%02d-%02d", c.year, c.month, c.day);
		weekday = (weekday + 1) % 7;
		if (++c.day <= civil_month_days(c.year, c.month))
			continue;
		c.day = 1;
		if (++c.month <= 12)
			continue;
		c.month = 1;
		c.year++;
	}
	assert_int_equal(c.year, 10000);
}

static void
knows_how_long_months_are(void **state)
{
	(void)state;
	assert_int_equal(civil_month_days(2026, 2), 28);
	assert_int_equal(civil_month_days(2028, 2), 29);
	assert_int_equal(civil_month_days(2000, 2), 29);
	assert_int_equal(civil_month_days(2100, 2), 28);
	assert_int_equal(civil_month_days(2026, 4), 30);
	assert_int_equal(civil_month_days(2026, 12), 31);
}

static void
refuses_what_is_no_date(void **state)
{
	static const struct civil cases[] = {
	    {.year = 2026, .month = 0, .day = 1},
	    {.year = 2026, .month = 13, .day = 1},
	    {.year = 2026, .month = 1, .day = 0},
	    {.year = 2026, .month = 2, .day = 29},
	    {.year = 2026, .month = 4, .day = 31},
	    {.year = 2026, .month = 1, .day = 1, .hour = 24},
	    {.year = 2026, .month = 1, .day = 1, .minute = 60},
	    {.year = 2026, .month = 1, .day = 1, .second = 61},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms;

		assert_int_equal(civil_to_ms(&cases[i], &ms), -1);
	}
}

static void
reads_dates_and_times(void **state)
{
	const char *s = "2026-12-24 9:05, 24:00";
	struct civil c;

	(void)state;
	assert_int_equal(civil_read_date(&s, &c), 0);
	assert_int_equal(c.year * 10000 + c.month * 100 + c.day, 20261224);
	assert_int_equal(c.weekday, 3);
	assert_string_equal(s++, " 9:05, 24:00");
	assert_int_equal(civil_read_time(&s, &c), 0);
	assert_int_equal(c.hour * 100 + c.minute, 905);
	s += 2;
	assert_int_equal(civil_read_time(&s, &c), 0);
	assert_int_equal(c.hour * 100 + c.minute, 2400);
	assert_string_equal(s, "");
}

static void
refuses_to_read_others(void **state)
{
	static const char *const dates[] = {"", "2026", "26-12-24", "2026-2-03",
	    "2026-02-29", "2026-13-01", "2026-12-241", "20261-12-24",
	    "2026/12/24", "24.12.2026", "-026-12-24"};
	static const char *const times[] = {"", "9", "9:5", "009:00", "24:01",
	    "25:00", "12:60", "12:000", "12h30", ":30", "-1:00"};

	(void)state;
	for (size_t i = 0; i < COUNT(dates); i++) {
		const char *s = dates[i];
		struct civil c;

		if (civil_read_date(&s, &c) == 0)
			fail_msg("%s", dates[i]);
	}
	for (size_t i = 0; i < COUNT(times); i++) {
		const char *s = times[i];
		struct civil c = {0};

		if (civil_read_time(&s, &c) == 0)
			fail_msg("%s", times[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_all_days),
	    cmocka_unit_test(knows_how_long_months_are),
	    cmocka_unit_test(refuses_what_is_no_date),
	    cmocka_unit_test(reads_dates_and_times),
	    cmocka_unit_test(refuses_to_read_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
