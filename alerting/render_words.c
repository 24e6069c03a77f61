#include "alerting/render_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define FACTS_MAX   16
#define METRICS_MAX 10
#define LIST_MAX    20

static const char *const severity_words[] = {
    [SEVERITY_INFO] = "INFO",
    [SEVERITY_LOW] = "LOW",
    [SEVERITY_MEDIUM] = "MEDIUM",
    [SEVERITY_HIGH] = "HIGH",
    [SEVERITY_CRITICAL] = "CRITICAL",
};

/* %s is the severity's word. */
static const struct state_words {
	const char *format;
	bool severity;
} states[EVENT_COUNT] = {
    [EVENT_OPENED] = {"%s", true},
    [EVENT_WORSENED] = {"%s, WORSE", true},
    [EVENT_IMPROVED] = {"%s, BETTER", true},
    [EVENT_REMINDER] = {"STILL %s", true},
    [EVENT_FLAPPING] = {"%s, FLAPPING", true},
    [EVENT_REOPENED] = {"%s AGAIN", true},
    [EVENT_ACKNOWLEDGED] = {"ACKNOWLEDGED", false},
    [EVENT_NOTE] = {"NOTE", false},
    [EVENT_RESOLVED] = {"RESOLVED", false},
    [EVENT_TEST] = {"TEST", false},
    [EVENT_ESCALATED] = {"%s, UNANSWERED", true},
    [EVENT_DIGEST] = {"%s", true},
};

void
render_state(char dst[40], const struct message *m)
{
	const char *word = severity_words[m->severity];
	const char *percent;

	percent = strstr(states[m->event].format, "%s");
	if (percent == NULL) {
		str_copy(dst, 40, states[m->event].format);
		return;
	}
	str_printf(dst, 40, "%.*s%s%s",
	    (int)(percent - states[m->event].format), states[m->event].format,
	    word, percent + 2);
}

const char *
render_colour(const struct message *m)
{
	static const char *const by_severity[SEVERITY_COUNT] = {
	    [SEVERITY_INFO] = "#57606a",
	    [SEVERITY_LOW] = "#0969da",
	    [SEVERITY_MEDIUM] = "#bf8700",
	    [SEVERITY_HIGH] = "#d1550f",
	    [SEVERITY_CRITICAL] = "#cf222e",
	};

	if (m->event == EVENT_RESOLVED)
		return "#1a7f37";
	if (m->event == EVENT_ACKNOWLEDGED || m->event == EVENT_NOTE ||
	    m->event == EVENT_TEST)
		return by_severity[SEVERITY_INFO];
	return by_severity[m->severity];
}

static void
clean(char *dst, size_t size, const char *src)
{
	str_printable(dst, size, src, strlen(src));
}

const char *
render_headline(const struct message *m)
{
	if (m->event == EVENT_RESOLVED && m->probe[0] != '\0')
		return m->probe; /* not "RESOLVED: portal is failing" */
	if (m->title[0] != '\0')
		return m->title;
	return m->probe[0] != '\0' ? m->probe : "an incident";
}

static int64_t
lasted_ms(const struct message *m)
{
	int64_t from = m->failing_since_ms ? m->failing_since_ms : m->opened_ms;

	if (from == 0 || m->resolved_ms < from)
		return -1;
	return m->resolved_ms - from;
}

bool
render_still_bad(const struct message *m)
{
	return m->event == EVENT_RESOLVED &&
	       (m->outcome == OUTCOME_FAILED || m->outcome == OUTCOME_DEGRADED);
}

/* Closed by hand, it may still fail; over by itself, what is good now. */
static void
gist_closed(char *dst, const struct message *m)
{
	char who[130], why[RENDER_VALUE_MAX / 2];

	clean(who, sizeof(who), m->actor);
	clean(why, sizeof(why), m->note);
	str_printf(dst, RENDER_VALUE_MAX, "closed by %s%s%s%s", who,
	    why[0] ? ": " : "", why,
	    render_still_bad(m) ? "; it is still bad" : "");
}

static void
gist_resolved(char *dst, const struct message *m)
{
	char reason[RENDER_VALUE_MAX / 2], how_long[32];
	int64_t lasted = lasted_ms(m);

	clean(reason, sizeof(reason), m->reason);
	if (m->actor[0] != '\0')
		gist_closed(dst, m);
	else if (lasted < 0)
		str_copy(dst, RENDER_VALUE_MAX, reason);
	else
		str_printf(dst, RENDER_VALUE_MAX, "over after %s%s%s",
		    str_duration_human(how_long, lasted * 1000),
		    reason[0] ? "; now: " : "", reason);
}

static void
gist_person(char *dst, const struct message *m)
{
	char who[130], what[RENDER_VALUE_MAX / 2];

	clean(who, sizeof(who), m->actor[0] ? m->actor : "somebody");
	clean(what, sizeof(what), m->note);
	str_printf(dst, RENDER_VALUE_MAX, "%s %s%s%s",
	    m->event == EVENT_NOTE ? "note by" : "taken by", who,
	    what[0] ? ": " : "", what);
}

void
render_gist(char dst[RENDER_VALUE_MAX], const struct message *m)
{
	if (m->event == EVENT_RESOLVED)
		gist_resolved(dst, m);
	else if (m->event == EVENT_ACKNOWLEDGED || m->event == EVENT_NOTE)
		gist_person(dst, m);
	else if (m->event == EVENT_TEST && m->reason[0] == '\0')
		str_copy(dst, RENDER_VALUE_MAX,
		    "this channel works; there is no incident");
	else
		clean(dst, RENDER_VALUE_MAX, m->reason);
}

