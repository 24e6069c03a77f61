#include "alerting/incident_event.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/str.h"

#define TEXT_MAX 2048 /* more than any text with its parts */

bool
incident_is_active(const struct incident *in)
{
	return in->id[0] != '\0' && in->status != INCIDENT_RESOLVED;
}

bool
incident_is_held(const struct incident *in)
{
	return incident_is_active(in) && !in->told && in->held_by[0] != '\0';
}

bool
incident_is_bad(enum outcome outcome)
{
	return outcome == OUTCOME_DEGRADED || outcome == OUTCOME_FAILED;
}

const char *
incident_word(const struct incident *in)
{
	if (in->finding)
		return "open";
	if (in->flapping)
		return "flapping";
	return in->outcome == OUTCOME_FAILED ? "failing" : "degraded";
}

int64_t
incident_elapsed_ms(int64_t since_ms, int64_t now_ms)
{
	return now_ms > since_ms ? now_ms - since_ms : 0;
}

void
incident_tell(struct incident *in, enum event_type event, bool notify,
    int64_t now_ms, struct incident_step *out)
{
	out->happened = true;
	out->event = event;
	out->notify = notify;
	in->seq++;
	if (!notify)
		return;
	in->told = event != EVENT_RESOLVED;
	in->told_ms = now_ms;
}

void
incident_text(char *dst, size_t size, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	CHECK(len >= 0);
	str_printable(dst, size, text, strlen(text));
}

void
incident_end(struct incident *in, enum outcome outcome, int64_t now_ms,
    struct incident_step *out)
{
	in->status = INCIDENT_RESOLVED;
	in->resolved_ms = now_ms;
	in->outcome = outcome;
	in->flapping = false;
	in->held_by[0] = '\0';
	in->parent_asked = false;
	in->parent_ok_ms = 0;
	in->bad_since_parent_ok = 0;
	incident_tell(in, EVENT_RESOLVED, in->told, now_ms, out);
}
