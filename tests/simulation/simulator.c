#include "tests/simulation/simulator.h"

#include <string.h>

#include "base/check.h"
#include "base/str.h"

#define PARENT_GRACE_MS 2000
#define TICK_MS         1000 /* how often open incidents are looked at */

static const char *const channels[SIM_CHANNELS] = {"mail", "pager", "chat"};

uint64_t
sim_random(struct sim *s)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	return s->seed;
}

void
sim_init(struct sim *s, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->now_ms = SIM_START;
	s->tick_ms = SIM_START;
	s->due = schedule_new();
	s->ends = schedule_new();
}

void
sim_fini(struct sim *s)
{
	schedule_free(s->due);
	schedule_free(s->ends);
}

static void
plan_slot(struct sim *s, unsigned i)
{
	const struct sim_probe *p = &s->probes[i];

	schedule_set(s->due, i,
	    schedule_slot(schedule_hash(p->name), p->every_ms, s->now_ms, 0));
}

unsigned
sim_add(struct sim *s, const char *name, int64_t every_ms)
{
	unsigned i = s->probe_count++;
	struct sim_probe *p = &s->probes[i];

	CHECK(i < SIM_PROBES);
	str_copy(p->name, sizeof(p->name), name);
	p->every_ms = every_ms;
	p->retry_every_ms = every_ms / 3 > 5 * SECOND ? every_ms / 3
	                    : every_ms < 5 * SECOND   ? every_ms
	                                              : 5 * SECOND;
	p->timeout_ms = every_ms < 10 * SECOND ? every_ms : 10 * SECOND;
	p->verdict_policy = (struct verdict_policy){2, 2, true};
	p->policy = (struct incident_policy){
	    .severity = SEVERITY_HIGH,
	    .degraded_severity = SEVERITY_MEDIUM,
	    .reminder_ms = 4 * HOUR,
	    .reopen_within_ms = 10 * MINUTE,
	};
	p->parent = -1;
	verdict_init(&p->verdict);
	plan_slot(s, i);
	return i;
}

void
sim_break(struct sim *s, const struct sim_fault *fault)
{
	CHECK(s->fault_count < SIM_FAULTS);
	CHECK(fault->probe < s->probe_count);
	s->faults[s->fault_count++] = *fault;
}

/* ---- what people get ---- */

/* What a message makes people believe, and whether it makes sense to them. */
static void
believe(struct sim_probe *p, enum event_type event)
{
	bool opens = event == EVENT_OPENED || event == EVENT_REOPENED ||
	             (event == EVENT_FLAPPING && !p->believed);

	CHECK(p->believed != opens);
	p->believed = event != EVENT_RESOLVED;
	CHECK(p->believed == p->incident.told);
}

static struct channel_set
resolve(void *ctx, const struct option_list *names, int64_t now_ms)
{
	struct channel_set set = {{0}};

	(void)ctx;
	(void)now_ms;
	for (size_t c = 0; c < SIM_CHANNELS; c++)
		if (names == NULL)
			channel_set_add(&set, c);
	for (size_t i = 0; names != NULL && i < names->count; i++)
		channel_set_add(
		    &set, (size_t)str_index(channels, names->items[i]));
	return set;
}

static void
tell(struct sim *s, unsigned i, const struct incident_step *step)
{
	struct sim_probe *p = &s->probes[i];
	struct sim_message *m = &s->messages[s->message_count];
	struct route_facts facts = {
	    .severity = p->incident.severity,
	    .kind = "uptime",
	    .probe = p->name,
	    .component = "",
	};
	struct route_plan plan;
	struct notice_facts now = {
	    .plan = &plan, .now_ms = s->now_ms, .resolve = resolve};
	struct notice_step notice;

	if (!step->happened)
		return;
	route_plan(&plan, s->routes, s->route_count, &facts);
	notice_on_event(&p->notice, step->event, step->notify, &now, &notice);
	if (!step->notify)
		return;
	CHECK(s->message_count < SIM_MESSAGES);
	s->message_count++;
	m->at_ms = s->now_ms - SIM_START;
	m->probe = i;
	m->event = step->event;
	m->severity = p->incident.severity;
	str_copy(m->incident, sizeof(m->incident), p->incident.id);
	for (size_t c = 0; c < SIM_CHANNELS; c++)
		m->channels[c] = channel_set_has(&notice.who, c);
	believe(p, step->event);
}

/* ---- runs ---- */

static const struct sim_fault *
fault_at(const struct sim *s, unsigned probe, int64_t at_ms)
{
	for (unsigned i = 0; i < s->fault_count; i++) {
		const struct sim_fault *f = &s->faults[i];

		if (f->probe != probe || at_ms < f->from_ms ||
		    at_ms >= f->to_ms)
			continue;
		if (f->period_ms != 0 &&
		    (at_ms - f->from_ms) % f->period_ms >= f->on_ms)
			continue;
		if (f->nth == 0 || s->probes[probe].runs % f->nth == 0)
			return f;
	}
	return NULL;
}

