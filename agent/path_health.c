/* How a path is: its status, and its own trouble: agent/path_own.h. */
#include "agent/path_own.h"
#include "agent/results.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define SICK_FAILURES     3     /* in a row, or … */
#define SICK_OLD_MS       60000 /* … nothing moves for so long: people hear */
#define FALLBACK_AGAIN_MS 5000  /* no other path works now, or it is muted */

static void
health(struct path *p, enum outcome outcome, const char *reason)
{
	char name[CONFIG_NAME_MAX + 32];

	str_printf(name, sizeof(name), SELF_PREFIX "path/%s", p->name);
	results_self(p->agent, name, outcome, reason);
}

/* How long has something waited while nothing was proven? A channel's own cap
 * keeps messages waiting as well: then only failures count. */
static int64_t
overdue_ms(const struct path *p)
{
	const struct delivery *x = p->line.first;
	int64_t since_ms;

	if (x == NULL || (p->traits.per_minute > 0 && p->failures == 0))
		return 0;
	since_ms = x->created_ms > p->last_delivered_ms ? x->created_ms
	                                                : p->last_delivered_ms;
	return clock_wall_ms() - since_ms;
}

static bool
is_sick(const struct path *p)
{
	bool stuck = p->current.job != JOB_NONE &&
	             clock_wall_ms() - p->current.sent_ms > SICK_OLD_MS;

	return p->failures >= SICK_FAILURES || stuck ||
	       overdue_ms(p) > SICK_OLD_MS ||
	       (p->line.count > 0 && p->link == NULL &&
		   p->line.first->created_ms + SICK_OLD_MS < clock_wall_ms());
}

void
path_status(const struct path *p, struct dispatch_status *out)
{
	*out = (struct dispatch_status){.name = p->name,
	    .kind = p->kind->name,
	    .enabled = p->enabled,
	    .disabled = p->disabled,
	    .ready = p->link != NULL && link_ready(p->link),
	    .resting = p->rest_ms > clock_boot_ms(),
	    .pending = p->line.count,
	    .dead = p->dead,
	    .last_delivered_ms = p->last_delivered_ms,
	    .last_error = p->last_error,
	    .delivered = p->delivered,
	    .attempts = p->attempts,
	    .failures = p->failed,
	    .restarts = p->restarts,
	    .digests = p->digests,
	    .merged = p->merged,
	    .seconds_sum = p->seconds_sum,
	    .pid = p->link != NULL ? (int)link_pid(p->link) : 0};
	if (p->line.first != NULL)
		out->oldest_ms = p->line.first->created_ms;
}

bool
path_works(const struct path *p)
{
	return p->enabled && !p->disabled && p->failures < SICK_FAILURES &&
	       p->link != NULL && link_ready(p->link);
}

static void
tell_health(struct path *p)
{
	char reason[500];

	if (!p->enabled)
		health(p, OUTCOME_OK, "it is switched off");
	else if (p->disabled)
		health(p, OUTCOME_FAILED,
		    "the receiver says it is gone (410); the channel rests "
		    "until its configuration changes");
	else if (p->unproven) {
		str_printf(reason, sizeof(reason),
		    "its last test did not arrive: %.300s", p->last_error);
		health(p, OUTCOME_FAILED, reason);
	} else if (is_sick(p)) {
		str_printf(reason, sizeof(reason), "%u waiting; last: %.300s",
		    p->line.count,
		    p->last_error[0] ? p->last_error : "no answer yet");
		health(p, OUTCOME_FAILED, reason);
	} else if (p->failures == 0 && overdue_ms(p) == 0) {
		health(p, OUTCOME_OK, "it delivers");
	}
}

/* What could not be proven in time goes out by another path as well. */
static void
fall_back(struct path *p)
{
	int64_t now_ms = clock_wall_ms();
	struct writer *w = p->agent->writer;

	writer_begin(w);
	for (struct delivery *x = p->line.first; x != NULL; x = x->after) {
		if (x->fallback_ms == 0 || x->fallback_ms > now_ms)
			continue;
		if (!dispatch_fall_back(p->agent->dispatch, p->name, x,
			p->last_error[0] != '\0' ? p->last_error
						 : "no answer yet")) {
			x->fallback_ms = now_ms + FALLBACK_AGAIN_MS;
			continue;
		}
		x->fallback_ms = 0;
		p->fallbacks--;
		path_put_row(p, x);
	}
	dispatch_sent(p->agent->dispatch, writer_end(w, true));
}

static bool
fallback_due(const struct path *p)
{
	int64_t now_ms = clock_wall_ms();

	if (p->fallbacks == 0)
		return false;
	for (struct delivery *x = p->line.first; x != NULL; x = x->after)
		if (x->fallback_ms != 0 && x->fallback_ms <= now_ms)
			return true;
	return false;
}

void
path_tick(struct path *p)
{
	if (fallback_due(p))
		fall_back(p);
	tell_health(p);
}
