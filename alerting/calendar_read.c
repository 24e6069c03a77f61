/* The text of a calendar, read from left to right: alerting/calendar.h. */
#include <string.h>
#include <strings.h>

#include "alerting/calendar_rule.h"
#include "base/civil.h"
#include "base/str.h"

#define DAY_MIN 1440 /* minutes */

static const char *const day_names[] = {"monday", "tuesday", "wednesday",
    "thursday", "friday", "saturday", "sunday", NULL};
static const char *const nth_names[] = {
    "first", "second", "third", "fourth", NULL};

struct reader {
	const char *at;
	const struct zone *zone;
	struct calendar_rules *rules;
	struct calendar_rule next; /* the days read so far */
	struct err *err;
};

static void
skip_blank(struct reader *r)
{
	r->at += strspn(r->at, " \t\r\n");
}

/* What stands here, up to the comma, so that a message can show it. */
static int
wrong(struct reader *r, const char *what, const char *example)
{
	char shown[40];

	skip_blank(r);
	str_printable(shown, sizeof(shown), r->at, strcspn(r->at, ","));
	if (*shown == '\0')
		return err_set(r->err, ERR_CONFIG,
		    "expected %s at the end; write, for example, %s", what,
		    example);
	return err_set(r->err, ERR_CONFIG,
	    "expected %s at \"%s\"; write, for example, %s", what, shown,
	    example);
}

