/*
 * HTTP requests to whatever takes alerts, in the form it takes
 * (docs/channels/webhook.md). This is the shell around webhook_formats.h: it
 * signs, sends, and adds up what several requests of one delivery became.
 */
#include "alerting/channel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alerting/post.h"
#include "alerting/signature.h"
#include "alerting/webhook_formats.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define HEADERS_OWN 6
#define HEADERS_MAX (HEADERS_OWN + WEBHOOK_HEADERS_MAX)
#define ID_MAX      256

struct webhook {
	struct post *post;
	struct signature_key keys[2];
	size_t key_count;
};

static int
read_keys(
    struct webhook *w, const struct webhook_config *config, struct err *err)
{
	const char *const secrets[] = {config->secret, config->previous_secret};

	for (size_t i = 0; i < 2; i++)
		if (secrets[i] != NULL &&
		    signature_key_read(
			&w->keys[w->key_count++], secrets[i], err) < 0)
			return -1;
	return 0;
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

static void
webhook_traits(const void *data, struct channel_traits *out)
{
	const struct webhook_config *config = data;
	const struct webhook_format *format = webhook_formats[config->format];

	*out = format->traits;
	if (format->set_traits != NULL)
		format->set_traits(config, out);
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

/* One request being sent: what its headers point to. */
struct sending {
	struct http_header headers[HEADERS_MAX];
	size_t header_count;
	char timestamp[24];
	struct buf signature;
};

static void
put_header(struct sending *s, const char *name, const char *value)
{
	if (value[0] != '\0' && s->header_count < HEADERS_MAX)
		s->headers[s->header_count++] =
		    (struct http_header){name, value};
}

static void
sign(struct sending *s, const struct webhook *w, const struct webhook_job *job,
    const char *body)
{
	const struct signature_input in = {.id = job->id,
	    .timestamp_s = clock_wall_ms() / 1000,
	    .body = body,
	    .body_len = strlen(body)};

	str_printf(
	    s->timestamp, sizeof(s->timestamp), "%" PRId64, in.timestamp_s);
	for (size_t i = 0; i < w->key_count; i++)
		signature_add(&s->signature, &w->keys[i], &in);
	put_header(s, "webhook-id", job->id);
	put_header(s, "webhook-timestamp", s->timestamp);
	put_header(s, "webhook-signature", buf_str(&s->signature));
}

static void
send_one(struct webhook *w, const struct webhook_job *job,
    const struct webhook_request *made, int64_t deadline_ms,
    struct post_answer *answer)
{
	const struct webhook_config *config = job->config;
	struct sending s = {.header_count = 0};
	struct http_request request = {.method = made->method,
	    .url = made->url,
	    .body = made->body,
	    .body_len = strlen(made->body),
	    .ca_file = config->ca_file};

	buf_init(&s.signature, 1024);
	put_header(&s, "content-type", made->content_type);
	put_header(&s, "user-agent", "tocsin/" TOCSIN_VERSION);
	put_header(&s, "authorization", made->authorization);
	for (size_t i = 0; i < config->headers.count; i++)
		put_header(&s, config->headers.items[i].key,
		    config->headers.items[i].value);
	if (webhook_formats[config->format]->is_signed)
		sign(&s, w, job, made->body);
	request.headers = s.headers;
	request.header_count = s.header_count;
	post_send(w->post, &request, deadline_ms, answer);
	buf_fini(&s.signature);
}

/* Request number `step` of the delivery, until what becomes of it is known. */
static void
one_step(struct webhook *w, const struct webhook_job *job, size_t step,
    int64_t deadline_ms, struct receipt *r)
{
	const struct webhook_format *format =
	    webhook_formats[job->config->format];
	struct webhook_request request = {
	    .method = "POST", .content_type = "application/json"};
	struct post_answer answer;

	if (job->config->url != NULL)
		str_copy(request.url, sizeof(request.url), job->config->url);
	format->compose(job, step, &request);
	send_one(w, job, &request, deadline_ms, &answer);
	if (format->understand != NULL)
		format->understand(&answer, r);
	else
		post_receipt(&answer, r);
	if (r->status == RECEIPT_DELIVERED && format->is_signed)
		str_copy(r->remote_id, sizeof(r->remote_id), job->id);
	explicit_bzero(request.authorization, sizeof(request.authorization));
	mem_free_secret(request.body);
}

/* Several of which one is enough: the best counts, the detail tells of all. */
static void
add_up(
    struct receipt *sum, const struct receipt *one, size_t step, size_t count)
{
	static const int worth[] = {
	    [RECEIPT_REJECTED] = 0,
	    [RECEIPT_DISABLED] = 1,
	    [RECEIPT_RETRY] = 2,
	    [RECEIPT_DELIVERED] = 3,
	};
	char detail[2 * sizeof(sum->detail)];

	str_printf(detail, sizeof(detail), "%s%s%zu of %zu: %s", sum->detail,
	    step > 0 ? "; " : "", step + 1, count, one->detail);
	if (step == 0 || worth[one->status] > worth[sum->status])
		*sum = *one;
	str_printable(sum->detail, sizeof(sum->detail), detail, strlen(detail));
}

/* A share each of the time that is left, so that one that hangs leaves some
 * for the others. */
static void
any_step(struct webhook *w, const struct webhook_job *job, size_t count,
    int64_t deadline_ms, struct receipt *r)
{
	for (size_t step = 0; step < count; step++) {
		struct receipt one = RECEIPT_INIT;
		int64_t now_ms = clock_boot_ms();

		one_step(w, job, step,
		    now_ms + (deadline_ms - now_ms) / (int64_t)(count - step),
		    &one);
		add_up(r, &one, step, count);
	}
}

static void
webhook_deliver(const void *data, void *state, const struct message *m,
    int64_t deadline_ms, struct receipt *r)
{
	const struct webhook_config *config = data;
	const struct webhook_format *format = webhook_formats[config->format];
	char id[ID_MAX];
	const struct webhook_job job = {.config = config,
	    .message = m,
	    .id = id,
	    .now_ms = clock_wall_ms()};
	const char *why = "";
	size_t count;

	make_id(id, m->delivery);
	count = format->steps != NULL ? format->steps(&job, &why) : 1;
	if (count == 0) {
		receipt_set(r, RECEIPT_DELIVERED, 0, "%s", why);
		return;
	}
	if (format->any_will_do && count > 1) {
		any_step(state, &job, count, deadline_ms, r);
		return;
	}
	for (size_t step = 0; step < count; step++) {
		one_step(state, &job, step, deadline_ms, r);
		if (r->status != RECEIPT_DELIVERED)
			return;
	}
}

const struct channel_kind channel_webhook = {
    .name = "webhook",
    .summary = "HTTP: signed webhooks, Slack, Teams, Discord, PagerDuty, "
	       "Opsgenie, Alertmanager, CloudEvents, or a template",
    .options = webhook_options,
    .config_size = sizeof(struct webhook_config),
    .timeout_ms = 15000,
    .check = webhook_check,
    .open = webhook_open,
    .traits = webhook_traits,
    .deliver = webhook_deliver,
    .close = webhook_close,
};
