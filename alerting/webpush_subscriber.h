/*
 * One browser that wants pushes: what it gave when it subscribed, read
 * strictly. Pure; the JSON came from outside. Whether the endpoint's address
 * may be connected to is judged at each delivery (alerting/post.h).
 */
#ifndef ALERTING_WEBPUSH_SUBSCRIBER_H
#define ALERTING_WEBPUSH_SUBSCRIBER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/ece.h"
#include "base/err.h"

#define WEBPUSH_SUBSCRIBERS_MAX 200 /* a channel */
#define WEBPUSH_ENDPOINT_MAX    2048
#define WEBPUSH_ID_LEN          12

struct webpush_subscriber {
	char id[WEBPUSH_ID_LEN + 1]; /* made from the endpoint */
	char endpoint[WEBPUSH_ENDPOINT_MAX + 1];
	char host[256];   /* of the endpoint: all that may be shown of it */
	char origin[300]; /* "https://push.example.net", as VAPID names it */
	struct ece_receiver keys; /* auth is a secret of that browser */
};

/* A browser's PushSubscription as it turns into JSON: {"endpoint": …, "keys":
 * {"p256dh": …, "auth": …}, …}. https only, unless allow_http. */
int webpush_subscriber_read(struct webpush_subscriber *out, const json_t *json,
    bool allow_http, struct err *err);

/* As it is stored, and put into a message: {"id", "endpoint", "p256dh",
 * "auth"}. The id must be the endpoint's. */
json_t *webpush_subscriber_json(const struct webpush_subscriber *s);
int webpush_subscriber_parse(struct webpush_subscriber *out, const json_t *json,
    bool allow_http, struct err *err);

#endif
