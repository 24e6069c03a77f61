#include "alerting/route.h"

#include <fnmatch.h>
#include <string.h>

#include "alerting/calendar.h"
#include "base/check.h"
#include "base/str.h"

#define STARS_MAX     4 /* in a pattern */
#define DAY           (24 * 3600000LL)
#define REPEAT_MIN_MS 1000

const struct option route_match_options[] = {
    {.name = "severity",
	OPTION(LIST, struct route_match, severity),
	.max = SEVERITY_COUNT,
	.help = "severities, such as critical, or high+ for high and above"},
    {.name = "kind",
	OPTION(LIST, struct route_match, kind),
	.max = 100,
	.help = "probe kinds; agent stands for the agent's own troubles, "
		"manual for what people opened by hand"},
    {.name = "probe",
	OPTION(LIST, struct route_match, probe),
	.max = 1000,
	.help = "probe names or patterns, such as portal-*"},
    {.name = "component",
	OPTION(LIST, struct route_match, component),
	.max = 1000,
	.help = "components or patterns, such as \"Patient *\""},
    {.name = "labels",
	OPTION(MAP, struct route_match, labels),
	.max = 100,
	.help = "labels that the probe must all have; values are patterns"},
    {.name = "when",
	OPTION(STRING, struct route_match, when),
	.max = 500,
	.help = "times at which it holds, such as Mon-Fri 08:00-18:00; an "
		"incident's time is that of its alarm"},
    {.name = "time_zone",
	OPTION(STRING, struct route_match, time_zone),
	.max = 100,
	.standard = "UTC",
	.help = "of when: a name such as Europe/Berlin"},
    OPTION_END,
};

static const struct option step_options[] = {
    {.name = "after",
	OPTION(DURATION, struct route_step, after_ms),
	.flags = OPTION_REQUIRED,
	.min = 1000,
	.max = 7 * DAY,
	.help = "how long after the alarm, while nobody acknowledges"},
    {.name = "notify",
	OPTION(LIST, struct route_step, notify),
	.flags = OPTION_REQUIRED | OPTION_NONEMPTY,
	.max = 100,
	.help = "channels, people or rotations that are told then"},
    OPTION_END,
};

static const struct option group_options[] = {
    {.name = "by",
	OPTION(LIST, struct route_group, by),
	.max = 20,
	.help = "what incidents of one message share: severity, kind, probe, "
		"component, labels.NAME; nothing is one group for all"},
    {.name = "wait",
	OPTION(DURATION, struct route_group, wait_ms),
	.standard = "0s",
	.max = 3600000,
	.help = "how long the first of a group waits for others; 0 sends each "
		"at once (only a storm is then told as one)"},
    OPTION_END,
};

const struct option route_options[] = {
    {.name = "match",
	OPTION(SECTION, struct route, match),
	.section = route_match_options,
	.section_size = sizeof(struct route_match),
	.help = "which incidents; all conditions must hold, none matches all"},
    {.name = "notify",
	OPTION(LIST, struct route, notify),
	.flags = OPTION_REQUIRED,
	.max = 100,
	.help = "channels, people or rotations; an empty list tells nobody"},
    {.name = "continue",
	OPTION(BOOL, struct route, go_on),
	.standard = "false",
	.help = "go on with the next routes instead of stopping here"},
    {.name = "escalate",
	OPTION(SECTIONS, struct route, escalate),
	.section = step_options,
	.section_size = sizeof(struct route_step),
	.max = ROUTE_ESCALATE_MAX,
	.help = "who is told next, while nobody acknowledges"},
    {.name = "repeat",
	OPTION(DURATION, struct route, repeat_ms),
	.standard = "0s",
	.max = 7 * DAY,
	.help = "how long after the last step it all begins again, while "
		"nobody acknowledges; 0 is never"},
    {.name = "group",
	OPTION(SECTION, struct route, group),
	.section = group_options,
	.section_size = sizeof(struct route_group),
	.help = "which incidents that open close together are told in one "
		"message"},
    OPTION_END,
};

/* "high" or "high+"; 0, or -1 if the word means nothing. */
static int
parse_severity(const char *word, enum severity *least, bool *above)
{
	char name[16];

	*above = str_ends(word, "+");
	if (str_copy(name, sizeof(name), word) < 0)
		return -1;
	if (*above)
		name[strlen(name) - 1] = '\0';
	return severity_parse(name, least);
}

