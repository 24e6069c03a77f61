#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_MS   86400000LL
#define FIRST_MS (-62167219200000LL) /* 0000-01-01T00:00:00.000Z */
#define LAST_MS  253402300799999LL   /* 9999-12-31T23:59:59.999Z */

static const char day_names[] = "MonTueWedThuFriSatSun";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static struct {
	bool on;
	int64_t wall_ms, boot_ms;
} fake;

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	/* cannot fail: both clocks exist on every kernel we run on */
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_wall_ms(void)
{
	return fake.on ? fake.wall_ms : read_us(CLOCK_REALTIME) / 1000;
}

int64_t
clock_boot_ms(void)
{
	return fake.on ? fake.boot_ms : read_us(CLOCK_BOOTTIME) / 1000;
}

int64_t
clock_boot_us(void)
{
	return fake.on ? fake.boot_ms * 1000 : read_us(CLOCK_BOOTTIME);
}

void
clock_fake(int64_t wall_ms, int64_t boot_ms)
{
	fake.on = true;
	fake.wall_ms = wall_ms;
	fake.boot_ms = boot_ms;
}

void
clock_real(void)
{
	fake.on = false;
}

/* A moment in the proleptic Gregorian calendar, UTC. */
struct civil {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second, ms;
	int weekday; /* 0 = Monday */
};

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
month_days(int year, int month)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 0000-01-01 to the first of January of this year. Year 0 is leap,
 * and year - 1 would round the wrong way there. */
static int64_t
days_before_year(int year)
{
	int64_t last = year - 1;

	if (year == 0)
		return 0;
	return (int64_t)year * 365 + last / 4 - last / 100 + last / 400 + 1;
}

#define EPOCH_DAYS 719528 /* days_before_year(1970) */

static struct civil
civil_of(int64_t wall_ms)
{
	struct civil c;
	int64_t days, rest;

	if (wall_ms < FIRST_MS)
		wall_ms = FIRST_MS;
	if (wall_ms > LAST_MS)
		wall_ms = LAST_MS;
	days = (wall_ms - FIRST_MS) / DAY_MS;
	rest = (wall_ms - FIRST_MS) % DAY_MS;
	c.weekday = (int)((days + 5) % 7); /* 0000-01-01 was a Saturday */
	c.ms = (int)(rest % 1000);
	c.second = (int)(rest / 1000 % 60);
	c.minute = (int)(rest / 60000 % 60);
	c.hour = (int)(rest / 3600000);
	c.year = (int)(days * 400 / 146097); /* at most one off, either way */
	while (days_before_year(c.year) > days)
		c.year--;
	while (days_before_year(c.year + 1) <= days)
		c.year++;
	days -= days_before_year(c.year);
	for (c.month = 1; days >= month_days(c.year, c.month); c.month++)
		days -= month_days(c.year, c.month);
	c.day = (int)days + 1;
	return c;
}

/* 0, or -1 if there is no such date or time of day. A leap second (:60) is
 * the first moment of the next minute. */
static int
civil_to_ms(const struct civil *c, int64_t *out)
{
	int64_t days;

	if (c->month < 1 || c->month > 12 || c->day < 1 ||
	    c->day > month_days(c->year, c->month))
		return -1;
	if (c->hour > 23 || c->minute > 59 || c->second > 60)
		return -1;
	days = days_before_year(c->year) - EPOCH_DAYS + c->day - 1;
	for (int month = 1; month < c->month; month++)
		days += month_days(c->year, month);
	*out = days * DAY_MS + c->hour * 3600000LL + c->minute * 60000LL +
	       c->second * 1000LL + c->ms;
	return 0;
}

const char *
clock_rfc3339(char dst[32], int64_t wall_ms)
{
	struct civil c = civil_of(wall_ms);

	snprintf(dst, 32, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year % 10000,
	    c.month, c.day, c.hour, c.minute, c.second, c.ms);
	return dst;
}

