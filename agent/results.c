#include "agent/results.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/dispatch.h"
#include "agent/findings.h"
#include "agent/runs.h"
#include "agent/stories.h"
#include "agent/tell.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* "tocsin/worker/" and the like in front of the longest name */
_Static_assert(sizeof(((struct incident *)0)->probe) > CONFIG_NAME_MAX + 14,
    "an incident has room for every name");

#define PARENT_GRACE_MS 2000  /* for a parent's answer to come back */
#define FIRST_TOLD_MAX  50    /* probes */
#define SELF_REPEAT_MS  60000 /* the same trouble again: once a minute */

static bool
is_bad(const struct verdict *v)
{
	return v->standing == OUTCOME_FAILED || v->failed_streak > 0;
}

/* The parent that may explain this probe's failure: one that fails, or one
 * that was asked because of this failure and has not answered yet. */
static const char *
guilty_parent(const struct agent *a, const struct target *t, bool *asked)
{
	const char *waiting = NULL;

	*asked = false;
	if (t->config->depends_on == NULL)
		return NULL;
	for (char **name = t->config->depends_on; *name != NULL; name++) {
		const struct target *p = agent_find(a, *name);
		int64_t since_ms = t->verdict.bad_since_ms;

		if (p == NULL || !p->config->enabled)
			continue;
		if (is_bad(&p->verdict))
			return p->config->name;
		if (since_ms != 0 && p->running && p->last_ms < since_ms &&
		    clock_wall_ms() - since_ms <
			p->config->timeout_ms + PARENT_GRACE_MS)
			waiting = p->config->name;
	}
	*asked = waiting != NULL;
	return waiting;
}

static void
ask_parents(struct agent *a, const struct target *t)
{
	if (t->config->depends_on == NULL)
		return;
	for (char **name = t->config->depends_on; *name != NULL; name++) {
		struct target *p = agent_find(a, *name);

		if (p != NULL && p->config->enabled)
			runs_now(a, p);
	}
}

static void
remember(struct target *t, const struct result *r)
{
	t->last_ms = clock_wall_ms();
	t->last_us = r->duration_us;
	free(t->reason);
	t->reason = mem_strdup(r->reason);
	free(t->last);
	t->last = r->body != NULL ? json_text(r->body) : NULL;
	if (r->memory != NULL) {
		free(t->memory);
		t->memory =
		    json_is_null(r->memory) ? NULL : json_text(r->memory);
	}
}

static void
put_probe(struct agent *a, const struct target *t, bool memory)
{
	json_t *json = verdict_to_json(&t->verdict);
	char *verdict = json_text(json);
	struct probe_row row = {.name = t->config->name,
	    .kind = t->config->kind != NULL ? t->config->kind->name : "agent",
	    .target = t->config->target,
	    .verdict = verdict,
	    .memory = !memory             ? NULL
	              : t->memory != NULL ? t->memory
	                                  : "null",
	    .last = t->last,
	    .seen_ms = t->last_ms};

	writer_probe(a->writer, &row);
	free(verdict);
	json_decref(json);
}

static void
put_observation(struct agent *a, const struct target *t, bool detail)
{
	struct observation_row row = {.probe = t->config->name,
	    .region = AGENT_REGION,
	    .at_ms = t->last_ms,
	    .outcome = t->verdict.last,
	    .duration_us = t->last_us,
	    .detail = detail ? t->last : NULL};

	writer_observation(a->writer, &row);
}

static void
log_event(const struct incident *in, const struct incident_step *step)
{
	log_kv(step->notify ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "incident",
	    "event", event_names[step->event], "incident", in->id, "probe",
	    in->probe, "severity", severity_names[in->severity], "text",
	    step->text, in->held_by[0] != '\0' ? "held_by" : NULL, in->held_by,
	    NULL);
}

/* With many probes, their good first results are no news. */
static void
log_observation(
    const struct agent *a, const struct target *t, const struct result *r)
{
	enum log_level level = LOG_LEVEL_WARN;

	if (r->outcome == OUTCOME_OK)
		level = a->config->probe_count > FIRST_TOLD_MAX
		            ? LOG_LEVEL_DEBUG
		            : LOG_LEVEL_INFO;
	log_kv(level, "observation", "probe", t->config->name, "outcome",
	    outcome_names[r->outcome], "standing",
	    outcome_names[t->verdict.standing], "reason", r->reason, NULL);
}

