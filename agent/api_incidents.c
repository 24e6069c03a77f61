#include <stdlib.h>
#include <string.h>

#include "agent/acts.h"
#include "agent/api.h"
#include "agent/delivery.h"
#include "agent/dispatch.h"
#include "alerting/render.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define LIMIT_MAX     1000
#define LIMIT_DEFAULT 50
#define ACTOR_MAX     60
#define TEXT_MAX      400

static const char *const delivery_status_names[] = {
    [DELIVERY_PENDING] = "pending",
    [DELIVERY_DELIVERED] = "delivered",
    [DELIVERY_DEAD] = "dead",
    [DELIVERY_DROPPED] = "dropped",
    NULL,
};

struct listing {
	json_t *list;
	json_t *body; /* of the only one */
	char *id;
};

/* As stored, but for times: "opened_ms": 17… is shown as "opened_at". */
static json_t *
describe(const char *stored)
{
	json_t *in = NULL, *out, *value;
	const char *key;
	char name[64];

	if (json_parse(&in, stored, strlen(stored), NULL) != 0)
		return NULL;
	out = json_object();
	json_object_foreach (in, key, value) {
		if (!str_ends(key, "_ms")) {
			json_put(out, key, json_incref(value));
			continue;
		}
		str_printf(
		    name, sizeof(name), "%.*s_at", (int)strlen(key) - 3, key);
		json_put_time(out, name, json_integer_value(value));
	}
	json_decref(in);
	return out;
}

static int
take_incident(void *ctx, const struct incident_row *row)
{
	struct listing *l = ctx;
	json_t *o = describe(row->body);

	if (o != NULL)
		json_array_append_new(l->list, o);
	return 0;
}

static bool
read_limit(struct api_call *call, unsigned *limit)
{
	const char *text = httpd_query(call->http, "limit");
	int64_t value = LIMIT_DEFAULT;

	if (text != NULL && str_parse_i64(text, 1, LIMIT_MAX, &value) != 0) {
		api_error(
		    call, 400, "limit is a number from 1 to %d", LIMIT_MAX);
		return false;
	}
	*limit = (unsigned)value;
	return true;
}

void
api_incidents(struct api_call *call)
{
	static const char *const words[] = {"unresolved", "all", NULL};
	const char *status = httpd_query(call->http, "status");
	struct incident_filter filter = {
	    .probe = httpd_query(call->http, "probe")};
	struct listing l = {.list = NULL};
	struct err err = ERR_INIT;

	if (status != NULL && str_index(words, status) < 0) {
		api_error(call, 400, "status is unresolved or all");
		return;
	}
	filter.unresolved_only = status == NULL || str_eq(status, words[0]);
	if (!read_limit(call, &filter.limit))
		return;
	writer_flush(call->agent->writer);
	l.list = json_array();
	if (store_each_incident(
		call->agent->store, &filter, take_incident, &l, &err) == 0) {
		api_reply(call, 200, json_pack("{s:o}", "incidents", l.list));
		return;
	}
	json_decref(l.list);
	api_err(call, &err);
}

/* A timeline entry: the message without what its incident says already. */
static int
take_event(void *ctx, const struct event_row *row)
{
	struct listing *l = ctx;
	json_t *m = NULL, *o, *own;
	size_t count;

	if (json_parse(&m, row->body, strlen(row->body), NULL) != 0)
		return 0;
	o = json_object();
	json_put_int(o, "seq", row->seq);
	json_put_time(o, "at", row->at_ms);
	json_put_str(o, "event", event_names[row->type]);
	own = json_object_get(m, "timeline");
	count = json_array_size(own);
	if (count > 0)
		json_put_str(o, "text",
		    json_str(json_array_get(own, count - 1), "text"));
	json_array_append_new(l->list, o);
	json_decref(m);
	return 0;
}

static void
put_if(json_t *o, const char *key, const char *text)
{
	if (text != NULL)
		json_put_str(o, key, text);
}

