/*
 * A message: one event of one incident, as told to people. The core makes it
 * (message_build), stores it as JSON with the incident's timeline, and hands
 * that JSON to each path worker, which reads it back (message_parse). The same
 * JSON is the webhook's `data` (docs/channels/webhook.md).
 */
#ifndef ALERTING_MESSAGE_H
#define ALERTING_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/outcome.h"

enum event_type {
	EVENT_OPENED,       /* the incident began */
	EVENT_WORSENED,     /* degraded became failed */
	EVENT_IMPROVED,     /* failed became degraded */
	EVENT_REMINDER,     /* still bad, nobody acknowledged */
	EVENT_FLAPPING,     /* changes too often to tell each change */
	EVENT_ACKNOWLEDGED, /* somebody has it */
	EVENT_NOTE,         /* somebody wrote something */
	EVENT_RESOLVED,     /* it is over */
	EVENT_REOPENED,     /* it came back soon after */
	EVENT_TEST,         /* `tocsin channel test`, and the weekly one */
	EVENT_ESCALATED,    /* nobody acknowledged in time: others hear it */
	EVENT_DIGEST,       /* several events of several incidents in one */
};
#define EVENT_COUNT 12
extern const char *const event_names[EVENT_COUNT + 1]; /* NULL-ended */

struct message_timeline { /* an earlier event, for context */
	int64_t at_ms;
	enum event_type type;
	const char *text;
};
#define MESSAGE_TIMELINE_MAX 10

struct message { /* strings are borrowed from `json`; "" when absent */
	json_t *json;
	const char *delivery; /* idempotency key "<incident>-<seq>-<channel>" */
	enum event_type event;
	int seq;             /* 1, 2, … within the incident */
	int64_t at_ms;       /* wall clock */
	const char *actor;   /* who acknowledged or wrote, "" */
	const char *note;    /* what they wrote, "" */
	const char *because; /* why this channel gets it, if not by its route
	                        alone: "pager could not deliver it within 60 s:
	                        connection refused"; "" */

	const char *incident; /* 10 characters of base32, "7k3qx9v2tb" */
	const char *title;    /* "portal is failing" */
	enum severity severity;
	const char *status; /* "open", "acknowledged", "resolved" */
	int64_t opened_ms, resolved_ms, acknowledged_ms; /* 0 = not */
	int64_t failing_since_ms;
	int64_t last_ok_ms; /* the last good result before it, 0 = none */
	const char *acknowledged_by;

	const char *probe, *kind, *target, *description, *runbook;
	const char *component; /* what users call it: "Patient portal", "" */
	const json_t *labels;  /* object of strings */
	const json_t *regions; /* array of strings */
	enum outcome outcome;
	const char *reason; /* the observation's, or how long it lasted */
	const json_t *facts, *metrics;

	struct message_timeline timeline[MESSAGE_TIMELINE_MAX];
	size_t timeline_count;

	/* EVENT_DIGEST only, else NULL: {"count": 31, "left_out": 6,
	 * "by_severity": {"critical": 2, …}, "by_event": {"opened": 30, …},
	 * "incidents": [{"id", "event", "title", "severity", "status", "probe",
	 * "reason", "failing_since", "url"}, …]}: the worst first, as many as
	 * there is room for; count is of all. The message's own severity is the
	 * worst; its incident's id is "". */
	const json_t *digest;
	int64_t digest_count;

	const char *agent; /* host name of the agent */
	const char *url;   /* where a person can see more, "" */
	/* One tap: GET shows a page with a button, POST acknowledges. Signed,
	 * expiring, for this incident and channel alone; "" when there is none.
	 * A capability: never logged. */
	const char *ack_url;
	/* Who gets it, for kinds with the trait `subscribers`; else NULL. Array
	 * of what they gave when they subscribed, each with an "id". */
	const json_t *subscribers;
	/* The worker that had a delivery of this channel before was lost with
	 * it (killed, crashed). Of the job, not in the JSON. */
	bool lost;
};

/* The JSON of a message: m's fields, `json` ignored. message_parse gives the
 * same message back. The caller's. */
json_t *message_build(const struct message *m);

/* Check and read; *out borrows nothing from `json`, it holds a reference. */
int message_parse(struct message *out, json_t *json, struct err *err);
void message_fini(struct message *m);

#endif
