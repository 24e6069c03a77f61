#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
reads_whole_numbers(void **state)
{
	int64_t n = 0;

	(void)state;
	assert_int_equal(str_parse_i64("0", 0, 0, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(str_parse_i64("-17", -17, 5, &n), 0);
	assert_int_equal(n, -17);
	assert_int_equal(
	    str_parse_i64("9223372036854775807", 0, INT64_MAX, &n), 0);
	assert_true(n == INT64_MAX);
	assert_int_equal(
	    str_parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &n), 0);
	assert_true(n == INT64_MIN);
}

static void
refuses_what_is_no_whole_number(void **state)
{
	static const char *const wrong[] = {"", "-", "+1", " 1", "1 ", "1.0",
	    "0x10", "1e3", "--1", "9223372036854775808", "-9223372036854775809",
	    "99999999999999999999999", "1a", "1,000", "\xd9\xa1"};
	int64_t n = 42;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(
		    str_parse_i64(wrong[i], INT64_MIN, INT64_MAX, &n), -1);
	assert_int_equal(str_parse_i64("11", 0, 10, &n), -1);
	assert_int_equal(str_parse_i64("-1", 0, 10, &n), -1);
	assert_int_equal(n, 42);
}

static void
reads_decimals(void **state)
{
	static const char *const wrong[] = {"", ".", ".5", "5.", "-", "1e",
	    "1e+", "inf", "nan", "0x1p3", " 1", "1 ", "1e999", "-1e999", "1,5",
	    "1.2.3"};
	double d = 42;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(str_parse_double(wrong[i], &d), -1);
	assert_true(d == 42);
	assert_int_equal(str_parse_double("-0.25", &d), 0);
	assert_true(d == -0.25);
	assert_int_equal(str_parse_double("12", &d), 0);
	assert_true(d == 12);
	assert_int_equal(str_parse_double("1.5E-3", &d), 0);
	assert_true(d == 1.5e-3);
	assert_int_equal(str_parse_double("1e-999", &d), 0);
	assert_true(d == 0);
}

static void
reads_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
	    {"0", 0},
	    {"0s", 0},
	    {"500ms", 500},
	    {"30s", 30000},
	    {"5m", 300000},
	    {"2h", 7200000},
	    {"7d", 604800000},
	    {"1w", 604800000},
	    {"1h30m", 5400000},
	    {"1w2d3h4m5s6ms", 788645006},
	    {"90s", 90000},
	    {"9223372036854775807ms", INT64_MAX},
	    {"106751991167d7h12m55s807ms", INT64_MAX},
	};
	struct err err = ERR_INIT;
	int64_t ms = -1;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
		    str_parse_duration_ms(cases[i].text, &ms, &err), 0);
		assert_true(ms == cases[i].ms);
	}
}

static void
refuses_wrong_durations(void **state)
{
	static const char *const wrong[] = {"", "5", "s", "-5s", "+5s", "1.5h",
	    "30m1h", "1m1m", "5 s", "5s ", "5S", "5min", "1h30", "5x", "0x5s",
	    "9223372036854775808ms", "106751991167d7h12m55s808ms",
	    "15250284453w", "99999999999999999999s"};
	int64_t ms = 42;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(
		    str_parse_duration_ms(wrong[i], &ms, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.text, "ms, s, m, h"));
	}
	assert_int_equal(str_parse_duration_ms("5", &ms, NULL), -1);
	assert_int_equal(ms, 42);
}

static void
says_what_a_bare_number_lacks(void **state)
{
	struct err err = ERR_INIT;
	int64_t ms;

	(void)state;
	assert_int_equal(str_parse_duration_ms("30", &ms, &err), -1);
	assert_non_null(strstr(err.text, "lacks a unit: write 30s"));
	/* what it repeats is escaped and bounded */
	assert_int_equal(
	    str_parse_duration_ms("\x1b]0;owned\x07", &ms, &err), -1);
	assert_null(strchr(err.text, '\x1b'));
}

