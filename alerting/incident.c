#include "alerting/incident.h"

#include <string.h>

#include "alerting/incident_event.h"
#include "base/check.h"
#include "base/str.h"

/* Bad results after the parent's recovery that release a held alert: the run
 * behind the first may have begun before it, the run behind the second not. */
#define BAD_RESULTS_MIN 2

struct turn { /* one call of incident_on_verdict */
	struct incident *in;
	const struct incident_policy *policy;
	const struct verdict *verdict;
	const struct incident_facts *facts;
	enum outcome outcome; /* what the verdict says, flapping included */
	struct incident_step *out;
};

/* Flapping around a good standing is a fault that confirmation hides. */
static enum outcome
outcome_of(const struct verdict *v)
{
	if (v->flapping && !incident_is_bad(v->standing))
		return OUTCOME_DEGRADED;
	return v->standing;
}

/* Only worse ever changes severity, and who had it has not seen this: another
 * alarm. */
static void
worsen_to(struct incident *in, const struct incident_policy *policy,
    enum outcome outcome)
{
	enum severity severity = outcome == OUTCOME_FAILED
	                             ? policy->severity
	                             : policy->degraded_severity;

	in->outcome = outcome;
	if (in->severity < severity)
		in->severity = severity;
	in->alarms++;
	in->status = INCIDENT_OPEN;
	in->acknowledged_ms = 0;
	in->acknowledged_by[0] = '\0';
}

static void
set_title(struct incident *in)
{
	incident_text(in->title, sizeof(in->title), "%s is %s", in->probe,
	    incident_word(in));
}

static void
set_reason(const struct turn *t)
{
	struct incident *in = t->in;

	if (t->verdict->flapping)
		incident_text(in->reason, sizeof(in->reason),
		    "%d changes in the last 20 checks; now %s: %s",
		    __builtin_popcount(t->verdict->changes),
		    outcome_names[t->verdict->last], t->facts->reason);
	else if (incident_is_bad(t->verdict->last))
		incident_text(
		    in->reason, sizeof(in->reason), "%s", t->facts->reason);
}

/* ---- opening, and opening again ---- */

static bool
closed_by_person(const struct incident *in)
{
	return in->id[0] != '\0' && in->status == INCIDENT_RESOLVED &&
	       incident_is_bad(in->outcome);
}

static bool
goes_on(const struct turn *t)
{
	const struct incident *in = t->in;
	int64_t pause = incident_elapsed_ms(in->resolved_ms, t->facts->now_ms);

	if (in->id[0] == '\0' || in->finding)
		return false;
	if (closed_by_person(in))
		return true;
	return t->policy->reopen_within_ms > 0 &&
	       pause <= t->policy->reopen_within_ms;
}

static void
begin_text(const struct turn *t, bool again, int64_t resolved_ms)
{
	char *text = t->out->text, how_long[32];
	const struct incident *in = t->in;
	int64_t pause = incident_elapsed_ms(resolved_ms, t->facts->now_ms);

	if (in->held_by[0] != '\0')
		incident_text(text, sizeof(t->out->text),
		    "held back while %s fails: %s", in->held_by, in->reason);
	else if (again)
		incident_text(text, sizeof(t->out->text),
		    "%s %s after it was closed: %s", incident_word(in),
		    str_duration_human(how_long, pause * 1000), in->reason);
	else
		incident_text(text, sizeof(t->out->text), "%s", in->reason);
}

static void
begin(const struct turn *t)
{
	struct incident *in = t->in;
	const struct incident_facts *facts = t->facts;
	bool again = goes_on(t);
	int64_t resolved_ms = in->resolved_ms;
	enum event_type event = again ? EVENT_REOPENED : EVENT_OPENED;

	if (!again) {
		memset(in, 0, sizeof(*in));
		CHECK(str_copy(in->id, sizeof(in->id), facts->new_id) == 0);
		CHECK(
		    str_copy(in->probe, sizeof(in->probe), facts->probe) == 0);
		in->opened_ms = facts->now_ms;
	} else {
		in->reopened++;
		in->resolved_ms = 0;
	}
	in->severity = SEVERITY_INFO;
	worsen_to(in, t->policy, t->outcome);
	in->flapping = t->verdict->flapping;
	in->failing_since_ms = t->verdict->bad_since_ms;
	if (in->failing_since_ms == 0)
		in->failing_since_ms = facts->now_ms;
	if (facts->parent != NULL)
		CHECK(str_copy(in->held_by, sizeof(in->held_by),
			  facts->parent) == 0);
	in->parent_asked = facts->parent != NULL && facts->parent_asked;
	set_title(in);
	set_reason(t);
	begin_text(t, again, resolved_ms);
	incident_tell(in, in->flapping ? EVENT_FLAPPING : event,
	    facts->parent == NULL, facts->now_ms, t->out);
}

static void
on_inactive(const struct turn *t)
{
	struct incident *in = t->in;
	bool closed = closed_by_person(in);

	if (!incident_is_bad(t->outcome)) {
		if (closed)
			in->outcome = t->outcome;
		return;
	}
	if (!incident_is_bad(t->verdict->last))
		return; /* nothing opens on a result that is not bad */
	if (closed && t->outcome <= in->outcome &&
	    incident_elapsed_ms(in->resolved_ms, t->facts->now_ms) <
		INCIDENT_CLOSED_MS)
		return;
	begin(t);
}

/* ---- held back by a parent ---- */

