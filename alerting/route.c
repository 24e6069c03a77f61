#include "alerting/route.h"

#include <fnmatch.h>
#include <string.h>

#include "base/str.h"

#define STARS_MAX 4 /* in a pattern */

static const struct option match_options[] = {
    {.name = "severity",
	OPTION(LIST, struct route_match, severity),
	.max = SEVERITY_COUNT,
	.help = "severities, such as critical, or high+ for high and above"},
    {.name = "kind",
	OPTION(LIST, struct route_match, kind),
	.max = 100,
	.help = "probe kinds; agent stands for the agent's own troubles"},
    {.name = "probe",
	OPTION(LIST, struct route_match, probe),
	.max = 1000,
	.help = "probe names or patterns, such as portal-*"},
    {.name = "labels",
	OPTION(MAP, struct route_match, labels),
	.max = 100,
	.help = "labels that the probe must all have; values are patterns"},
    OPTION_END,
};

const struct option route_options[] = {
    {.name = "match",
	OPTION(SECTION, struct route, match),
	.section = match_options,
	.section_size = sizeof(struct route_match),
	.help = "which incidents; all conditions must hold, none matches all"},
    {.name = "notify",
	OPTION(LIST, struct route, notify),
	.flags = OPTION_REQUIRED,
	.max = 100,
	.help = "names of channels; an empty list tells nobody"},
    {.name = "continue",
	OPTION(BOOL, struct route, go_on),
	.standard = "false",
	.help = "go on with the next routes instead of stopping here"},
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

static bool
matches(const struct route_match *m, const struct route_facts *facts,
    enum severity severity)
{
	return matches_severity(&m->severity, severity) &&
	       matches_word(&m->kind, facts->kind) &&
	       matches_pattern(&m->probe, facts->probe) &&
	       matches_labels(&m->labels, facts->labels);
}

struct choice { /* the channels and who of them is told */
	const char *const *channels;
	size_t count;
	bool *chosen;
};

static void
choose(const struct choice *c, const struct option_list *notify)
{
	for (size_t i = 0; i < c->count; i++)
		if (notify == NULL ||
		    (notify->count > 0 && matches_word(notify, c->channels[i])))
			c->chosen[i] = true;
}

static void
choose_at(const struct choice *c, const struct route *routes, size_t count,
    const struct route_facts *facts, enum severity severity)
{
	bool matched = false;

	for (size_t i = 0; i < count; i++) {
		if (!matches(&routes[i].match, facts, severity))
			continue;
		matched = true;
		choose(c, &routes[i].notify);
		if (!routes[i].go_on)
			return;
	}
	if (!matched)
		choose(c, NULL);
}

void
route_choose(const struct route *routes, size_t route_count,
    const char *const *channels, size_t channel_count,
    const struct route_facts *facts, bool *chosen)
{
	struct choice c = {channels, channel_count, chosen};

	for (size_t i = 0; i < channel_count; i++)
		chosen[i] = false;
	for (unsigned s = 0; s < SEVERITY_COUNT; s++)
		if (s == facts->severity || (facts->told >> s & 1))
			choose_at(
			    &c, routes, route_count, facts, (enum severity)s);
}

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

int
route_check(const struct route *r, struct err *err)
{
	const struct route_match *m = &r->match;
	enum severity least;
	bool above;

	for (size_t i = 0; i < m->severity.count; i++)
		if (parse_severity(m->severity.items[i], &least, &above) < 0)
			return err_set(err, ERR_CONFIG,
			    "match.severity: \"%s\" is none of info, low, "
			    "medium, high, critical (or one of them with +, "
			    "such as high+)",
			    m->severity.items[i]);
	for (size_t i = 0; i < m->probe.count; i++)
		if (check_pattern("match.probe", m->probe.items[i], err) < 0)
			return -1;
	for (size_t i = 0; i < m->labels.count; i++)
		if (check_pattern(
			"match.labels", m->labels.items[i].value, err) < 0)
			return -1;
	return 0;
}
