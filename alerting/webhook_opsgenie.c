/*
 * Opsgenie's Alert API: create, acknowledge, close and note, by the incident's
 * id as alias. Answers are receipts of a queue (202 with a requestId).
 */
#include "alerting/webhook_formats.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/render.h"
#include "alerting/webhook_card.h"
#include "alerting/webhook_text.h"
#include "base/json.h"
#include "base/str.h"

#define BASE            "https://api.opsgenie.com"
#define MESSAGE_MAX     130 /* Opsgenie's limits, in characters */
#define ALIAS_MAX       512
#define DESCRIPTION_MAX 15000
#define TAGS_MAX        20
#define TAG_MAX         50
#define DETAILS_MAX     8000 /* keys and values together */
#define ENTITY_MAX      512
#define SOURCE_MAX      100
#define USER_MAX        100
#define NOTE_MAX        25000
#define KEY_MAX         200

static const char *const priorities[SEVERITY_COUNT] = {
    [SEVERITY_INFO] = "P5",
    [SEVERITY_LOW] = "P4",
    [SEVERITY_MEDIUM] = "P3",
    [SEVERITY_HIGH] = "P2",
    [SEVERITY_CRITICAL] = "P1",
};

static int
check(const struct webhook_config *config, struct err *err)
{
	const char *key = config->api_key;

	if (key == NULL)
		return err_set(err, ERR_CONFIG,
		    "api_key: is missing; it is the key of an \"API\" "
		    "integration of the team that is to be alerted");
	if (strlen(key) > KEY_MAX)
		return err_set(err, ERR_CONFIG, "api_key: is too long");
	for (; *key != '\0'; key++)
		if (*key <= ' ' || *key >= 0x7f)
			return err_set(err, ERR_CONFIG,
			    "api_key: has a space or an odd character in it");
	return 0;
}

/* A test opens and closes at once. */
static size_t
steps(const struct webhook_job *job, const char **why)
{
	(void)why;
	return job->message->event == EVENT_TEST ? 2 : 1;
}

static void
add_tag(json_t *tags, const char *key, const char *value)
{
	char text[300];
	struct buf tag;

	if (value[0] == '\0' || json_array_size(tags) >= TAGS_MAX)
		return;
	str_printf(text, sizeof(text), "%s%s%s", key, key[0] ? "=" : "", value);
	buf_init(&tag, TAG_MAX * 4 + 4);
	webhook_text_add(&tag, text, WEBHOOK_TEXT_PLAIN, TAG_MAX);
	json_array_append_new(tags, json_string(buf_str(&tag)));
	buf_fini(&tag);
}

static json_t *
tags(const struct message *m)
{
	json_t *list = json_array(), *value;
	const char *key;

	add_tag(list, "", severity_names[m->severity]);
	add_tag(list, "", m->kind);
	/* Only reading; jansson's iterator takes no const object. */
	json_object_foreach ((json_t *)(uintptr_t)m->labels, key, value)
		if (json_is_string(value))
			add_tag(list, key, json_string_value(value));
	return list;
}

static json_t *
details(const struct webhook_card *card)
{
	json_t *object = json_object();
	size_t used = 0;

	for (size_t i = 0; i < card->row_count; i++) {
		const struct webhook_card_row *row = &card->rows[i];

		used += webhook_text_units(row->label) +
		        webhook_text_units(row->value);
		if (used > DETAILS_MAX)
			break;
		json_put_str(object, row->label, row->value);
	}
	return object;
}

static void
put_description(json_t *body, const struct message *m)
{
	struct buf text;

	buf_init(&text, 64 * 1024);
	render_text(&text, m);
	webhook_text_put(body, "description", buf_str(&text),
	    WEBHOOK_TEXT_PLAIN, DESCRIPTION_MAX);
	buf_fini(&text);
}

static const char *
alias_of(const struct webhook_job *job)
{
	const struct message *m = job->message;

	return m->incident[0] != '\0' ? m->incident : job->id;
}

