#include "agent/subscribe.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/http_url.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* {"browsers": {"4f2a90c1d3e7": {"id", "endpoint", "p256dh", "auth", "at"}}} */
struct subscribe {
	json_t *channels;
};

static json_t *
members(const struct agent *a, const char *channel)
{
	return json_object_get(a->subscribe->channels, channel);
}

/* Takes `entry`. */
static void
remember(struct agent *a, const char *channel, json_t *entry)
{
	json_t *list = members(a, channel);

	if (list == NULL) {
		list = json_object();
		json_put(a->subscribe->channels, channel, list);
	}
	json_put(list, json_str(entry, "id"), entry);
}

static int
take_row(void *ctx, const struct subscription_row *row)
{
	struct agent *a = ctx;
	struct webpush_subscriber who;
	json_t *entry = NULL;

	if (json_parse(&entry, row->body, strlen(row->body), NULL) == 0 &&
	    webpush_subscriber_parse(&who, entry, true, NULL) == 0) {
		json_put_int(entry, "at", row->at_ms);
		remember(a, row->channel, json_incref(entry));
	} else {
		log_warn("channel %.64s: the stored subscription %.20s cannot "
			 "be read and gets nothing",
		    row->channel, row->id);
	}
	json_decref(entry);
	return 0;
}

int
subscribe_open(struct agent *a, struct err *err)
{
	a->subscribe = mem_alloc(sizeof(*a->subscribe));
	a->subscribe->channels = json_object();
	if (store_each_subscription(a->store, take_row, a, err) == 0)
		return 0;
	return err_wrap(err, "reading who subscribed");
}

void
subscribe_close(struct agent *a)
{
	if (a->subscribe != NULL)
		json_decref(a->subscribe->channels);
	free(a->subscribe);
	a->subscribe = NULL;
}

json_t *
subscribe_list(struct agent *a, const char *channel)
{
	json_t *out = json_array(), *entry;
	const char *id;

	json_object_foreach (members(a, channel), id, entry) {
		json_t *copy = json_copy(entry);

		json_object_del(copy, "at");
		json_array_append_new(out, copy);
	}
	return out;
}

json_t *
subscribe_shown(struct agent *a, const char *channel)
{
	json_t *out = json_array(), *entry;
	const char *id;

	json_object_foreach (members(a, channel), id, entry) {
		json_t *shown = json_object();
		struct http_url url = {.host = ""};

		http_url_parse(&url, json_str(entry, "endpoint"), NULL);
		json_put_str(shown, "id", id);
		json_put_str(shown, "host", url.host);
		json_put_time(shown, "subscribed_at", json_int(entry, "at", 0));
		json_array_append_new(out, shown);
	}
	return out;
}

/* ---- changes ---- */

/* One change, durable. */
static int
commit(struct agent *a, const struct subscription_row *put,
    const struct subscription_row *drop, struct err *err)
{
	struct store *s = a->store;
	int rc = store_begin(s, err);

	if (rc != 0)
		return -1;
	if (drop != NULL)
		rc = store_drop_subscription(s, drop->channel, drop->id, err);
	if (rc == 0 && put != NULL)
		rc = store_put_subscription(s, put, err);
	if (rc == 0)
		rc = store_commit(s, err);
	if (rc != 0)
		store_rollback(s);
	return rc;
}

/* `from` leaves the channel, `to` comes; either may be NULL. */
static int
change(struct agent *a, const char *channel, const char *from,
    const struct webpush_subscriber *to, struct err *err)
{
	struct subscription_row drop = {.channel = channel, .id = from};
	struct subscription_row put = {
	    .channel = channel, .at_ms = clock_wall_ms()};
	json_t *entry = to != NULL ? webpush_subscriber_json(to) : NULL;
	char *body = entry != NULL ? json_text(entry) : NULL;
	int rc;

	put.id = to != NULL ? to->id : NULL;
	put.body = body;
	rc = commit(
	    a, to != NULL ? &put : NULL, from != NULL ? &drop : NULL, err);
	if (rc == 0 && from != NULL)
		json_object_del(members(a, channel), from);
	if (rc == 0 && entry != NULL) {
		json_put_int(entry, "at", put.at_ms);
		remember(a, channel, json_incref(entry));
	}
	json_decref(entry);
	mem_free_secret(body);
	return rc;
}

int
subscribe_add(struct agent *a, const char *channel,
    const struct webpush_subscriber *who, struct err *err)
{
	const json_t *list = members(a, channel);

	if (json_object_get(list, who->id) == NULL &&
	    json_object_size(list) >= WEBPUSH_SUBSCRIBERS_MAX)
		return err_set(err, ERR_REFUSED,
		    "channel %.64s has %d subscribers already, which is all "
		    "that it may have",
		    channel, WEBPUSH_SUBSCRIBERS_MAX);
	if (change(a, channel, NULL, who, err) != 0)
		return -1;
	log_info("channel %s: browser %s at %s subscribed", channel, who->id,
	    who->host);
	return 0;
}

int
subscribe_remove(
    struct agent *a, const char *channel, const char *id, struct err *err)
{
	if (json_object_get(members(a, channel), id) == NULL)
		return err_set(err, ERR_MISSING,
		    "channel %.64s has no subscriber %.20s", channel, id);
	if (change(a, channel, id, NULL, err) != 0)
		return -1;
	log_info("channel %s: browser %s is gone", channel, id);
	return 0;
}

/* If the store does not take it, the next receipt says so again. */
void
subscribe_forget(struct agent *a, const char *channel, const json_t *gone)
{
	size_t i;
	json_t *id;

	json_array_foreach (gone, i, id) {
		struct err err = ERR_INIT;

		if (subscribe_remove(a, channel, json_string_value(id), &err) !=
			0 &&
		    err.code != ERR_MISSING)
			log_warn("channel %s: a subscription has ended, but "
				 "cannot be removed: %s",
			    channel, err.text);
	}
}

/* Is it the same browser, and does it know the secret of then? */
static bool
proves(const json_t *entry, const struct webpush_subscriber *who)
{
	struct webpush_subscriber known;

	return entry != NULL &&
	       webpush_subscriber_parse(&known, entry, true, NULL) == 0 &&
	       str_eq(known.endpoint, who->endpoint) &&
	       encode_equal(&known.keys, &who->keys, sizeof(known.keys));
}

size_t
subscribe_move(struct agent *a, const struct webpush_subscriber *from,
    const struct webpush_subscriber *to)
{
	const char *channel;
	json_t *list;
	size_t moved = 0;

	json_object_foreach (a->subscribe->channels, channel, list) {
		struct err err = ERR_INIT;

		if (!proves(json_object_get(list, from->id), from))
			continue;
		if (change(a, channel, from->id, to, &err) != 0) {
			log_warn("channel %s: browser %s: %s", channel,
			    from->id, err.text);
			continue;
		}
		log_info("channel %s: browser %s %s %s", channel, from->id,
		    to != NULL ? "is now" : "unsubscribed",
		    to != NULL ? to->id : "by itself");
		moved++;
	}
	return moved;
}

size_t
subscribe_leave(struct agent *a, const struct webpush_subscriber *who)
{
	return subscribe_move(a, who, NULL);
}
