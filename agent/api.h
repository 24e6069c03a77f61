/*
 * What the core serves over HTTP, as rows: method, path, who may, handler.
 * docs/api.md has an example of each; the CLI is a client of the same.
 */
#ifndef AGENT_API_H
#define AGENT_API_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/agent.h"
#include "base/httpd.h"

struct api_call {
	struct agent *agent;
	struct httpd_call *http;
	bool trusted;      /* control socket, or the right token */
	bool token_needed; /* reading needs it as well */
	const char *id;    /* the path's `*`, or "" */
	json_t *body;      /* of a POST: an object, never NULL there */
};

/* Route and answer one request. */
void api_serve(struct api_call *call);

/* Answer with JSON (taken), or with {"error":"…"}. */
void api_reply(struct api_call *call, int status, json_t *body);
void api_error(struct api_call *call, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void api_err(struct api_call *call, const struct err *err); /* status by code */

/* Unresolved incidents by severity, findings included. */
void api_count_open(const struct agent *a, unsigned open[SEVERITY_COUNT]);

/* Handlers, by file. api_status.c: */
void api_status(struct api_call *call);
void api_healthz(struct api_call *call);
void api_readyz(struct api_call *call);
/* api_incidents.c: */
void api_incidents(struct api_call *call);
void api_incident(struct api_call *call);
void api_incident_page(struct api_call *call); /* HTML, for people */
void api_acknowledge(struct api_call *call);
void api_resolve(struct api_call *call);
void api_note(struct api_call *call);
void api_deliveries(struct api_call *call);
void api_delivery(struct api_call *call);
void api_resend(struct api_call *call);
/* api_open.c: */
void api_open(struct api_call *call);
/* api_probes.c: */
void api_history(struct api_call *call);
void api_run(struct api_call *call);
/* api_admin.c: */
void api_reload(struct api_call *call);
void api_test(struct api_call *call);
void api_backup(struct api_call *call);
void api_backup_status(struct api_call *call);
/* api_mutes.c: */
void api_silences(struct api_call *call);
void api_silence_add(struct api_call *call);
void api_silence_remove(struct api_call *call);
void api_oncall(struct api_call *call);
/* api_subscribers.c: */
void api_invite(struct api_call *call);
void api_subscribers(struct api_call *call);
void api_unsubscribe(struct api_call *call);
/* metrics.c: */
void api_metrics(struct api_call *call);

#endif
