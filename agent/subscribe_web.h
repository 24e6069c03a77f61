/*
 * /push/: what browsers see of webpush channels (docs/channels/webpush.md).
 *
 *   GET  /push/TOKEN            the page; TOKEN is a signed invitation
 *   GET  /push/                 the page without one: only to stop
 *   GET  /push/page.js, worker.js, app.webmanifest
 *   POST /push/TOKEN/subscribe  a PushSubscription as JSON
 *   POST /push/unsubscribe      the same; it proves itself by its secret
 *   POST /push/renew            {"old": …, "new": …}; old proves itself
 */
#ifndef AGENT_SUBSCRIBE_WEB_H
#define AGENT_SUBSCRIBE_WEB_H

#include "agent/agent.h"
#include "base/httpd.h"

#define SUBSCRIBE_PATH      "/push/"
#define SUBSCRIBE_INVITE_MS ((int64_t)24 * 3600 * 1000)

void subscribe_serve(struct agent *a, struct httpd_call *http);

/* A link to subscribe to a channel, good until *end_ms (wall clock); the
 * caller's. NULL: the channel takes no subscribers, or people cannot reach this
 * agent. */
char *subscribe_invite(
    struct agent *a, const char *channel, int64_t *end_ms, struct err *err);

#endif
