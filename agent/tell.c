#include "agent/tell.h"

#include <stdlib.h>
#include <string.h>

#include "agent/dispatch.h"
#include "agent/whom.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define TIMELINE_TEXT_MAX                                                      \
	(sizeof(((struct incident_step *)0)->text) + WHOM_MUTE_MAX + 100)

/* An entry of the timeline says who, where somebody did it, and whether it was
 * kept from people. */
static void
timeline_text(char dst[TIMELINE_TEXT_MAX], const struct incident_step *step,
    const char *held_by)
{
	char said[sizeof(step->text) + sizeof(step->actor) + 10];

	if (step->actor[0] == '\0')
		str_copy(said, sizeof(said), step->text);
	else if (step->text[0] == '\0')
		str_printf(said, sizeof(said), "by %s", step->actor);
	else
		str_printf(
		    said, sizeof(said), "%s: %s", step->actor, step->text);
	str_printf(dst, TIMELINE_TEXT_MAX, "%s%s%s%s", said,
	    held_by[0] ? " (not told: " : "", held_by, held_by[0] ? ")" : "");
}

static void
fill_incident(struct message *m, const struct incident *in)
{
	m->incident = in->id;
	m->title = in->title;
	m->severity = in->severity;
	m->status = incident_status_names[in->status];
	m->opened_ms = in->opened_ms;
	m->resolved_ms = in->resolved_ms;
	m->acknowledged_ms = in->acknowledged_ms;
	m->failing_since_ms = in->failing_since_ms;
	m->acknowledged_by = in->acknowledged_by;
	m->outcome = in->outcome;
	if (in->finding && in->status != INCIDENT_RESOLVED)
		m->outcome = OUTCOME_FAILED; /* a fact, not a state */
	m->reason = in->reason;
	m->seq = in->seq;
}

static void
fill_probe(struct message *m, const struct about *about)
{
	m->probe = about->name;
	m->kind = about->kind;
	m->target = about->target;
	m->description = about->description;
	m->runbook = about->runbook;
	m->component = about->component;
	m->labels = about->labels;
}

static json_t *
build(struct agent *a, const struct story *story,
    const struct incident_step *step, const struct result *r)
{
	const struct target *t = agent_find(a, story->incident.probe);
	struct about about;
	struct message m = {.delivery = "",
	    .event = step->event,
	    .at_ms = clock_wall_ms(),
	    .actor = step->actor,
	    .note = step->actor[0] != '\0' ? step->text : "",
	    .agent = a->config->agent_name};
	json_t *regions = json_pack("[s]", AGENT_REGION), *json;
	char *url = NULL;

	fill_incident(&m, &story->incident);
	about_story(&about, a, story);
	fill_probe(&m, &about);
	if (t != NULL && !story->incident.finding)
		m.last_ok_ms = t->verdict.last_ok_ms;
	m.regions = regions;
	if (step->event == EVENT_RESOLVED && r != NULL)
		m.reason = r->reason; /* what is good now; before: timeline */
	else if (step->event == EVENT_RESOLVED)
		m.reason = step->text;
	if (r != NULL && r->body != NULL) {
		m.facts = json_object_get(r->body, "facts");
		m.metrics = json_object_get(r->body, "metrics");
	}
	for (size_t i = 0; i < story->timeline_count; i++)
		m.timeline[i] =
		    (struct message_timeline){story->timeline[i].at_ms,
			story->timeline[i].type, story->timeline[i].text};
	m.timeline_count = story->timeline_count;
	if (a->config->public_url[0] != '\0')
		url = mem_printf("%s/incidents/%s", a->config->public_url,
		    story->incident.id);
	m.url = url != NULL ? url : "";
	json = message_build(&m);
	json_decref(regions);
	free(url);
	return json;
}

void
tell_keep(struct agent *a, const struct story *story)
{
	const struct incident *in = &story->incident;
	json_t *json = story_to_json(a, story);
	char *body = json_text(json);
	struct incident_row row = {.id = in->id,
	    .probe = in->probe,
	    .status = in->status,
	    .severity = in->severity,
	    .opened_ms = in->opened_ms,
	    .resolved_ms = in->resolved_ms,
	    .updated_ms = clock_wall_ms(),
	    .body = body};

	writer_incident(a->writer, &row);
	free(body);
	json_decref(json);
}

static void
put_event(struct agent *a, const struct incident *in, enum event_type type,
    const char *text)
{
	struct event_row row = {.incident = in->id,
	    .seq = in->seq,
	    .at_ms = clock_wall_ms(),
	    .type = (int)type,
	    .body = text};

	writer_event(a->writer, &row);
}

/* Past this, a critical alarm that is not proven goes out by another path. */
static bool
needs_proof(const struct incident *in, enum event_type event)
{
	return in->severity == SEVERITY_CRITICAL &&
	       (event == EVENT_OPENED || event == EVENT_REOPENED ||
		   event == EVENT_WORSENED || event == EVENT_FLAPPING ||
		   event == EVENT_ESCALATED || event == EVENT_REMINDER);
}

