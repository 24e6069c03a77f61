/*
 * What the acknowledge page says, for people and for programs. Pure. It shows
 * no more of an incident than the message that brought the link.
 */
#ifndef AGENT_ACK_PAGE_H
#define AGENT_ACK_PAGE_H

#include <jansson.h>

#include "alerting/incident.h"
#include "base/buf.h"

enum ack_state {
	ACK_ASK,      /* nobody has it: a button */
	ACK_DONE,     /* this request acknowledged it */
	ACK_AGAIN,    /* the same link and name did before */
	ACK_TAKEN,    /* somebody has it already; nothing was changed */
	ACK_OVER,     /* it is resolved */
	ACK_EARLIER,  /* the link is of an earlier alarm of this incident */
	ACK_EXPIRED,  /* the link is too old */
	ACK_FORGED,   /* we made no such link */
	ACK_UNKNOWN,  /* we did, but the incident is gone */
	ACK_METHOD,   /* neither GET nor POST */
	ACK_PREFETCH, /* a program fetches ahead: nobody pressed a button */
	ACK_TROUBLE,  /* the agent could not: `why` */
};

struct ack_page {
	enum ack_state state;
	const struct incident *incident; /* ASK to EARLIER, else NULL */
	const char *why;                 /* TROUBLE */
	const char *agent_name;
	int64_t now_ms;
};

/* `post`: did the request want to acknowledge? */
int ack_page_status(enum ack_state state, bool post);
void ack_page_html(struct buf *out, const struct ack_page *p);
/* {"status": "acknowledged", …} or {"error": "…"}; the caller's. */
json_t *ack_page_json(const struct ack_page *p, bool post);

#endif