static bool
matches_severity(const struct option_list *words, enum severity severity)
{
	enum severity least;
	bool above;

	for (size_t i = 0; i < words->count; i++)
		if (parse_severity(words->items[i], &least, &above) == 0 &&
		    (severity == least || (above && severity > least)))
			return true;
	return words->count == 0;
}

static bool
matches_pattern(const struct option_list *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (fnmatch(patterns->items[i], name, 0) == 0)
			return true;
	return patterns->count == 0;
}

static bool
matches_word(const struct option_list *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (str_eq(words->items[i], word))
			return true;
	return words->count == 0;
}

static bool
matches_labels(const struct option_map *wanted, const json_t *labels)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const char *value = json_string_value(
		    json_object_get(labels, wanted->items[i].key));

		if (value == NULL ||
		    fnmatch(wanted->items[i].value, value, 0) != 0)
			return false;
	}
	return true;
}

bool
route_match_covers(const struct route_match *m, const struct route_facts *facts)
{
	return matches_severity(&m->severity, facts->severity) &&
	       matches_word(&m->kind, facts->kind) &&
	       matches_pattern(&m->probe, facts->probe) &&
	       matches_pattern(&m->component, facts->component) &&
	       matches_labels(&m->labels, facts->labels) &&
	       (m->calendar == NULL ||
		   calendar_covers(m->calendar, facts->at_ms, NULL));
}

/* ---- the plan ---- */

/* In the order of time; of one time, in the order of routes. */
static void
add_page(struct route_plan *plan, const struct route_page *page)
{
	size_t at = plan->count;

	if (plan->count == ROUTE_PAGES_MAX) /* the latest gives way */
		at = --plan->count;
	while (at > 0 && plan->pages[at - 1].after_ms > page->after_ms)
		at--;
	memmove(&plan->pages[at + 1], &plan->pages[at],
	    (plan->count - at) * sizeof(plan->pages[0]));
	plan->pages[at] = *page;
	plan->count++;
}

static void
add_route(struct route_plan *plan, const struct route *r, int number)
{
	const struct route_step *steps = r->escalate.items;
	struct route_page page = {.notify = &r->notify, .route = number};

	if (r->notify.count > 0)
		add_page(plan, &page);
	for (size_t i = 0; i < r->escalate.count; i++) {
		page.after_ms = steps[i].after_ms;
		page.notify = &steps[i].notify;
		add_page(plan, &page);
	}
	if (r->repeat_ms > 0 &&
	    (plan->repeat_ms == 0 || r->repeat_ms < plan->repeat_ms))
		plan->repeat_ms = r->repeat_ms;
	if (plan->group == NULL)
		plan->group = &r->group;
}

void
route_plan(struct route_plan *out, const struct route *routes, size_t count,
    const struct route_facts *facts)
{
	const struct route_page everybody = {.route = -1};

	out->count = 0;
	out->repeat_ms = 0;
	out->group = NULL;
	for (size_t i = 0; i < count; i++) {
		if (!route_match_covers(&routes[i].match, facts))
			continue;
		add_route(out, &routes[i], (int)i);
		if (!routes[i].go_on)
			return;
	}
	if (out->group == NULL)
		add_page(out, &everybody);
}

static const char *
group_value(const char *by, const struct route_facts *facts)
{
	const char *value;

	if (str_eq(by, "severity"))
		return severity_names[facts->severity];
	if (str_eq(by, "kind"))
		return facts->kind;
	if (str_eq(by, "probe"))
		return facts->probe;
	if (str_eq(by, "component"))
		return facts->component;
	value = json_string_value(json_object_get(
	    facts->labels, str_starts(by, "labels.") ? by + 7 : by));
	return value != NULL ? value : "";
}

const char *
route_group_key(char *dst, size_t size, const struct route_group *group,
    const struct route_facts *facts)
{
	struct buf key;

	buf_init(&key, 8192);
	for (size_t i = 0; i < group->by.count; i++)
		buf_printf(&key, "%s%s=%s", i > 0 ? " " : "",
		    group->by.items[i], group_value(group->by.items[i], facts));
	str_printable(dst, size, buf_str(&key), key.len);
	buf_fini(&key);
	return dst;
}