static void
reads_sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = {
	    {"0", 0},
	    {"17", 17},
	    {"17B", 17},
	    {"64KB", 64000},
	    {"64KiB", 65536},
	    {"2MB", 2000000},
	    {"2MiB", 2097152},
	    {"3GB", 3000000000},
	    {"3GiB", 3221225472},
	    {"8589934591GiB", 9223372035781033984},
	};
	static const char *const wrong[] = {"", "KB", "-1", "1.5MB", "1 KB",
	    "1kb", "1K", "1TB", "8589934592GiB", "9223372036854775808", "1KBB"};
	struct err err = ERR_INIT;
	int64_t bytes = -1;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
		    str_parse_size(cases[i].text, &bytes, &err), 0);
		assert_true(bytes == cases[i].bytes);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(str_parse_size(wrong[i], &bytes, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.text, "KiB"));
	}
}

static void
leaves_the_result_alone_when_a_size_is_wrong(void **state)
{
	int64_t bytes = 42;

	(void)state;
	assert_int_equal(str_parse_size("8589934592GiB", &bytes, NULL), -1);
	assert_int_equal(bytes, 42);
}

static void
writes_durations_that_read_back(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
	    {0, "0s"},
	    {1, "1ms"},
	    {250, "250ms"},
	    {1000, "1s"},
	    {1500, "1s500ms"},
	    {90000, "1m30s"},
	    {5400000, "1h30m"},
	    {86400000, "1d"},
	    {34560000000, "400d"},
	    {INT64_MAX, "106751991167d7h12m55s807ms"},
	};
	char dst[32];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_string_equal(
		    str_duration(dst, cases[i].ms), cases[i].text);
		assert_int_equal(str_parse_duration_ms(dst, &ms, NULL), 0);
		assert_true(ms == cases[i].ms);
	}
	assert_string_equal(str_duration(dst, -1500), "-1s500ms");
	assert_string_equal(
	    str_duration(dst, INT64_MIN), "-106751991167d7h12m55s808ms");
}

static void
writes_durations_for_people(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
	    {-5, "0 ms"},
	    {0, "0 ms"},
	    {1, "1 µs"},
	    {94, "94 µs"},
	    {95, "0.1 ms"},
	    {800, "0.8 ms"},
	    {1000, "1 ms"},
	    {9949, "9.9 ms"},
	    {9950, "10 ms"},
	    {999499, "999 ms"},
	    {999500, "1 s"},
	    {1540000, "1.5 s"},
	    {9949999, "9.9 s"},
	    {9950000, "10 s"},
	    {12000000, "12 s"},
	    {59499999, "59 s"},
	    {59500000, "1 min"},
	    {250000000, "4 min 10 s"},
	    {3599499999, "59 min 59 s"},
	    {3599500000, "1 h"},
	    {11100000000, "3 h 5 min"},
	    {86369000000, "23 h 59 min"},
	    {86370000000, "1 day"},
	    {90000000000, "1 day 1 h"},
	    {172800000000, "2 days"},
	    {8640000000000, "100 days"},
	};
	char dst[32];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(
		    str_duration_human(dst, cases[i].us), cases[i].text);
	str_duration_human(dst, INT64_MAX);
	assert_string_equal(dst, "106751991 days");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_whole_numbers),
	    cmocka_unit_test(refuses_what_is_no_whole_number),
	    cmocka_unit_test(reads_decimals),
	    cmocka_unit_test(reads_durations),
	    cmocka_unit_test(refuses_wrong_durations),
	    cmocka_unit_test(says_what_a_bare_number_lacks),
	    cmocka_unit_test(reads_sizes),
	    cmocka_unit_test(leaves_the_result_alone_when_a_size_is_wrong),
	    cmocka_unit_test(writes_durations_that_read_back),
	    cmocka_unit_test(writes_durations_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
