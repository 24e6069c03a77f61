/*
 * Push through an ntfy server: JSON publishing (docs/channels/ntfy.md).
 */
#include "alerting/channel.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/ntfy_body.h"
#include "alerting/post.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

/* The server gives back one request per 5 s and sends no Retry-After. */
#define TOKEN_MS 5000

struct ntfy_config {
	char *url, *token, *user, *password, *ca_file;
	struct option_list allow_addresses;
	bool allow_http;
};

struct ntfy {
	struct post *post;
	struct ntfy_place place;
};

static const struct option ntfy_options[] = {
    {.name = "url",
	OPTION(URL, struct ntfy_config, url),
	.flags = OPTION_REQUIRED,
	.words = post_schemes,
	.help = "the topic: https://ntfy.example.org/oncall"},
    {.name = "token",
	OPTION(SECRET, struct ntfy_config, token),
	.help = "access token (tk_…)"},
    {.name = "user",
	OPTION(STRING, struct ntfy_config, user),
	.help = "user name, with a password instead of a token"},
    {.name = "password",
	OPTION(SECRET, struct ntfy_config, password),
	.help = "the user's password"},
    {.name = "allow_addresses",
	OPTION(LIST, struct ntfy_config, allow_addresses),
	.help = "networks (CIDR) that are reachable although they are private "
		"or special"},
    {.name = "allow_http",
	OPTION(BOOL, struct ntfy_config, allow_http),
	.standard = "false",
	.help = "allow an http:// URL"},
    {.name = "ca_file",
	OPTION(STRING, struct ntfy_config, ca_file),
	.help = "CA certificates (PEM) to trust instead of the system's"},
    OPTION_END,
};

static int
ntfy_check(const void *data, struct err *err)
{
	const struct ntfy_config *config = data;
	struct ntfy_place place = {0};

	if ((config->user == NULL) != (config->password == NULL))
		return err_set(
		    err, ERR_CONFIG, "user: user and password belong together");
	if (config->token != NULL && config->user != NULL)
		return err_set(err, ERR_CONFIG,
		    "token: use either a token or user and password");
	if (post_check_url(config->url, config->allow_http, err) < 0 ||
	    post_check_allow(&config->allow_addresses, err) < 0 ||
	    ntfy_place_read(&place, config->url, err) < 0)
		return -1;
	ntfy_place_fini(&place);
	return 0;
}

static int
ntfy_open(const void *data, struct loop *loop, void **state, struct err *err)
{
	const struct ntfy_config *config = data;
	struct ntfy *n = mem_alloc(sizeof(*n));

	if (ntfy_place_read(&n->place, config->url, err) < 0 ||
	    post_open(&n->post, loop, &config->allow_addresses, err) < 0) {
		ntfy_place_fini(&n->place);
		free(n);
		return -1;
	}
	*state = n;
	return 0;
}

static void
ntfy_close(void *state)
{
	struct ntfy *n = state;

	post_free(n->post);
	ntfy_place_fini(&n->place);
	free(n);
}

/* A 200 without a message id is no ntfy server: a captive portal, a proxy. */
static void
accepted(const struct post_answer *answer, struct receipt *r)
{
	json_t *json = NULL;
	const char *id;

	json_parse(&json, answer->body, answer->body_len, NULL);
	id = json_str(json, "id");
	if (id[0] != '\0') {
		receipt_set(r, RECEIPT_DELIVERED, answer->status,
		    "stored by the server as %s", id);
		str_printable(
		    r->remote_id, sizeof(r->remote_id), id, strlen(id));
	} else {
		receipt_set(r, RECEIPT_RETRY, answer->status,
		    "status %d, but the answer is not an ntfy server's; check "
		    "the URL",
		    answer->status);
	}
	json_decref(json);
}

static void
understand(const struct post_answer *answer, struct receipt *r)
{
	if (answer->err.code == ERR_NONE && answer->status >= 200 &&
	    answer->status < 300) {
		accepted(answer, r);
		return;
	}
	post_receipt(answer, r);
	if (r->status == RECEIPT_DISABLED) /* 410 means nothing special here */
		r->status = RECEIPT_RETRY;
	if (answer->status == 429 && r->retry_after_ms < 0)
		r->retry_after_ms = TOKEN_MS;
}

static void
ntfy_deliver(const void *data, void *state, const struct message *m,
    int64_t deadline_ms, struct receipt *r)
{
	const struct ntfy_config *config = data;
	struct ntfy *n = state;
	char *body = ntfy_body(m, n->place.topic), key[256];
	const struct http_header headers[] = {
	    {"content-type", "application/json"},
	    {"user-agent", "tocsin/" TOCSIN_VERSION},
	    {"x-idempotency-key", key},
	};
	struct http_request request = {
	    .method = "POST",
	    .url = n->place.root,
	    .headers = headers,
	    .header_count = sizeof(headers) / sizeof(headers[0]),
	    .body = body,
	    .body_len = strlen(body),
	    .ca_file = config->ca_file,
	    .user = config->user,
	    .password = config->password,
	    .bearer = config->token,
	};
	struct post_answer answer;

	str_printable(key, sizeof(key), m->delivery, strlen(m->delivery));
	post_send(n->post, &request, deadline_ms, &answer);
	understand(&answer, r);
	free(body);
}

static void
ntfy_traits(const void *data, struct channel_traits *out)
{
	(void)data;
	out->digests = true;
	out->per_minute = 10;
	out->burst = 3;
}

const struct channel_kind channel_ntfy = {
    .name = "ntfy",
    .summary = "push to phones through an ntfy server",
    .options = ntfy_options,
    .config_size = sizeof(struct ntfy_config),
    .timeout_ms = 15000,
    .check = ntfy_check,
    .open = ntfy_open,
    .traits = ntfy_traits,
    .deliver = ntfy_deliver,
    .close = ntfy_close,
};
