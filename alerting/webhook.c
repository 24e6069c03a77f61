/*
 * Signed webhooks (Standard Webhooks 1.0.0; docs/channels/webhook.md).
 */
#include "alerting/channel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alerting/post.h"
#include "alerting/signature.h"
#include "alerting/webhook_body.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define HEADERS_OWN 5
#define HEADERS_MAX 32
#define ID_MAX      256

struct webhook_config {
	char *url, *secret, *previous_secret, *ca_file;
	struct option_map headers;
	struct option_list allow_addresses;
	bool allow_http;
};

struct webhook {
	struct post *post;
	struct signature_key keys[2];
	size_t key_count;
};

static const struct option webhook_options[] = {
    {.name = "url",
	OPTION(URL, struct webhook_config, url),
	.flags = OPTION_REQUIRED,
	.words = post_schemes,
	.help = "where to POST each message"},
    {.name = "secret",
	OPTION(SECRET, struct webhook_config, secret),
	.help = "signs every request: whsec_ and the Base64 of 24 to 64 "
		"random bytes; without it requests are not signed"},
    {.name = "previous_secret",
	OPTION(SECRET, struct webhook_config, previous_secret),
	.help = "signs as well, while receivers change to the new secret"},
    {.name = "headers",
	OPTION(MAP, struct webhook_config, headers),
	.flags = OPTION_SECRETS,
	.max = HEADERS_MAX - HEADERS_OWN,
	.help = "sent with every request, such as Authorization"},
    {.name = "allow_addresses",
	OPTION(LIST, struct webhook_config, allow_addresses),
	.help = "networks (CIDR) that are reachable although they are private "
		"or special"},
    {.name = "allow_http",
	OPTION(BOOL, struct webhook_config, allow_http),
	.standard = "false",
	.help = "allow an http:// URL"},
    {.name = "ca_file",
	OPTION(STRING, struct webhook_config, ca_file),
	.help = "CA certificates (PEM) to trust instead of the system's"},
    OPTION_END,
};

static bool
is_token(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= 'A' && *s <= 'Z') &&
		    !(*s >= '0' && *s <= '9') &&
		    strchr("!#$%&'*+-.^_`|~", *s) == NULL)
			return false;
	return true;
}

static int
check_header(const struct option_pair *header, struct err *err)
{
	static const char *const ours[] = {"host", "content-length",
	    "content-type", "transfer-encoding", "connection", "webhook-id",
	    "webhook-timestamp", "webhook-signature", NULL};

	if (!is_token(header->key))
		return err_set(err, ERR_CONFIG,
		    "headers.%s: not a header's name", header->key);
	for (size_t i = 0; ours[i] != NULL; i++)
		if (strcasecmp(ours[i], header->key) == 0)
			return err_set(err, ERR_CONFIG,
			    "headers.%s: is set by tocsin itself", header->key);
	for (const char *p = header->value; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' && *p != '\t')
			return err_set(err, ERR_CONFIG,
			    "headers.%s: must be one line", header->key);
	return 0;
}

static int
read_keys(
    struct webhook *w, const struct webhook_config *config, struct err *err)
{
	if (config->secret == NULL && config->previous_secret != NULL)
		return err_set(err, ERR_CONFIG,
		    "previous_secret: needs a secret beside it");
	if (config->secret != NULL &&
	    signature_key_read(&w->keys[w->key_count++], config->secret, err) <
		0)
		return err_wrap(err, "secret");
	if (config->previous_secret != NULL &&
	    signature_key_read(
		&w->keys[w->key_count++], config->previous_secret, err) < 0)
		return err_wrap(err, "previous_secret");
	return 0;
}

static int
webhook_check(const void *data, struct err *err)
{
	const struct webhook_config *config = data;
	struct webhook keys = {0};

	for (size_t i = 0; i < config->headers.count; i++)
		if (check_header(&config->headers.items[i], err) < 0)
			return -1;
	if (post_check_url(config->url, config->allow_http, err) < 0 ||
	    post_check_allow(&config->allow_addresses, err) < 0)
		return -1;
	return read_keys(&keys, config, err);
}

static int
webhook_open(const void *data, struct loop *loop, void **state, struct err *err)
{
	const struct webhook_config *config = data;
	struct webhook *w = mem_alloc(sizeof(*w));

	if (read_keys(w, config, err) < 0 ||
	    post_open(&w->post, loop, &config->allow_addresses, err) < 0) {
		free(w);
		return -1;
	}
	*state = w;
	return 0;
}

static void
webhook_close(void *state)
{
	struct webhook *w = state;

	post_free(w->post);
	explicit_bzero(w->keys, sizeof(w->keys));
	free(w);
}

/* The delivery's key, without the dots that separate the signed parts. */
static void
make_id(char id[ID_MAX], const char *key)
{
	str_copy(id, ID_MAX, key);
	for (char *p = id; *p != '\0'; p++)
		if (*p == '.' || *p <= ' ' || *p == 0x7f)
			*p = '-';
}

static void
sign(struct buf *out, const struct webhook *w, const struct signature_input *in)
{
	for (size_t i = 0; i < w->key_count; i++)
		signature_add(out, &w->keys[i], in);
}

static size_t
put_headers(struct http_header *headers, const struct webhook_config *config)
{
	size_t n = 0;

	headers[n++] = (struct http_header){"content-type", "application/json"};
	headers[n++] =
	    (struct http_header){"user-agent", "tocsin/" TOCSIN_VERSION};
	for (size_t i = 0; i < config->headers.count && n < HEADERS_MAX - 3;
	     i++) {
		headers[n].name = config->headers.items[i].key;
		headers[n++].value = config->headers.items[i].value;
	}
	return n;
}

static void
webhook_deliver(const void *data, void *state, const struct message *m,
    int64_t deadline_ms, struct receipt *r)
{
	const struct webhook_config *config = data;
	struct webhook *w = state;
	char id[ID_MAX], timestamp[24], *body = webhook_body(m);
	struct signature_input in = {.id = id, .body = body};
	struct http_header headers[HEADERS_MAX];
	struct http_request request = {.method = "POST", .url = config->url};
	struct post_answer answer;
	struct buf signature;

	make_id(id, m->delivery);
	in.body_len = strlen(body);
	in.timestamp_s = clock_wall_ms() / 1000;
	str_printf(timestamp, sizeof(timestamp), "%" PRId64, in.timestamp_s);
	buf_init(&signature, 1024);
	sign(&signature, w, &in);
	request.headers = headers;
	request.header_count = put_headers(headers, config);
	headers[request.header_count++] =
	    (struct http_header){"webhook-id", id};
	headers[request.header_count++] =
	    (struct http_header){"webhook-timestamp", timestamp};
	if (signature.len > 0)
		headers[request.header_count++] = (struct http_header){
		    "webhook-signature", buf_str(&signature)};
	request.body = body;
	request.body_len = in.body_len;
	request.ca_file = config->ca_file;
	post_send(w->post, &request, deadline_ms, &answer);
	post_receipt(&answer, r);
	buf_fini(&signature);
	free(body);
}

const struct channel_kind channel_webhook = {
    .name = "webhook",
    .summary = "POST to a URL, signed as Standard Webhooks 1.0.0",
    .options = webhook_options,
    .config_size = sizeof(struct webhook_config),
    .timeout_ms = 15000,
    .check = webhook_check,
    .open = webhook_open,
    .deliver = webhook_deliver,
    .close = webhook_close,
};
