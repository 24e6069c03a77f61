/*
 * Push through Pushover's service, with its acknowledgement
 * (docs/channels/pushover.md).
 */
#include "alerting/channel.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/post.h"
#include "alerting/pushover_answer.h"
#include "alerting/pushover_body.h"
#include "alerting/pushover_receipt.h"
#include "base/mem.h"
#include "base/str.h"

#define SERVER     "https://api.pushover.net"
#define SECOND_MS  1000
#define KEYS_MAX   2048 /* up to 50 users, separated by commas */
#define DEVICE_MAX 500
#define SOUND_MAX  64
#define ALPHANUMERIC                                                           \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

struct pushover_config {
	char *token, *user, *device, *sound, *url, *ca_file;
	int64_t retry_ms, expire_ms;
	struct option_list allow_addresses;
	bool allow_http;
};

struct pushover {
	struct post *post;
	char *root; /* the server's URL without a slash behind */
};

static const struct option pushover_options[] = {
    {.name = "token",
	OPTION(SECRET, struct pushover_config, token),
	.flags = OPTION_REQUIRED,
	.help = "API token of an application of yours there"},
    {.name = "user",
	OPTION(SECRET, struct pushover_config, user),
	.flags = OPTION_REQUIRED,
	.help = "user or group key; several with commas between"},
    {.name = "device",
	OPTION(STRING, struct pushover_config, device),
	.max = DEVICE_MAX,
	.help = "only to these devices of the user; several with commas "
		"between"},
    {.name = "sound",
	OPTION(STRING, struct pushover_config, sound),
	.max = SOUND_MAX,
	.help = "name of a sound, instead of the user's own choice"},
    {.name = "retry",
	OPTION(DURATION, struct pushover_config, retry_ms),
	.min = PUSHOVER_RETRY_MIN_S * SECOND_MS,
	.max = PUSHOVER_EXPIRE_MAX_S * SECOND_MS,
	.standard = "1m",
	.help = "a critical alert rings again this often until somebody "
		"acknowledges it in the app"},
    {.name = "expire",
	OPTION(DURATION, struct pushover_config, expire_ms),
	.min = PUSHOVER_RETRY_MIN_S * SECOND_MS,
	.max = PUSHOVER_EXPIRE_MAX_S * SECOND_MS,
	.standard = "3h",
	.help = "and for so long at most"},
    {.name = "url",
	OPTION(URL, struct pushover_config, url),
	.words = post_schemes,
	.standard = SERVER,
	.help = "the service"},
    {.name = "allow_addresses",
	OPTION(LIST, struct pushover_config, allow_addresses),
	.help = "networks (CIDR) that are reachable although they are private "
		"or special"},
    {.name = "allow_http",
	OPTION(BOOL, struct pushover_config, allow_http),
	.standard = "false",
	.help = "allow an http:// URL"},
    {.name = "ca_file",
	OPTION(STRING, struct pushover_config, ca_file),
	.help = "CA certificates (PEM) to trust instead of the system's"},
    OPTION_END,
};

/* They go into JSON and, the token, into a URL. */
static int
check_key(const char *name, const char *key, const char *extra, struct err *err)
{
	size_t len = key != NULL ? strlen(key) : 0;

	for (size_t i = 0; i < len; i++)
		if (strchr(ALPHANUMERIC, key[i]) == NULL &&
		    strchr(extra, key[i]) == NULL)
			return err_set(err, ERR_CONFIG,
			    "%s: has characters that no key of Pushover has "
			    "(letters and digits, usually 30)",
			    name);
	if (len > KEYS_MAX)
		return err_set(err, ERR_CONFIG, "%s: is too long", name);
	return 0;
}

static int
pushover_check(const void *data, struct err *err)
{
	const struct pushover_config *config = data;

	if (check_key("token", config->token, "", err) < 0 ||
	    check_key("user", config->user, ",", err) < 0)
		return -1;
	if (config->retry_ms > config->expire_ms)
		return err_set(
		    err, ERR_CONFIG, "retry: must not be longer than expire");
	if (config->url != NULL && strpbrk(config->url, "?#") != NULL)
		return err_set(err, ERR_CONFIG,
		    "url: must be the service's own, with nothing after its "
		    "path");
	if (post_check_url(config->url, config->allow_http, err) < 0)
		return -1;
	return post_check_allow(&config->allow_addresses, err);
}

