/*
 * Microsoft Teams through a workflow ("When a Teams webhook request is
 * received"): an Adaptive Card 1.4. What came from outside stands in text
 * runs, which have no Markdown; nothing is a mention, as no entity says so.
 */
#include "alerting/webhook_formats.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/webhook_card.h"
#include "alerting/webhook_text.h"
#include "base/json.h"
#include "base/str.h"

/* 28 KB for the request; some of the way it is UTF-16. */
#define BODY_MAX  27000
#define NOTE_MAX  400 /* of these, for what is said of rows left out */
#define TITLE_MAX 200
#define TEXT_MAX  RENDER_VALUE_MAX

/* The card has names for colours, and its reader's theme has the tint. */
static const struct tint {
	const char *colour, *name, *style;
} tints[] = {
    {"#cf222e", "attention", "attention"},
    {"#d1550f", "attention", "attention"}, {"#bf8700", "warning", "warning"},
    {"#0969da", "accent", "accent"}, {"#1a7f37", "good", "good"},
    {"", "default", "emphasis"}, /* the rest */
};

static const struct tint *
find_tint(const char *colour)
{
	const struct tint *tint = tints;

	while (tint->colour[0] != '\0' && !str_eq(tint->colour, colour))
		tint++;
	return tint;
}

static json_t *
run(const char *text, size_t max)
{
	json_t *object = json_object();

	json_put_str(object, "type", "TextRun");
	webhook_text_put(object, "text", text, WEBHOOK_TEXT_PLAIN, max);
	return object;
}

static json_t *
paragraph(json_t *first, json_t *second)
{
	json_t *object = json_object(), *inlines = json_array();

	json_put_str(object, "type", "RichTextBlock");
	json_array_append_new(inlines, first);
	if (second != NULL)
		json_array_append_new(inlines, second);
	json_put(object, "inlines", inlines);
	return object;
}

static void
add_title(json_t *items, const struct webhook_card *card)
{
	const struct tint *tint = find_tint(card->colour);
	json_t *container = json_object(), *inner = json_array();
	json_t *title = run(card->title, TITLE_MAX);

	json_put_str(title, "size", "Large");
	json_put_str(title, "weight", "Bolder");
	json_put_str(title, "color", tint->name);
	json_array_append_new(inner, paragraph(title, NULL));
	json_put_str(container, "type", "Container");
	json_put_str(container, "style", tint->style);
	json_put_bool(container, "bleed", true);
	json_put(container, "items", inner);
	json_array_append_new(items, container);
}

static void
add_text(json_t *items, const char *text)
{
	if (text[0] != '\0')
		json_array_append_new(
		    items, paragraph(run(text, TEXT_MAX), NULL));
}

static json_t *
row_paragraph(const struct webhook_card_row *row)
{
	char label[sizeof(row->label) + 2];
	json_t *first, *object;

	str_printf(label, sizeof(label), "%s: ", row->label);
	first = run(label, sizeof(label));
	json_put_str(first, "weight", "Bolder");
	object = paragraph(first, run(row->value, TEXT_MAX));
	json_put_str(object, "spacing", "Small");
	return object;
}

static void
add_footer(json_t *items, const struct webhook_card *card)
{
	json_t *footer = run(card->footer, TEXT_MAX);

	json_put_bool(footer, "isSubtle", true);
	json_put_str(footer, "size", "Small");
	json_array_append_new(items, paragraph(footer, NULL));
}

static json_t *
actions(const struct webhook_card *card)
{
	json_t *list = json_array();

	for (size_t i = 0; i < card->link_count; i++) {
		json_t *action = json_object();

		json_put_str(action, "type", "Action.OpenUrl");
		json_put_str(action, "title", card->links[i].label);
		json_put_str(action, "url", card->links[i].url);
		json_array_append_new(list, action);
	}
	return list;
}

static json_t *
adaptive_card(const struct webhook_card *card)
{
	json_t *content = json_object(), *items = json_array();
	json_t *width = json_object();

	add_title(items, card);
	add_text(items, card->gist);
	add_text(items, card->because);
	add_text(items, card->advice);
	add_footer(items, card);
	json_put_str(content, "$schema",
	    "http://adaptivecards.io/schemas/adaptive-card.json");
	json_put_str(content, "type", "AdaptiveCard");
	json_put_str(content, "version", "1.4");
	json_put_str(width, "width", "Full");
	json_put(content, "msteams", width);
	webhook_text_put(content, "fallbackText", card->title,
	    WEBHOOK_TEXT_PLAIN, TITLE_MAX);
	json_put(content, "body", items);
	json_put(content, "actions", actions(card));
	return content;
}

