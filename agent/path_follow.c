/* What is asked or repeated after a delivery: agent/path_own.h. */
#include <stdlib.h>

#include "agent/acts.h"
#include "agent/path_own.h"
#include "agent/stories.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define AGAIN_MS 30000 /* after a poll or a repetition that failed */

void
follow_init(struct follow_list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

struct follow *
follow_new(const char *incident, int seq, const char *remote_id)
{
	struct follow *f = mem_alloc(sizeof(*f));

	str_copy(f->incident, sizeof(f->incident), incident);
	f->seq = seq;
	if (remote_id != NULL)
		f->remote_id = mem_strdup(remote_id);
	return f;
}

void
follow_free(struct follow *f)
{
	if (f == NULL)
		return;
	free(f->remote_id);
	free(f);
}

void
follow_add(struct follow_list *list, struct follow *f)
{
	f->next = NULL;
	*list->last = f;
	list->last = &f->next;
}

void
follow_clear(struct follow_list *list)
{
	while (list->first != NULL) {
		struct follow *f = list->first;

		list->first = f->next;
		follow_free(f);
	}
	follow_init(list);
}

static struct follow *
take(struct follow_list *list, const char *incident)
{
	for (struct follow **at = &list->first; *at != NULL;
	     at = &(*at)->next) {
		struct follow *f = *at;

		if (!str_eq(f->incident, incident))
			continue;
		*at = f->next;
		if (list->last == &f->next)
			list->last = at;
		return f;
	}
	return NULL;
}

static void
refresh(struct path *p, struct follow *f)
{
	if (p->traits.refresh_ms == 0) {
		follow_free(f); /* another configuration meanwhile */
		return;
	}
	f->due_ms = clock_wall_ms() + p->traits.refresh_ms;
	follow_add(&p->refreshes, f);
}

void
path_refresh(struct path *p, const char *incident, int seq)
{
	refresh(p, follow_new(incident, seq, NULL));
}

void
path_forget_refreshes(struct path *p)
{
	follow_clear(&p->refreshes);
}

/* Somebody may have answered, or it may be over, since it was sent: then
 * nobody need answer it there. */
static void
poll(struct path *p, struct follow *f, int64_t after_ms)
{
	const struct story *story = stories_find(p->agent, f->incident);

	f->cancel = story == NULL || story->incident.status != INCIDENT_OPEN;
	f->due_ms = clock_wall_ms() + (f->cancel ? 0 : after_ms);
	follow_add(&p->polls, f);
}

void
path_poll(struct path *p, const struct delivery_row *row)
{
	if (p->kind->poll != NULL && row->remote_id != NULL)
		poll(p, follow_new(row->incident, row->seq, row->remote_id), 0);
}

void
path_follow_delivered(
    struct path *p, const struct delivery *x, const struct receipt *r)
{
	const struct story *story = stories_find(p->agent, x->incident);

	if (p->traits.refresh_ms > 0 && story != NULL &&
	    story->incident.status != INCIDENT_RESOLVED) {
		follow_free(take(&p->refreshes, x->incident));
		refresh(p, follow_new(x->incident, x->seq, NULL));
	}
	/* A digest is no one incident's: its receipt acknowledges none. */
	if (x->batch == NULL && r->poll_after_ms >= 0 &&
	    p->kind->poll != NULL && r->remote_id[0] != '\0')
		poll(p, follow_new(x->incident, x->seq, r->remote_id),
		    r->poll_after_ms);
}

/* Resolved: the end is on its way. */
void
path_follow_end(struct path *p, const char *incident)
{
	follow_free(take(&p->refreshes, incident));
}

void
path_answered(struct path *p, const char *incident)
{
	struct follow *f = p->current.follow;

	if (f != NULL && p->current.job == JOB_POLL &&
	    str_eq(f->incident, incident))
		f->cancel = true; /* when its answer is there */
	for (f = p->polls.first; f != NULL; f = f->next) {
		if (!str_eq(f->incident, incident))
			continue;
		f->cancel = true;
		f->due_ms = clock_wall_ms();
		loop_timer_arm_ms(p->timer, 1); /* we may be in a group */
	}
}

/* Nothing more to ask: the row says so, too. */
static void
end_poll(struct path *p, struct follow *f, const struct receipt *r)
{
	dispatch_poll_over(p->agent->dispatch, f->incident, f->seq, p->name);
	if (r->acknowledged_by[0] != '\0' && !f->cancel)
		acts_acknowledged_at(p->agent, f->incident, r->acknowledged_by,
		    p->name, p->kind->name);
	follow_free(f);
}

static void
settle_poll(struct path *p, struct follow *f, const struct receipt *r)
{
	bool retry = r->status == RECEIPT_RETRY;

	if (retry || (r->poll_after_ms >= 0 && r->acknowledged_by[0] == '\0')) {
		f->due_ms =
		    clock_wall_ms() + (retry ? AGAIN_MS : r->poll_after_ms);
		follow_add(&p->polls, f);
		return;
	}
	end_poll(p, f, r);
}

void
path_follow_settle(struct path *p, const struct receipt *r)
{
	enum path_job job = p->current.job;
	struct follow *f = p->current.follow;

	p->current = (struct path_current){.job = JOB_NONE};
	if (r->status == RECEIPT_RETRY)
		log_kv(LOG_LEVEL_WARN,
		    "no answer to a question about a message", "channel",
		    p->name, "incident", f->incident, "receipt", r->detail,
		    NULL);
	if (job == JOB_REFRESH && r->status != RECEIPT_REJECTED) {
		const struct story *story = stories_find(p->agent, f->incident);

		if (story != NULL &&
		    story->incident.status != INCIDENT_RESOLVED) {
			follow_free(take(&p->refreshes, f->incident));
			refresh(p, f);
			return;
		}
		follow_free(f);
	} else if (job == JOB_POLL) {
		settle_poll(p, f, r);
	} else if (job == JOB_CANCEL) {
		end_poll(p, f, r);
	} else {
		follow_free(f);
	}
}

void
path_follow_rebase(struct path *p, int64_t jump_ms)
{
	struct follow_list *lists[] = {&p->polls, &p->refreshes};

	for (size_t i = 0; i < 2; i++)
		for (struct follow *f = lists[i]->first; f != NULL; f = f->next)
			f->due_ms += jump_ms;
}
