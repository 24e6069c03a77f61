#include "alerting/render_words.h"

#include <string.h>

#include "alerting/render_digest.h"
#include "base/clock.h"
#include "base/str.h"

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

	if (render_digest_is_over(m))
		word = states[EVENT_RESOLVED].format;
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

	if (m->event == EVENT_RESOLVED || render_digest_is_over(m))
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

/* Not "RESOLVED: portal is failing"; but what people and findings opened has
 * only its title. */
const char *
render_over(const char *probe, const char *title)
{
	return probe[0] != '\0' &&
	               (title[0] == '\0' || str_starts(title, probe))
	           ? probe
	           : title;
}

const char *
render_headline(const struct message *m)
{
	if (m->event == EVENT_RESOLVED)
		return render_over(m->probe, m->title);
	if (m->title[0] != '\0')
		return m->title;
	if (m->event == EVENT_DIGEST)
		return "several incidents";
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

/* The newest entry of the timeline before this message that says how it stood;
 * NULL if there is none. The last one may be this message itself. */
static const struct message_timeline *
stood(const struct message *m, bool with_end)
{
	size_t i = m->timeline_count;

	if (i > 0 && m->timeline[i - 1].type == m->event)
		i--;
	while (i-- > 0) {
		enum event_type type = m->timeline[i].type;

		if (type <= EVENT_FLAPPING || type == EVENT_REOPENED ||
		    (with_end && type == EVENT_RESOLVED))
			return &m->timeline[i];
	}
	return NULL;
}

/* Since when has nobody answered? What made it worse began a new wait. */
static int64_t
unanswered_since_ms(const struct message *m)
{
	for (size_t i = m->timeline_count; i-- > 0;) {
		enum event_type type = m->timeline[i].type;

		if (type == EVENT_OPENED || type == EVENT_REOPENED ||
		    type == EVENT_WORSENED)
			return m->timeline[i].at_ms;
	}
	return m->opened_ms;
}

static void
gist_escalated(char *dst, const struct message *m)
{
	char reason[RENDER_VALUE_MAX / 2], how_long[32];
	int64_t since = unanswered_since_ms(m);

	clean(reason, sizeof(reason), m->reason);
	str_printf(dst, RENDER_VALUE_MAX, "nobody has acknowledged%s%s%s%s",
	    since != 0 && since < m->at_ms ? " for " : "",
	    since != 0 && since < m->at_ms
		? str_duration_human(how_long, (m->at_ms - since) * 1000)
		: "",
	    reason[0] ? ": " : "", reason);
}

void
render_gist(char dst[RENDER_VALUE_MAX], const struct message *m)
{
	if (m->event == EVENT_RESOLVED)
		gist_resolved(dst, m);
	else if (m->event == EVENT_ACKNOWLEDGED || m->event == EVENT_NOTE)
		gist_person(dst, m);
	else if (m->event == EVENT_ESCALATED)
		gist_escalated(dst, m);
	else if (m->event == EVENT_TEST && m->reason[0] == '\0')
		str_copy(dst, RENDER_VALUE_MAX,
		    "this channel works; there is no incident");
	else
		clean(dst, RENDER_VALUE_MAX, m->reason);
}

void
render_because(char dst[RENDER_VALUE_MAX], const struct message *m)
{
	char why[RENDER_VALUE_MAX / 2];

	clean(why, sizeof(why), m->because);
	dst[0] = '\0';
	if (why[0] != '\0')
		str_printf(dst, RENDER_VALUE_MAX, "You get this because %s%s",
		    why, str_ends(why, ".") ? "" : ".");
}

static void
change_from(char *dst, const struct message *m, const char *what)
{
	const struct message_timeline *before = stood(m, false);
	char text[RENDER_VALUE_MAX / 2];

	clean(text, sizeof(text), before != NULL ? before->text : "");
	str_printf(dst, RENDER_VALUE_MAX, "%s%s%s%s", what,
	    what[0] && text[0] ? "; " : "", text[0] ? "before: " : "", text);
}

static void
change_none(char *dst, const struct message *m)
{
	const struct message_timeline *before = stood(m, false);
	char when[40];

	dst[0] = '\0';
	if (before == NULL)
		return;
	if (str_eq(before->text, m->reason))
		str_printf(dst, RENDER_VALUE_MAX, "nothing since %s",
		    render_time(when, before->at_ms));
	else
		change_from(dst, m, "");
}

static void
change_again(char *dst, const struct message *m)
{
	const struct message_timeline *before = stood(m, true);
	char when[40];

	dst[0] = '\0';
	if (before != NULL && before->type == EVENT_RESOLVED)
		str_printf(dst, RENDER_VALUE_MAX,
		    "it was over at %s and is back",
		    render_time(when, before->at_ms));
}

void
render_change(char dst[RENDER_VALUE_MAX], const struct message *m)
{
	dst[0] = '\0';
	if (m->event == EVENT_WORSENED)
		change_from(dst, m, "from degraded to failing");
	else if (m->event == EVENT_IMPROVED)
		change_from(dst, m, "from failing to degraded");
	else if (m->event == EVENT_RESOLVED || m->event == EVENT_FLAPPING)
		change_from(dst, m, "");
	else if (m->event == EVENT_REMINDER || m->event == EVENT_ESCALATED)
		change_none(dst, m);
	else if (m->event == EVENT_REOPENED)
		change_again(dst, m);
}

bool
render_wants_ack(const struct message *m)
{
	return m->incident[0] != '\0' && m->event != EVENT_TEST &&
	       m->event != EVENT_RESOLVED && m->event != EVENT_DIGEST &&
	       m->resolved_ms == 0 && m->acknowledged_ms == 0;
}

const char *
render_advice(const struct message *m)
{
	if (m->event == EVENT_TEST)
		return "Nothing: somebody tested this channel.";
	if (m->event == EVENT_RESOLVED && render_still_bad(m))
		return "Nothing now: somebody closed it although it is still "
		       "bad. You are told again if it goes on.";
	if (m->event == EVENT_RESOLVED || render_digest_is_over(m))
		return "Nothing: it is over.";
	if (m->event == EVENT_DIGEST)
		return "Begin with the worst. So much happened at once that it "
		       "is told as one list.";
	if (m->event == EVENT_FLAPPING)
		return "Look for the cause of the changes: until they stop, "
		       "you are not told of each one.";
	if (!render_wants_ack(m))
		return "";
	if (m->event == EVENT_ESCALATED)
		return "Acknowledge it, so that it goes no further and the "
		       "others know that you have it.";
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
