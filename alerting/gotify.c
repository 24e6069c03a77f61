/*
 * Push through a Gotify server (docs/channels/gotify.md).
 */
#include "alerting/channel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alerting/gotify_body.h"
#include "alerting/post.h"
#include "base/mem.h"
#include "base/str.h"

#define WORDS_MAX 160

struct gotify_config {
	char *url, *token, *ca_file;
	struct option_list allow_addresses;
	bool allow_http;
};

struct gotify {
	struct post *post;
	char *place;
};

static const struct option gotify_options[] = {
    {.name = "url",
	OPTION(URL, struct gotify_config, url),
	.flags = OPTION_REQUIRED,
	.words = post_schemes,
	.help = "the server: https://gotify.example.org"},
    {.name = "token",
	OPTION(SECRET, struct gotify_config, token),
	.flags = OPTION_REQUIRED,
	.help = "token of an application there (begins with A)"},
    {.name = "allow_addresses",
	OPTION(LIST, struct gotify_config, allow_addresses),
	.help = "networks (CIDR) that are reachable although they are private "
		"or special"},
    {.name = "allow_http",
	OPTION(BOOL, struct gotify_config, allow_http),
	.standard = "false",
	.help = "allow an http:// URL"},
    {.name = "ca_file",
	OPTION(STRING, struct gotify_config, ca_file),
	.help = "CA certificates (PEM) to trust instead of the system's"},
    OPTION_END,
};

static int
gotify_check(const void *data, struct err *err)
{
	const struct gotify_config *config = data;

	if (config->url != NULL && strpbrk(config->url, "?#") != NULL)
		return err_set(err, ERR_CONFIG,
		    "url: must be the server's own, with nothing after its "
		    "path");
	if (config->token != NULL && strpbrk(config->token, " \t\r\n") != NULL)
		return err_set(
		    err, ERR_CONFIG, "token: must be one word, no spaces");
	if (post_check_url(config->url, config->allow_http, err) < 0)
		return -1;
	return post_check_allow(&config->allow_addresses, err);
}

static int
gotify_open(const void *data, struct loop *loop, void **state, struct err *err)
{
	const struct gotify_config *config = data;
	struct gotify *g = mem_alloc(sizeof(*g));

	if (post_open(&g->post, loop, &config->allow_addresses, err) < 0) {
		free(g);
		return -1;
	}
	g->place = gotify_place(config->url);
	*state = g;
	return 0;
}

static void
gotify_close(void *state)
{
	struct gotify *g = state;

	post_free(g->post);
	free(g->place);
	free(g);
}

/* A 200 without a message id is no Gotify server: a proxy, a login page. */
static void
accepted(const struct post_answer *answer, struct receipt *r)
{
	int64_t id = gotify_id(answer->body, answer->body_len);

	if (id == 0) {
		receipt_set(r, RECEIPT_RETRY, answer->status,
		    "status %d, but the answer is not a Gotify server's; check "
		    "the URL",
		    answer->status);
		return;
	}
	receipt_set(r, RECEIPT_DELIVERED, answer->status,
	    "stored by the server as message %" PRId64, id);
	str_printf(r->remote_id, sizeof(r->remote_id), "%" PRId64, id);
}

static void
understand(const struct post_answer *answer, struct receipt *r)
{
	char words[WORDS_MAX];

	if (answer->err.code == ERR_NONE && answer->status >= 200 &&
	    answer->status < 300) {
		accepted(answer, r);
		return;
	}
	post_receipt(answer, r);
	if (r->status == RECEIPT_DISABLED) /* 410 means nothing special here */
		r->status = RECEIPT_RETRY;
	gotify_error(words, sizeof(words), answer->body, answer->body_len);
	if (answer->err.code == ERR_NONE && words[0] != '\0') {
		int64_t wait_ms = r->retry_after_ms;

		receipt_set(r, r->status, answer->status, "status %d: %s",
		    answer->status, words);
		r->retry_after_ms = wait_ms;
	}
}

static void
gotify_deliver(const void *data, void *state, const struct message *m,
    int64_t deadline_ms, struct receipt *r)
{
	const struct gotify_config *config = data;
	struct gotify *g = state;
	char *body = gotify_body(m), key[256];
	const struct http_header headers[] = {
	    {"content-type", "application/json"},
	    {"user-agent", "tocsin/" TOCSIN_VERSION},
	    {"x-gotify-key", config->token},
	    {"x-idempotency-key", key},
	};
	struct http_request request = {
	    .method = "POST",
	    .url = g->place,
	    .headers = headers,
	    .header_count = sizeof(headers) / sizeof(headers[0]),
	    .body = body,
	    .body_len = strlen(body),
	    .ca_file = config->ca_file,
	};
	struct post_answer answer;

	str_printable(key, sizeof(key), m->delivery, strlen(m->delivery));
	post_send(g->post, &request, deadline_ms, &answer);
	understand(&answer, r);
	free(body);
}

static void
gotify_traits(const void *data, struct channel_traits *out)
{
	(void)data;
	out->digests = true;
	out->per_minute = 10;
	out->burst = 3;
}

const struct channel_kind channel_gotify = {
    .name = "gotify",
    .summary = "push to phones through a Gotify server",
    .options = gotify_options,
    .config_size = sizeof(struct gotify_config),
    .timeout_ms = 15000,
    .check = gotify_check,
    .open = gotify_open,
    .traits = gotify_traits,
    .deliver = gotify_deliver,
    .close = gotify_close,
};