const char *
clock_rfc5322(char dst[40], int64_t wall_ms)
{
	struct civil c = civil_of(wall_ms);

	snprintf(dst, 40, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000",
	    day_names + 3 * c.weekday, c.day, month_names + 3 * (c.month - 1),
	    c.year % 10000, c.hour, c.minute, c.second);
	return dst;
}

/* Exactly `count` digits at *s, moving it past them. */
static int
read_number(const char **s, int count, int *out)
{
	int value = 0;

	for (int i = 0; i < count; i++, ++*s) {
		if (**s < '0' || **s > '9')
			return -1;
		value = value * 10 + (**s - '0');
	}
	*out = value;
	return 0;
}

static int
read_char(const char **s, const char *allowed)
{
	if (**s == '\0' || strchr(allowed, **s) == NULL)
		return -1;
	++*s;
	return 0;
}

/* "HH:MM:SS" */
static int
read_time(const char **s, struct civil *c)
{
	return read_number(s, 2, &c->hour) < 0 || read_char(s, ":") < 0 ||
	               read_number(s, 2, &c->minute) < 0 ||
	               read_char(s, ":") < 0 ||
	               read_number(s, 2, &c->second) < 0
	           ? -1
	           : 0;
}

/* ".5", ".123456": at least one digit, cut to milliseconds; may be absent. */
static int
read_fraction(const char **s, int *ms)
{
	int scale = 100;

	*ms = 0;
	if (**s != '.')
		return 0;
	++*s;
	if (**s < '0' || **s > '9')
		return -1;
	for (; **s >= '0' && **s <= '9'; ++*s, scale /= 10)
		*ms += (**s - '0') * scale;
	return 0;
}

/* "Z", "+02:00", "-00:30". */
static int
read_offset(const char **s, int64_t *offset_ms)
{
	int hours, minutes, sign = **s == '-' ? -1 : 1;

	*offset_ms = 0;
	if (read_char(s, "Zz") == 0)
		return 0;
	if (read_char(s, "+-") < 0 || read_number(s, 2, &hours) < 0 ||
	    read_char(s, ":") < 0 || read_number(s, 2, &minutes) < 0)
		return -1;
	if (hours > 23 || minutes > 59)
		return -1;
	*offset_ms = sign * (hours * 3600000LL + minutes * 60000LL);
	return 0;
}

int
clock_parse_rfc3339(const char *s, int64_t *wall_ms)
{
	struct civil c = {0};
	int64_t local_ms, offset_ms;

	if (read_number(&s, 4, &c.year) < 0 || read_char(&s, "-") < 0 ||
	    read_number(&s, 2, &c.month) < 0 || read_char(&s, "-") < 0 ||
	    read_number(&s, 2, &c.day) < 0 || read_char(&s, "Tt") < 0 ||
	    read_time(&s, &c) < 0 || read_fraction(&s, &c.ms) < 0 ||
	    read_offset(&s, &offset_ms) < 0 || *s != '\0')
		return -1;
	if (civil_to_ms(&c, &local_ms) < 0)
		return -1;
	*wall_ms = local_ms - offset_ms;
	return 0;
}

/* One of the three-letter names at *s: its number from 0, or -1. */
static int
read_name(const char **s, const char *names)
{
	for (int i = 0; names[3 * i] != '\0'; i++) {
		if (strncmp(*s, names + 3 * i, 3) == 0) {
			*s += 3;
			return i;
		}
	}
	return -1;
}

static int
read_word(const char **s, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*s, word, len) != 0)
		return -1;
	*s += len;
	return 0;
}

int
clock_parse_http(const char *s, int64_t *wall_ms)
{
	struct civil c = {0};

	if (read_name(&s, day_names) < 0 || read_word(&s, ", ") < 0 ||
	    read_number(&s, 2, &c.day) < 0 || read_char(&s, " ") < 0)
		return -1;
	c.month = read_name(&s, month_names) + 1;
	if (read_char(&s, " ") < 0 || read_number(&s, 4, &c.year) < 0 ||
	    read_char(&s, " ") < 0 || read_time(&s, &c) < 0 ||
	    read_word(&s, " GMT") < 0 || *s != '\0')
		return -1;
	return civil_to_ms(&c, wall_ms);
}
