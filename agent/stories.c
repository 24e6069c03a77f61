#include "agent/stories.h"

#include <stdlib.h>
#include <string.h>

#include "agent/dispatch.h"
#include "agent/schedule.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

void
about_target(struct about *out, const struct target *t)
{
	const struct config_probe *c = t->config;

	*out = (struct about){.name = c->name,
	    .kind = c->kind != NULL ? c->kind->name : "agent",
	    .target = c->target,
	    .description = c->description,
	    .runbook = c->runbook,
	    .component = c->component,
	    .labels = c->labels};
}

static void
about_json(struct about *out, const struct story *story)
{
	const json_t *about = story->about;

	*out = (struct about){.name = story->incident.probe,
	    .kind = json_str(about, "kind"),
	    .target = json_str(about, "target"),
	    .description = json_str(about, "description"),
	    .runbook = json_str(about, "runbook"),
	    .component = json_str(about, "component"),
	    .labels = json_object_get(about, "labels")};
}

void
about_story(struct about *out, const struct agent *a, const struct story *story)
{
	const struct target *t = agent_find(a, story->incident.probe);

	if (story->about != NULL)
		about_json(out, story);
	else if (t != NULL)
		about_target(out, t);
	else
		*out = (struct about){.name = story->incident.probe,
		    .kind = "agent",
		    .target = "",
		    .description = "",
		    .runbook = "",
		    .component = ""};
}

struct story *
stories_open_loose(struct agent *a, json_t *about)
{
	struct story *story = mem_alloc(sizeof(*story));

	story->about = about;
	stories_adopt(a, story);
	return story;
}

void
stories_adopt(struct agent *a, struct story *story)
{
	if (a->loose_count == a->loose_room) {
		a->loose_room = a->loose_room * 2 + 16;
		a->loose =
		    mem_grow(a->loose, a->loose_room, sizeof(struct story *));
	}
	a->loose[a->loose_count++] = story;
	if (json_object_get(story->about, "key") != NULL)
		story->key_hash = schedule_hash(json_str(story->about, "key"));
	if (story->incident.id[0] != '\0')
		stories_index(a, story);
}

void
stories_close(struct agent *a)
{
	for (size_t i = 0; i < a->loose_count; i++)
		story_free(a->loose[i]);
	free(a->loose);
	free(a->story_buckets);
}

void
stories_release(struct agent *a, struct story *story)
{
	for (size_t i = 0; i < a->loose_count; i++) {
		if (a->loose[i] != story)
			continue;
		a->loose[i] = a->loose[--a->loose_count];
		stories_forget(a, story);
		story_free(story);
		return;
	}
}

/* ---- by id ---- */

static struct story **
bucket(const struct agent *a, const char *incident)
{
	return &a->story_buckets[schedule_hash(incident) &
				 (a->story_bucket_count - 1)];
}

static void
grow_buckets(struct agent *a)
{
	struct story **old = a->story_buckets;
	size_t count = a->story_bucket_count;

	a->story_bucket_count = count == 0 ? 64 : count * 2;
	a->story_buckets =
	    mem_array(a->story_bucket_count, sizeof(struct story *));
	for (size_t i = 0; i < count; i++) {
		while (old[i] != NULL) {
			struct story *story = old[i];
			struct story **to = bucket(a, story->indexed);

			old[i] = story->same_bucket;
			story->same_bucket = *to;
			*to = story;
		}
	}
	free(old);
}

void
stories_forget(struct agent *a, struct story *story)
{
	struct story **at;

	if (story == NULL || story->indexed[0] == '\0')
		return;
	at = bucket(a, story->indexed);
	while (*at != story)
		at = &(*at)->same_bucket;
	*at = story->same_bucket;
	story->indexed[0] = '\0';
	a->story_count--;
}

void
stories_index(struct agent *a, struct story *story)
{
	struct story **to;

	if (str_eq(story->indexed, story->incident.id))
		return;
	stories_forget(a, story);
	if (a->story_count >= a->story_bucket_count)
		grow_buckets(a);
	str_copy(story->indexed, sizeof(story->indexed), story->incident.id);
	to = bucket(a, story->indexed);
	story->same_bucket = *to;
	*to = story;
	a->story_count++;
}

