/*
 * Who is to hear of a story now, worked out from the configuration: its route's
 * plan, what mutes it, who is on call. The glue between stories and
 * alerting/notice.h.
 */
#ifndef AGENT_WHOM_H
#define AGENT_WHOM_H

#include "agent/stories.h"
#include "alerting/notice.h"

#define WHOM_MUTE_MAX 300

struct whom { /* borrows from the agent and the story */
	struct agent *agent;
	struct about about;
	struct route_facts route;
	struct route_plan plan;
	struct notice_facts facts;
	char mute[WHOM_MUTE_MAX]; /* what mutes it: "silence 4k2x9 by …", "" */
	int64_t mute_until_ms;
};

void whom_init(struct whom *w, struct agent *a, const struct story *story);

/* Is this bad news of an incident that is muted now? */
bool
whom_is_muted(struct agent *a, const char *incident, enum event_type event);

/* Work out when the story is next due by time alone. */
void whom_reckon(struct agent *a, struct story *story);

/* What incidents of its group share, or NULL when it has none; and how long
 * the first waits. The caller's. */
char *whom_grouping(const struct whom *w, int64_t *wait_ms);

#endif
