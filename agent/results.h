/*
 * The seam: one result of one probe becomes verdict, incident, events and
 * deliveries, in one group of the writer. Also people's acts on incidents and
 * what time alone brings about. Deciding is alerting/'s; this applies it.
 */
#ifndef AGENT_RESULTS_H
#define AGENT_RESULTS_H

#include "agent/agent.h"

struct result {
	enum outcome outcome;
	const char *reason;
	int64_t duration_us;    /* -1 = none */
	const json_t *body;     /* the whole answer, or NULL: for facts */
	const json_t *findings; /* array or NULL */
	const json_t *memory;   /* NULL = unchanged */
};

void results_take(struct agent *a, struct target *t, const struct result *r);

/* A random id for a new incident. */
void results_new_id(char id[INCIDENT_ID_LEN + 1]);

/* An observation of the agent's own: "tocsin/store", failed, why. */
void results_self(struct agent *a, const char *name, enum outcome outcome,
    const char *reason);

/* Once a second: reminders, alerts that a parent held back. */
void results_tick(struct agent *a);

/* The probe left the configuration, or was switched off. */
void results_removed(struct agent *a, struct target *t);
/* The same, and the target goes: at once, unlike a reload's many. */
void results_dismiss(struct agent *a, struct target *t);

#endif
