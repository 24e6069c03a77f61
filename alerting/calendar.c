#include "alerting/calendar.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/calendar_rule.h"
#include "base/civil.h"
#include "base/mem.h"
#include "base/str.h"

#define MINUTE_MS 60000LL
#define NEXT_DAYS 200 /* the 31st that a gap swallows comes again by then */
#define MEETS_MAX 400 /* windows that meet, one after the other */

struct calendar {
	char text[CALENDAR_TEXT_MAX + 1];
	struct zone *zone;
	struct calendar_rules rules;
};

struct window {
	int64_t begin_ms, end_ms;
};

static int
fill(struct calendar *c, const char *zone_name, struct err *err)
{
	if (zone_new(&c->zone, zone_name, err) < 0)
		return err_wrap(err, "time_zone");
	if (calendar_read(&c->rules, c->text, c->zone, err) < 0)
		return err_wrap(err, "when");
	return 0;
}

int
calendar_new(struct calendar **out, const char *text, const char *zone_name,
    struct err *err)
{
	struct calendar *c;
	size_t skip = strspn(text, " \t\r\n");

	*out = NULL;
	if (strlen(text) > CALENDAR_TEXT_MAX)
		return err_set(err, ERR_CONFIG, "when: is longer than %d bytes",
		    CALENDAR_TEXT_MAX);
	c = mem_alloc(sizeof(*c));
	str_copy(c->text, sizeof(c->text), text + skip);
	str_trim(c->text);
	if (fill(c, zone_name, err) < 0) {
		calendar_free(c);
		return -1;
	}
	*out = c;
	return 0;
}

void
calendar_free(struct calendar *c)
{
	if (c == NULL)
		return;
	zone_free(c->zone);
	free(c);
}

/* A day of the zone, which begins when its clocks show midnight. */
struct day {
	int64_t midnight_ms; /* as they show it */
	struct civil date;
};

/* So many days from the one that it is there now. */
static struct day
day_at(const struct calendar *c, int64_t now_ms, int days)
{
	int64_t ms = zone_local_ms(c->zone, now_ms);
	int64_t into = ms % CIVIL_DAY_MS;

	ms -= into < 0 ? into + CIVIL_DAY_MS : into;
	ms += days * CIVIL_DAY_MS;
	return (struct day){ms, civil_of(ms)};
}

/* Does a window begin on this day? */
static bool
falls_on(const struct calendar_rule *r, const struct civil *date)
{
	int last = civil_month_days(date->year, date->month);

	if (r->weekdays != 0 && (r->weekdays >> date->weekday & 1) == 0)
		return false;
	if (r->nth == CALENDAR_LAST && date->day + 7 <= last)
		return false;
	if (r->nth > 0 && (date->day + 6) / 7 != r->nth)
		return false;
	return r->day == 0 || r->day == date->day ||
	       (r->day == CALENDAR_LAST && date->day == last);
}

/* The rule's window that begins on this day. Empty when there is none, or when
 * a change of the clocks swallows it. */
static struct window
window_on(const struct calendar *c, const struct calendar_rule *r,
    const struct day *day)
{
	if (r->begin_ms > 0)
		return (struct window){r->begin_ms, r->end_ms};
	if (!falls_on(r, &day->date))
		return (struct window){0, 0};
	return (struct window){
	    zone_utc_ms(c->zone, day->midnight_ms + r->begin * MINUTE_MS),
	    zone_utc_ms(c->zone, day->midnight_ms + r->end * MINUTE_MS)};
}

/* When what holds now ends, by single windows; now_ms = it does not hold. */
static int64_t
end_ms(const struct calendar *c, int64_t now_ms)
{
	int64_t end = now_ms;

	for (int days = -1; days <= 1; days++) {
		struct day day = day_at(c, now_ms, days);

		for (size_t i = 0; i < c->rules.count; i++) {
			struct window w =
			    window_on(c, &c->rules.items[i], &day);

			if (w.begin_ms <= now_ms && w.end_ms > end)
				end = w.end_ms;
		}
	}
	return end;
}

bool
calendar_covers(const struct calendar *c, int64_t now_ms, int64_t *until_ms)
{
	int64_t end = now_ms;

	for (int i = 0; i < MEETS_MAX; i++) {
		int64_t later = end_ms(c, end);

		if (later == end)
			break;
		end = later;
		if (end - now_ms >= CALENDAR_LOOK_MS) {
			end = now_ms + CALENDAR_LOOK_MS;
			break;
		}
	}
	if (until_ms != NULL)
		*until_ms = end;
	return end > now_ms;
}

/* The first begin of a window after now. */
static int64_t
begin_ms(const struct calendar *c, int64_t now_ms)
{
	int64_t first = INT64_MAX;

	for (int days = 0; days < NEXT_DAYS; days++) {
		struct day day = day_at(c, now_ms, days);

		if (zone_utc_ms(c->zone, day.midnight_ms) > first)
			break;
		for (size_t i = 0; i < c->rules.count; i++) {
			struct window w =
			    window_on(c, &c->rules.items[i], &day);

			if (w.begin_ms > now_ms && w.end_ms > w.begin_ms &&
			    w.begin_ms < first)
				first = w.begin_ms;
		}
	}
	return first;
}

int64_t
calendar_next_ms(const struct calendar *c, int64_t now_ms)
{
	int64_t from_ms = now_ms;

	/* It may go on for longer than it looks ahead, but not for ever. */
	for (int i = 0; calendar_covers(c, from_ms, &from_ms); i++)
		if (i == NEXT_DAYS)
			return INT64_MAX;
	/* What begins just where the last one ended met it; from_ms is
	 * therefore no begin. */
	return begin_ms(c, from_ms);
}

const char *
calendar_text(const struct calendar *c)
{
	return c->text;
}

const char *
calendar_zone(const struct calendar *c)
{
	return zone_name(c->zone);
}
