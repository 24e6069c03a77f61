/*
 * From outcomes to a standing: pure. `confirm` failed outcomes in a row make it
 * failed, `confirm` bad ones (failed or degraded, mixed) make it degraded.
 * `recover` good ones in a row make it ok again, `recover` that are at least
 * not failed lift failed to degraded. Unknown is transparent: it breaks no
 * streak and lengthens none but its own. The first good outcome ever counts at
 * once.
 *
 * Flapping looks at the last 20 known results. It begins when the weighted
 * share of those that differ from the one before (ok, degraded and failed are
 * three states) reaches 30 % and at least five of them were bad, and ends when
 * the share falls below 25 %; the newest weighs 1.15, the oldest 0.8. The
 * standing goes on moving meanwhile.
 */
#ifndef ALERTING_VERDICT_H
#define ALERTING_VERDICT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/outcome.h"

struct verdict_policy {
	unsigned confirm; /* >= 1 */
	unsigned recover; /* >= 1 */
	bool flap_detection;
};

struct verdict { /* what is remembered of a probe between runs */
	enum outcome
	    standing; /* confirmed: ok, degraded or failed; unknown at first */
	int64_t standing_since_ms;
	enum outcome last; /* as it came, unconfirmed */
	int64_t last_ms;
	int64_t last_ok_ms;       /* 0 = never */
	enum outcome known;       /* the last one that was not unknown */
	unsigned bad_streak;      /* failed or degraded in a row */
	unsigned failed_streak;   /* failed in a row */
	unsigned unfailed_streak; /* ok or degraded in a row */
	unsigned good_streak;     /* ok in a row */
	unsigned unknown_streak;
	int64_t bad_since_ms; /* first of the current bad streak, 0 = none */
	/* The last 20 known results, newest lowest. */
	unsigned history; /* 1 = bad */
	unsigned changes; /* 1 = it differs from the one before */
	bool flapping;
};

enum verdict_change {
	VERDICT_SAME,
	VERDICT_FIRST_BAD, /* bad or worse, unconfirmed: look sooner */
	VERDICT_BAD,       /* confirmed: standing is now degraded or failed */
	VERDICT_WORSE,     /* degraded to failed */
	VERDICT_BETTER,    /* failed to degraded */
	VERDICT_GOOD,      /* standing is now ok: recovered, or known at last */
	VERDICT_FLAPPING,  /* began to flap; standing may have moved */
	VERDICT_STEADY,    /* stopped flapping; see standing */
};

void verdict_init(struct verdict *v);
enum verdict_change verdict_step(struct verdict *v,
    const struct verdict_policy *policy, enum outcome outcome, int64_t at_ms);

/* Is it between a first bad result and its confirmation (or recovery)? Then
 * the next run comes after retry_every instead of every. */
bool verdict_pending(const struct verdict *v);

/* Longest time from an outage's first moment to the alert's decision, ms. Runs
 * are due at regular slots, `every` apart, and after a result that leaves the
 * verdict pending also retry_every after that run's start; they do not overlap,
 * so what comes due meanwhile waits (retry) or is skipped (slot). In the worst
 * case the outage begins just after a good run looked, and each failing run
 * takes its whole timeout. With timeout <= every this is at most
 *
 *   every + (confirm - 1) x max(retry_every, timeout) + timeout
 *
 * and less when a slot comes before the retry. Runs that end as unknown are not
 * counted in. */
int64_t verdict_worst_case_ms(const struct verdict_policy *policy,
    int64_t every_ms, int64_t retry_every_ms, int64_t timeout_ms);

json_t *verdict_to_json(const struct verdict *v);
int verdict_from_json(struct verdict *v, const json_t *json, struct err *err);

#endif
