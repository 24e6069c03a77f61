/*
 * Links that act: who has one may do what it says, without signing in. Each is
 * a signed token (alerting/token.h) behind agent.public_url, good for one thing
 * and for agent.link_lifetime.
 *
 * A link is a capability: it goes into the message that is handed to a path,
 * and nowhere else: not into the state, not into a log.
 */
#ifndef AGENT_LINKS_H
#define AGENT_LINKS_H

#include "agent/agent.h"
#include "alerting/token.h"

#define LINKS_URL_MAX 2000 /* longer ones are not made: a message has no room */

/* Read the key beside the state database, or make it: after the store's lock
 * is held. -1: it cannot be read or written, or others can read it. */
int links_open(struct agent *a, struct err *err);
void links_close(struct agent *a);

/* The key of now: the configuration's, or the file's. Borrowed until the next
 * reload. */
const struct token_key *links_key(const struct agent *a);

/* What one acknowledge link is good for. */
struct links_ack {
	char incident[INCIDENT_ID_LEN + 1];
	unsigned alarm; /* struct incident's alarms when it was made */
	char channel[CONFIG_NAME_MAX + 1]; /* whom it was sent to */
};

/* "https://…/ack/TOKEN" into dst, or "" when people cannot reach this agent (no
 * public_url). Good from now on. */
void links_ack_url(const struct agent *a, const struct links_ack *what,
    char dst[LINKS_URL_MAX + 1]);

/* What `token` allows. Not TOKEN_GOOD: *out may not be acted upon. */
enum token_status
links_ack_read(const struct agent *a, const char *token, struct links_ack *out);

#endif
