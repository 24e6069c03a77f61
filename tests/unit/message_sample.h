/*
 * One message with everything in it, for the tests of what is made of it.
 */
#ifndef TESTS_MESSAGE_SAMPLE_H
#define TESTS_MESSAGE_SAMPLE_H

#include "alerting/message.h"

#define SAMPLE_AT INT64_C(1795320000000) /* 2026-11-22T04:00:00Z */

static const char sample_facts[] =
    "{\"status\":503,\"address\":\"192.0.2.7:443\",\"empty\":{},\"none\":null}";

static inline struct message
sample_message(enum event_type event)
{
	struct message m = {
	    .delivery = "7k3qx9v2tb-1-oncall-mail",
	    .event = event,
	    .seq = 1,
	    .at_ms = SAMPLE_AT,
	    .actor = "",
	    .note = "",
	    .because = "",
	    .incident = "7k3qx9v2tb",
	    .title = "portal is failing",
	    .severity = SEVERITY_CRITICAL,
	    .status = "open",
	    .opened_ms = SAMPLE_AT,
	    .failing_since_ms = SAMPLE_AT - 30000,
	    .acknowledged_by = "",
	    .probe = "portal",
	    .kind = "uptime",
	    .target = "https://portal.example.org/health",
	    .description = "Where patients book their visits",
	    .runbook = "https://wiki.example.org/portal",
	    .component = "",
	    .labels = json_pack("{s:s,s:s}", "team", "web", "tier", "1"),
	    .regions = json_pack("[s,s]", "fra", "nyc"),
	    .outcome = OUTCOME_FAILED,
	    .reason = "connect to 192.0.2.7:443 refused after 0.8 ms",
	    .facts = json_loads(sample_facts, 0, NULL),
	    .metrics = json_pack("{s:f}", "total_ms", 12.5),
	    .agent = "mon1.example.org",
	    .url = "https://tocsin.example.org/incidents/7k3qx9v2tb",
	    .ack_url = "",
	};

	m.timeline[0] = (struct message_timeline){
	    SAMPLE_AT - 60000, EVENT_OPENED, "status 503"};
	m.timeline_count = 1;
	return m;
}

/* Frees what sample_message() made. */
static inline void
sample_free(struct message *m)
{
	const json_t *parts[] = {m->labels, m->regions, m->facts, m->metrics};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		json_decref((json_t *)(uintptr_t)parts[i]);
}

#endif