/* The letters at *at as one word; 0 = there are none. */
static size_t
word_len(const char *at)
{
	return strspn(
	    at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static bool
take_word(struct reader *r, const char *word)
{
	size_t len = word_len(r->at);

	if (len != strlen(word) || strncasecmp(r->at, word, len) != 0)
		return false;
	r->at += len;
	skip_blank(r);
	return true;
}

/* "Mon" or "Monday" at *at, moving past it: 0 = Monday; or -1. */
static int
take_weekday(struct reader *r)
{
	size_t len = word_len(r->at);

	for (int i = 0; day_names[i] != NULL; i++) {
		if ((len != 3 && len != strlen(day_names[i])) ||
		    strncasecmp(r->at, day_names[i], len) != 0)
			continue;
		r->at += len;
		return i;
	}
	return -1;
}

/* "Mon", "Mon-Fri", "Sat-Mon": adds to the days. */
static int
read_weekdays(struct reader *r)
{
	int from = take_weekday(r), to = from;

	if (from < 0)
		return wrong(r, "a day such as Mon", "Mon-Fri 08:00-18:00");
	if (*r->at == '-') {
		r->at++;
		to = take_weekday(r);
		if (to < 0)
			return wrong(
			    r, "a day such as Fri", "Mon-Fri 08:00-18:00");
	}
	for (int day = from;; day = (day + 1) % 7) {
		r->next.weekdays |= 1u << day;
		if (day == to)
			break;
	}
	skip_blank(r);
	return 0;
}

/* After "first" or "last": which day? */
static int
read_nth(struct reader *r, int nth)
{
	int day;

	if (nth == CALENDAR_LAST && take_word(r, "day")) {
		r->next.day = CALENDAR_LAST;
		return 0;
	}
	day = take_weekday(r);
	if (day < 0)
		return wrong(r, "a day such as Sun", "first Sun 02:00-04:00");
	r->next.nth = nth;
	r->next.weekdays = 1u << day;
	skip_blank(r);
	return 0;
}

/* After "day": its number in the month. */
static int
read_day(struct reader *r)
{
	char number[3] = "";
	size_t len = strspn(r->at, "0123456789");
	int64_t day;

	if (len > 0 && len < sizeof(number))
		memcpy(number, r->at, len);
	if (str_parse_i64(number, 1, 31, &day) < 0)
		return wrong(
		    r, "a day of the month from 1 to 31", "day 1 02:00-04:00");
	r->at += len;
	r->next.day = (int)day;
	skip_blank(r);
	return 0;
}

/* What stands in front of the times; none is every day. */
static int
read_days(struct reader *r)
{
	if (r->next.weekdays == 0) {
		for (int i = 0; nth_names[i] != NULL; i++)
			if (take_word(r, nth_names[i]))
				return read_nth(r, i + 1);
		if (take_word(r, "last"))
			return read_nth(r, CALENDAR_LAST);
		if (take_word(r, "day"))
			return read_day(r);
	}
	while (word_len(r->at) > 0)
		if (read_weekdays(r) < 0)
			return -1;
	return 0;
}

static int
read_minute(struct reader *r, int *minute)
{
	struct civil c = {0};

	skip_blank(r);
	if (civil_read_time(&r->at, &c) < 0)
		return -1;
	*minute = c.hour * 60 + c.minute;
	return 0;
}

/* "22:00-07:00" */
static int
read_times(struct reader *r)
{
	const char *start = r->at;
	int begin, end;

	if (read_minute(r, &begin) < 0 || begin == DAY_MIN) {
		r->at = start;
		return wrong(r, "a time such as 08:00",
		    *start == '\0' ? "Sat 00:00-24:00" : "Mon-Fri 08:00-18:00");
	}
	skip_blank(r);
	if (*r->at != '-')
		return wrong(r, "- and when it ends", "22:00-07:00");
	start = ++r->at;
	if (read_minute(r, &end) < 0) {
		r->at = start;
		return wrong(r, "a time such as 18:00", "Mon-Fri 08:00-18:00");
	}
	if (begin == end)
		return err_set(r->err, ERR_CONFIG,
		    "it begins and ends at %02d:%02d; the whole day is "
		    "written 00:00-24:00",
		    begin / 60, begin % 60);
	r->next.begin = begin;
	r->next.end = end < begin ? end + DAY_MIN : end;
	return 0;
}

/* "2026-12-24 18:00", up to where the time ends. */
static int
read_moment(struct reader *r, int64_t *utc_ms)
{
	static const char moment[] = "YYYY-MM-DD HH:MM";
	char text[sizeof(moment)];
	size_t len = strcspn(r->at, ",");
	const char *space = strpbrk(r->at, " T");
	size_t date = space != NULL ? (size_t)(space - r->at) : len;

	if (date < len)
		len = date + 1 + strspn(space + 1, "0123456789:");
	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	memcpy(text, r->at, len);
	text[len] = '\0';
	if (zone_parse(r->zone, text, utc_ms, r->err) < 0) {
		r->err->code = ERR_CONFIG;
		return -1;
	}
	r->at += len;
	skip_blank(r);
	return 0;
}

/* "2026-12-24 18:00 to 2026-12-27 08:00" */
static int
read_once(struct reader *r)
{
	if (read_moment(r, &r->next.begin_ms) < 0)
		return -1;
	if (!take_word(r, "to"))
		return wrong(r, "\"to\" and when it ends",
		    "2026-12-24 18:00 to 2026-12-27 08:00");
	if (read_moment(r, &r->next.end_ms) < 0)
		return -1;
	if (r->next.end_ms > r->next.begin_ms)
		return 0;
	return err_set(r->err, ERR_CONFIG,
	    "it ends before it begins; write, for example, 2026-12-24 18:00 "
	    "to 2026-12-27 08:00");
}

static bool
is_date(const char *at)
{
	return strspn(at, "0123456789") == 4 && at[4] == '-';
}

/* Up to the next comma. Days without times stay for what comes after it. */
static int
read_item(struct reader *r)
{
	if (is_date(r->at) && r->next.weekdays == 0) {
		if (read_once(r) < 0)
			return -1;
	} else {
		if (read_days(r) < 0)
			return -1;
		if (*r->at == ',' && r->next.weekdays != 0 && r->next.nth == 0)
			return 0;
		if (read_times(r) < 0)
			return -1;
	}
	skip_blank(r);
	if (*r->at != ',' && *r->at != '\0')
		return wrong(r, "a comma or the end",
		    "Mon-Fri 08:00-18:00, Sat 10:00-14:00");
	if (r->rules->count == CALENDAR_RULES_MAX)
		return err_set(r->err, ERR_CONFIG,
		    "more than %d times in one calendar", CALENDAR_RULES_MAX);
	r->rules->items[r->rules->count++] = r->next;
	r->next = (struct calendar_rule){.weekdays = 0};
	return 0;
}

int
calendar_read(struct calendar_rules *out, const char *text,
    const struct zone *zone, struct err *err)
{
	struct err own = ERR_INIT;
	struct reader r = {.at = text,
	    .zone = zone,
	    .rules = out,
	    .err = err != NULL ? err : &own};

	out->count = 0;
	for (;;) {
		skip_blank(&r);
		if (read_item(&r) < 0)
			return -1;
		if (*r.at == '\0')
			return 0;
		r.at++; /* the comma */
	}
}
