#include "agent/whom.h"

#include <stdlib.h>

#include "agent/dispatch.h"
#include "agent/duty.h"
#include "agent/mutes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define GROUPING_MAX 200
#define MUTE_LOOK_MS 30000 /* a silence may be taken away by a person */

/* The channel that a path's own trouble is about is no use for telling it. */
static bool
is_sick_path(const struct whom *w, const char *channel)
{
	static const char prefix[] = SELF_PREFIX "path/";

	return str_starts(w->about.name, prefix) &&
	       str_eq(w->about.name + sizeof(prefix) - 1, channel);
}

static struct channel_set
resolve(void *ctx, const struct option_list *names, int64_t now_ms)
{
	const struct whom *w = ctx;
	const struct dispatch *d = w->agent->dispatch;
	struct channel_set set = {{0}};
	size_t count;
	const char *const *channels = dispatch_channels(d, &count);
	bool *chosen = mem_array(count, sizeof(*chosen));

	for (size_t i = 0; names != NULL && i < names->count; i++)
		duty_resolve(w->agent->config, names->items[i], now_ms,
		    channels, chosen);
	for (size_t i = 0; i < count; i++)
		if ((names == NULL || chosen[i]) && dispatch_usable(d, i) &&
		    !is_sick_path(w, channels[i]))
			channel_set_add(&set, i);
	free(chosen);
	return set;
}

static void
find_mute(struct whom *w, const struct story *story, int64_t now_ms)
{
	struct route_facts facts = w->route;

	facts.at_ms = now_ms;
	w->mute_until_ms = INT64_MAX;
	w->facts.muted =
	    mutes_find(w->agent, &facts, story->incident.id, w->mute,
		sizeof(w->mute), &w->mute_until_ms) != NULL;
}

void
whom_init(struct whom *w, struct agent *a, const struct story *story)
{
	int64_t now_ms = clock_wall_ms();
	int64_t alarm_ms = story->notice.alarm_ms;

	w->agent = a;
	w->mute[0] = '\0';
	about_story(&w->about, a, story);
	w->route = (struct route_facts){
	    .severity = story->incident.severity,
	    .kind = w->about.kind,
	    .probe = w->about.name,
	    .component = w->about.component,
	    .labels = w->about.labels,
	    .at_ms = alarm_ms != 0 ? alarm_ms : now_ms,
	};
	route_plan(
	    &w->plan, a->config->routes, a->config->route_count, &w->route);
	w->facts = (struct notice_facts){
	    .plan = &w->plan, .now_ms = now_ms, .resolve = resolve, .ctx = w};
	find_mute(w, story, now_ms);
}

bool
whom_is_muted(struct agent *a, const char *incident, enum event_type event)
{
	const struct story *story;
	struct whom w;

	if (!notice_is_bad(event))
		return false;
	story = stories_find(a, incident);
	if (story == NULL || story->incident.status == INCIDENT_RESOLVED)
		return false;
	whom_init(&w, a, story);
	return w.facts.muted;
}

void
whom_reckon(struct agent *a, struct story *story)
{
	struct whom w;

	if (!story->notice.ringing) {
		story->due_ms = INT64_MAX;
		return;
	}
	whom_init(&w, a, story);
	story->due_ms = notice_next_ms(&story->notice, &w.facts);
	if (!w.facts.muted)
		return;
	story->due_ms = w.facts.now_ms + MUTE_LOOK_MS;
	if (w.mute_until_ms < story->due_ms)
		story->due_ms = w.mute_until_ms;
}

char *
whom_grouping(const struct whom *w, int64_t *wait_ms)
{
	char key[GROUPING_MAX];

	*wait_ms = 0;
	if (w->plan.group == NULL || w->plan.group->wait_ms == 0)
		return NULL;
	*wait_ms = w->plan.group->wait_ms;
	return mem_strdup(
	    route_group_key(key, sizeof(key), w->plan.group, &w->route));
}
