/*
 * alerting/verdict.c: stored state as anybody may have damaged it, then steps.
 * Input: a line of JSON, then a byte of policy, then a byte a step.
 * What is accepted must step without breaking a rule and be stored again.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "alerting/verdict.h"
#include "base/check.h"
#include "base/json.h"

static void
check_stored_again(const struct verdict *v)
{
	json_t *json = verdict_to_json(v), *again;
	struct verdict back;

	CHECK(verdict_from_json(&back, json, NULL) == 0);
	again = verdict_to_json(&back);
	CHECK(json_equal(json, again));
	json_decref(json);
	json_decref(again);
}

static void
step(struct verdict *v, const struct verdict_policy *policy, uint8_t byte,
    int64_t at_ms)
{
	enum outcome outcome = (enum outcome)(byte % OUTCOME_COUNT);
	struct verdict before = *v;
	enum verdict_change change = verdict_step(v, policy, outcome, at_ms);

	CHECK(v->last == outcome && v->last_ms == at_ms);
	if (outcome == OUTCOME_UNKNOWN) {
		CHECK(change == VERDICT_SAME);
		CHECK(v->standing == before.standing);
		CHECK(v->bad_streak == before.bad_streak);
		return;
	}
	CHECK(v->known == outcome && v->unknown_streak == 0);
	CHECK(v->flapping != before.flapping ||
	      (v->standing != before.standing) ==
		  (change >= VERDICT_BAD && change <= VERDICT_GOOD));
	if (outcome == OUTCOME_OK)
		CHECK(v->standing == before.standing ||
		      v->standing < before.standing);
	else if (outcome == OUTCOME_FAILED)
		CHECK(
		    v->standing != OUTCOME_OK || before.standing == OUTCOME_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t len = end != NULL ? (size_t)(end - data) : size;
	struct verdict_policy policy = {1, 1, true};
	json_t *json = NULL;
	struct verdict v;

	verdict_init(&v);
	if (json_parse(&json, (const char *)data, len, NULL) == 0)
		(void)verdict_from_json(&v, json, NULL);
	json_decref(json);
	check_stored_again(&v);
	if (end == NULL || ++len >= size)
		return 0;
	policy.confirm += data[len] & 7;
	policy.recover += data[len] >> 3 & 7;
	policy.flap_detection = (data[len] & 64) != 0;
	for (size_t i = len + 1; i < size; i++)
		step(&v, &policy, data[i], (int64_t)i);
	(void)verdict_pending(&v);
	CHECK(verdict_worst_case_ms(&policy, 30000, 10000, 5000) >= 35000);
	check_stored_again(&v);
	return 0;
}