static bool
still_held(
    struct incident *in, const char *parent, bool bad_result, int64_t now_ms)
{
	if (parent != NULL) {
		CHECK(str_copy(in->held_by, sizeof(in->held_by), parent) == 0);
		in->parent_ok_ms = 0;
		return true;
	}
	if (in->parent_asked)
		return false; /* it is well: this was not its fault */
	if (in->parent_ok_ms == 0) {
		in->parent_ok_ms = now_ms;
		in->bad_since_parent_ok = 0;
		return true;
	}
	if (bad_result)
		in->bad_since_parent_ok++;
	return in->bad_since_parent_ok < BAD_RESULTS_MIN &&
	       incident_elapsed_ms(in->parent_ok_ms, now_ms) <
	           INCIDENT_SETTLE_MS;
}

static void
release(struct incident *in, int64_t now_ms, struct incident_step *out)
{
	char how_long[32];
	int64_t lasts = incident_elapsed_ms(in->failing_since_ms, now_ms);
	enum event_type event =
	    in->reopened > 0 ? EVENT_REOPENED : EVENT_OPENED;

	incident_text(out->text, sizeof(out->text),
	    "%s is well, but %s is %s, for %s now: %s", in->held_by, in->probe,
	    incident_word(in), str_duration_human(how_long, lasts * 1000),
	    in->reason);
	in->held_by[0] = '\0';
	in->parent_asked = false;
	in->parent_ok_ms = 0;
	in->bad_since_parent_ok = 0;
	incident_tell(
	    in, in->flapping ? EVENT_FLAPPING : event, true, now_ms, out);
}

/* ---- changes of an open incident ---- */

static void
change(const struct turn *t, enum event_type event, bool notify)
{
	struct incident *in = t->in;
	enum outcome before = in->outcome;

	if (t->outcome > before)
		worsen_to(in, t->policy, t->outcome);
	else if (!in->flapping)
		in->outcome = t->outcome;
	set_title(in);
	set_reason(t);
	if (in->outcome != before)
		incident_text(t->out->text, sizeof(t->out->text),
		    "from %s to %s: %s", outcome_names[before],
		    outcome_names[in->outcome], in->reason);
	else
		incident_text(t->out->text, sizeof(t->out->text), "%s: %s",
		    incident_word(in), in->reason);
	incident_tell(in, event, notify, t->facts->now_ms, t->out);
}

static void
recover(const struct turn *t)
{
	char how_long[32];
	struct incident *in = t->in;
	int64_t now_ms = t->facts->now_ms;
	int64_t lasted = incident_elapsed_ms(in->failing_since_ms, now_ms);

	incident_text(t->out->text, sizeof(t->out->text), "%s after %s",
	    in->flapping ? "steadily ok" : "over",
	    str_duration_human(how_long, lasted * 1000));
	incident_end(in, OUTCOME_OK, now_ms, t->out);
}

/* Flapping is told once; after that only that it is worse than was said, and
 * what it settled to. */
static void
on_active(const struct turn *t)
{
	struct incident *in = t->in;
	bool flapped = in->flapping;
	bool open = in->status == INCIDENT_OPEN;

	if (t->outcome == OUTCOME_OK) {
		recover(t);
		return;
	}
	in->flapping = t->verdict->flapping;
	if (t->outcome > in->outcome)
		change(t, EVENT_WORSENED, in->told);
	else if (in->flapping && !flapped)
		change(t, EVENT_FLAPPING, in->told);
	else if (t->outcome < in->outcome && !in->flapping)
		change(t, EVENT_IMPROVED, in->told);
	else if (flapped && !in->flapping)
		change(t, EVENT_REMINDER, in->told && open);
	else
		set_reason(t);
}

void
incident_on_verdict(struct incident *in, const struct incident_policy *p,
    const struct verdict *v, const struct incident_facts *facts,
    struct incident_step *out)
{
	struct turn t = {in, p, v, facts, outcome_of(v), out};
	bool held;

	CHECK(facts->now_ms > 0);
	memset(out, 0, sizeof(*out));
	if (in->told_ms > facts->now_ms)
		in->told_ms = facts->now_ms; /* the clock was set back */
	if (v->last == OUTCOME_UNKNOWN || t.outcome == OUTCOME_UNKNOWN)
		return;
	if (!incident_is_active(in) || in->finding) {
		on_inactive(&t);
		return;
	}
	on_active(&t);
	if (facts->parent != NULL && !facts->parent_asked)
		in->parent_asked = false;
	held = incident_is_held(in) &&
	       still_held(
		   in, facts->parent, incident_is_bad(v->last), facts->now_ms);
	if (incident_is_held(in) && !held && !out->happened)
		release(in, facts->now_ms, out);
}

void
incident_on_time(struct incident *in, const struct incident_policy *p,
    const char *parent, int64_t now_ms, struct incident_step *out)
{
	char how_long[32];
	int64_t lasts = incident_elapsed_ms(in->failing_since_ms, now_ms);

	CHECK(now_ms > 0);
	memset(out, 0, sizeof(*out));
	if (incident_is_held(in)) {
		if (!still_held(in, parent, false, now_ms))
			release(in, now_ms, out);
		return;
	}
	if (now_ms < incident_next_ms(in, p))
		return;
	incident_text(out->text, sizeof(out->text), "still %s after %s: %s",
	    incident_word(in), str_duration_human(how_long, lasts * 1000),
	    in->reason);
	incident_tell(in, EVENT_REMINDER, true, now_ms, out);
}

int64_t
incident_next_ms(const struct incident *in, const struct incident_policy *p)
{
	if (incident_is_held(in))
		return in->parent_ok_ms > 0
		           ? in->parent_ok_ms + INCIDENT_SETTLE_MS
		           : INT64_MAX;
	if (incident_is_active(in) && in->told && in->status == INCIDENT_OPEN &&
	    p->reminder_ms > 0)
		return in->told_ms + p->reminder_ms;
	return INT64_MAX;
}
