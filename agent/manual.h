/*
 * Incidents that people or other programs open by hand. From then on they are
 * like those that findings open: routed, escalated, acknowledged, and resolved
 * by people alone. docs/incidents.md, docs/api.md.
 */
#ifndef AGENT_MANUAL_H
#define AGENT_MANUAL_H

#include <jansson.h>

#include "agent/agent.h"
#include "base/option.h"

#define MANUAL_PROBE    "manual" /* their probe, unless they name one */
#define MANUAL_KIND     "manual"
#define MANUAL_OPEN_MAX 20000 /* open at once */
#define MANUAL_LIST_MAX 5000  /* in one request */

struct manual { /* filled by manual_read() */
	char *title, *text, *probe, *component, *runbook, *actor;
	/* What its maker calls it: while one of that key is open, no second one
	 * is opened. NULL = every call opens one. */
	char *key;
	enum severity severity;
	struct option_map labels;
};

/* From a request's object; pure. -1: ERR_INPUT, the text begins with the member
 * to blame. manual_fini() either way. */
int manual_read(struct manual *m, const json_t *object, struct err *err);
void manual_fini(struct manual *m);

/* In a writer group of its own, which is written before anything is sent or the
 * loop looks at a connection again. *created is false if one of that key is
 * open; *out is that one or the new one, borrowed until the loop turns. -1:
 * ERR_BUSY, too many are open. */
int manual_open(struct agent *a, const struct manual *m,
    const struct incident **out, bool *created, struct err *err);

#endif
