/*
 * Push straight into browsers, through each browser's own push service
 * (RFC 8030, 8291, 8292; docs/channels/webpush.md).
 */
#include "alerting/channel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "alerting/post.h"
#include "alerting/webpush_payload.h"
#include "alerting/webpush_tally.h"
#include "alerting/webpush_vapid.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define AT_ONCE     16    /* requests under way */
#define REQUEST_MS  10000 /* one slow service must not use up all the time */
#define HEADERS_MAX 8
#define WHY_MAX     160

struct webpush_config {
	char *private_key, *subject, *ca_file;
	int64_t ttl_ms;
	struct option_list allow_addresses;
	bool allow_http;
};

struct webpush {
	struct post *post;
	struct webpush_vapid *vapid;
	struct webpush_tally *tally;
};

static const struct option webpush_options[] = {
    {.name = "private_key",
	OPTION(SECRET, struct webpush_config, private_key),
	.flags = OPTION_REQUIRED,
	.help = "the key that subscriptions are bound to: what `tocsin channel "
		"vapid-key` prints, or a P-256 key in PEM"},
    {.name = "subject",
	OPTION(STRING, struct webpush_config, subject),
	.flags = OPTION_REQUIRED,
	.help = "how push services reach you: mailto:ops@example.org or an "
		"https:// URL"},
    {.name = "ttl",
	OPTION(DURATION, struct webpush_config, ttl_ms),
	.min = 0,
	.max = (int64_t)28 * 24 * 3600 * 1000,
	.standard = "12h",
	.help = "how long a push service keeps a message for a browser that "
		"is off"},
    {.name = "allow_addresses",
	OPTION(LIST, struct webpush_config, allow_addresses),
	.help = "networks (CIDR) that are reachable although they are private "
		"or special"},
    {.name = "allow_http",
	OPTION(BOOL, struct webpush_config, allow_http),
	.standard = "false",
	.help = "allow http:// endpoints"},
    {.name = "ca_file",
	OPTION(STRING, struct webpush_config, ca_file),
	.help = "CA certificates (PEM) to trust instead of the system's"},
    OPTION_END,
};

static int
webpush_check(const void *data, struct err *err)
{
	const struct webpush_config *config = data;
	struct webpush_vapid *vapid;

	if (config->private_key == NULL || config->subject == NULL)
		return 0; /* reported already */
	if (webpush_vapid_check_subject(config->subject, err) < 0 ||
	    webpush_vapid_new(
		&vapid, config->private_key, config->subject, err) < 0)
		return -1;
	webpush_vapid_free(vapid);
	return post_check_allow(&config->allow_addresses, err);
}

static int
webpush_open(const void *data, struct loop *loop, void **state, struct err *err)
{
	const struct webpush_config *config = data;
	struct webpush *w = mem_alloc(sizeof(*w));

	if (webpush_vapid_new(
		&w->vapid, config->private_key, config->subject, err) < 0) {
		free(w);
		return -1;
	}
	if (post_open(&w->post, loop, &config->allow_addresses, err) < 0) {
		webpush_vapid_free(w->vapid);
		free(w);
		return -1;
	}
	w->tally = webpush_tally_new();
	*state = w;
	return 0;
}

static void
webpush_close(void *state)
{
	struct webpush *w = state;

	post_free(w->post);
	webpush_vapid_free(w->vapid);
	webpush_tally_free(w->tally);
	free(w);
}

/* One delivery under way. */
struct sending {
	const struct webpush_config *config;
	struct webpush *webpush;
	struct webpush_round *round;
	const char *text, *urgency;
	char topic[WEBPUSH_TOPIC_MAX + 1], ttl[24];
	struct webpush_subscriber *to; /* those who are to be told now */
	size_t count, next;
	int64_t deadline_ms;
	json_t *gone;
};

/* One request of it. */
struct shot {
	struct sending *sending;
	const struct webpush_subscriber *to;
	char *authorization;
	struct buf body;
	struct http_header headers[HEADERS_MAX];
	struct http_request request;
};

static void start_next(struct sending *s);

static void
note(struct sending *s, const struct webpush_subscriber *to,
    const struct webpush_outcome *outcome)
{
	webpush_tally_note(s->round, to, outcome);
	if (outcome->result != WEBPUSH_GONE)
		return;
	if (s->gone == NULL)
		s->gone = json_array();
	json_array_append_new(s->gone, json_string(to->id));
}

static void
answered(void *ctx, const struct post_answer *answer)
{
	struct shot *shot = ctx;
	struct sending *s = shot->sending;
	struct webpush_outcome outcome = {.status = answer->status,
	    .result = WEBPUSH_LATER,
	    .retry_after_ms = answer->retry_after_ms};
	char shown[WHY_MAX], why[2 * WHY_MAX];

	/* A head is enough: the body of an answer says nothing here. */
	if (answer->head_whole) {
		outcome.result = webpush_tally_meaning(answer->status);
		str_printable(
		    shown, sizeof(shown), answer->body, answer->body_len);
		str_printf(why, sizeof(why), "status %d%s%s", answer->status,
		    shown[0] ? ", " : "", shown);
	} else {
		str_copy(why, sizeof(why), answer->err.text);
	}
	outcome.why = why;
	note(s, shot->to, &outcome);
	buf_fini(&shot->body);
	free(shot->authorization);
	free(shot);
	start_next(s);
}

