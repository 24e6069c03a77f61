/*
 * Which incidents go to which channels: pure. Routes are tried in order; the
 * first that matches decides unless it says `continue`. What no route matches
 * goes to every channel, and so does everything when there are no routes: an
 * alert is never dropped by oversight. `notify: []` drops on purpose.
 */
#ifndef ALERTING_ROUTE_H
#define ALERTING_ROUTE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "alerting/message.h"
#include "base/option.h"
#include "base/outcome.h"

struct route_match {
	struct option_list
	    severity; /* "critical", or "high+" for high and above */
	struct option_list kind;
	struct option_list probe; /* glob patterns */
	struct option_map labels; /* label: glob pattern; all must match */
};

struct route {
	struct route_match match;
	struct option_list notify; /* channel names */
	bool go_on;                /* `continue: true` */
};

extern const struct option route_options[]; /* fills struct route */

struct route_facts {
	enum severity severity;
	unsigned told; /* bits 1 << severity: who was told of the incident at
	                  these severities hears the rest of it as well */
	const char *kind, *probe;
	const json_t *labels; /* object of strings or NULL */
};

/* Fill chosen[] (one flag per channel name, same order) with who gets it. */
void route_choose(const struct route *routes, size_t route_count,
    const char *const *channels, size_t channel_count,
    const struct route_facts *facts, bool *chosen);

/* Rules across a route's options: severity words, patterns. */
int route_check(const struct route *r, struct err *err);

#endif