/* ---- what a route may say ---- */

/* fnmatch takes a bracket without an end literally, which nobody means, and
 * its work grows with the power of the stars. */
static int
check_pattern(const char *key, const char *pattern, struct err *err)
{
	unsigned stars = 0;

	if (pattern[0] == '\0')
		return err_set(err, ERR_CONFIG, "%s: an empty pattern", key);
	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p == '\\' && p[1] == '\0')
			return err_set(err, ERR_CONFIG,
			    "%s: \"%s\" ends with a lone backslash", key,
			    pattern);
		if (*p == '[' && strchr(p, ']') == NULL)
			return err_set(err, ERR_CONFIG,
			    "%s: \"%s\" has a [ without a ]", key, pattern);
		stars += *p == '*';
		if (*p == '\\')
			p++;
	}
	if (stars > STARS_MAX)
		return err_set(err, ERR_CONFIG,
		    "%s: \"%s\" has %u *, at most %d are allowed", key, pattern,
		    stars, STARS_MAX);
	return 0;
}

static int
check_patterns(
    const char *key, const struct option_list *patterns, struct err *err)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (check_pattern(key, patterns->items[i], err) < 0)
			return -1;
	return 0;
}

static int
check_words(const struct route_match *m, struct err *err)
{
	enum severity least;
	bool above;

	for (size_t i = 0; i < m->severity.count; i++)
		if (parse_severity(m->severity.items[i], &least, &above) < 0)
			return err_set(err, ERR_CONFIG,
			    "severity: \"%s\" is none of info, low, medium, "
			    "high, critical (or one of them with +, such as "
			    "high+)",
			    m->severity.items[i]);
	if (check_patterns("probe", &m->probe, err) < 0 ||
	    check_patterns("component", &m->component, err) < 0)
		return -1;
	for (size_t i = 0; i < m->labels.count; i++)
		if (check_pattern("labels", m->labels.items[i].value, err) < 0)
			return -1;
	return 0;
}

int
route_match_prepare(struct route_match *m, struct err *err)
{
	if (check_words(m, err) < 0)
		return -1;
	if (m->when == NULL)
		return 0;
	return calendar_new(&m->calendar, m->when, m->time_zone, err);
}

void
route_match_fini(struct route_match *m)
{
	calendar_free(m->calendar);
	m->calendar = NULL;
}

static int
check_steps(const struct route *r, struct err *err)
{
	const struct route_step *steps = r->escalate.items;

	for (size_t i = 1; i < r->escalate.count; i++)
		if (steps[i].after_ms <= steps[i - 1].after_ms)
			return err_set(err, ERR_CONFIG,
			    "escalate: step %zu comes no later than the one "
			    "before it; `after` counts from the alarm",
			    i + 1);
	if (r->repeat_ms != 0 && r->repeat_ms < REPEAT_MIN_MS)
		return err_set(
		    err, ERR_CONFIG, "repeat: at least 1s, or 0 for never");
	if (r->escalate.count > 0 && r->notify.count == 0)
		return err_set(err, ERR_CONFIG,
		    "notify: is empty, so nobody is told at first although "
		    "there are steps after it");
	return 0;
}

static int
check_group(const struct route_group *group, struct err *err)
{
	static const char *const words[] = {
	    "severity", "kind", "probe", "component", NULL};

	for (size_t i = 0; i < group->by.count; i++)
		if (str_index(words, group->by.items[i]) < 0 &&
		    (!str_starts(group->by.items[i], "labels.") ||
			group->by.items[i][7] == '\0'))
			return err_set(err, ERR_CONFIG,
			    "group.by: \"%s\" is none of severity, kind, "
			    "probe, component, labels.NAME",
			    group->by.items[i]);
	return 0;
}

int
route_prepare(struct route *r, struct err *err)
{
	struct err why = ERR_INIT;

	if (route_match_prepare(&r->match, &why) < 0)
		return err_set(err, why.code, "match.%s", why.text);
	if (check_steps(r, err) < 0)
		return -1;
	return check_group(&r->group, err);
}

void
route_fini(struct route *r)
{
	route_match_fini(&r->match);
}
