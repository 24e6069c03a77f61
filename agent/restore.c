#include "agent/restore.h"

#include <stdlib.h>
#include <string.h>

#include "agent/dispatch.h"
#include "agent/stories.h"
#include "agent/tell.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define FINDINGS_SKIPPED_MAX 1000

static json_t *
parse(const char *text, const char *what, const char *name)
{
	struct err err = ERR_INIT;
	json_t *json = NULL;

	if (text == NULL)
		return NULL;
	if (json_parse(&json, text, strlen(text), &err) != 0)
		log_warn("the stored %s of %s is not used: %s", what, name,
		    err.text);
	return json;
}

static int
take_probe(void *ctx, const struct probe_row *row)
{
	struct agent *a = ctx;
	struct target *t = agent_find(a, row->name);
	struct err err = ERR_INIT;
	json_t *json;

	if (t == NULL && str_starts(row->name, SELF_PREFIX))
		t = agent_self(a, row->name);
	if (t == NULL)
		return 0; /* left while the agent was away: swept later */
	if ((json = parse(row->verdict, "verdict", row->name)) != NULL) {
		if (verdict_from_json(&t->verdict, json, &err) != 0) {
			log_warn("the stored verdict of %s is not used: %s",
			    row->name, err.text);
			verdict_init(&t->verdict);
		}
		json_decref(json);
	}
	if (row->memory != NULL && !str_eq(row->memory, "null"))
		t->memory = mem_strdup(row->memory);
	if ((json = parse(row->last, "last result", row->name)) != NULL) {
		t->last = mem_strdup(row->last);
		t->reason = mem_strdup(json_str(json, "reason"));
		t->last_us = json_int(json, "duration_us", -1);
		json_decref(json);
	}
	t->last_ms = row->seen_ms;
	return 0;
}

int
restore_incident(const struct agent *a, struct story *out,
    const struct incident_row *row, struct err *err)
{
	json_t *json = NULL;
	int rc;

	if (json_parse(&json, row->body, strlen(row->body), err) != 0)
		return err_wrap(err, "incident %s", row->id);
	rc = story_from_json(a, out, json, err);
	json_decref(json);
	return rc == 0 ? 0 : err_wrap(err, "incident %s", row->id);
}

/* The last line of an event's own timeline is what it said of itself. */
static int
take_event(void *ctx, const struct event_row *row)
{
	struct story *story = ctx;
	struct message m;
	json_t *json = parse(row->body, "event", row->incident);

	if (json == NULL || message_parse(&m, json, NULL) != 0) {
		json_decref(json);
		return 0;
	}
	if (m.timeline_count > 0)
		story_remember(story, row->at_ms, (enum event_type)row->type,
		    m.timeline[m.timeline_count - 1].text);
	message_fini(&m);
	json_decref(json);
	return 0;
}

int
restore_timeline(struct store *s, struct story *story, struct err *err)
{
	return store_each_event(s, story->incident.id, take_event, story, err);
}

struct newest {
	struct agent *agent;
};

static int
take_incident(void *ctx, const struct incident_row *row)
{
	struct newest *n = ctx;
	struct target *t = agent_find(n->agent, row->probe);
	struct story *story;
	struct err err = ERR_INIT;

	if (t == NULL || t->story != NULL)
		return t != NULL;
	story = mem_alloc(sizeof(*story));
	if (restore_incident(n->agent, story, row, &err) != 0) {
		log_warn("not restored: %s", err.text);
		story_free(story);
		return 0;
	}
	if (story->incident.finding) {
		story_free(story);
		return 0;
	}
	t->story = story;
	stories_index(n->agent, story);
	return 1;
}

/* Newest first, past those that findings opened. */
static int
newest_story(struct agent *a, struct target *t, struct err *err)
{
	struct newest n = {.agent = a};
	struct incident_filter filter = {
	    .probe = t->config->name, .limit = FINDINGS_SKIPPED_MAX};

	if (store_each_incident(a->store, &filter, take_incident, &n, err) != 0)
		return -1;
	if (t->story == NULL)
		return 0;
	return restore_timeline(a->store, t->story, err);
}

struct rows { /* of unresolved incidents that no target holds */
	struct agent *agent;
	struct story **stories;
	size_t count;
};

static int
note_row(void *ctx, const struct incident_row *row)
{
	struct rows *r = ctx;
	struct story *story;
	struct err err = ERR_INIT;

	if (stories_find(r->agent, row->id) != NULL)
		return 0;
	story = mem_alloc(sizeof(*story));
	if (restore_incident(r->agent, story, row, &err) != 0) {
		log_warn("not restored: %s", err.text);
		story_free(story);
		return 0;
	}
	r->stories = mem_grow(r->stories, r->count + 1, sizeof(*r->stories));
	r->stories[r->count++] = story;
	return 0;
}

static void
dismiss(struct agent *a, struct story *story)
{
	struct incident *in = &story->incident;
	struct incident_step step = {.happened = false};

	writer_begin(a->writer);
	incident_on_removed(in, clock_wall_ms(), &step);
	writer_drop_probe(a->writer, in->probe);
	if (step.happened)
		tell(a, story, &step, NULL);
	dispatch_sent(a->dispatch, writer_end(a->writer, true));
}

/* What findings and people opened goes on; what a probe opened that is gone
 * ends. */
void
restore_loose(struct agent *a)
{
	struct incident_filter open = {.unresolved_only = true};
	struct rows r = {.agent = a};
	struct err err = ERR_INIT;

	if (store_each_incident(a->store, &open, note_row, &r, &err) != 0)
		log_warn("looking for open incidents: %s", err.text);
	for (size_t i = 0; i < r.count; i++) {
		struct story *story = r.stories[i];

		restore_timeline(a->store, story, NULL);
		stories_adopt(a, story);
		if (!story->incident.finding)
			dismiss(a, story);
	}
	free(r.stories);
}

int
restore_all(struct agent *a, struct err *err)
{
	if (store_each_probe(a->store, take_probe, a, err) != 0)
		return err_wrap(err, "reading probes");
	for (uint32_t i = 0; i < a->target_count; i++)
		if (a->targets[i] != NULL && a->targets[i]->last_ms != 0 &&
		    newest_story(a, a->targets[i], err) != 0)
			return err_wrap(err, "reading incidents");
	return 0;
}