static bool
step_incident(struct agent *a, struct target *t, const struct result *r)
{
	struct incident empty = {.id = ""}, *in;
	struct incident_step step = {.happened = false};
	char id[INCIDENT_ID_LEN + 1] = "";
	struct incident_facts facts = {.probe = t->config->name,
	    .reason = r->reason,
	    .new_id = id,
	    .now_ms = clock_wall_ms()};
	bool known;

	in = t->story != NULL ? &t->story->incident : &empty;
	if (t->story == NULL && t->verdict.standing != OUTCOME_DEGRADED &&
	    t->verdict.standing != OUTCOME_FAILED && !t->verdict.flapping)
		return false; /* the ordinary case: nothing to compare with */
	results_new_id(id);
	facts.parent = guilty_parent(a, t, &facts.parent_asked);
	known = in->id[0] != '\0' && in->status != INCIDENT_RESOLVED;
	incident_on_verdict(
	    in, &t->config->incident, &t->verdict, &facts, &step);
	if (!step.happened)
		return false;
	if (t->story == NULL) {
		t->story = mem_alloc(sizeof(*t->story));
		t->story->incident = empty;
	} else if (!known && str_eq(in->id, id)) {
		story_restart(t->story); /* another one begins */
	}
	stories_index(a, t->story);
	log_event(&t->story->incident, &step);
	tell(a, t->story, &step, r);
	return true;
}

/* What a parent held back is looked at as soon as the parent is well. */
static void
ask_children(struct agent *a, const struct target *parent)
{
	for (uint32_t i = 0; i < a->target_count; i++) {
		struct target *t = a->targets[i];

		if (t != NULL && t->story != NULL &&
		    t->story->incident.status != INCIDENT_RESOLVED &&
		    str_eq(t->story->incident.held_by, parent->config->name))
			runs_now(a, t);
	}
}

void
results_new_id(char id[INCIDENT_ID_LEN + 1])
{
	uint64_t random;

	CHECK(getrandom(&random, sizeof(random), 0) == sizeof(random));
	incident_id(id, random);
}

void
results_take(struct agent *a, struct target *t, const struct result *r)
{
	bool first = t->last_ms == 0, calm, event, found;
	enum outcome before = t->verdict.last;
	enum verdict_change change;

	change = verdict_step(
	    &t->verdict, &t->config->verdict, r->outcome, clock_wall_ms());
	if (change == VERDICT_FIRST_BAD || change == VERDICT_BAD)
		ask_parents(a, t); /* before it is decided whose fault it is */
	remember(t, r);
	writer_begin(a->writer);
	event = step_incident(a, t, r);
	found = findings_take(a, t, r);
	put_observation(a, t, first || before != r->outcome || event);
	calm = !first && !event && change == VERDICT_SAME &&
	       r->outcome == OUTCOME_OK && t->verdict.good_streak > 1;
	if (!calm || r->memory != NULL)
		put_probe(a, t, r->memory != NULL);
	fault_point("result decided");
	dispatch_sent(a->dispatch,
	    writer_end(a->writer,
		event || found || r->memory != NULL || change != VERDICT_SAME));
	if (change != VERDICT_SAME || first)
		log_observation(a, t, r);
	if (change == VERDICT_GOOD || change == VERDICT_BETTER)
		ask_children(a, t);
}

void
results_self(
    struct agent *a, const char *name, enum outcome outcome, const char *reason)
{
	struct result r = {
	    .outcome = outcome, .reason = reason, .duration_us = -1};
	struct target *t = agent_find(a, name);

	if (outcome == OUTCOME_OK &&
	    (t == NULL || t->verdict.last == OUTCOME_OK))
		return; /* it is no trouble, and was none */
	if (t != NULL && t->verdict.last == outcome &&
	    clock_wall_ms() - t->last_ms < SELF_REPEAT_MS)
		return;
	results_take(a, t != NULL ? t : agent_self(a, name), &r);
}

/* The reminders of what findings and people opened. */
static const struct incident_policy loose_policy = {
    .reminder_ms = (int64_t)4 * 3600 * 1000};

static void
step_time(void *ctx, struct story *story)
{
	struct agent *a = ctx;
	struct incident *in = &story->incident;
	struct incident_step step = {.happened = false};
	const struct target *t = agent_find(a, in->probe);
	const char *parent = NULL;
	bool asked;

	if (in->status == INCIDENT_RESOLVED)
		return;
	if (t != NULL && t->story == story)
		parent = guilty_parent(a, t, &asked);
	incident_on_time(in, t != NULL ? &t->config->incident : &loose_policy,
	    parent, clock_wall_ms(), &step);
	if (step.happened) {
		writer_begin(a->writer);
		log_event(in, &step);
		tell(a, story, &step, NULL);
		dispatch_sent(a->dispatch, writer_end(a->writer, true));
	}
	tell_time(a, story);
}

void
results_tick(struct agent *a)
{
	stories_each(a, step_time, a);
}

void
results_removed(struct agent *a, struct target *t)
{
	struct incident_step step = {.happened = false};

	writer_begin(a->writer);
	if (t->story != NULL && t->story->incident.status != INCIDENT_RESOLVED)
		incident_on_removed(
		    &t->story->incident, clock_wall_ms(), &step);
	if (step.happened) {
		log_event(&t->story->incident, &step);
		tell(a, t->story, &step, NULL);
	}
	writer_drop_probe(a->writer, t->config->name);
	dispatch_sent(a->dispatch, writer_end(a->writer, true));
}

void
results_dismiss(struct agent *a, struct target *t)
{
	results_removed(a, t);
	agent_remove(a, t);
	agent_index(a);
}
