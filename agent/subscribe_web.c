#include "agent/subscribe_web.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/links.h"
#include "agent/page.h"
#include "agent/subscribe.h"
#include "agent/subscribe_page.h"
#include "alerting/webpush_vapid.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define PURPOSE    "push"
#define ACTION     "/subscribe"
#define BODY_MAX   (16 * 1024)
#define TOKENS_MAX (TOKEN_TEXT_MAX + 1)

/* agent/push/, compiled in (CMakeLists.txt). */
extern const char push_page_js[], push_worker_js[], push_app_webmanifest[];

struct visit {
	struct agent *agent;
	struct httpd_call *http;
	const char *rest;                     /* of the path, behind /push/ */
	const struct config_channel *channel; /* of a good invitation */
};

static const struct config_channel *
find_channel(const struct agent *a, const char *name)
{
	const struct config_channel *c = config_find_channel(a->config, name);

	return c != NULL && c->traits.subscribers ? c : NULL;
}

char *
subscribe_invite(
    struct agent *a, const char *channel, int64_t *end_ms, struct err *err)
{
	char token[TOKENS_MAX];

	if (config_find_channel(a->config, channel) == NULL) {
		err_set(err, ERR_MISSING,
		    "there is no channel %.64s in the configuration", channel);
		return NULL;
	}
	if (find_channel(a, channel) == NULL) {
		err_set(err, ERR_REFUSED,
		    "channel %.64s takes no subscribers: only the kind webpush "
		    "does",
		    channel);
		return NULL;
	}
	if (a->config->public_url[0] == '\0') {
		err_set(err, ERR_REFUSED,
		    "agent.public_url is not set: browsers would not find this "
		    "agent");
		return NULL;
	}
	*end_ms = clock_wall_ms() + SUBSCRIBE_INVITE_MS;
	token_make(token, links_key(a), PURPOSE, *end_ms / 1000, channel);
	return mem_printf(
	    "%s" SUBSCRIBE_PATH "%s", a->config->public_url, token);
}

/* ---- answers ---- */

static void
answer_json(struct visit *v, int status, json_t *json)
{
	char *text = json_text(json);

	httpd_reply(v->http, status, "application/json", text, strlen(text));
	free(text);
	json_decref(json);
}

static void
answer_error(struct visit *v, int status, const char *text)
{
	json_t *json = json_object();

	json_put_text(json, "error", text, strlen(text));
	answer_json(v, status, json);
}

static void
answer_page(struct visit *v, const char *channel, const char *public_key)
{
	const struct subscribe_page p = {
	    channel, public_key, v->agent->config->agent_name};
	struct buf page;

	buf_init(&page, PAGE_MAX);
	subscribe_page_html(&page, &p);
	page_reply_script(v->http, 200, &page);
	buf_fini(&page);
}

static void
answer_refusal(
    struct visit *v, int status, const char *heading, const char *text)
{
	struct buf page;

	buf_init(&page, PAGE_MAX);
	subscribe_page_refuse(
	    &page, heading, text, v->agent->config->agent_name);
	page_reply(v->http, status, &page);
	buf_fini(&page);
}

/* ---- GET ---- */

static bool
serve_file(struct visit *v)
{
	static const struct {
		const char *name, *type, *text;
	} files[] = {
	    {"page.js", "text/javascript; charset=utf-8", push_page_js},
	    {"worker.js", "text/javascript; charset=utf-8", push_worker_js},
	    {"app.webmanifest", "application/manifest+json",
		push_app_webmanifest},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (!str_eq(v->rest, files[i].name))
			continue;
		/* The worker's own policy: it only talks to the agent. */
		httpd_reply_header(v->http, "Content-Security-Policy",
		    "default-src 'none'; connect-src 'self'");
		httpd_reply(v->http, 200, files[i].type, files[i].text,
		    strlen(files[i].text));
		return true;
	}
	return false;
}

/* What the invitation is good for: v->channel. */
static enum token_status
read_token(struct visit *v, const char *text)
{
	struct token token;
	enum token_status status = token_read(
	    &token, links_key(v->agent), PURPOSE, text, clock_wall_ms() / 1000);

	if (status == TOKEN_GOOD)
		v->channel = find_channel(v->agent, token.payload);
	return status;
}

static void
show_page(struct visit *v)
{
	enum token_status status = read_token(v, v->rest);
	char public_key[WEBPUSH_PUBLIC_LEN + 1];
	struct p256_key *key;
	struct err err = ERR_INIT;

	if (status == TOKEN_EXPIRED) {
		answer_refusal(v, 410, "This invitation is too old",
		    "Invitations are good for 24 hours. Ask who sent it for a "
		    "new one. What is subscribed stays subscribed.");
	} else if (status != TOKEN_GOOD) {
		answer_refusal(v, 403, "Not an invitation of ours",
		    "The link was changed or cut on its way: open it from the "
		    "message itself.");
	} else if (v->channel == NULL) {
		answer_refusal(v, 404, "No such channel",
		    "The invitation is genuine, but its channel is not there "
		    "any more.");
	} else if (p256_read(&key, json_str(v->channel->options, "private_key"),
		       &err) != 0) {
		answer_refusal(v, 503, "Not now", "The channel has no key.");
	} else {
		webpush_vapid_public(public_key, key);
		p256_free(key);
		answer_page(v, v->channel->name, public_key);
	}
}