static int
take_delivery(void *ctx, const struct delivery_row *row)
{
	struct listing *l = ctx;
	json_t *o = json_object();
	char key[DELIVERY_KEY_MAX];

	json_put_str(
	    o, "key", delivery_key(key, row->incident, row->seq, row->channel));
	json_put_str(o, "channel", row->channel);
	json_put_str(o, "status", delivery_status_names[row->status]);
	json_put_int(o, "attempts", row->attempts);
	json_put_time(o, "created_at", row->created_ms);
	json_put_time(o, "due_at", row->due_ms);
	json_put_time(o, "done_at", row->done_ms);
	json_put_int(o, "code", row->code);
	json_put_str(o, "detail", row->detail != NULL ? row->detail : "");
	put_if(o, "message", row->batch);
	put_if(o, "because", row->because);
	put_if(o, "remote_id", row->remote_id);
	json_array_append_new(l->list, o);
	return 0;
}

static int
take_one(void *ctx, const struct incident_row *row)
{
	struct listing *l = ctx;

	if (l->id != NULL) { /* a second one: the prefix is ambiguous */
		free(l->id);
		l->id = mem_strdup("");
		return 1;
	}
	l->id = mem_strdup(row->id);
	l->body = describe(row->body);
	return l->body == NULL;
}

static int
add_details(struct agent *a, const char *id, json_t *o, struct err *err)
{
	struct listing timeline = {.list = json_array()};
	struct listing deliveries = {.list = json_array()};
	struct delivery_filter filter = {.incident = id, .status = -1};

	json_put(o, "timeline", timeline.list);
	json_put(o, "deliveries", deliveries.list);
	if (store_each_event(a->store, id, take_event, &timeline, err) != 0)
		return -1;
	return store_each_delivery(
	    a->store, &filter, take_delivery, &deliveries, err);
}

void
api_incident(struct api_call *call)
{
	struct incident_filter filter = {.id_prefix = call->id, .limit = 2};
	struct listing l = {.id = NULL};
	struct err err = ERR_INIT;
	int rc;

	writer_flush(call->agent->writer);
	rc = store_each_incident(
	    call->agent->store, &filter, take_one, &l, &err);
	if (rc == 0 && l.id == NULL)
		rc = err_set(
		    &err, ERR_MISSING, "there is no incident %.20s", call->id);
	else if (rc == 0 && l.id[0] == '\0')
		rc = err_set(&err, ERR_INPUT,
		    "%.20s is the beginning of more than one incident's id",
		    call->id);
	else if (rc == 0 && l.body == NULL)
		rc = err_set(&err, ERR_CORRUPT,
		    "incident %.20s is damaged in the state database", l.id);
	if (rc == 0)
		rc = add_details(call->agent, l.id, l.body, &err);
	if (rc == 0)
		api_reply(call, 200, l.body);
	else
		api_err(call, &err);
	if (rc != 0)
		json_decref(l.body);
	free(l.id);
}

static void
act(struct api_call *call, enum act what)
{
	const char *actor = "somebody", *text = "";
	struct err err = ERR_INIT;

	if (json_opt_str(call->body, "actor", ACTOR_MAX, &actor, &err) != 0 ||
	    json_opt_str(call->body, "text", TEXT_MAX, &text, &err) != 0) {
		api_error(call, 400, "%s", err.text);
		return;
	}
	if (acts_apply(call->agent, call->id, what, actor, text, &err) != 0) {
		api_err(call, &err);
		return;
	}
	api_incident(call);
}

void
api_acknowledge(struct api_call *call)
{
	act(call, ACT_ACKNOWLEDGE);
}

void
api_resolve(struct api_call *call)
{
	act(call, ACT_RESOLVE);
}

void
api_note(struct api_call *call)
{
	act(call, ACT_NOTE);
}

void
api_deliveries(struct api_call *call)
{
	const char *status = httpd_query(call->http, "status");
	struct delivery_filter filter = {
	    .channel = httpd_query(call->http, "channel"), .status = -1};
	struct listing l = {.list = NULL};
	struct err err = ERR_INIT;

	if (status != NULL) {
		filter.status = str_index(delivery_status_names, status);
		if (filter.status < 0) {
			api_error(call, 400,
			    "status is pending, delivered, dead or dropped");
			return;
		}
	}
	if (!read_limit(call, &filter.limit))
		return;
	writer_flush(call->agent->writer);
	l.list = json_array();
	if (store_each_delivery(
		call->agent->store, &filter, take_delivery, &l, &err) == 0) {
		api_reply(call, 200, json_pack("{s:o}", "deliveries", l.list));
		return;
	}
	json_decref(l.list);
	api_err(call, &err);
}