struct story *
stories_find(const struct agent *a, const char *incident)
{
	struct story *story;

	if (a->story_count == 0)
		return NULL;
	story = *bucket(a, incident);
	while (story != NULL && !str_eq(story->indexed, incident))
		story = story->same_bucket;
	return story;
}

/* ---- all of them ---- */

void
stories_each(
    struct agent *a, void (*each)(void *ctx, struct story *story), void *ctx)
{
	for (uint32_t i = 0; i < a->target_count; i++)
		if (a->targets[i] != NULL && a->targets[i]->story != NULL)
			each(ctx, a->targets[i]->story);
	for (size_t i = a->loose_count; i > 0; i--)
		each(ctx, a->loose[i - 1]);
}

static void
recheck(void *ctx, struct story *story)
{
	(void)ctx;
	story->due_ms = 0;
}

void
stories_recheck(struct agent *a)
{
	stories_each(a, recheck, NULL);
}

struct renaming {
	const char *const *old, *const *new;
};

static void
rename_told(void *ctx, struct story *story)
{
	const struct renaming *r = ctx;
	struct channel_set told = {{0}};

	for (size_t i = 0; r->old[i] != NULL; i++) {
		int now = channel_set_has(&story->notice.told, i)
		              ? str_index(r->new, r->old[i])
		              : -1;

		if (now >= 0)
			channel_set_add(&told, (size_t)now);
	}
	notice_retold(&story->notice, &told);
	story->due_ms = 0;
}

void
stories_rename(struct agent *a, const char *const *old, const char *const *new)
{
	struct renaming r = {old, new};

	stories_each(a, rename_told, &r);
}

/* ---- one story ---- */

void
story_restart(struct story *story)
{
	for (size_t i = 0; i < story->timeline_count; i++)
		free(story->timeline[i].text);
	free(story->timeline);
	story->timeline = NULL;
	story->timeline_count = 0;
}

void
story_fini(struct story *story)
{
	story_restart(story);
	json_decref(story->about);
	story->about = NULL;
}

void
story_free(struct story *story)
{
	if (story == NULL)
		return;
	story_fini(story);
	free(story);
}

void
story_remember(
    struct story *story, int64_t at_ms, enum event_type type, const char *text)
{
	size_t n = story->timeline_count;

	if (n == MESSAGE_TIMELINE_MAX) {
		free(story->timeline[0].text);
		n--;
		memmove(&story->timeline[0], &story->timeline[1],
		    n * sizeof(story->timeline[0]));
	} else {
		story->timeline =
		    mem_grow(story->timeline, n + 1, sizeof(*story->timeline));
	}
	story->timeline[n].at_ms = at_ms;
	story->timeline[n].type = type;
	story->timeline[n].text = mem_strdup(text);
	story->timeline_count = n + 1;
}

json_t *
story_to_json(const struct agent *a, const struct story *story)
{
	json_t *json = incident_to_json(&story->incident);
	size_t count;
	const char *const *names = dispatch_channels(a->dispatch, &count);

	json_put(json, "notice", notice_to_json(&story->notice, names, count));
	if (story->about != NULL)
		json_put(json, "about", json_incref(story->about));
	return json;
}

/* Rows from before there were notices: everybody was told. */
static void
assume_notice(const struct agent *a, struct story *story)
{
	size_t count;
	const struct incident *in = &story->incident;

	dispatch_channels(a->dispatch, &count);
	for (size_t i = 0; in->told && i < count; i++)
		notice_told(&story->notice, i);
	story->notice.alarm_ms = in->told ? in->told_ms : 0;
	story->notice.paged_ms = in->told ? clock_wall_ms() : 0;
}

int
story_from_json(const struct agent *a, struct story *story, const json_t *json,
    struct err *err)
{
	json_t *own = json_copy((json_t *)(uintptr_t)json);
	json_t *notice = json_object_get(json, "notice");
	json_t *about = json_object_get(json, "about");
	size_t count;
	const char *const *names = dispatch_channels(a->dispatch, &count);
	int rc;

	memset(story, 0, sizeof(*story));
	json_object_del(own, "notice");
	json_object_del(own, "about");
	rc = incident_from_json(&story->incident, own, err);
	json_decref(own);
	if (rc == 0 && json_is_object(notice))
		rc =
		    notice_from_json(&story->notice, notice, names, count, err);
	else if (rc == 0)
		assume_notice(a, story);
	if (rc == 0 && json_is_object(about))
		story->about = json_incref(about);
	return rc;
}