/* What is behind a broken parent cannot be reached: runs hang. */
static void
begin_run(struct sim *s, unsigned i)
{
	struct sim_probe *p = &s->probes[i];
	int64_t at_ms = s->now_ms - SIM_START, takes_ms;
	const struct sim_fault *f = fault_at(s, i, at_ms);
	const struct sim_fault *above =
	    p->parent < 0 ? NULL : fault_at(s, (unsigned)p->parent, at_ms);

	if (p->running)
		return;
	p->running = true;
	p->runs++;
	p->started_ms = s->now_ms;
	p->outcome = OUTCOME_OK;
	takes_ms = 1 + (int64_t)(sim_random(s) % 300);
	if (above != NULL && above->outcome == OUTCOME_FAILED) {
		p->outcome = OUTCOME_FAILED;
		takes_ms = p->timeout_ms;
	} else if (f != NULL) {
		p->outcome = f->outcome;
		takes_ms = f->takes_ms;
	}
	schedule_set(s->ends, i, s->now_ms + takes_ms);
}

static const char *
guilty_parent(const struct sim *s, const struct sim_probe *p, bool *asked)
{
	const struct sim_probe *parent;
	int64_t since_ms = p->verdict.bad_since_ms;

	*asked = false;
	if (p->parent < 0)
		return NULL;
	parent = &s->probes[p->parent];
	if (parent->verdict.standing == OUTCOME_FAILED ||
	    parent->verdict.failed_streak > 0)
		return parent->name;
	*asked = since_ms != 0 && parent->running &&
	         parent->last_ms < since_ms &&
	         s->now_ms - since_ms < parent->timeout_ms + PARENT_GRACE_MS;
	return *asked ? parent->name : NULL;
}

static void
end_run(struct sim *s, unsigned i)
{
	struct sim_probe *p = &s->probes[i];
	char id[INCIDENT_ID_LEN + 1];
	struct incident_facts facts = {
	    .probe = p->name,
	    .reason = "as the script says",
	    .new_id = id,
	    .now_ms = s->now_ms,
	};
	enum verdict_change change;
	struct incident_step step;

	p->running = false;
	change = verdict_step(
	    &p->verdict, &p->verdict_policy, p->outcome, s->now_ms);
	if ((change == VERDICT_FIRST_BAD || change == VERDICT_BAD) &&
	    p->parent >= 0)
		begin_run(s, (unsigned)p->parent);
	p->last_ms = s->now_ms;
	incident_id(id, sim_random(s));
	facts.parent = guilty_parent(s, p, &facts.parent_asked);
	incident_on_verdict(
	    &p->incident, &p->policy, &p->verdict, &facts, &step);
	tell(s, i, &step);
	if (verdict_pending(&p->verdict) &&
	    p->started_ms + p->retry_every_ms < schedule_due(s->due, i))
		schedule_set(s->due, i, p->started_ms + p->retry_every_ms);
}

static void
tick(struct sim *s)
{
	struct incident_step step;
	bool asked;

	for (unsigned i = 0; i < s->probe_count; i++) {
		struct sim_probe *p = &s->probes[i];

		if (p->incident.id[0] == '\0' ||
		    p->incident.status == INCIDENT_RESOLVED)
			continue;
		incident_on_time(&p->incident, &p->policy,
		    guilty_parent(s, p, &asked), s->now_ms, &step);
		tell(s, i, &step);
	}
	s->tick_ms += TICK_MS;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void
sim_until(struct sim *s, int64_t until_ms)
{
	int64_t end_ms = SIM_START + until_ms, at_ms;
	uint32_t id;

	for (;;) {
		at_ms = least(schedule_next(s->due), schedule_next(s->ends));
		at_ms = least(at_ms, s->tick_ms);
		if (at_ms > end_ms)
			break;
		if (at_ms > s->now_ms)
			s->now_ms = at_ms;
		while (schedule_take(s->due, s->now_ms, &id, &at_ms)) {
			plan_slot(s, id);
			begin_run(s, id);
		}
		while (schedule_take(s->ends, s->now_ms, &id, &at_ms))
			end_run(s, id);
		if (s->tick_ms <= s->now_ms)
			tick(s);
	}
	s->now_ms = end_ms;
}

/* ---- stopping, people, looking ---- */

void
sim_restart(struct sim *s)
{
	for (unsigned i = 0; i < s->probe_count; i++) {
		struct sim_probe *p = &s->probes[i];
		json_t *verdict = verdict_to_json(&p->verdict);
		json_t *incident = incident_to_json(&p->incident);

		CHECK(verdict_from_json(&p->verdict, verdict, NULL) == 0);
		CHECK(p->incident.id[0] == '\0' ||
		      incident_from_json(&p->incident, incident, NULL) == 0);
		json_decref(verdict);
		json_decref(incident);
		p->running = false;
		schedule_remove(s->ends, i);
		plan_slot(s, i);
	}
}

void
sim_acknowledge(struct sim *s, unsigned probe, const char *actor)
{
	struct sim_probe *p = &s->probes[probe];
	struct incident_step step;

	CHECK(incident_acknowledge(
		  &p->incident, actor, s->now_ms, &step, NULL) == 0);
	tell(s, probe, &step);
}

unsigned
sim_count(const struct sim *s, int probe, int event)
{
	unsigned count = 0;

	for (unsigned i = 0; i < s->message_count; i++) {
		const struct sim_message *m = &s->messages[i];

		count += (probe < 0 || m->probe == (unsigned)probe) &&
		         (event < 0 || m->event == (enum event_type)event);
	}
	return count;
}

const struct sim_message *
sim_first(const struct sim *s, unsigned probe, enum event_type event)
{
	for (unsigned i = 0; i < s->message_count; i++)
		if (s->messages[i].probe == probe &&
		    s->messages[i].event == event)
			return &s->messages[i];
	return NULL;
}