static int
take_attempt(void *ctx, const struct attempt_row *row)
{
	struct listing *l = ctx;
	json_t *o = json_object();

	json_put_int(o, "n", row->n);
	json_put_time(o, "at", row->at_ms);
	json_put_real(o, "took_ms", (double)row->took_us / 1000.0);
	json_put_str(o, "status", receipt_names[row->status]);
	json_put_int(o, "code", row->code);
	json_put_str(
	    o, "remote_id", row->remote_id != NULL ? row->remote_id : "");
	json_put_str(o, "detail", row->detail != NULL ? row->detail : "");
	json_array_append_new(l->list, o);
	return 0;
}

struct proof { /* of one delivery */
	const char *key;
	json_t *delivery; /* NULL = there is none of this key */
	char *message;    /* the key of the message that it went out in */
};

static int
take_proof(void *ctx, const struct delivery_row *row)
{
	struct proof *p = ctx;
	struct listing l = {.list = json_array()};
	char key[DELIVERY_KEY_MAX];

	delivery_key(key, row->incident, row->seq, row->channel);
	if (str_eq(key, p->key)) {
		take_delivery(&l, row);
		p->delivery = json_incref(json_array_get(l.list, 0));
		p->message = mem_strdup(row->batch != NULL ? row->batch : key);
	}
	json_decref(l.list);
	return p->delivery != NULL;
}

/* One delivery with each of its attempts: the proof that it left, when, by
 * which path, and what the other side said. */
void
api_delivery(struct api_call *call)
{
	char incident[INCIDENT_ID_LEN + 1];
	struct delivery_filter filter = {.incident = incident, .status = -1};
	struct proof p = {.key = call->id};
	struct listing attempts = {.list = json_array()};
	struct err err = ERR_INIT;
	int rc;

	str_copy(incident, sizeof(incident), call->id);
	writer_flush(call->agent->writer);
	rc = store_each_delivery(
	    call->agent->store, &filter, take_proof, &p, &err);
	if (rc == 0 && p.delivery == NULL)
		rc = err_set(
		    &err, ERR_MISSING, "there is no delivery %.100s", call->id);
	if (rc == 0)
		rc = store_each_attempt(call->agent->store, p.message,
		    take_attempt, &attempts, &err);
	if (rc == 0) {
		json_put(p.delivery, "tries", attempts.list);
		api_reply(call, 200, p.delivery);
	} else {
		json_decref(attempts.list);
		json_decref(p.delivery);
		api_err(call, &err);
	}
	free(p.message);
}

void
api_resend(struct api_call *call)
{
	struct err err = ERR_INIT;

	if (dispatch_resend(call->agent->dispatch, call->id, &err) != 0)
		api_err(call, &err);
	else
		api_reply(call, 202, json_pack("{s:s}", "delivery", call->id));
}

static int
take_newest(void *ctx, const struct event_row *row)
{
	char **newest = ctx;

	free(*newest);
	*newest = mem_strdup(row->body);
	return 0;
}

/* What public_url links to in messages: the incident's newest message as the
 * mail shows it. */
void
api_incident_page(struct api_call *call)
{
	struct err err = ERR_INIT;
	char *newest = NULL;
	json_t *json = NULL;
	struct message m;
	struct buf page;

	writer_flush(call->agent->writer);
	if (store_each_event(call->agent->store, call->id, take_newest, &newest,
		&err) != 0) {
		api_err(call, &err);
	} else if (newest == NULL) {
		api_error(call, 404, "there is no incident %.20s", call->id);
	} else if (json_parse(&json, newest, strlen(newest), &err) != 0 ||
		   message_parse(&m, json, &err) != 0) {
		api_err(call, &err);
	} else {
		buf_init(&page, HTTPD_BODY_MAX);
		render_html(&page, &m);
		httpd_reply(call->http, 200, "text/html; charset=utf-8",
		    buf_str(&page), page.len);
		buf_fini(&page);
		message_fini(&m);
	}
	json_decref(json);
	free(newest);
}
