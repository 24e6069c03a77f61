#include "alerting/verdict.h"

#include <string.h>

#include "alerting/fields.h"
#include "base/check.h"

#define HISTORY_BITS 20
#define HISTORY_MASK ((1u << HISTORY_BITS) - 1)
#define STREAK_MAX   1000000000 /* counting stops here; nothing asks for more */

/* Weights of the results that may differ, times 19000 so that they are whole:
 * 0.8 for the oldest to 1.15 for the newest. */
#define WEIGHT_OLDEST 15200
#define WEIGHT_STEP   350
#define WEIGHT_SUM    (HISTORY_BITS * WEIGHT_OLDEST + 190 * WEIGHT_STEP)
#define FLAP_ON       30 /* percent */
#define FLAP_OFF      25
/* Of 20: so that the rare single failures which `confirm` is there to ignore
 * do not come back as flapping, but one dead backend of four does. */
#define FLAP_BAD_MIN 5

void
verdict_init(struct verdict *v)
{
	memset(v, 0, sizeof(*v));
	v->standing = OUTCOME_UNKNOWN;
	v->last = OUTCOME_UNKNOWN;
	v->known = OUTCOME_UNKNOWN;
}

static bool
is_bad(enum outcome outcome)
{
	return outcome == OUTCOME_DEGRADED || outcome == OUTCOME_FAILED;
}

/* Lengthen a streak, or end it. */
static void
streak(unsigned *count, bool goes_on)
{
	if (!goes_on)
		*count = 0;
	else if (*count < STREAK_MAX)
		(*count)++;
}

static void
count_known(struct verdict *v, enum outcome outcome, int64_t at_ms)
{
	bool differs = v->known != OUTCOME_UNKNOWN && v->known != outcome;

	v->history = (v->history << 1 | is_bad(outcome)) & HISTORY_MASK;
	v->changes = (v->changes << 1 | differs) & HISTORY_MASK;
	v->known = outcome;
	if (!is_bad(outcome))
		v->bad_since_ms = 0;
	else if (v->bad_streak == 0)
		v->bad_since_ms = at_ms;
	streak(&v->bad_streak, is_bad(outcome));
	streak(&v->failed_streak, outcome == OUTCOME_FAILED);
	streak(&v->unfailed_streak, outcome != OUTCOME_FAILED);
	streak(&v->good_streak, outcome == OUTCOME_OK);
}

static enum outcome
judge(const struct verdict *v, const struct verdict_policy *p)
{
	unsigned recover = is_bad(v->standing) ? p->recover : 1;

	if (v->failed_streak >= p->confirm)
		return OUTCOME_FAILED;
	if (v->good_streak >= recover)
		return OUTCOME_OK;
	if (v->standing == OUTCOME_FAILED && v->unfailed_streak >= p->recover)
		return OUTCOME_DEGRADED;
	if (!is_bad(v->standing) && v->bad_streak >= p->confirm)
		return OUTCOME_DEGRADED;
	return v->standing;
}

static enum verdict_change
compare(const struct verdict *v, enum outcome before)
{
	if (v->standing == before) {
		bool first_bad = !is_bad(before) && v->bad_streak == 1;
		bool first_worse =
		    before == OUTCOME_DEGRADED && v->failed_streak == 1;

		return first_bad || first_worse ? VERDICT_FIRST_BAD
		                                : VERDICT_SAME;
	}
	if (v->standing == OUTCOME_OK)
		return VERDICT_GOOD;
	if (before == OUTCOME_DEGRADED)
		return VERDICT_WORSE;
	if (before == OUTCOME_FAILED)
		return VERDICT_BETTER;
	return VERDICT_BAD;
}

/* The weighted share of results that differ from the one before, of all that
 * could; in percent of WEIGHT_SUM. Results not yet seen count as unchanged. */
static bool
share_reaches(unsigned changes, unsigned percent)
{
	unsigned sum = 0;

	for (unsigned age = 0; age < HISTORY_BITS; age++) {
		unsigned rank = HISTORY_BITS - 1 - age; /* 0 = oldest */

		if (changes >> age & 1)
			sum += WEIGHT_OLDEST + rank * WEIGHT_STEP;
	}
	return sum * 100 >= percent * WEIGHT_SUM;
}

static bool
flaps(const struct verdict *v, const struct verdict_policy *p)
{
	if (!p->flap_detection)
		return false;
	if (v->flapping)
		return share_reaches(v->changes, FLAP_OFF);
	return share_reaches(v->changes, FLAP_ON) &&
	       __builtin_popcount(v->history) >= FLAP_BAD_MIN;
}

enum verdict_change
verdict_step(struct verdict *v, const struct verdict_policy *policy,
    enum outcome outcome, int64_t at_ms)
{
	enum outcome before = v->standing;
	bool flapped = v->flapping;

