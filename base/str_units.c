/* The half of base/str.h that reads and writes numbers, durations and sizes. */
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 48 /* bytes of a wrong value that its error message repeats */

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit durations[] = {
    {"w", 7 * 24 * 3600000LL},
    {"d", 24 * 3600000LL},
    {"h", 3600000},
    {"m", 60000},
    {"s", 1000},
    {"ms", 1},
};
#define DURATIONS (sizeof(durations) / sizeof(durations[0]))

static const struct unit sizes[] = {
    {"", 1},
    {"B", 1},
    {"KB", 1000},
    {"KiB", 1024},
    {"MB", 1000000},
    {"MiB", 1 << 20},
    {"GB", 1000000000},
    {"GiB", 1 << 30},
};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Read digits at *s, moving it past them. -1 if there are none or too many. */
static int
read_digits(const char **s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!is_digit(**s))
		return -1;
	for (; is_digit(**s); ++*s) {
		unsigned digit = (unsigned)(**s - '0');

		if (value > (max - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	*out = value;
	return 0;
}

int
str_parse_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *s == '-';
	uint64_t limit = (uint64_t)INT64_MAX + negative, magnitude;
	int64_t value;

	s += negative;
	if (read_digits(&s, limit, &magnitude) < 0 || *s != '\0')
		return -1;
	if (magnitude > INT64_MAX)
		value = INT64_MIN;
	else
		value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	if (value < min || value > max)
		return -1;
	*out = value;
	return 0;
}

/* -?digits[.digits][(e|E)[+-]digits], nothing else: strtod alone would take
 * "inf", "0x1p3" and leading space. */
static bool
is_decimal(const char *s)
{
	s += *s == '-';
	if (!is_digit(*s))
		return false;
	s += strspn(s, "0123456789");
	if (*s == '.') {
		s++;
		if (!is_digit(*s))
			return false;
		s += strspn(s, "0123456789");
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '+' || *s == '-';
		if (!is_digit(*s))
			return false;
		s += strspn(s, "0123456789");
	}
	return *s == '\0';
}

int
str_parse_double(const char *s, double *out)
{
	double value;

	if (!is_decimal(s))
		return -1;
	value = strtod(s, NULL);
	if (!isfinite(value))
		return -1;
	*out = value;
	return 0;
}

static int
bad_duration(const char *s, struct err *err)
{
	char shown[SHOWN];
	int64_t number;

	str_printable(shown, sizeof(shown), s, strlen(s));
	if (str_parse_i64(s, 1, INT64_MAX, &number) == 0)
		return err_set(err, ERR_INPUT,
		    "\"%s\" lacks a unit: write %ss for seconds, or one of "
		    "ms, s, m, h, d, w",
		    shown, shown);
	return err_set(err, ERR_INPUT,
	    "\"%s\" is not a duration: write whole numbers with ms, s, m, h, "
	    "d or w, largest unit first, such as 30s or 1h30m",
	    shown);
}

/* The row whose name is the run of letters at *s, moving it past them; rows
 * before `from` do not count. -1 if there is none. */
static int
read_duration_unit(const char **s, int from)
{
	size_t len = strspn(*s, "abcdefghijklmnopqrstuvwxyz");

	for (int i = from; i < (int)DURATIONS; i++) {
		const char *name = durations[i].name;

		if (strlen(name) == len && memcmp(name, *s, len) == 0) {
			*s += len;
			return i;
		}
	}
	return -1;
}

int
str_parse_duration_ms(const char *s, int64_t *out, struct err *err)
{
	const char *at = s;
	int64_t sum = 0;
	int row = -1;

	if (str_eq(s, "0")) {
		*out = 0;
		return 0;
	}
	do {
		uint64_t number;
		int64_t part;

		if (read_digits(&at, INT64_MAX, &number) < 0)
			return bad_duration(s, err);
		row = read_duration_unit(&at, row + 1);
		if (row < 0)
			return bad_duration(s, err);
		if (__builtin_mul_overflow(
			(int64_t)number, durations[row].factor, &part) ||
		    __builtin_add_overflow(sum, part, &sum))
			return bad_duration(s, err);
	} while (*at != '\0');
	*out = sum;
	return 0;
}

int
str_parse_size(const char *s, int64_t *out, struct err *err)
{
	const char *at = s;
	char shown[SHOWN];
	uint64_t number;
	int64_t bytes;

	if (read_digits(&at, INT64_MAX, &number) == 0) {
		for (size_t i = 0; i < SIZES; i++) {
			if (!str_eq(at, sizes[i].name) ||
			    __builtin_mul_overflow(
				(int64_t)number, sizes[i].factor, &bytes))
				continue;
			*out = bytes;
			return 0;
		}
	}
	str_printable(shown, sizeof(shown), s, strlen(s));
	return err_set(err, ERR_INPUT,
	    "\"%s\" is not a size: write a whole number with B, KB, KiB, MB, "
	    "MiB, GB or GiB, such as 64KiB",
	    shown);
}

const char *
str_duration(char dst[32], int64_t ms)
{
	uint64_t left = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
	size_t used = 0;

	if (ms == 0)
		return memcpy(dst, "0s", 3);
	if (ms < 0)
		dst[used++] = '-';
	/* no weeks: a retention of 400d should not come back as 57w1d */
	for (size_t i = 1; i < DURATIONS; i++) {
		uint64_t factor = (uint64_t)durations[i].factor;

		if (left < factor)
			continue;
		used += (size_t)snprintf(dst + used, 32 - used, "%" PRIu64 "%s",
		    left / factor, durations[i].name);
		left %= factor;
	}
	return dst;
}

/* amount is in tenths of the unit; a whole number is shown without its ".0" */
static void
put_tenths(char dst[32], uint64_t amount, const char *unit)
{
	if (amount % 10 == 0)
		str_printf(dst, 32, "%" PRIu64 " %s", amount / 10, unit);
	else
		str_printf(dst, 32, "%" PRIu64 ".%" PRIu64 " %s", amount / 10,
		    amount % 10, unit);
}

/* Two units, the smaller one left out when there is none of it. */
static void
put_pair(char dst[32], uint64_t amount, uint64_t per, const char *big,
    const char *small)
{
	if (amount % per == 0)
		str_printf(dst, 32, "%" PRIu64 " %s", amount / per, big);
	else
		str_printf(dst, 32, "%" PRIu64 " %s %" PRIu64 " %s",
		    amount / per, big, amount % per, small);
}

/* Every limit lies half a step below the round number, so that what would be
 * rounded up to "60 s" is already shown as "1 min". */
const char *
str_duration_human(char dst[32], int64_t us)
{
	uint64_t t = us < 0 ? 0 : (uint64_t)us;
	uint64_t s = (t + 500000) / 1000000, min = (s + 30) / 60;
	uint64_t h = (min + 30) / 60, days = (h + 12) / 24;

	if (t < 95 && t > 0)
		str_printf(dst, 32, "%" PRIu64 " µs", t);
	else if (t < 9950)
		put_tenths(dst, (t + 50) / 100, "ms");
	else if (t < 999500)
		str_printf(dst, 32, "%" PRIu64 " ms", (t + 500) / 1000);
	else if (t < 9950000)
		put_tenths(dst, (t + 50000) / 100000, "s");
	else if (s < 60)
		str_printf(dst, 32, "%" PRIu64 " s", s);
	else if (s < 3600)
		put_pair(dst, s, 60, "min", "s");
	else if (min < 24 * 60)
		put_pair(dst, min, 60, "h", "min");
	else if (h < 48)
		put_pair(dst, h, 24, "day", "h");
	else
		str_printf(dst, 32, "%" PRIu64 " days", days);
	return dst;
}