static int
pushover_open(
    const void *data, struct loop *loop, void **state, struct err *err)
{
	const struct pushover_config *config = data;
	struct pushover *p = mem_alloc(sizeof(*p));
	size_t len = strlen(config->url);

	if (post_open(&p->post, loop, &config->allow_addresses, err) < 0) {
		free(p);
		return -1;
	}
	post_keep(p->post, pushover_receipt_headers);
	while (len > 0 && config->url[len - 1] == '/')
		len--;
	p->root = mem_strndup(config->url, len);
	*state = p;
	return 0;
}

static void
pushover_close(void *state)
{
	struct pushover *p = state;

	post_free(p->post);
	free(p->root);
	free(p);
}

static const struct http_header headers[] = {
    {"content-type", "application/json"},
    {"user-agent", "tocsin/" TOCSIN_VERSION},
};

static void
post_json(const struct pushover_config *config, struct pushover *p,
    struct http_request *request, int64_t deadline_ms,
    struct post_answer *answer)
{
	request->headers = headers;
	request->header_count = sizeof(headers) / sizeof(headers[0]);
	request->ca_file = config->ca_file;
	post_send(p->post, request, deadline_ms, answer);
}

static void
pushover_deliver(const void *data, void *state, const struct message *m,
    int64_t deadline_ms, struct receipt *r)
{
	const struct pushover_config *config = data;
	struct pushover *p = state;
	const struct pushover_to to = {
	    .token = config->token,
	    .user = config->user,
	    .device = config->device,
	    .sound = config->sound,
	    .retry_s = config->retry_ms / SECOND_MS,
	    .expire_s = config->expire_ms / SECOND_MS,
	};
	char *body = pushover_body(m, &to);
	char *url = mem_printf("%s/1/messages.json", p->root);
	struct http_request request = {.method = "POST",
	    .url = url,
	    .body = body,
	    .body_len = strlen(body)};
	struct post_answer answer;

	post_json(config, p, &request, deadline_ms, &answer);
	pushover_receipt_sent(&answer, r);
	mem_free_secret(body);
	free(url);
}

static void
pushover_poll(const void *data, void *state, const char *remote_id,
    int64_t deadline_ms, struct receipt *r)
{
	const struct pushover_config *config = data;
	struct pushover *p = state;
	struct http_request request = {.method = "GET"};
	struct post_answer answer;
	char *url;

	if (!pushover_is_receipt(remote_id)) {
		receipt_set(
		    r, RECEIPT_REJECTED, 0, "this is no receipt of Pushover's");
		return;
	}
	url = mem_printf("%s/1/receipts/%s.json?token=%s", p->root, remote_id,
	    config->token);
	request.url = url;
	post_json(config, p, &request, deadline_ms, &answer);
	pushover_receipt_polled(&answer, r);
	mem_free_secret(url);
}

static void
pushover_cancel(const void *data, void *state, const char *remote_id,
    int64_t deadline_ms, struct receipt *r)
{
	const struct pushover_config *config = data;
	struct pushover *p = state;
	struct http_request request = {.method = "POST"};
	struct post_answer answer;
	char *url, *body;

	if (!pushover_is_receipt(remote_id)) {
		receipt_set(
		    r, RECEIPT_REJECTED, 0, "this is no receipt of Pushover's");
		return;
	}
	url = mem_printf("%s/1/receipts/%s/cancel.json", p->root, remote_id);
	body = mem_printf("{\"token\":\"%s\"}", config->token);
	request.url = url;
	request.body = body;
	request.body_len = strlen(body);
	post_json(config, p, &request, deadline_ms, &answer);
	pushover_receipt_cancelled(&answer, r);
	mem_free_secret(body);
	free(url);
}

static void
pushover_traits(const void *data, struct channel_traits *out)
{
	(void)data;
	out->digests = true;
	out->per_minute = 10;
	out->burst = 3;
}

const struct channel_kind channel_pushover = {
    .name = "pushover",
    .summary = "push through Pushover, which knows who acknowledged",
    .options = pushover_options,
    .config_size = sizeof(struct pushover_config),
    .timeout_ms = 20000,
    .check = pushover_check,
    .open = pushover_open,
    .traits = pushover_traits,
    .deliver = pushover_deliver,
    .poll = pushover_poll,
    .cancel = pushover_cancel,
    .close = pushover_close,
};
