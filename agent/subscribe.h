/*
 * Who gets a channel's pushes: browsers that subscribed (channels whose traits
 * say `subscribers`). In memory for alerts, in the store over restarts. The
 * endpoint and the keys of a browser are its own: they go to the path that
 * sends to it and nowhere else; people see a host and an id.
 */
#ifndef AGENT_SUBSCRIBE_H
#define AGENT_SUBSCRIBE_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/agent.h"
#include "alerting/webpush_subscriber.h"

int subscribe_open(struct agent *a, struct err *err); /* the store is open */
void subscribe_close(struct agent *a);

/* For message->subscribers: [{"id", "endpoint", "p256dh", "auth"}, …], maybe
 * empty; the caller's. */
json_t *subscribe_list(struct agent *a, const char *channel);
/* For people: [{"id", "host", "subscribed_at"}, …]; the caller's. */
json_t *subscribe_shown(struct agent *a, const char *channel);

/* A browser comes, or comes again. On disk when it returns 0. ERR_REFUSED: the
 * channel has as many as it may. */
int subscribe_add(struct agent *a, const char *channel,
    const struct webpush_subscriber *who, struct err *err);
/* ERR_MISSING: there is no such. */
int subscribe_remove(
    struct agent *a, const char *channel, const char *id, struct err *err);
/* Ids that a receipt says are gone: an array of texts. */
void subscribe_forget(struct agent *a, const char *channel, const json_t *gone);

/* A browser that can show all that it once gave us leaves every channel, or has
 * a new address. How many channels that concerned. */
size_t subscribe_leave(struct agent *a, const struct webpush_subscriber *who);
size_t subscribe_move(struct agent *a, const struct webpush_subscriber *from,
    const struct webpush_subscriber *to);

#endif