	CHECK(policy->confirm >= 1 && policy->recover >= 1);
	v->last = outcome;
	v->last_ms = at_ms;
	if (outcome == OUTCOME_OK)
		v->last_ok_ms = at_ms;
	streak(&v->unknown_streak, outcome == OUTCOME_UNKNOWN);
	if (outcome == OUTCOME_UNKNOWN)
		return VERDICT_SAME;
	count_known(v, outcome, at_ms);
	v->standing = judge(v, policy);
	if (v->standing != before)
		v->standing_since_ms = at_ms;
	v->flapping = flaps(v, policy);
	if (v->flapping != flapped)
		return v->flapping ? VERDICT_FLAPPING : VERDICT_STEADY;
	return compare(v, before);
}

bool
verdict_pending(const struct verdict *v)
{
	switch (v->standing) {
	case OUTCOME_FAILED:
		return v->unfailed_streak > 0;
	case OUTCOME_DEGRADED:
		return v->failed_streak > 0 || v->good_streak > 0;
	case OUTCOME_OK:
	case OUTCOME_UNKNOWN:
		break;
	}
	return v->bad_streak > 0;
}

/* After a failing run that starts start_ms after a slot: when is the next? */
static int64_t
next_start(int64_t start_ms, int64_t every_ms, int64_t retry_every_ms,
    int64_t timeout_ms)
{
	int64_t end = start_ms + timeout_ms;
	int64_t slot = (end / every_ms + 1) * every_ms;
	int64_t retry = start_ms + retry_every_ms;

	if (retry < end)
		retry = end;
	return retry < slot ? retry : slot;
}

int64_t
verdict_worst_case_ms(const struct verdict_policy *policy, int64_t every_ms,
    int64_t retry_every_ms, int64_t timeout_ms)
{
	int64_t slots, start_ms = 0;

	CHECK(every_ms > 0 && retry_every_ms > 0 && timeout_ms >= 0);
	/* The good run may take nearly its timeout as well. */
	slots = (timeout_ms + every_ms - 1) / every_ms;
	for (unsigned n = 1; n < policy->confirm; n++)
		start_ms =
		    next_start(start_ms, every_ms, retry_every_ms, timeout_ms);
	return (slots > 1 ? slots : 1) * every_ms + start_ms + timeout_ms;
}

static const struct field fields[] = {
    {FIELD(ENUM, struct verdict, standing), .names = outcome_names},
    {FIELD(TIME, struct verdict, standing_since_ms)},
    {FIELD(ENUM, struct verdict, last), .names = outcome_names},
    {FIELD(TIME, struct verdict, last_ms)},
    {FIELD(TIME, struct verdict, last_ok_ms), .later = true},
    {FIELD(ENUM, struct verdict, known), .names = outcome_names},
    {FIELD(COUNT, struct verdict, bad_streak), .max = STREAK_MAX},
    {FIELD(COUNT, struct verdict, failed_streak), .max = STREAK_MAX},
    {FIELD(COUNT, struct verdict, unfailed_streak), .max = STREAK_MAX},
    {FIELD(COUNT, struct verdict, good_streak), .max = STREAK_MAX},
    {FIELD(COUNT, struct verdict, unknown_streak), .max = STREAK_MAX},
    {FIELD(TIME, struct verdict, bad_since_ms)},
    {FIELD(COUNT, struct verdict, history), .max = HISTORY_MASK},
    {FIELD(COUNT, struct verdict, changes), .max = HISTORY_MASK},
    {FIELD(BOOL, struct verdict, flapping)},
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

json_t *
verdict_to_json(const struct verdict *v)
{
	return fields_to_json(fields, FIELDS, v);
}

/* What no sequence of steps leaves behind. */
static int
check_coherent(const struct verdict *v, struct err *err)
{
	bool seen = v->known != OUTCOME_UNKNOWN;
	bool bad = is_bad(v->known);
	bool failed = v->known == OUTCOME_FAILED;

	if ((v->bad_streak > 0) != bad || (v->failed_streak > 0) != failed ||
	    (v->unfailed_streak > 0) != (seen && !failed) ||
	    (v->good_streak > 0) != (seen && !bad) ||
	    v->failed_streak > v->bad_streak ||
	    v->good_streak > v->unfailed_streak)
		return err_set(
		    err, ERR_CORRUPT, "its streaks do not fit its last result");
	if ((v->history & 1) != bad)
		return err_set(err, ERR_CORRUPT,
		    "\"history\" does not fit its last result");
	if (v->unknown_streak > 0 ? v->last != OUTCOME_UNKNOWN
				  : v->last != v->known)
		return err_set(err, ERR_CORRUPT,
		    "\"last\" and \"known\" do not fit \"unknown_streak\"");
	if (!seen && (v->standing != OUTCOME_UNKNOWN || v->history != 0 ||
			 v->changes != 0 || v->flapping))
		return err_set(
		    err, ERR_CORRUPT, "it has a standing without a result");
	return 0;
}

int
verdict_from_json(struct verdict *v, const json_t *json, struct err *err)
{
	verdict_init(v);
	if (fields_from_json(fields, FIELDS, v, json, err) == 0 &&
	    check_coherent(v, err) == 0)
		return 0;
	verdict_init(v);
	return err_wrap(err, "reading a verdict");
}
