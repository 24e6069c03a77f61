#include "alerting/mute.h"

#include <string.h>

#include "alerting/calendar.h"
#include "base/clock.h"
#include "base/str.h"

const char *const mute_kind_names[] = {
    [MUTE_SILENCE] = "silence",
    [MUTE_MAINTENANCE] = "maintenance",
    [MUTE_QUIET_HOURS] = "quiet_hours",
    NULL,
};

const char *const mute_state_names[] = {
    [MUTE_ACTIVE] = "active",
    [MUTE_PENDING] = "pending",
    [MUTE_OVER] = "over",
    NULL,
};

/* Crockford's base32: nothing that is read as something else. */
static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

void
mute_id(char id[MUTE_ID_LEN + 1], uint64_t random)
{
	for (int i = 0; i < MUTE_ID_LEN; i++) {
		id[i] = digits[random & 31];
		random >>= 5;
	}
	id[MUTE_ID_LEN] = '\0';
}

static int64_t
end_ms(const struct mute *m)
{
	return m->until_ms == 0 ? INT64_MAX : m->until_ms;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Not active now: when will it be? INT64_MAX = never again. */
static int64_t
next_begin_ms(const struct mute *m, int64_t now_ms)
{
	int64_t from_ms = now_ms < m->from_ms ? m->from_ms : now_ms;

	if (now_ms < m->from_ms &&
	    (m->calendar == NULL ||
		calendar_covers(m->calendar, m->from_ms, NULL)))
		return m->from_ms;
	return m->calendar != NULL ? calendar_next_ms(m->calendar, from_ms)
	                           : INT64_MAX;
}

enum mute_state
mute_state(const struct mute *m, int64_t now_ms, int64_t *change_ms)
{
	int64_t change = INT64_MAX;
	enum mute_state state;

	if (now_ms >= m->from_ms && now_ms < end_ms(m) &&
	    (m->calendar == NULL ||
		calendar_covers(m->calendar, now_ms, &change))) {
		state = MUTE_ACTIVE;
		change = sooner(change, end_ms(m));
	} else {
		change = next_begin_ms(m, now_ms);
		state = change < end_ms(m) ? MUTE_PENDING : MUTE_OVER;
		if (state == MUTE_OVER)
			change = INT64_MAX;
	}
	if (change_ms != NULL)
		*change_ms = change;
	return state;
}

static bool
is_meant(const struct mute *m, const struct route_facts *facts,
    const char *incident_id)
{
	if (m->incident[0] != '\0' && !str_eq(m->incident, incident_id))
		return false;
	if (m->kind == MUTE_QUIET_HOURS && facts->severity >= m->below)
		return false;
	return route_match_covers(&m->match, facts);
}

const struct mute *
mute_find(const struct mute *mutes, size_t count,
    const struct route_facts *facts, const char *incident_id, int64_t now_ms,
    int64_t *until_ms)
{
	const struct mute *found = NULL;

	for (size_t i = 0; i < count; i++) {
		int64_t until;

		if (!is_meant(&mutes[i], facts, incident_id) ||
		    mute_state(&mutes[i], now_ms, &until) != MUTE_ACTIVE)
			continue;
		if (found != NULL && until <= *until_ms)
			continue;
		found = &mutes[i];
		*until_ms = until;
	}
	return found;
}

const char *
mute_text(char *dst, size_t size, const struct mute *m, int64_t until_ms)
{
	char until[40] = "", at[32];

	if (until_ms != INT64_MAX) {
		clock_rfc3339(at, until_ms);
		str_printf(until, sizeof(until), " until %.10s %.5s UTC", at,
		    at + strlen("2026-11-22T"));
	}
	str_printf(dst, size, "%s %s%s%s%s%s%s",
	    m->kind == MUTE_QUIET_HOURS ? "quiet hours"
					: mute_kind_names[m->kind],
	    m->id, m->author[0] != '\0' ? " by " : "", m->author, until,
	    m->reason[0] != '\0' ? ": " : "", m->reason);
	return dst;
}
