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
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define SERVER     "https://api.pushover.net"
#define POLL_MS    30000 /* they ask for 5 s at least */
#define BUSY_MS    5000  /* after a server's error they ask for as much */
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

enum { LIMIT, REMAINING, RESET };
static const char *const limits[] = {[LIMIT] = "x-limit-app-limit",
    [REMAINING] = "x-limit-app-remaining",
    [RESET] = "x-limit-app-reset",
    NULL};

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
	post_keep(p->post, limits);
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

/* "; 7496 of 10000 messages left until 2026-12-01" or "". */
static void
quota(char *dst, size_t size, const struct post_answer *answer)
{
	int64_t left, of, reset_s;
	char when[32];

	dst[0] = '\0';
	if (str_parse_i64(answer->kept[REMAINING], 0, INT32_MAX, &left) != 0 ||
	    str_parse_i64(answer->kept[LIMIT], 0, INT32_MAX, &of) != 0 ||
	    str_parse_i64(answer->kept[RESET], 0, UINT32_MAX, &reset_s) != 0)
		return;
	clock_rfc3339(when, reset_s * SECOND_MS);
	str_printf(dst, size, "; %d of %d messages left until %.10s", (int)left,
	    (int)of, when);
}

/* The quota comes back at the time that the service said, whatever it is. */
static void
exhausted(const struct post_answer *answer, struct receipt *r)
{
	char left[100];
	int64_t reset_s, wait_ms = answer->retry_after_ms;

	quota(left, sizeof(left), answer);
	if (wait_ms < 0 &&
	    str_parse_i64(answer->kept[RESET], 0, UINT32_MAX, &reset_s) == 0)
		wait_ms = reset_s * SECOND_MS - clock_wall_ms();
	receipt_set(r, RECEIPT_RETRY, answer->status,
	    "status %d: the account's quota of messages is used up%s",
	    answer->status, left);
	r->retry_after_ms = wait_ms > 0 ? wait_ms : -1;
}

/* What is not a plain "yes". */
static void
refused(const struct post_answer *answer, const struct pushover_answer *said,
    struct receipt *r)
{
	bool broke = answer->err.code != ERR_NONE;

	post_receipt(answer, r);
	if (answer->status == 429) {
		exhausted(answer, r);
		return;
	}
	if (!broke && answer->status >= 400 && answer->status < 500 &&
	    said->ours && !said->accepted) {
		receipt_set(r, RECEIPT_REJECTED, answer->status,
		    "status %d: %s", answer->status,
		    said->errors[0] ? said->errors : "refused without a word");
		return;
	}
	if (!broke && answer->status >= 200 && answer->status < 300)
		receipt_set(r, RECEIPT_RETRY, answer->status,
		    "status %d, but the answer is not Pushover's; check url",
		    answer->status);
	if (r->status != RECEIPT_RETRY) /* a proxy's word, not the service's */
		r->status = RECEIPT_RETRY;
	if (answer->status >= 500 && r->retry_after_ms < BUSY_MS)
		r->retry_after_ms = BUSY_MS;
}

static bool
took(const struct post_answer *answer, const struct pushover_answer *said)
{
	return answer->err.code == ERR_NONE && answer->status >= 200 &&
	       answer->status < 300 && said->ours && said->accepted;
}

static void
understand(const struct post_answer *answer, struct receipt *r)
{
	struct pushover_answer said;
	char left[100];

	pushover_answer_read(&said, answer->body, answer->body_len);
	if (!took(answer, &said)) {
		refused(answer, &said, r);
		return;
	}
	quota(left, sizeof(left), answer);
	receipt_set(r, RECEIPT_DELIVERED, answer->status,
	    "queued as request %s%s%s", said.request,
	    said.receipt[0] ? ", rings until acknowledged" : "", left);
	str_copy(r->remote_id, sizeof(r->remote_id),
	    said.receipt[0] ? said.receipt : said.request);
	if (said.receipt[0] != '\0')
		r->poll_after_ms = POLL_MS;
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
	understand(&answer, r);
	mem_free_secret(body);
	free(url);
}

/* The answer about a receipt: acknowledged, not yet, or never any more. */
static void
polled(const struct post_answer *answer, struct receipt *r)
{
	struct pushover_answer said;

	pushover_answer_read(&said, answer->body, answer->body_len);
	if (!took(answer, &said)) {
		refused(answer, &said, r);
		if (r->status == RECEIPT_RETRY)
			r->poll_after_ms = r->retry_after_ms > POLL_MS
			                       ? r->retry_after_ms
			                       : POLL_MS;
		return;
	}
	receipt_set(r, RECEIPT_DELIVERED, answer->status, "%s",
	    said.acknowledged ? "acknowledged in the app"
	    : said.expired    ? "stopped ringing; nobody acknowledged it"
			      : "rings; nobody acknowledged it yet");
	if (said.acknowledged) /* whose key it was is a secret */
		str_printf(r->acknowledged_by, sizeof(r->acknowledged_by),
		    "%s (Pushover)", said.device[0] ? said.device : "somebody");
	else if (!said.expired)
		r->poll_after_ms = POLL_MS;
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
	polled(&answer, r);
	mem_free_secret(url);
}

static void
pushover_cancel(const void *data, void *state, const char *remote_id,
    int64_t deadline_ms, struct receipt *r)
{
	const struct pushover_config *config = data;
	struct pushover *p = state;
	struct http_request request = {.method = "POST"};
	struct pushover_answer said;
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
	pushover_answer_read(&said, answer.body, answer.body_len);
	if (took(&answer, &said))
		receipt_set(r, RECEIPT_DELIVERED, answer.status,
		    "does not ring any more");
	else
		refused(&answer, &said, r);
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
