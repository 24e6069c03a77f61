#include "base/civil.h"

#include <stdbool.h>

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int
civil_month_days(int year, int month)
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

struct civil
civil_of(int64_t ms)
{
	struct civil c;
	int64_t days, rest;

	if (ms < CIVIL_FIRST_MS)
		ms = CIVIL_FIRST_MS;
	if (ms > CIVIL_LAST_MS)
		ms = CIVIL_LAST_MS;
	days = (ms - CIVIL_FIRST_MS) / CIVIL_DAY_MS;
	rest = (ms - CIVIL_FIRST_MS) % CIVIL_DAY_MS;
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
	for (c.month = 1; days >= civil_month_days(c.year, c.month); c.month++)
		days -= civil_month_days(c.year, c.month);
	c.day = (int)days + 1;
	return c;
}

int
civil_to_ms(const struct civil *c, int64_t *out)
{
	int64_t days;

	if (c->month < 1 || c->month > 12 || c->day < 1 ||
	    c->day > civil_month_days(c->year, c->month))
		return -1;
	if (c->hour > 23 || c->minute > 59 || c->second > 60)
		return -1;
	days = days_before_year(c->year) - EPOCH_DAYS + c->day - 1;
	for (int month = 1; month < c->month; month++)
		days += civil_month_days(c->year, month);
	*out = days * CIVIL_DAY_MS + c->hour * 3600000LL + c->minute * 60000LL +
	       c->second * 1000LL + c->ms;
	return 0;
}

/* Up to `most` digits, at least `least`. */
static int
read_number(const char **s, int least, int most, int *out)
{
	int value = 0, count = 0;

	for (; count < most && **s >= '0' && **s <= '9'; count++, ++*s)
		value = value * 10 + (**s - '0');
	*out = value;
	return count < least || (**s >= '0' && **s <= '9') ? -1 : 0;
}

static int
read_char(const char **s, char wanted)
{
	if (**s != wanted)
		return -1;
	++*s;
	return 0;
}

int
civil_read_date(const char **s, struct civil *c)
{
	int64_t ms;

	*c = (struct civil){.year = 0};
	if (read_number(s, 4, 4, &c->year) < 0 || read_char(s, '-') < 0 ||
	    read_number(s, 2, 2, &c->month) < 0 || read_char(s, '-') < 0 ||
	    read_number(s, 2, 2, &c->day) < 0 || civil_to_ms(c, &ms) < 0)
		return -1;
	*c = civil_of(ms);
	return 0;
}

int
civil_read_time(const char **s, struct civil *c)
{
	if (read_number(s, 1, 2, &c->hour) < 0 || read_char(s, ':') < 0 ||
	    read_number(s, 2, 2, &c->minute) < 0)
		return -1;
	return c->hour * 60 + c->minute > 24 * 60 || c->minute > 59 ? -1 : 0;
}