const char *
render_advice(const struct message *m)
{
	if (m->event == EVENT_TEST)
		return "Nothing: somebody tested this channel.";
	if (m->event == EVENT_RESOLVED && render_still_bad(m))
		return "Nothing now: somebody closed it although it is still "
		       "bad. You are told again if it goes on.";
	if (m->event == EVENT_RESOLVED)
		return "Nothing: it is over.";
	if (m->event == EVENT_FLAPPING)
		return "Look for the cause of the changes: until they stop, "
		       "you are not told of each one.";
	if (m->acknowledged_ms != 0)
		return "";
	return "Acknowledge it, so that the others know and the reminders "
	       "stop.";
}

const char *
render_time(char dst[40], int64_t wall_ms)
{
	char rfc3339[32];

	clock_rfc3339(rfc3339, wall_ms);
	str_printf(dst, 40, "%.10s %.8s UTC", rfc3339, rfc3339 + 11);
	return dst;
}

bool
render_is_link(const char *url)
{
	if (!str_starts(url, "https://") && !str_starts(url, "http://"))
		return false;
	for (; *url != '\0'; url++)
		if ((unsigned char)*url <= ' ' || (unsigned char)*url >= 0x7f ||
		    strchr("\"'<>\\^`{|}", *url) != NULL)
			return false;
	return true;
}

struct rows {
	render_row_fn *row;
	void *ctx;
};

static void
put(const struct rows *r, const char *label, const char *value)
{
	char shown[RENDER_VALUE_MAX];

	if (value == NULL || value[0] == '\0')
		return;
	if (render_is_link(value) && strlen(value) < sizeof(shown)) {
		r->row(r->ctx, label, value, true);
		return;
	}
	clean(shown, sizeof(shown), value);
	r->row(r->ctx, label, shown, false);
}

static void
put_time(const struct rows *r, const char *label, int64_t wall_ms)
{
	char text[40];

	if (wall_ms != 0)
		put(r, label, render_time(text, wall_ms));
}

static void
put_regions(const struct rows *r, const json_t *regions)
{
	struct buf text;
	size_t i;
	json_t *region;

	buf_init(&text, RENDER_VALUE_MAX);
	json_array_foreach (regions, i, region) {
		if (!json_is_string(region) || i >= LIST_MAX)
			continue;
		buf_printf(&text, "%s%s", text.len ? ", " : "",
		    json_string_value(region));
	}
	put(r, "Seen from", buf_str(&text));
	buf_fini(&text);
}

static void
put_labels(const struct rows *r, const json_t *labels)
{
	struct buf text;
	const char *key;
	json_t *value;

	buf_init(&text, RENDER_VALUE_MAX);
	/* Only reading; jansson's iterator takes no const object. */
	json_object_foreach ((json_t *)(uintptr_t)labels, key, value) {
		if (!json_is_string(value))
			continue;
		buf_printf(&text, "%s%s=%s", text.len ? ", " : "", key,
		    json_string_value(value));
	}
	put(r, "Labels", buf_str(&text));
	buf_fini(&text);
}

static void
put_person(const struct rows *r, const struct message *m)
{
	char text[300], when[40];

	if (m->acknowledged_ms == 0)
		return;
	str_printf(text, sizeof(text), "%s, %s",
	    m->acknowledged_by[0] ? m->acknowledged_by : "somebody",
	    render_time(when, m->acknowledged_ms));
	put(r, "Taken by", text);
}

void
render_rows(const struct message *m, render_row_fn *row, void *ctx)
{
	struct rows r = {row, ctx};
	char text[300];

	str_printf(text, sizeof(text), "%s%s%s%s", m->probe,
	    m->kind[0] ? " (" : "", m->kind, m->kind[0] ? ")" : "");
	put(&r, "Probe", m->probe[0] ? text : "");
	put(&r, "Target", m->target);
	put(&r, "About", m->description);
	put_time(&r, "Bad since", m->failing_since_ms);
	put_time(&r, "Opened", m->opened_ms);
	put_person(&r, m);
	put_time(&r, "Resolved", m->resolved_ms);
	put_regions(&r, m->regions);
	put_labels(&r, m->labels);
	put(&r, "Runbook", m->runbook);
	put(&r, "See more", m->url);
}

/* One value of facts or metrics in short; NULL if it says nothing. */
static char *
value_text(const json_t *value)
{
	if (json_is_null(value) ||
	    (json_is_object(value) && json_object_size(value) == 0) ||
	    (json_is_array(value) && json_array_size(value) == 0))
		return NULL;
	if (json_is_string(value))
		return mem_strdup(json_string_value(value));
	return json_text(value);
}

static void
put_members(const struct rows *r, const json_t *object, int max)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
		char *text = value_text(value), label[80];

		if (text == NULL)
			continue;
		if (max-- == 0) {
			free(text);
			return;
		}
		clean(label, sizeof(label), key);
		put(r, label, text);
		free(text);
	}
}

void
render_facts(const struct message *m, render_row_fn *row, void *ctx)
{
	struct rows r = {row, ctx};

	put_members(&r, m->facts, FACTS_MAX);
	put_members(&r, m->metrics, METRICS_MAX);
}