static void
put_new(json_t *body, const struct webhook_job *job)
{
	const struct message *m = job->message;
	struct webhook_card card;

	webhook_card_init(&card, m);
	webhook_text_put(
	    body, "message", card.title, WEBHOOK_TEXT_PLAIN, MESSAGE_MAX);
	webhook_text_put(
	    body, "alias", alias_of(job), WEBHOOK_TEXT_PLAIN, ALIAS_MAX);
	put_description(body, m);
	json_put_str(body, "priority",
	    m->event == EVENT_TEST ? "P5" : priorities[m->severity]);
	webhook_text_put(body, "entity", m->target[0] ? m->target : m->probe,
	    WEBHOOK_TEXT_PLAIN, ENTITY_MAX);
	json_put(body, "tags", tags(m));
	json_put(body, "details", details(&card));
	webhook_card_fini(&card);
}

/* What is said of an alert that is there already. */
static void
put_action(json_t *body, const struct message *m)
{
	char gist[RENDER_VALUE_MAX];

	render_gist(gist, m);
	webhook_text_put(body, "note", gist, WEBHOOK_TEXT_PLAIN, NOTE_MAX);
	if (m->actor[0] != '\0')
		webhook_text_put(
		    body, "user", m->actor, WEBHOOK_TEXT_PLAIN, USER_MAX);
}

/* NULL = a new alert. */
static const char *
action(const struct message *m, size_t step)
{
	if (m->event == EVENT_RESOLVED || step > 0)
		return "close";
	if (m->event == EVENT_ACKNOWLEDGED)
		return "acknowledge";
	return m->event == EVENT_NOTE ? "notes" : NULL;
}

static void
set_url(struct webhook_request *request, const struct webhook_job *job,
    const char *what)
{
	const char *base = job->config->url != NULL ? job->config->url : BASE;
	struct buf path;

	buf_init(&path, WEBHOOK_URL_MAX);
	buf_puts(&path, "/v2/alerts");
	if (what != NULL) {
		buf_putc(&path, '/');
		webhook_text_url(&path, alias_of(job));
		buf_printf(&path, "/%s?identifierType=alias", what);
	}
	webhook_url(request->url, base, buf_str(&path));
	buf_fini(&path);
}

static void
compose(
    const struct webhook_job *job, size_t step, struct webhook_request *request)
{
	const struct message *m = job->message;
	const char *what = action(m, step);
	json_t *body = json_object();

	if (what == NULL)
		put_new(body, job);
	else
		put_action(body, m);
	webhook_text_put(body, "source", m->agent[0] ? m->agent : "tocsin",
	    WEBHOOK_TEXT_PLAIN, SOURCE_MAX);
	set_url(request, job, what);
	str_printf(request->authorization, sizeof(request->authorization),
	    "GenieKey %s", job->config->api_key);
	request->body = json_text(body);
	json_decref(body);
}

static void
accepted(
    const struct post_answer *answer, const json_t *json, struct receipt *r)
{
	const char *id = json_str(json, "requestId");

	if (id[0] == '\0') {
		webhook_complain(r, answer, RECEIPT_RETRY,
		    "the answer is not Opsgenie's; check the URL");
		return;
	}
	receipt_set(
	    r, RECEIPT_DELIVERED, answer->status, "queued there as %s", id);
	str_printable(r->remote_id, sizeof(r->remote_id), id, strlen(id));
}

static void
understand(const struct post_answer *answer, struct receipt *r)
{
	json_t *json = NULL;
	const char *message;

	post_receipt(answer, r);
	if (answer->err.code != ERR_NONE)
		return;
	json_parse(&json, answer->body, answer->body_len, NULL);
	message = json_str(json, "message");
	if (webhook_is_success(answer))
		accepted(answer, json, r);
	else if (answer->status == 402) /* a person can pay */
		webhook_complain(r, answer, RECEIPT_RETRY,
		    "the account's plan does not allow it");
	else if (message[0] != '\0')
		webhook_complain(r, answer, r->status, message);
	json_decref(json);
}

const struct webhook_format webhook_opsgenie = {
    .url = BASE,
    .steps = steps,
    .check = check,
    .compose = compose,
    .understand = understand,
};
