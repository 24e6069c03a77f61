/*
 * /ack/TOKEN: one tap acknowledges an incident (docs/incidents.md). The signed
 * token is the right, so no other is asked for. GET and HEAD only show: mail
 * scanners and link previews acknowledge nothing. POST acknowledges, for the
 * page's button and for programs (ntfy's action button).
 */
#ifndef AGENT_ACK_H
#define AGENT_ACK_H

#include "agent/agent.h"
#include "base/httpd.h"

#define ACK_PATH "/ack/"

/* Answer a request for a path that begins so. */
void ack_serve(struct agent *a, struct httpd_call *http);

#endif
