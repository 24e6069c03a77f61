#include "agent/tell.h"

#include <stdlib.h>
#include <string.h>

#include "agent/dispatch.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define TIMELINE_TEXT_MAX (sizeof(((struct incident_step *)0)->text) + 70)

void
tell_remember(
    struct story *story, int64_t at_ms, enum event_type type, const char *text)
{
	size_t n = story->timeline_count;

	if (n == MESSAGE_TIMELINE_MAX) {
		n--;
		memmove(&story->timeline[0], &story->timeline[1],
		    n * sizeof(story->timeline[0]));
	}
	story->timeline[n].at_ms = at_ms;
	story->timeline[n].type = type;
	str_copy(
	    story->timeline[n].text, sizeof(story->timeline[n].text), text);
	story->timeline_count = n + 1;
}

/* An entry of the timeline says who, where somebody did it. */
static void
timeline_text(char dst[TIMELINE_TEXT_MAX], const struct incident_step *step)
{
	if (step->actor[0] == '\0')
		str_copy(dst, TIMELINE_TEXT_MAX, step->text);
	else if (step->text[0] == '\0')
		str_printf(dst, TIMELINE_TEXT_MAX, "by %s", step->actor);
	else
		str_printf(
		    dst, TIMELINE_TEXT_MAX, "%s: %s", step->actor, step->text);
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
	m->reason = in->reason;
	m->seq = in->seq;
}

static void
fill_probe(struct message *m, const struct target *t)
{
	const struct config_probe *c = t->config;

	m->probe = c->name;
	m->kind = c->kind != NULL ? c->kind->name : "agent";
	m->target = c->target;
	m->description = c->description;
	m->runbook = c->runbook;
	m->labels = c->labels;
}

static json_t *
build(struct agent *a, const struct target *t, const struct story *story,
    const struct incident_step *step, const struct result *r)
{
	struct message m = {.delivery = "",
	    .event = step->event,
	    .at_ms = clock_wall_ms(),
	    .actor = step->actor,
	    .note = step->actor[0] != '\0' ? step->text : "",
	    .agent = a->config->agent_name};
	json_t *regions = json_pack("[s]", AGENT_REGION), *json;
	char *url = NULL;

	fill_incident(&m, &story->incident);
	fill_probe(&m, t);
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
tell_incident(struct agent *a, const struct incident *in)
{
	json_t *json = incident_to_json(in);
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

/* The channel that a path's own trouble is about is no use for telling it. */
static bool
is_sick_path(const struct target *t, const char *channel)
{
	static const char prefix[] = SELF_PREFIX "path/";

	return str_starts(t->config->name, prefix) &&
	       str_eq(t->config->name + sizeof(prefix) - 1, channel);
}

static void
deliver(struct agent *a, const struct target *t, struct incident *in,
    const char *text)
{
	size_t count;
	const char *const *names = dispatch_channels(a->dispatch, &count);
	bool *chosen = mem_array(count, sizeof(*chosen));
	struct route_facts facts = {.severity = in->severity,
	    .told = in->told_severities,
	    .kind = t->config->kind != NULL ? t->config->kind->name : "agent",
	    .probe = t->config->name,
	    .labels = t->config->labels};

	route_choose(a->config->routes, a->config->route_count, names, count,
	    &facts, chosen);
	for (size_t i = 0; i < count; i++)
		if (chosen[i] && dispatch_enabled(a->dispatch, i) &&
		    !is_sick_path(t, names[i]))
			dispatch_add(a->dispatch, i, in->id, in->seq, text);
	free(chosen);
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

void
tell(struct agent *a, const struct target *t, struct story *story,
    const struct incident_step *step, const struct result *r)
{
	json_t *json;
	char *text, said[TIMELINE_TEXT_MAX];

	timeline_text(said, step);
	tell_remember(story, clock_wall_ms(), step->event, said);
	tell_incident(a, &story->incident);
	json = build(a, t, story, step, r);
	text = json_text(json);
	put_event(a, &story->incident, step->event, text);
	if (step->notify)
		deliver(a, t, &story->incident, text);
	free(text);
	json_decref(json);
}

void
tell_test(struct agent *a, struct story *story, size_t channel)
{
	struct config_probe probe = {.name = story->incident.probe,
	    .target = mem_strdup(""),
	    .description = mem_strdup("a test; nothing is wrong"),
	    .runbook = mem_strdup("")};
	struct target t = {.config = &probe};
	struct incident_step step = {.happened = true, .event = EVENT_TEST};
	json_t *json;
	char *text;

	str_copy(step.text, sizeof(step.text), story->incident.reason);
	tell_remember(story, clock_wall_ms(), EVENT_TEST, step.text);
	tell_incident(a, &story->incident);
	json = build(a, &t, story, &step, NULL);
	text = json_text(json);
	put_event(a, &story->incident, EVENT_TEST, text);
	dispatch_add(a->dispatch, channel, story->incident.id,
	    story->incident.seq, text);
	free(text);
	json_decref(json);
	free(probe.target);
	free(probe.description);
	free(probe.runbook);
}
