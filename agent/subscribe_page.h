/*
 * The subscribe page, and what is said instead of it. Pure. Its script and the
 * service worker are files of their own, agent/push/.
 */
#ifndef AGENT_SUBSCRIBE_PAGE_H
#define AGENT_SUBSCRIBE_PAGE_H

#include "base/buf.h"

struct subscribe_page {
	const char *channel;    /* "" = no invitation: only to stop */
	const char *public_key; /* of the channel (VAPID), or "" */
	const char *agent_name;
};

void subscribe_page_html(struct buf *out, const struct subscribe_page *p);
void subscribe_page_refuse(struct buf *out, const char *heading,
    const char *text, const char *agent_name);

#endif
