#include "agent/drill.h"

#include "agent/acts.h"
#include "alerting/calendar.h"
#include "base/clock.h"
#include "base/log.h"

#define HOUR_MS   ((int64_t)3600 * 1000)
#define PAUSE_MS  (20 * HOUR_MS)     /* one window holds one test */
#define MISSED_MS (8 * 24 * HOUR_MS) /* the agent was off at its time */
#define FRESH_MS  (HOUR_MS / 4)      /* a new agent is set up in peace */

static int
take_newest(void *ctx, const struct incident_row *row)
{
	int64_t *at_ms = ctx;

	*at_ms = row->opened_ms;
	return 1;
}

int
drill_restore(struct agent *a, struct err *err)
{
	struct incident_filter newest = {.probe = ACTS_DRILL, .limit = 1};

	return store_each_incident(
	    a->store, &newest, take_newest, &a->drill_ms, err);
}

static bool
is_due(const struct agent *a, int64_t now_ms)
{
	const struct calendar *when = a->config->drill;
	int64_t since_ms = now_ms - a->drill_ms;

	if (when == NULL || a->config->channel_count == 0)
		return false;
	if (a->drill_ms > now_ms ||
	    (a->drill_ms == 0 && now_ms - a->started_ms < FRESH_MS))
		return false;
	if (a->drill_ms != 0 && since_ms > MISSED_MS)
		return true;
	return since_ms > PAUSE_MS && calendar_covers(when, now_ms, NULL);
}

void
drill_tick(struct agent *a)
{
	int64_t now_ms = clock_wall_ms();

	if (!is_due(a, now_ms))
		return;
	a->drill_ms = now_ms;
	log_info("the regular test goes through every channel");
	acts_drill(a);
}
