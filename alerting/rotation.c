#include "alerting/rotation.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/civil.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/zone.h"

#define DAYS_MAX 366 /* of one turn */

struct override {
	char *person;
	int64_t from_ms, until_ms;
};

struct rotation {
	struct zone *zone;
	char **people;
	size_t people_count;
	int64_t start_ms; /* a hand-over to the first, by the zone's clocks */
	int64_t turn_ms;  /* whole days, by the zone's clocks */
	struct override *overrides;
	size_t override_count;
};

static const struct option override_options[] = {
    {.name = "person",
	OPTION(STRING, struct rotation_override, person),
	.flags = OPTION_REQUIRED,
	.max = 100,
	.help = "who has it instead"},
    {.name = "from",
	OPTION(STRING, struct rotation_override, from),
	.flags = OPTION_REQUIRED,
	.max = 40,
	.help = "such as 2026-12-24 18:00"},
    {.name = "until",
	OPTION(STRING, struct rotation_override, until),
	.flags = OPTION_REQUIRED,
	.max = 40,
	.help = "such as 2026-12-27 09:00"},
    OPTION_END,
};

const struct option rotation_options[] = {
    {.name = "people",
	OPTION(LIST, struct rotation_config, people),
	.flags = OPTION_REQUIRED | OPTION_NONEMPTY,
	.max = ROTATION_PEOPLE_MAX,
	.help = "who takes turns, in this order"},
    {.name = "every",
	OPTION(STRING, struct rotation_config, every),
	.standard = "week",
	.max = 40,
	.help = "how long a turn lasts: day, week, or days such as 14d"},
    {.name = "hand_over",
	OPTION(STRING, struct rotation_config, hand_over),
	.standard = "Mon 09:00",
	.max = 40,
	.help = "when the turn changes, by the zone's clocks: 09:00, or with "
		"turns of whole weeks Mon 09:00"},
    {.name = "start",
	OPTION(STRING, struct rotation_config, start),
	.standard = "2024-01-01",
	.max = 40,
	.help = "the first hand-over on or after this day is to the first of "
		"people"},
    {.name = "time_zone",
	OPTION(STRING, struct rotation_config, time_zone),
	.standard = "UTC",
	.max = ZONE_NAME_MAX,
	.help = "such as Europe/Berlin; local is the machine's"},
    {.name = "overrides",
	OPTION(SECTIONS, struct rotation_config, overrides),
	.max = ROTATION_OVERRIDES_MAX,
	.section = override_options,
	.section_size = sizeof(struct rotation_override),
	.help = "who has it instead, for a time; the last of several that "
		"overlap counts"},
    OPTION_END,
};

/* "day", "week", "14d", "2w": how many days. */
static int
read_every(const char *text, int64_t *days, struct err *err)
{
	size_t len = strlen(text);
	char number[8], shown[48];
	int64_t unit = len > 0 && text[len - 1] == 'w' ? 7 : 1;

	*days = str_eq(text, "day") ? 1 : str_eq(text, "week") ? 7 : 0;
	if (*days > 0)
		return 0;
	if (len > 1 && strchr("dw", text[len - 1]) != NULL &&
	    len <= sizeof(number)) {
		memcpy(number, text, len - 1);
		number[len - 1] = '\0';
		if (str_parse_i64(number, 1, DAYS_MAX / unit, days) == 0) {
			*days *= unit;
			return 0;
		}
	}
	str_printable(shown, sizeof(shown), text, len);
	return err_set(err, ERR_CONFIG,
	    "every: \"%s\" is no length of a turn; write day, week, or days "
	    "such as 14d (at most %dd)",
	    shown, DAYS_MAX);
}

static int
read_start(const char *text, int64_t *midnight_ms, struct err *err)
{
	const char *at = text;
	struct civil date;
	char shown[48];

	if (civil_read_date(&at, &date) == 0 && *at == '\0' &&
	    date.year >= 2000 && date.year <= 2060)
		return civil_to_ms(&date, midnight_ms);
	str_printable(shown, sizeof(shown), text, strlen(text));
	return err_set(err, ERR_CONFIG,
	    "start: \"%s\" is no date from 2000 to 2060; write 2026-01-05",
	    shown);
}

