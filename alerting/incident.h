/*
 * One story told to people: pure. Takes an incident, a verdict (or a person's
 * act) and the time; returns what happened to the incident as at most one
 * event, and whether people are to be told. docs/incidents.md is the same for
 * users.
 *
 * What holds: what people believe to be open (`told`) is ended by one told
 * RESOLVED, and nothing else is; a message that says how bad it is never comes
 * twice without a change between (reminders apart).
 */
#ifndef ALERTING_INCIDENT_H
#define ALERTING_INCIDENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "alerting/message.h"
#include "alerting/verdict.h"
#include "base/err.h"
#include "base/outcome.h"

#define INCIDENT_ID_LEN 10

enum incident_status {
	INCIDENT_OPEN,
	INCIDENT_ACKNOWLEDGED,
	INCIDENT_RESOLVED
};
extern const char *const incident_status_names[]; /* NULL-ended */

struct incident {
	char id[INCIDENT_ID_LEN + 1];
	char probe[96]; /* room for "tocsin/path/" and a name */
	enum incident_status status;
	enum severity severity; /* never falls while it lasts */
	/* Confirmed now: degraded or failed, the worst of it while flapping; ok
	 * once recovered; unknown when its probe was removed. */
	enum outcome outcome;
	char title[160];
	char reason[400];
	int64_t opened_ms, resolved_ms, acknowledged_ms; /* wall; 0 = not */
	int64_t failing_since_ms;
	int64_t told_ms; /* when people last got a message */
	char acknowledged_by[64];
	char held_by[64];  /* parent that holds back the alert, "" = none */
	bool parent_asked; /* held only until that parent has answered */
	/* Held, but since when has no parent failed (0 = one does), and how
	 * many results since then say that it is still bad? */
	int64_t parent_ok_ms;
	unsigned bad_since_parent_ok;
	bool told; /* do people believe that it is open? */
	bool flapping;
	bool finding;      /* opened by a finding: only people resolve it */
	unsigned reopened; /* how often it came back */
	/* How often people were asked to take it: opened, came back, got worse.
	 * An acknowledgement is of one alarm; never falls. */
	unsigned alarms;
	int seq; /* of the last event; incident_* count it up */
};

struct incident_policy {
	enum severity severity;          /* when failed */
	enum severity degraded_severity; /* when degraded */
	int64_t reminder_ms;             /* 0 = none */
	int64_t reopen_within_ms;        /* a failure this soon re-opens */
};

struct incident_step { /* what came of it */
	bool happened; /* there is an event */
	enum event_type event;
	bool notify; /* route it to people */
	char actor[64];
	char text[400]; /* for the timeline */
};

/* A held alert leaves on two bad results, or this long, after the parent's
 * recovery: the child gets the time to be seen well again. */
#define INCIDENT_SETTLE_MS ((int64_t)5 * 60 * 1000)
/* What a person closed although its probe fails re-opens if it still does. */
#define INCIDENT_CLOSED_MS ((int64_t)10 * 60 * 1000)

/* A new id from 64 random bits: 10 characters of Crockford base32. */
void incident_id(char id[INCIDENT_ID_LEN + 1], uint64_t random);

/* What is known beside the verdict. Strings are borrowed for the call. */
struct incident_facts {
	const char *probe;
	const char *reason; /* of the observation that just came */
	/* A parent that fails or began to, or one that was asked because of
	 * this failure and has not answered yet (parent_asked); or NULL. */
	const char *parent;
	bool parent_asked;
	const char *new_id; /* for the case that one opens */
	int64_t now_ms;
};

/* Bring the incident in line with a verdict: opens, worsens, improves, flaps,
 * resolves or re-opens. Call it after every verdict_step, whatever changed: it
 * compares state, so a lost call heals at the next. `in` is the newest incident
 * of the probe that no finding opened (open or resolved), or all zero. */
void incident_on_verdict(struct incident *in, const struct incident_policy *p,
    const struct verdict *v, const struct incident_facts *facts,
    struct incident_step *out);

/* Time passed, or the parent recovered (parent as in incident_facts): a
 * reminder, or the held alert leaves. */
void incident_on_time(struct incident *in, const struct incident_policy *p,
    const char *parent, int64_t now_ms, struct incident_step *out);

/* When incident_on_time is due; INT64_MAX = not before something else. */
int64_t
incident_next_ms(const struct incident *in, const struct incident_policy *p);

/* A fact that somebody must see opens an incident of its own, told at once,
 * which only people resolve. */
struct incident_finding {
	const char *probe, *title, *reason;
	enum severity severity;
};
void
incident_on_finding(struct incident *in, const struct incident_finding *finding,
    const char *new_id, int64_t now_ms, struct incident_step *out);

/* A person's act. -1: not possible (ERR_REFUSED) or bad text (ERR_INPUT). */
int incident_acknowledge(struct incident *in, const char *actor, int64_t now_ms,
    struct incident_step *out, struct err *err);
int incident_resolve(struct incident *in, const char *actor, const char *why,
    int64_t now_ms, struct incident_step *out, struct err *err);
int incident_note(struct incident *in, const char *actor, const char *text,
    int64_t now_ms, struct incident_step *out, struct err *err);
/* The probe left the configuration: closes with that reason. Whoever was told
 * that it is open is told that it is closed. */
void incident_on_removed(
    struct incident *in, int64_t now_ms, struct incident_step *out);

json_t *incident_to_json(const struct incident *in);
int
incident_from_json(struct incident *in, const json_t *json, struct err *err);

#endif
