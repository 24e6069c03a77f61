#include "agent/acts.h"

#include <stdlib.h>
#include <string.h>

#include "agent/dispatch.h"
#include "agent/restore.h"
#include "agent/results.h"
#include "agent/stories.h"
#include "agent/tell.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

const char *const act_names[] = {
    [ACT_ACKNOWLEDGE] = "acknowledge",
    [ACT_RESOLVE] = "resolve",
    [ACT_NOTE] = "note",
    NULL,
};

struct found {
	struct story *story; /* borrowed from a target, or `own` */
	struct story *own;
	unsigned count;
	struct agent *agent;
	struct err err;
};

static int
take_row(void *ctx, const struct incident_row *row)
{
	struct found *f = ctx;

	if (++f->count > 1)
		return 1;
	f->story = stories_find(f->agent, row->id);
	if (f->story != NULL)
		return 0;
	f->own = f->story = mem_alloc(sizeof(*f->own));
	restore_incident(f->agent, f->own, row, &f->err);
	return 0;
}

/* The one incident whose id begins so: in memory, or from the store. */
static int
find(struct agent *a, const char *id, struct found *f, struct err *err)
{
	struct incident_filter filter = {.id_prefix = id, .limit = 2};

	*f = (struct found){.agent = a};
	f->story = stories_find(a, id);
	if (f->story != NULL)
		return 0;
	writer_flush(a->writer); /* so that the store knows it as well */
	if (store_each_incident(a->store, &filter, take_row, f, err) != 0) {
		story_free(f->own);
		return -1;
	}
	if (f->count == 1 && f->err.code == ERR_NONE) {
		if (f->own != NULL &&
		    restore_timeline(a->store, f->own, err) != 0)
			story_restart(f->own);
		return 0;
	}
	story_free(f->own);
	f->own = NULL;
	if (f->err.code != ERR_NONE)
		return err_set(err, f->err.code, "%s", f->err.text);
	if (f->count > 1)
		return err_set(err, ERR_INPUT,
		    "%.20s is the beginning of more than one incident's id",
		    id);
	return err_set(err, ERR_MISSING, "there is no incident %.20s", id);
}

static int
decide(struct incident *in, enum act act, const char *actor, const char *text,
    struct incident_step *step, struct err *err)
{
	int64_t now_ms = clock_wall_ms();

	switch (act) {
	case ACT_ACKNOWLEDGE:
		return incident_acknowledge(in, actor, now_ms, step, err);
	case ACT_RESOLVE:
		return incident_resolve(in, actor, text, now_ms, step, err);
	case ACT_NOTE:
		return incident_note(in, actor, text, now_ms, step, err);
	}
	return err_set(err, ERR_INPUT, "no such act");
}

int
acts_apply(struct agent *a, const char *id, enum act act, const char *actor,
    const char *text, struct err *err)
{
	struct incident_step step = {.happened = false};
	struct found f;
	int rc;

	if (find(a, id, &f, err) != 0)
		return -1;
	rc = decide(&f.story->incident, act, actor, text, &step, err);
	if (rc == 0 && step.happened) {
		log_kv(LOG_LEVEL_INFO, "incident", "event",
		    event_names[step.event], "incident", f.story->incident.id,
		    "by", actor, NULL);
		writer_begin(a->writer);
		tell(a, f.story, &step, NULL);
		dispatch_sent(a->dispatch, writer_end(a->writer, true));
		writer_flush(a->writer); /* the answer says it is kept */
	}
	story_free(f.own);
	return rc;
}

void
acts_acknowledged_at(struct agent *a, const char *incident, const char *who,
    const char *channel, const char *kind)
{
	struct err err = ERR_INIT;
	char actor[60];

	str_printf(
	    actor, sizeof(actor), "%.24s (%.12s in %.18s)", who, kind, channel);
	if (acts_apply(a, incident, ACT_ACKNOWLEDGE, actor, "", &err) != 0)
		log_kv(LOG_LEVEL_WARN, "an acknowledgement is not taken",
		    "incident", incident, "by", actor, "why", err.text, NULL);
}

/* A little story of its own, over before it begins. */
static void
begin_test(struct story *story, const char *probe, const char *title)
{
	struct incident *in = &story->incident;

	results_new_id(in->id);
	str_copy(in->probe, sizeof(in->probe), probe);
	str_copy(in->title, sizeof(in->title), title);
	in->status = INCIDENT_RESOLVED;
	in->severity = SEVERITY_INFO;
	in->outcome = OUTCOME_OK;
	in->opened_ms = in->resolved_ms = clock_wall_ms();
	in->seq = 1;
}

static void
send_test(struct agent *a, struct story *story, size_t channel)
{
	writer_begin(a->writer);
	tell_test(a, story, channel);
	dispatch_sent(a->dispatch, writer_end(a->writer, true));
	story_fini(story);
}

int
acts_test(struct agent *a, const char *channel, const char *actor, char **key,
    struct err *err)
{
	size_t count;
	const char *const *names = dispatch_channels(a->dispatch, &count);
	int i = str_index(names, channel);
	struct story story = {.timeline_count = 0};

	if (i < 0)
		return err_set(err, ERR_MISSING,
		    "there is no channel %.64s in the configuration", channel);
	if (!dispatch_enabled(a->dispatch, (size_t)i))
		return err_set(
		    err, ERR_REFUSED, "channel %.64s is switched off", channel);
	begin_test(&story, SELF_PREFIX "test", "test of this channel");
	str_printf(story.incident.reason, sizeof(story.incident.reason),
	    "asked for by %.60s; nothing is wrong", actor);
	send_test(a, &story, (size_t)i);
	*key = mem_printf("%s-1-%s", story.incident.id, channel);
	return 0;
}

void
acts_drill(struct agent *a)
{
	size_t count;

	dispatch_channels(a->dispatch, &count);
	for (size_t i = 0; i < count; i++) {
		struct story story = {.timeline_count = 0};

		if (!dispatch_enabled(a->dispatch, i))
			continue;
		begin_test(&story, ACTS_DRILL, "regular test of this channel");
		str_copy(story.incident.reason, sizeof(story.incident.reason),
		    "nothing is wrong; if these stop coming, something is");
		send_test(a, &story, i);
	}
}
