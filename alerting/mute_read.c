/* Mutes as they are written and stored: alerting/mute.h. */
#include <string.h>

#include "alerting/calendar.h"
#include "alerting/fields.h"
#include "alerting/incident.h"
#include "alerting/mute.h"
#include "base/json.h"
#include "base/str.h"
#include "base/zone.h"

#define YEAR_MS ((int64_t)366 * 86400 * 1000)

#define ROW_NAME                                                               \
	{                                                                      \
		.name = "name", OPTION(STRING, struct mute_config, name),      \
		.max = 1000,                                                   \
		.help = "how people call it: a-z, 0-9, dot, underscore and "   \
			"hyphen, at most 63; required in a file"               \
	}
#define ROW_MATCH(what)                                                        \
	{                                                                      \
		.name = "match", OPTION(SECTION, struct mute_config, match),   \
		.section = route_match_options,                                \
		.section_size = sizeof(struct route_match), .help = (what)     \
	}
#define ROW_INCIDENT                                                           \
	{                                                                      \
		.name = "incident",                                            \
		OPTION(STRING, struct mute_config, incident),                  \
		.max = INCIDENT_ID_LEN,                                        \
		.help = "this incident only, by its id"                        \
	}
#define ROW_ALL                                                                \
	{                                                                      \
		.name = "all", OPTION(BOOL, struct mute_config, all),          \
		.standard = "false",                                           \
		.help =                                                        \
		    "true: yes, everything; without it, something must be "    \
		    "matched"                                                  \
	}
#define ROW_FROM                                                               \
	{                                                                      \
		.name = "from", OPTION(STRING, struct mute_config, from),      \
		.max = 40,                                                     \
		.help = "begin, such as 2026-12-24 18:00; at once unless set"  \
	}
#define ROW_UNTIL                                                              \
	{                                                                      \
		.name = "until", OPTION(STRING, struct mute_config, until),    \
		.max = 40, .help = "end, such as 2026-12-27 08:00"             \
	}
#define ROW_FOR                                                                \
	{                                                                      \
		.name = "for", OPTION(DURATION, struct mute_config, for_ms),   \
		.max = YEAR_MS, .help = "how long, instead of until"           \
	}
#define ROW_ZONE                                                               \
	{                                                                      \
		.name = "time_zone",                                           \
		OPTION(STRING, struct mute_config, time_zone),                 \
		.standard = "UTC", .max = ZONE_NAME_MAX,                       \
		.help = "such as Europe/Berlin; local is the machine's"        \
	}
#define ROW_AUTHOR                                                             \
	{                                                                      \
		.name = "author", OPTION(STRING, struct mute_config, author),  \
		.max = 63, .help = "who answers for it"                        \
	}
#define ROW_REASON                                                             \
	{                                                                      \
		.name = "reason", OPTION(STRING, struct mute_config, reason),  \
		.flags = OPTION_REQUIRED, .min = 1, .max = 199,                \
		.help = "why, for whoever wonders"                             \
	}

static const struct option silence_options[] = {
    ROW_NAME,
    ROW_MATCH("what is kept back"),
    ROW_INCIDENT,
    ROW_ALL,
    ROW_FROM,
    ROW_UNTIL,
    ROW_FOR,
    ROW_ZONE,
    ROW_AUTHOR,
    ROW_REASON,
    OPTION_END,
};

static const struct option maintenance_options[] = {
    ROW_NAME,
    ROW_MATCH("what the work can break"),
    ROW_ALL,
    {.name = "when",
	OPTION(STRING, struct mute_config, when),
	.max = CALENDAR_TEXT_MAX,
	.help = "windows that come again, such as Sun 02:00-04:00 or first "
		"Sun 02:00-04:00; or use until or for"},
    ROW_FROM,
    ROW_UNTIL,
    ROW_FOR,
    ROW_ZONE,
    ROW_AUTHOR,
    ROW_REASON,
    OPTION_END,
};

