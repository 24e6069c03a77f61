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
/* Of one among several: longer than any that works needs. */
#define MEMBER_TIMEOUT_MS 5000

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
	if (webhook_formats[config->format]->keep != NULL)
		post_keep(w->post, webhook_formats[config->format]->keep);
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

/* One request, from being made until what became of it is known. */
struct sending {
	const struct webhook_format *format;
	const struct webhook_job *job;
	struct webhook_request made;
	struct http_request request;
	struct http_header headers[HEADERS_MAX];
	char timestamp[24];
	struct buf signature;
	struct receipt receipt;
};

static void
put_header(struct sending *s, const char *name, const char *value)
{
	if (value[0] != '\0' && s->request.header_count < HEADERS_MAX)
		s->headers[s->request.header_count++] =
		    (struct http_header){name, value};
}

static void
sign(struct sending *s, const struct webhook *w)
{
	const struct signature_input in = {.id = s->job->id,
	    .timestamp_s = clock_wall_ms() / 1000,
	    .body = s->made.body,
	    .body_len = strlen(s->made.body)};

	str_printf(
	    s->timestamp, sizeof(s->timestamp), "%" PRId64, in.timestamp_s);
	for (size_t i = 0; i < w->key_count; i++)
		signature_add(&s->signature, &w->keys[i], &in);
	put_header(s, "webhook-id", s->job->id);
	put_header(s, "webhook-timestamp", s->timestamp);
	put_header(s, "webhook-signature", buf_str(&s->signature));
}

static void
prepare(struct sending *s, const struct webhook *w,
    const struct webhook_job *job, size_t step)
{
	const struct webhook_config *config = job->config;

	*s = (struct sending){.format = webhook_formats[config->format],
	    .job = job,
	    .made = {.method = "POST", .content_type = "application/json"},
	    .receipt = RECEIPT_INIT};
	if (config->url != NULL)
		str_copy(s->made.url, sizeof(s->made.url), config->url);
	s->format->compose(job, step, &s->made);
	buf_init(&s->signature, 1024);
	put_header(s, "content-type", s->made.content_type);
	put_header(s, "user-agent", "tocsin/" TOCSIN_VERSION);
	put_header(s, "authorization", s->made.authorization);
	for (size_t i = 0; i < config->headers.count; i++)
		put_header(s, config->headers.items[i].key,
		    config->headers.items[i].value);
	if (s->format->is_signed)
		sign(s, w);
	s->request.method = s->made.method;
	s->request.url = s->made.url;
	s->request.headers = s->headers;
	s->request.body = s->made.body;
	s->request.body_len = strlen(s->made.body);
	s->request.ca_file = config->ca_file;
}

static void
finish(struct sending *s)
{
	explicit_bzero(s->made.authorization, sizeof(s->made.authorization));
	mem_free_secret(s->made.body);
	buf_fini(&s->signature);
}

static void
answered(void *ctx, const struct post_answer *answer)
{
	struct sending *s = ctx;
	struct receipt *r = &s->receipt;

	if (s->format->understand != NULL)
		s->format->understand(answer, r);
	else
		post_receipt(answer, r);
	if (r->status == RECEIPT_DELIVERED && s->format->is_signed)
		str_copy(r->remote_id, sizeof(r->remote_id), s->job->id);
}

/* One after the other, until one fails. */
static void
send_all(struct webhook *w, const struct webhook_job *job, size_t count,
    int64_t deadline_ms, struct receipt *r)
{
	struct sending *s = mem_alloc(sizeof(*s));

	for (size_t step = 0; step < count; step++) {
		prepare(s, w, job, step);
		post_start(w->post, &s->request, deadline_ms, answered, s);
		post_run(w->post);
		*r = s->receipt;
		finish(s);
		if (r->status != RECEIPT_DELIVERED)
			break;
	}
	free(s);
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

/* All at once. One that hangs holds up neither the others nor, for long, the
 * next message. */
static void
send_any(struct webhook *w, const struct webhook_job *job, size_t count,
    int64_t deadline_ms, struct receipt *r)
{
	struct sending *s = mem_array(count, sizeof(*s));
	int64_t soon_ms = clock_boot_ms() + MEMBER_TIMEOUT_MS;

	if (deadline_ms > soon_ms)
		deadline_ms = soon_ms;
	for (size_t step = 0; step < count; step++) {
		prepare(&s[step], w, job, step);
		post_start(
		    w->post, &s[step].request, deadline_ms, answered, &s[step]);
	}
	post_run(w->post);
	for (size_t step = 0; step < count; step++) {
		add_up(r, &s[step].receipt, step, count);
		finish(&s[step]);
	}
	free(s);
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
	if (count == 0)
		receipt_set(r, RECEIPT_DELIVERED, 0, "%s", why);
	else if (count > 1 && format->any_will_do)
		send_any(state, &job, count, deadline_ms, r);
	else
		send_all(state, &job, count, deadline_ms, r);
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
