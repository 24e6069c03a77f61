/*
 * PagerDuty Events API v2: trigger, acknowledge and resolve, by the incident's
 * id as deduplication key.
 */
#include "alerting/webhook_formats.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/webhook_card.h"
#include "alerting/webhook_text.h"
#include "base/json.h"
#include "base/str.h"

#define ENQUEUE       "https://events.pagerduty.com/v2/enqueue"
#define KEY_LEN       32
#define SUMMARY_MAX   1024 /* PagerDuty's limits, in characters */
#define DEDUP_KEY_MAX 255
#define NAME_UNITS    255   /* of source, component, class; by custom */
#define BACK_OFF_MS   60000 /* "a few minutes"; ours grows from here */

static const char *const severities[SEVERITY_COUNT] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_LOW] = "info",
    [SEVERITY_MEDIUM] = "warning",
    [SEVERITY_HIGH] = "error",
    [SEVERITY_CRITICAL] = "critical",
};

static int
check(const struct webhook_config *config, struct err *err)
{
	if (config->routing_key == NULL)
		return err_set(err, ERR_CONFIG,
		    "routing_key: is missing; it is the integration key of the "
		    "service's \"Events API v2\" integration");
	if (strlen(config->routing_key) != KEY_LEN)
		return err_set(err, ERR_CONFIG,
		    "routing_key: an integration key has %d characters, this "
		    "has %zu",
		    KEY_LEN, strlen(config->routing_key));
	return 0;
}

/* A note has nowhere to go: as a trigger it could open, and page, anew. */
static size_t
steps(const struct webhook_job *job, const char **why)
{
	*why = "not sent: PagerDuty's events have no notes";
	if (job->message->event == EVENT_NOTE)
		return 0;
	return job->message->event == EVENT_TEST ? 2 : 1;
}

/* A test opens and closes at once. */
static const char *
action(const struct message *m, size_t step)
{
	if (m->event == EVENT_RESOLVED || step > 0)
		return "resolve";
	return m->event == EVENT_ACKNOWLEDGED ? "acknowledge" : "trigger";
}

static json_t *
details(const struct webhook_card *card)
{
	json_t *object = json_object();

	json_put_str(object, "What to do", card->advice);
	if (card->because[0] != '\0')
		json_put_str(object, "Why here", card->because);
	for (size_t i = 0; i < card->row_count; i++)
		json_put_str(object, card->rows[i].label, card->rows[i].value);
	json_put_str(object, "Sent by", card->footer);
	return object;
}

static json_t *
links(const struct webhook_card *card)
{
	json_t *list = json_array();

	for (size_t i = 0; i < card->link_count; i++) {
		json_t *link = json_object();

		json_put_str(link, "href", card->links[i].url);
		json_put_str(link, "text", card->links[i].label);
		json_array_append_new(list, link);
	}
	return list;
}

static void
put_name(json_t *obj, const char *key, const char *text)
{
	if (text[0] != '\0')
		webhook_text_put(
		    obj, key, text, WEBHOOK_TEXT_PLAIN, NAME_UNITS);
}

static json_t *
payload(const struct webhook_card *card, const struct message *m)
{
	char summary[WEBHOOK_CARD_TITLE_MAX + RENDER_VALUE_MAX + 4];
	json_t *object = json_object();

	str_printf(summary, sizeof(summary), "%s%s%s", card->title,
	    card->gist[0] ? ": " : "", card->gist);
	webhook_text_put(
	    object, "summary", summary, WEBHOOK_TEXT_PLAIN, SUMMARY_MAX);
	put_name(object, "source",
	    m->target[0]  ? m->target
	    : m->agent[0] ? m->agent
			  : "tocsin");
	json_put_str(object, "severity",
	    m->event == EVENT_TEST ? "info" : severities[m->severity]);
	json_put_time(object, "timestamp", m->at_ms);
	put_name(
	    object, "component", m->component[0] ? m->component : m->probe);
	put_name(object, "class", m->kind);
	json_put(object, "custom_details", details(card));
	return object;
}

static void
compose(
    const struct webhook_job *job, size_t step, struct webhook_request *request)
{
	const struct message *m = job->message;
	const char *what = action(m, step);
	json_t *body = json_object();
	struct webhook_card card;

	json_put_str(body, "routing_key", job->config->routing_key);
	json_put_str(body, "event_action", what);
	webhook_text_put(body, "dedup_key",
	    m->incident[0] ? m->incident : job->id, WEBHOOK_TEXT_PLAIN,
	    DEDUP_KEY_MAX);
	if (str_eq(what, "trigger")) {
		webhook_card_init(&card, m);
		json_put(body, "payload", payload(&card, m));
		json_put(body, "links", links(&card));
		json_put_str(body, "client", "tocsin");
		if (render_is_link(m->url))
			json_put_str(body, "client_url", m->url);
		webhook_card_fini(&card);
	}
	webhook_url(request->url,
	    job->config->url != NULL ? job->config->url : ENQUEUE, "");
	request->body = json_text(body);
	json_decref(body);
}

static void
accepted(
    const struct post_answer *answer, const json_t *json, struct receipt *r)
{
	const char *key = json_str(json, "dedup_key");

	if (key[0] == '\0') {
		webhook_complain(r, answer, RECEIPT_RETRY,
		    "the answer is not PagerDuty's; check the URL");
		return;
	}
	receipt_set(
	    r, RECEIPT_DELIVERED, answer->status, "queued there as %s", key);
	str_printable(r->remote_id, sizeof(r->remote_id), key, strlen(key));
}

/* {"status":"invalid event","message":…,"errors":[…]}. A key that it does not
 * know is a person's to mend; the alert waits for that. */
static void
refused(const struct post_answer *answer, const json_t *json, struct receipt *r)
{
	const json_t *error =
	    json_array_get(json_object_get(json, "errors"), 0);
	const char *message = json_str(json, "message");
	const char *text =
	    json_is_string(error) ? json_string_value(error) : message;

	if (text[0] == '\0')
		return;
	webhook_complain(r, answer,
	    strcasestr(text, "routing") != NULL ? RECEIPT_RETRY
						: RECEIPT_REJECTED,
	    text);
}

static void
understand(const struct post_answer *answer, struct receipt *r)
{
	json_t *json = NULL;

	post_receipt(answer, r);
	if (answer->err.code != ERR_NONE)
		return;
	json_parse(&json, answer->body, answer->body_len, NULL);
	if (webhook_is_success(answer))
		accepted(answer, json, r);
	else if (answer->status == 400)
		refused(answer, json, r);
	else if (answer->status == 429 && r->retry_after_ms < 0)
		r->retry_after_ms = BACK_OFF_MS;
	json_decref(json);
}

const struct webhook_format webhook_pagerduty = {
    .url = ENQUEUE,
    .steps = steps,
    .check = check,
    .compose = compose,
    .understand = understand,
};
