/*
 * alerting/incident*.c: stored state as anybody may have damaged it, then what
 * may happen to it. Input: a line of JSON, then a byte an event.
 * Whatever came before, people's picture must stay consistent.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "alerting/incident.h"
#include "base/check.h"
#include "base/json.h"
#include "base/str.h"

#define SEQ_MAX 900000000

struct life {
	struct verdict verdict;
	struct incident in;
	struct incident_step step;
	struct incident before;
	int64_t now_ms;
	const char *parent;
	bool told;
};

static const struct verdict_policy verdict_policy = {2, 2, true};
static const struct incident_policy policy = {
    SEVERITY_HIGH, SEVERITY_LOW, 3600000, 600000};

static void
check_stored_again(const struct incident *in)
{
	json_t *json = incident_to_json(in), *again;
	struct incident back;

	CHECK(incident_from_json(&back, json, NULL) == 0);
	again = incident_to_json(&back);
	CHECK(json_equal(json, again));
	json_decref(json);
	json_decref(again);
}

static void
result(struct life *l, uint8_t byte)
{
	struct incident_facts facts = {
	    .probe = "portal",
	    .reason = byte & 4 ? "status 503" : "\xff\x1b[2J\r\nBcc: x",
	    .parent = l->parent,
	    .parent_asked = (byte & 8) != 0,
	    .new_id = "0123456789",
	    .now_ms = l->now_ms,
	};

	verdict_step(&l->verdict, &verdict_policy,
	    (enum outcome)(byte % OUTCOME_COUNT), l->now_ms);
	incident_on_verdict(&l->in, &policy, &l->verdict, &facts, &l->step);
}

static void
person(struct life *l, uint8_t byte)
{
	struct err err = ERR_INIT;
	int result;

	if (l->in.id[0] == '\0')
		return;
	if (byte % 4 == 0)
		result = incident_acknowledge(
		    &l->in, byte & 8 ? "al" : "bo", l->now_ms, &l->step, &err);
	else if (byte % 4 == 1)
		result = incident_resolve(
		    &l->in, "al", "\xf0 why", l->now_ms, &l->step, &err);
	else if (byte % 4 == 2)
		result = incident_note(&l->in, "al", byte & 8 ? "" : "x",
		    l->now_ms, &l->step, &err);
	else
		return incident_on_removed(&l->in, l->now_ms, &l->step);
	CHECK(result == 0 || (err.text[0] != '\0' && !l->step.happened));
}

static void
happen(struct life *l, uint8_t byte)
{
	memset(&l->step, 0, sizeof(l->step));
	l->before = l->in;
	l->now_ms += (int64_t)(byte >> 4 & 3) * 200000 + 1;
	if (byte >> 6 < 2)
		result(l, byte);
	else if (byte >> 6 == 2)
		person(l, byte);
	else if (byte & 1)
		l->parent = byte & 2 ? "gateway" : NULL;
	else
		incident_on_time(
		    &l->in, &policy, l->parent, l->now_ms, &l->step);
}

static void
check_told(struct life *l)
{
	enum event_type event = l->step.event;
	bool opens = event == EVENT_OPENED || event == EVENT_REOPENED ||
	             (event == EVENT_FLAPPING && !l->told);

	if (l->step.happened && l->step.notify) {
		/* A finding's incident gives way to the probe's own. */
		CHECK(l->told != opens || event == EVENT_OPENED);
		l->told = event != EVENT_RESOLVED;
	}
	if (l->in.id[0] == '\0')
		return;
	CHECK(l->in.told == l->told || l->in.seq == 1);
	l->told = l->in.told;
	CHECK(str_is_text(l->step.text, strlen(l->step.text)));
	CHECK(str_is_text(l->in.reason, strlen(l->in.reason)));
	if (l->step.happened)
		check_stored_again(&l->in);
}

/* Alarms never fall, and who had acknowledged is asked anew only by another
 * one: so an acknowledge link of an earlier alarm can be told. */
static void
check_alarms(const struct life *l)
{
	if (l->in.id[0] == '\0')
		return;
	CHECK(l->in.alarms > 0);
	if (!str_eq(l->in.id, l->before.id) || l->in.seq < l->before.seq)
		return; /* another incident, if of the same id here */
	CHECK(l->in.alarms >= l->before.alarms);
	CHECK(l->in.status != INCIDENT_OPEN ||
	      l->before.status == INCIDENT_OPEN ||
	      l->in.alarms == l->before.alarms + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t len = end != NULL ? (size_t)(end - data) : size;
	struct life l = {.now_ms = 1795000000000};
	json_t *json = NULL;

	verdict_init(&l.verdict);
	if (json_parse(&json, (const char *)data, len, NULL) == 0 &&
	    incident_from_json(&l.in, json, NULL) == 0)
		check_stored_again(&l.in);
	json_decref(json);
	if (l.in.seq > SEQ_MAX || l.in.reopened > SEQ_MAX ||
	    l.in.alarms > SEQ_MAX)
		return 0; /* nothing lives to see the ceiling */
	/* Stored text may hold anything; what is written from now on not. */
	str_copy(l.in.reason, sizeof(l.in.reason), "");
	str_copy(l.in.acknowledged_by, sizeof(l.in.acknowledged_by),
	    l.in.acknowledged_by[0] ? "al" : "");
	l.told = l.in.told;
	for (size_t i = len + 1; i < size; i++) {
		happen(&l, data[i]);
		check_told(&l);
		check_alarms(&l);
	}
	return 0;
}