/* "09:00" or "Mon 09:00"; *weekday is -1 without one. */
static int
read_hand_over(const char *text, int *weekday, int64_t *into_day_ms)
{
	static const char *const days[] = {
	    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	struct civil time = {.hour = 0};

	*weekday = -1;
	for (int i = 0; i < 7; i++) {
		if (strncmp(text, days[i], 3) == 0 && text[3] == ' ') {
			*weekday = i;
			text += 4;
			break;
		}
	}
	if (civil_read_time(&text, &time) < 0 || *text != '\0' ||
	    time.hour == 24)
		return -1;
	*into_day_ms = (time.hour * 60 + time.minute) * 60000LL;
	return 0;
}

/* Start and length of the turns. */
static int
read_turns(
    struct rotation *r, const struct rotation_config *config, struct err *err)
{
	int64_t days, into_day_ms;
	char shown[48];
	int weekday;

	if (read_every(config->every, &days, err) < 0 ||
	    read_start(config->start, &r->start_ms, err) < 0)
		return -1;
	str_printable(
	    shown, sizeof(shown), config->hand_over, strlen(config->hand_over));
	if (read_hand_over(config->hand_over, &weekday, &into_day_ms) < 0)
		return err_set(err, ERR_CONFIG,
		    "hand_over: \"%s\" is no time; write 09:00, or Mon 09:00",
		    shown);
	if (weekday >= 0 && days % 7 != 0)
		return err_set(err, ERR_CONFIG,
		    "hand_over: \"%s\" names a day, but turns are not whole "
		    "weeks: write only the time, such as 09:00, or every: week",
		    shown);
	while (weekday >= 0 && civil_of(r->start_ms).weekday != weekday)
		r->start_ms += CIVIL_DAY_MS;
	r->start_ms += into_day_ms;
	r->turn_ms = days * CIVIL_DAY_MS;
	return 0;
}

static int
read_override(struct rotation *r, const struct rotation_override *o, size_t i,
    struct err *err)
{
	struct override *out = &r->overrides[r->override_count++];

	out->person = mem_strdup(o->person);
	if (zone_parse(r->zone, o->from, &out->from_ms, err) < 0 ||
	    zone_parse(r->zone, o->until, &out->until_ms, err) < 0) {
		err->code = ERR_CONFIG;
		return err_wrap(err, "overrides: number %zu", i + 1);
	}
	if (out->until_ms > out->from_ms)
		return 0;
	return err_set(err, ERR_CONFIG,
	    "overrides: number %zu ends before it begins", i + 1);
}

static int
fill(struct rotation *r, const struct rotation_config *config, struct err *err)
{
	const struct rotation_override *overrides = config->overrides.items;

	if (zone_new(&r->zone, config->time_zone, err) < 0)
		return err_wrap(err, "time_zone");
	if (read_turns(r, config, err) < 0)
		return -1;
	r->people = mem_array(config->people.count, sizeof(*r->people));
	for (size_t i = 0; i < config->people.count; i++)
		r->people[r->people_count++] =
		    mem_strdup(config->people.items[i]);
	r->overrides =
	    mem_array(config->overrides.count, sizeof(*r->overrides));
	for (size_t i = 0; i < config->overrides.count; i++)
		if (read_override(r, &overrides[i], i, err) < 0)
			return -1;
	return 0;
}

int
rotation_new(struct rotation **out, const struct rotation_config *config,
    struct err *err)
{
	struct rotation *r = mem_alloc(sizeof(*r));
	struct err own = ERR_INIT;

	*out = NULL;
	CHECK(config->people.count > 0);
	if (fill(r, config, err != NULL ? err : &own) < 0) {
		rotation_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

void
rotation_free(struct rotation *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->people_count; i++)
		free(r->people[i]);
	for (size_t i = 0; i < r->override_count; i++)
		free(r->overrides[i].person);
	free(r->people);
	free(r->overrides);
	zone_free(r->zone);
	free(r);
}

static int64_t
hand_over_ms(const struct rotation *r, int64_t turn)
{
	return zone_utc_ms(r->zone, r->start_ms + turn * r->turn_ms);
}

/* Which turn is it? A change of the clocks near a hand-over can put the guess
 * by local time one off. */
static int64_t
turn_at(const struct rotation *r, int64_t now_ms)
{
	int64_t since_ms = zone_local_ms(r->zone, now_ms) - r->start_ms;
	int64_t turn = since_ms / r->turn_ms - (since_ms % r->turn_ms < 0);

	while (hand_over_ms(r, turn) > now_ms)
		turn--;
	while (hand_over_ms(r, turn + 1) <= now_ms)
		turn++;
	return turn;
}

/* Who has it at this moment, and the next moment at which that may change. */
static const char *
at_moment(const struct rotation *r, int64_t now_ms, int64_t *next_ms)
{
	int64_t turn = turn_at(r, now_ms), count = (int64_t)r->people_count;
	const char *person = r->people[(turn % count + count) % count];

	*next_ms = count > 1 ? hand_over_ms(r, turn + 1) : INT64_MAX;
	for (size_t i = 0; i < r->override_count; i++) {
		const struct override *o = &r->overrides[i];

		if (o->from_ms <= now_ms && now_ms < o->until_ms)
			person = o->person;
		if (o->from_ms > now_ms && o->from_ms < *next_ms)
			*next_ms = o->from_ms;
		if (o->until_ms > now_ms && o->until_ms < *next_ms)
			*next_ms = o->until_ms;
	}
	return person;
}

const char *
rotation_on_call(const struct rotation *r, int64_t now_ms, int64_t *until_ms)
{
	const char *person, *then;
	int64_t until, next;
	/* All of them may be the same person, once around. */
	size_t most = r->people_count + 2 * r->override_count + 1;

	person = at_moment(r, now_ms, &until);
	for (size_t i = 0; i < most && until != INT64_MAX; i++) {
		then = at_moment(r, until, &next);
		if (!str_eq(then, person))
			break;
		until = i + 1 < most ? next : INT64_MAX;
	}
	if (until_ms != NULL)
		*until_ms = until;
	return person;
}

const char *
rotation_zone(const struct rotation *r)
{
	return zone_name(r->zone);
}