/* Bytes as UTF-8 or as UTF-16, whichever is more. */
static size_t
size_of(const json_t *value)
{
	char *text = json_text(value);
	size_t bytes = strlen(text), units = webhook_text_units(text);

	free(text);
	return bytes > units * 2 ? bytes : units * 2;
}

/* Before the footer, as many as there is room for. */
static void
add_rows(json_t *items, const struct webhook_card *card, size_t room)
{
	size_t at = json_array_size(items) - 1, used = NOTE_MAX;
	char rest[60];

	for (size_t i = 0; i < card->row_count; i++) {
		json_t *row = row_paragraph(&card->rows[i]);

		used += size_of(row) + 2;
		if (used > room) {
			json_decref(row);
			webhook_card_rest(rest, card->row_count - i);
			row = paragraph(run(rest, TEXT_MAX), NULL);
			json_array_insert_new(items, at, row);
			return;
		}
		json_array_insert_new(items, at++, row);
	}
}

static json_t *
envelope(json_t *content)
{
	json_t *body = json_object(), *attachments = json_array();
	json_t *card = json_object();

	json_put_str(
	    card, "contentType", "application/vnd.microsoft.card.adaptive");
	json_put(card, "contentUrl", NULL);
	json_put(card, "content", content);
	json_array_append_new(attachments, card);
	json_put_str(body, "type", "message");
	json_put(body, "attachments", attachments);
	return body;
}

static void
compose(
    const struct webhook_job *job, size_t step, struct webhook_request *request)
{
	struct webhook_card card;
	json_t *content, *body;
	size_t used;

	(void)step;
	webhook_card_init(&card, job->message);
	content = adaptive_card(&card);
	body = envelope(content);
	used = size_of(body);
	add_rows(json_object_get(content, "body"), &card,
	    used < BODY_MAX ? BODY_MAX - used : 0);
	/* Without the character set Teams counts every character double. */
	request->content_type = "application/json; charset=utf-8";
	request->body = json_text(body);
	json_decref(body);
	webhook_card_fini(&card);
}

/* The words of workflows, and of the connectors before them, which said 200
 * and put the trouble into the body. */
static const struct word {
	const char *word;
	enum receipt_status status;
	const char *means;
} words[] = {
    {"WorkflowNotFound", RECEIPT_DISABLED, "the workflow was deleted"},
    {"WorkflowTriggerNotFound", RECEIPT_DISABLED,
	"the workflow has no such trigger any more"},
    {"WorkflowTriggerIsNotEnabled", RECEIPT_RETRY,
	"the workflow is turned off; turn it on again"},
    {"DirectApiAuthorizationRequired", RECEIPT_RETRY,
	"the URL lacks its signature; copy it anew from the workflow"},
    {"DirectApiRequestHasMoreThanOneAuthorization", RECEIPT_RETRY,
	"the URL is signed and a header authorizes as well; take one away"},
    {"HTTP error 429", RECEIPT_RETRY, "too many messages"},
    {"HTTP error 413", RECEIPT_REJECTED, "the card is too big"},
    {"Webhook message delivery failed", RECEIPT_RETRY,
	"Teams did not take it from the connector"},
};

static void
understand(const struct post_answer *answer, struct receipt *r)
{
	post_receipt(answer, r);
	if (answer->err.code != ERR_NONE)
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (memmem(answer->body, answer->body_len, words[i].word,
			strlen(words[i].word)) == NULL)
			continue;
		webhook_complain(r, answer, words[i].status, words[i].means);
		return;
	}
	if (answer->status != 202)
		return;
	receipt_set(
	    r, RECEIPT_DELIVERED, answer->status, "the workflow took it");
	str_copy(r->remote_id, sizeof(r->remote_id), answer->kept[0]);
}

/* The run, as the workflow's history has it. */
static const char *const keep[] = {"x-ms-workflow-run-id", NULL};

const struct webhook_format webhook_teams = {
    .keep = keep,
    .traits = {.digests = true, .per_minute = 10, .burst = 3},
    .compose = compose,
    .understand = understand,
};