/* A new key and salt for each (RFC 8291 section 3.1). */
static int
encrypt(struct buf *out, const struct webpush_subscriber *to, const char *text,
    struct err *err)
{
	struct p256_key *once = p256_generate();
	uint8_t salt[ECE_SALT_LEN];
	int rc;

	CHECK(getrandom(salt, sizeof(salt), 0) == sizeof(salt));
	rc = ece_encrypt(out, &to->keys, once, salt, text, strlen(text), err);
	p256_free(once);
	return rc;
}

static size_t
put_headers(struct shot *shot)
{
	const struct sending *s = shot->sending;
	struct http_header *h = shot->headers;
	size_t n = 0;

	h[n++] =
	    (struct http_header){"content-type", "application/octet-stream"};
	h[n++] = (struct http_header){"content-encoding", "aes128gcm"};
	h[n++] = (struct http_header){"user-agent", "tocsin/" TOCSIN_VERSION};
	h[n++] = (struct http_header){"ttl", s->ttl};
	h[n++] = (struct http_header){"urgency", s->urgency};
	h[n++] = (struct http_header){"authorization", shot->authorization};
	if (s->topic[0] != '\0')
		h[n++] = (struct http_header){"topic", s->topic};
	CHECK(n <= HEADERS_MAX);
	return n;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void
start(struct sending *s, const struct webpush_subscriber *to)
{
	struct shot *shot = mem_alloc(sizeof(*shot));
	int64_t limit_ms = clock_boot_ms() + REQUEST_MS;

	shot->sending = s;
	shot->to = to;
	buf_init(&shot->body, ECE_BODY_MAX);
	/* The point was checked when it was read, and the text is cut. */
	CHECK(encrypt(&shot->body, to, s->text, NULL) == 0);
	shot->authorization = mem_strdup(webpush_vapid_header(
	    s->webpush->vapid, to->origin, clock_wall_ms()));
	shot->request = (struct http_request){.method = "POST",
	    .url = to->endpoint,
	    .foreign = true,
	    .headers = shot->headers,
	    .header_count = put_headers(shot),
	    .body = shot->body.data,
	    .body_len = shot->body.len,
	    .ca_file = s->config->ca_file};
	post_start(s->webpush->post, &shot->request,
	    least(limit_ms, s->deadline_ms), answered, shot);
}

static void
start_next(struct sending *s)
{
	if (s->next < s->count && clock_boot_ms() < s->deadline_ms)
		start(s, &s->to[s->next++]);
}

/* What was stored was checked then. If it cannot be read, it never will. */
static void
drop_broken(struct sending *s, const json_t *entry)
{
	struct webpush_subscriber broken = {.id = ""};
	const char *id = json_string_value(json_object_get(entry, "id"));

	if (id == NULL || strlen(id) > WEBPUSH_ID_LEN)
		return;
	str_copy(broken.id, sizeof(broken.id), id);
	webpush_tally_list(s->round, broken.id);
	note(s, &broken, &(struct webpush_outcome){.result = WEBPUSH_GONE});
}

/* Those who stand so: the untried go before those who failed, whose push
 * service may be what uses up the time. */
static void
gather(struct sending *s, const json_t *subscribers, enum webpush_result state)
{
	size_t i;
	json_t *entry;

	json_array_foreach (subscribers, i, entry) {
		struct webpush_subscriber *to = &s->to[s->count];

		if (i >= WEBPUSH_SUBSCRIBERS_MAX)
			return;
		if (webpush_subscriber_parse(
			to, entry, s->config->allow_http, NULL) < 0) {
			if (state == WEBPUSH_UNTRIED)
				drop_broken(s, entry);
		} else if (webpush_tally_list(s->round, to->id) == state) {
			s->count++;
		}
	}
}

static void
webpush_deliver(const void *data, void *state, const struct message *m,
    int64_t deadline_ms, struct receipt *r)
{
	const struct webpush_config *config = data;
	struct webpush *w = state;
	char *text = webpush_payload(m);
	struct sending s = {.config = config,
	    .webpush = w,
	    .round = webpush_tally_begin(w->tally, m->delivery),
	    .text = text,
	    .urgency = webpush_urgency(m),
	    .deadline_ms = deadline_ms};

	webpush_topic(s.topic, m);
	str_printf(s.ttl, sizeof(s.ttl), "%" PRId64, config->ttl_ms / 1000);
	s.to = mem_array(WEBPUSH_SUBSCRIBERS_MAX + 1, sizeof(*s.to));
	gather(&s, m->subscribers, WEBPUSH_UNTRIED);
	gather(&s, m->subscribers, WEBPUSH_LATER);
	for (size_t i = 0; i < AT_ONCE; i++)
		start_next(&s);
	post_run(w->post);
	webpush_tally_receipt(s.round, r);
	r->gone = s.gone;
	free(s.to);
	free(text);
}

static void
webpush_traits(const void *data, struct channel_traits *out)
{
	(void)data;
	out->digests = true;
	out->per_minute = 10;
	out->burst = 3;
	out->subscribers = true;
}

const struct channel_kind channel_webpush = {
    .name = "webpush",
    .summary = "push straight into browsers, phones' included",
    .options = webpush_options,
    .config_size = sizeof(struct webpush_config),
    .timeout_ms = 60000,
    .check = webpush_check,
    .open = webpush_open,
    .traits = webpush_traits,
    .deliver = webpush_deliver,
    .close = webpush_close,
};
