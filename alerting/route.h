/*
 * Which incidents go to whom, and to whom next if nobody answers: pure. Routes
 * are tried in order; the first that matches decides unless it says `continue`.
 * What no route matches goes to every channel, and so does everything when
 * there are no routes: an alert is never dropped by oversight. `notify: []`
 * drops on purpose.
 *
 * `notify` names channels, people or rotations; whoever turns names into
 * channels does it when a page is due, not before (notice.h).
 */
#ifndef ALERTING_ROUTE_H
#define ALERTING_ROUTE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "base/outcome.h"

struct calendar;

struct route_match {
	struct option_list
	    severity; /* "critical", or "high+" for high and above */
	struct option_list kind;
	struct option_list probe;     /* glob patterns */
	struct option_list component; /* glob patterns */
	struct option_map labels;     /* label: glob pattern; all must match */
	char *when, *time_zone;       /* a calendar, or NULL for always */
	struct calendar *calendar;    /* of `when`; route_match_prepare() */
};

struct route_step { /* of an escalation */
	int64_t after_ms;
	struct option_list notify;
};

struct route_group {
	struct option_list by; /* "severity", "kind", "labels.team", … */
	int64_t wait_ms;       /* others may join for so long; 0 = no groups */
};

struct route {
	struct route_match match;
	struct option_list notify;
	bool go_on;                   /* `continue: true` */
	struct option_array escalate; /* struct route_step */
	int64_t repeat_ms;            /* from the start again; 0 = never */
	struct route_group group;
};

extern const struct option route_options[];       /* struct route */
extern const struct option route_match_options[]; /* struct route_match */

struct route_facts { /* strings are borrowed; "" = none */
	enum severity severity;
	const char *kind, *probe, *component;
	const json_t *labels; /* object of strings or NULL */
	int64_t at_ms;        /* wall clock, for `when` */
};

bool route_match_covers(
    const struct route_match *m, const struct route_facts *facts);

/* Check words and patterns, and make the calendar. The error begins with the
 * key to blame. Undo it with route_match_fini() before option_free(). */
int route_match_prepare(struct route_match *m, struct err *err);
void route_match_fini(struct route_match *m);
int route_prepare(struct route *r, struct err *err);
void route_fini(struct route *r);

/* Who is paged when, unless somebody acknowledges: by time since the alarm. */
struct route_page {
	int64_t after_ms;
	const struct option_list *notify; /* NULL = every channel */
	int route;                        /* which one says so; -1 = none did */
};

#define ROUTE_ESCALATE_MAX 10 /* steps of one route */
#define ROUTE_PAGES_MAX    64

struct route_plan {                               /* borrows from the routes */
	struct route_page pages[ROUTE_PAGES_MAX]; /* ordered by after_ms */
	size_t count;                             /* 0 = nobody, on purpose */
	int64_t repeat_ms; /* after the last page, from the start; 0 = never */
	const struct route_group
	    *group; /* of the first that matched, or NULL */
};

void route_plan(struct route_plan *out, const struct route *routes,
    size_t count, const struct route_facts *facts);

/* What incidents of one group have in common, as text: "severity=high
 * labels.team=web". Returns dst. */
const char *route_group_key(char *dst, size_t size,
    const struct route_group *group, const struct route_facts *facts);

#endif
