/*
 * Who would be told of an incident, when, and why: by the configuration alone,
 * at one time. Pure.
 */
#ifndef AGENT_EXPLAIN_H
#define AGENT_EXPLAIN_H

#include <jansson.h>

#include "agent/config.h"

struct explain { /* what the incident would be; NULL = its probe's own */
	const char *probe, *kind, *component;
	json_t *labels; /* object of strings, or NULL */
	int severity;   /* enum severity, or -1 for the probe's */
	int64_t at_ms;  /* when the alarm would be */
};

/* {"probe", "kind", "component", "severity", "at", "muted" (or null), "group"
 * (or null), "pages": [{"after_ms", "route" (from 1, 0 = none matches),
 * "names", "text", "channels"}, …], "repeat_ms"}. The caller's. A name that no
 * probe has is fine: kind and so on are then what is given. */
json_t *explain_build(const struct config *c, const struct explain *what);

#endif