static void
serve_get(struct visit *v)
{
	if (serve_file(v))
		return;
	if (v->rest[0] == '\0')
		answer_page(v, "", "");
	else
		show_page(v);
}

/* ---- POST ---- */

/* The body as JSON, or NULL: answered. A content type that a form of another
 * site cannot send. */
static json_t *
read_body(struct visit *v)
{
	const char *type = httpd_header(v->http, "Content-Type");
	struct err err = ERR_INIT;
	json_t *json = NULL;
	size_t len;
	const char *text = httpd_body(v->http, &len);

	if (type == NULL || strncasecmp(type, "application/json", 16) != 0)
		answer_error(v, 415, "the body must be application/json");
	else if (len > BODY_MAX)
		answer_error(v, 413, "the body is too large");
	else if (json_parse(&json, text, len, &err) != 0)
		answer_error(v, 400, err.text);
	return json;
}

static void
subscribe(struct visit *v, const json_t *json)
{
	bool allow_http = json_bool(v->channel->options, "allow_http", false);
	struct webpush_subscriber who;
	struct err err = ERR_INIT;

	if (webpush_subscriber_read(&who, json, allow_http, &err) != 0)
		answer_error(v, 400, err.text);
	else if (subscribe_add(v->agent, v->channel->name, &who, &err) == 0)
		answer_json(v, 201,
		    json_pack("{s:s,s:s}", "id", who.id, "channel",
			v->channel->name));
	else if (err.code == ERR_REFUSED)
		answer_error(v, 409, err.text);
	else
		answer_error(v, 503,
		    "the agent cannot store it at the moment; try again");
}

static void
post_subscribe(struct visit *v, char *token)
{
	enum token_status status = read_token(v, token);
	json_t *json;

	if (status != TOKEN_GOOD || v->channel == NULL) {
		answer_error(v, status == TOKEN_EXPIRED ? 410 : 403,
		    status == TOKEN_EXPIRED
			? "this invitation is too old; ask for a new one"
			: "this is not an invitation of ours");
		return;
	}
	json = read_body(v);
	if (json != NULL)
		subscribe(v, json);
	json_decref(json);
}

/* Who has never been here, or has left, is told the same as who just left. */
static void
post_unsubscribe(struct visit *v)
{
	struct webpush_subscriber who;
	struct err err = ERR_INIT;
	json_t *json = read_body(v);

	if (json == NULL)
		return;
	if (webpush_subscriber_read(&who, json, true, &err) != 0) {
		answer_error(v, 400, err.text);
	} else {
		subscribe_leave(v->agent, &who);
		answer_json(v, 200, json_pack("{s:b}", "subscribed", 0));
	}
	json_decref(json);
}

static void
post_renew(struct visit *v)
{
	struct webpush_subscriber from, to;
	struct err err = ERR_INIT;
	json_t *json = read_body(v);
	bool plain;

	if (json == NULL)
		return;
	if (webpush_subscriber_read(
		&from, json_object_get(json, "old"), true, &err) != 0) {
		answer_error(v, 400, err.text);
		json_decref(json);
		return;
	}
	/* http only for who had it before. */
	plain = str_starts(from.endpoint, "http://");
	if (webpush_subscriber_read(
		&to, json_object_get(json, "new"), plain, &err) != 0)
		answer_error(v, 400, err.text);
	else if (subscribe_move(v->agent, &from, &to) == 0)
		answer_error(v, 404, "there is no such subscription");
	else
		answer_json(v, 200, json_pack("{s:s}", "id", to.id));
	json_decref(json);
}

static void
serve_post(struct visit *v)
{
	size_t len = strlen(v->rest), action = strlen(ACTION);
	char token[TOKENS_MAX];

	if (str_eq(v->rest, "unsubscribe")) {
		post_unsubscribe(v);
	} else if (str_eq(v->rest, "renew")) {
		post_renew(v);
	} else if (str_ends(v->rest, ACTION) && len - action < TOKENS_MAX) {
		memcpy(token, v->rest, len - action);
		token[len - action] = '\0';
		post_subscribe(v, token);
	} else {
		answer_error(v, 404, "there is nothing at this address");
	}
}

void
subscribe_serve(struct agent *a, struct httpd_call *http)
{
	const char *method = httpd_method(http);
	struct visit v = {.agent = a,
	    .http = http,
	    .rest = httpd_path(http) + strlen(SUBSCRIBE_PATH)};

	if (str_eq(method, "GET") || str_eq(method, "HEAD")) {
		serve_get(&v);
	} else if (str_eq(method, "POST")) {
		serve_post(&v);
	} else {
		httpd_reply_header(http, "Allow", "GET, HEAD, POST");
		answer_error(&v, 405, "this takes GET and POST");
	}
}