static const struct option quiet_hours_options[] = {
    ROW_NAME,
    ROW_MATCH("what is kept back, if not everything below that severity"),
    {.name = "when",
	OPTION(STRING, struct mute_config, when),
	.flags = OPTION_REQUIRED,
	.max = CALENDAR_TEXT_MAX,
	.help = "such as 22:00-07:00, Sat-Sun 00:00-24:00"},
    ROW_ZONE,
    {.name = "below",
	OPTION(SEVERITY, struct mute_config, below),
	.standard = "high",
	.help = "what is less severe than this waits until they are over"},
    OPTION_END,
};

const struct option *const mute_options[MUTE_KIND_COUNT] = {
    [MUTE_SILENCE] = silence_options,
    [MUTE_MAINTENANCE] = maintenance_options,
    [MUTE_QUIET_HOURS] = quiet_hours_options,
};

static bool
has_matcher(const struct mute *m)
{
	const struct route_match *match = &m->match;

	return m->incident[0] != '\0' || match->severity.count > 0 ||
	       match->kind.count > 0 || match->probe.count > 0 ||
	       match->component.count > 0 || match->labels.count > 0;
}

static int
parse_at(const struct zone *z, const char *key, const char *text, int64_t *out,
    struct err *err)
{
	if (text == NULL || zone_parse(z, text, out, err) == 0)
		return 0;
	return err_wrap(err, "%s", key);
}

/* from and until, of which `for` is another spelling. */
static int
read_span(struct mute *m, const struct mute_config *config,
    const struct zone *z, struct err *err)
{
	m->from_ms = m->created_ms;
	if (parse_at(z, "from", config->from, &m->from_ms, err) < 0 ||
	    parse_at(z, "until", config->until, &m->until_ms, err) < 0)
		return -1;
	if (config->until != NULL && config->for_ms > 0)
		return err_set(err, ERR_CONFIG,
		    "for: until is set as well; one of them is enough");
	if (config->for_ms > 0 && m->from_ms == 0)
		return err_set(
		    err, ERR_CONFIG, "for: needs from, to count from it");
	if (config->for_ms > 0)
		m->until_ms = m->from_ms + config->for_ms;
	if (m->until_ms == 0)
		return 0;
	if (m->until_ms <= m->from_ms)
		return err_set(err, ERR_CONFIG,
		    config->from != NULL ? "until: is not after from"
					 : "until: is already past");
	if (m->until_ms <= m->created_ms)
		return err_set(err, ERR_CONFIG, "until: is already past");
	return 0;
}

/* What must be there for a mute of its kind. */
static int
check(const struct mute *m, const struct mute_config *config, struct err *err)
{
	if (m->kind == MUTE_SILENCE && m->until_ms == 0)
		return err_set(err, ERR_CONFIG,
		    "until: required key is missing; a silence ends, at a "
		    "time such as 2026-12-27 08:00, or after a time (for: 2h)");
	if (m->kind == MUTE_MAINTENANCE && m->until_ms == 0 &&
	    m->calendar == NULL)
		return err_set(err, ERR_CONFIG,
		    "when: required key is missing; write when: Sun "
		    "02:00-04:00 for windows that come again, or until: "
		    "2026-12-27 08:00 for a single one");
	if (m->kind != MUTE_QUIET_HOURS && !has_matcher(m) && !config->all)
		return err_set(err, ERR_CONFIG,
		    "match: nothing is matched, so everything would be kept "
		    "back; say what is meant, or all: true");
	if (has_matcher(m) && config->all)
		return err_set(err, ERR_CONFIG,
		    "all: something is matched as well; leave out one of them");
	return 0;
}

static int
take_match(struct mute *out, struct mute_config *config, struct err *err)
{
	struct err why = ERR_INIT;

	out->match = config->match;
	memset(&config->match, 0, sizeof(config->match));
	if (route_match_prepare(&out->match, &why) == 0)
		return 0;
	return err_set(err, why.code, "match.%s", why.text);
}