static void
deliver(struct agent *a, const struct whom *w, const struct incident *in,
    const struct channel_set *who, const struct dispatch_message *message)
{
	struct dispatch_message m = *message;
	size_t count;
	int64_t wait_ms;
	char *grouping = whom_grouping(w, &wait_ms);

	dispatch_channels(a->dispatch, &count);
	m.incident = in->id;
	m.seq = in->seq;
	m.severity = in->severity;
	m.grouping = grouping;
	m.wait_ms = wait_ms;
	m.needs_proof = needs_proof(in, m.event);
	for (size_t i = 0; i < count; i++)
		if (channel_set_has(who, i))
			dispatch_add(a->dispatch, i, &m);
	free(grouping);
}

/* The event is on record, and on its way to whom the notice says. */
static void
publish(struct agent *a, struct story *story, const struct whom *w,
    const struct incident_step *step, const struct notice_step *notice,
    const struct result *r)
{
	struct dispatch_message message = {.event = step->event};
	char said[TIMELINE_TEXT_MAX];
	json_t *json;
	char *text;

	timeline_text(said, step, notice->held ? w->mute : "");
	story_remember(story, clock_wall_ms(), step->event, said);
	tell_keep(a, story);
	json = build(a, story, step, r);
	message.text = text = json_text(json);
	put_event(a, &story->incident, step->event, text);
	deliver(a, w, &story->incident, &notice->who, &message);
	free(text);
	json_decref(json);
	whom_reckon(a, story);
}

void
tell(struct agent *a, struct story *story, const struct incident_step *step,
    const struct result *r)
{
	struct notice_step notice;
	struct whom w;

	whom_init(&w, a, story);
	notice_on_event(
	    &story->notice, step->event, step->notify, &w.facts, &notice);
	publish(a, story, &w, step, &notice, r);
	if (step->event == EVENT_ACKNOWLEDGED || step->event == EVENT_RESOLVED)
		dispatch_answered(a->dispatch, story->incident.id);
	if (story->incident.status == INCIDENT_RESOLVED)
		stories_release(a, story);
}

/* ---- by time ---- */

static void
name_channels(
    struct buf *out, const struct agent *a, const struct channel_set *who)
{
	size_t count, shown = 0;
	const char *const *names = dispatch_channels(a->dispatch, &count);

	for (size_t i = 0; i < count; i++)
		if (channel_set_has(who, i))
			buf_printf(
			    out, "%s%s", shown++ > 0 ? ", " : "", names[i]);
}

static void
describe(struct incident_step *step, const struct agent *a,
    const struct story *story, const struct notice_step *notice)
{
	const struct incident *in = &story->incident;
	int64_t lasts_ms = clock_wall_ms() - in->failing_since_ms;
	char how_long[32];
	struct buf names;

	str_duration_human(how_long, (lasts_ms > 0 ? lasts_ms : 0) * 1000);
	if (notice->released) {
		str_printf(step->text, sizeof(step->text),
		    "not told before now, and still so after %s: %s", how_long,
		    in->reason);
		return;
	}
	buf_init(&names, 300);
	name_channels(&names, a, &notice->who);
	str_printf(step->text, sizeof(step->text),
	    "nobody has acknowledged it for %s; now told: %.150s", how_long,
	    buf_str(&names));
	buf_fini(&names);
}

void
tell_time(struct agent *a, struct story *story)
{
	struct incident_step step = {.happened = true, .notify = true};
	struct notice_step notice;
	struct whom w;

	if (story->due_ms > clock_wall_ms())
		return;
	whom_init(&w, a, story);
	notice_on_time(&story->notice, &w.facts, &notice);
	if (!notice.happened) {
		whom_reckon(a, story);
		return;
	}
	step.event = notice.event;
	story->incident.seq++;
	describe(&step, a, story, &notice);
	log_kv(LOG_LEVEL_WARN, "incident", "event", event_names[step.event],
	    "incident", story->incident.id, "probe", w.about.name, "severity",
	    severity_names[story->incident.severity], "text", step.text, NULL);
	writer_begin(a->writer);
	publish(a, story, &w, &step, &notice, NULL);
	dispatch_sent(a->dispatch, writer_end(a->writer, true));
}

void
tell_test(struct agent *a, struct story *story, size_t channel)
{
	struct dispatch_message message = {.event = EVENT_TEST,
	    .incident = story->incident.id,
	    .seq = story->incident.seq};
	struct incident_step step = {.happened = true, .event = EVENT_TEST};
	json_t *json;
	char *text;

	str_copy(step.text, sizeof(step.text), story->incident.reason);
	story_remember(story, clock_wall_ms(), EVENT_TEST, step.text);
	tell_keep(a, story);
	json = build(a, story, &step, NULL);
	message.text = text = json_text(json);
	put_event(a, &story->incident, EVENT_TEST, text);
	dispatch_add(a->dispatch, channel, &message);
	free(text);
	json_decref(json);
}