static int
make(struct mute *out, struct mute_config *config, const struct zone *z,
    struct err *err)
{
	if (take_match(out, config, err) < 0 ||
	    read_span(out, config, z, err) < 0)
		return -1;
	if (config->when != NULL && calendar_new(&out->calendar, config->when,
					config->time_zone, err) < 0)
		return -1;
	return check(out, config, err);
}

/* One line, whatever somebody wrote. */
static void
take_words(char *dst, size_t size, const char *text)
{
	if (text != NULL)
		str_printable(dst, size, text, strlen(text));
}

int
mute_make(struct mute *out, enum mute_kind kind, struct mute_config *config,
    int64_t now_ms, struct err *err)
{
	static const struct mute none;
	const char *zone_text =
	    config->time_zone != NULL ? config->time_zone : "UTC";
	struct zone *z;
	int rc;

	*out = none;
	out->kind = kind;
	out->created_ms = now_ms;
	out->below = config->below;
	str_copy(out->id, sizeof(out->id), config->name ? config->name : "");
	str_copy(out->incident, sizeof(out->incident),
	    config->incident ? config->incident : "");
	take_words(out->author, sizeof(out->author), config->author);
	take_words(out->reason, sizeof(out->reason), config->reason);
	if (zone_new(&z, zone_text, err) < 0)
		return err_wrap(err, "time_zone");
	rc = make(out, config, z, err);
	zone_free(z);
	return rc;
}

void
mute_fini(struct mute *m)
{
	route_match_fini(&m->match);
	option_free(route_match_options, &m->match);
	calendar_free(m->calendar);
	m->calendar = NULL;
}

static const struct field fields[] = {
    {FIELD(ENUM, struct mute, kind), .names = mute_kind_names},
    {FIELD(TEXT, struct mute, id)},
    {FIELD(TEXT, struct mute, author)},
    {FIELD(TEXT, struct mute, reason)},
    {FIELD(TEXT, struct mute, incident)},
    {FIELD(TIME, struct mute, created_ms)},
    {FIELD(TIME, struct mute, from_ms)},
    {FIELD(TIME, struct mute, until_ms)},
    {FIELD(ENUM, struct mute, below), .names = severity_names},
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

json_t *
mute_to_json(const struct mute *m)
{
	json_t *json = fields_to_json(fields, FIELDS, m);
	const struct calendar *c = m->calendar;

	json_put_str(json, "when", c != NULL ? calendar_text(c) : "");
	json_put_str(json, "time_zone", c != NULL ? calendar_zone(c) : "");
	json_put(json, "match",
	    option_dump(route_match_options, &m->match, false, false));
	return json;
}

static int
read_calendar(struct mute *out, const json_t *json, struct err *err)
{
	const char *when, *zone;

	if (json_need_str(json, "when", CALENDAR_TEXT_MAX, &when, err) < 0 ||
	    json_need_str(json, "time_zone", ZONE_NAME_MAX, &zone, err) < 0)
		return -1;
	if (*when == '\0')
		return 0;
	return calendar_new(&out->calendar, when, zone, err);
}

static int
read_match(struct mute *out, const json_t *json, struct err *err)
{
	json_t *match;

	if (json_need_obj(json, "match", &match, err) < 0 ||
	    option_parse_one(
		route_match_options, &out->match, match, "match", err) < 0)
		return -1;
	return route_match_prepare(&out->match, err);
}

int
mute_from_json(struct mute *out, const json_t *json, struct err *err)
{
	static const char *const apart[] = {"when", "time_zone", "match"};
	static const struct mute none;
	json_t *flat;
	int rc;

	*out = none;
	if (!json_is_object(json))
		return err_set(err, ERR_INPUT, "not a JSON object");
	if (read_match(out, json, err) < 0 || read_calendar(out, json, err) < 0)
		return -1;
	flat = json_copy((json_t *)(uintptr_t)json);
	for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++)
		json_object_del(flat, apart[i]);
	rc = fields_from_json(fields, FIELDS, out, flat, err);
	json_decref(flat);
	return rc;
}
