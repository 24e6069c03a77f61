/*
 * Discord: one embed, nobody mentioned. Markdown from outside is escaped.
 */
#include "alerting/webhook_formats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alerting/webhook_card.h"
#include "alerting/webhook_text.h"
#include "base/json.h"
#include "base/str.h"

#define TITLE_MAX       256 /* Discord's limits, in characters */
#define DESCRIPTION_MAX 4096
#define FIELDS_MAX      25
#define NAME_MAX_UNITS  256
#define VALUE_MAX       1024
#define FOOTER_MAX      2048
#define EMBED_MAX       6000
#define NOTE_MAX        100 /* of these, for what is said of rows left out */
#define INLINE_MAX      32  /* so short that three stand side by side */
#define GIST_MAX        1200
#define RETRY_MAX_S     86400.0

struct embed {
	json_t *object, *fields;
	size_t units; /* counted by Discord so far */
};

static void
put_description(struct embed *e, const struct webhook_card *card)
{
	const char *parts[] = {card->gist, card->because, card->advice};
	struct buf text;

	buf_init(&text, (size_t)DESCRIPTION_MAX * 4);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i][0] == '\0')
			continue;
		buf_puts(&text, text.len > 0 ? "\n\n" : "");
		webhook_text_add(
		    &text, parts[i], WEBHOOK_TEXT_MARKDOWN, GIST_MAX);
	}
	if (text.len > 0)
		json_put_str(e->object, "description", buf_str(&text));
	e->units += webhook_text_units(buf_str(&text));
	buf_fini(&text);
}

static json_t *
field(const char *name, const char *value)
{
	json_t *object = json_object();

	webhook_text_put(
	    object, "name", name, WEBHOOK_TEXT_MARKDOWN, NAME_MAX_UNITS);
	json_put_str(object, "value", value);
	json_put_bool(
	    object, "inline", webhook_text_units(value) <= INLINE_MAX);
	return object;
}

/* Is there room for one more, and for a note after it? */
static bool
fits(const struct embed *e, const json_t *one)
{
	return json_array_size(e->fields) + 1 < FIELDS_MAX &&
	       e->units + webhook_text_units(json_str(one, "name")) +
	               webhook_text_units(json_str(one, "value")) <=
	           EMBED_MAX - NOTE_MAX;
}

static bool
add_field(struct embed *e, json_t *one)
{
	if (!fits(e, one)) {
		json_decref(one);
		return false;
	}
	e->units += webhook_text_units(json_str(one, "name")) +
	            webhook_text_units(json_str(one, "value"));
	json_array_append_new(e->fields, one);
	return true;
}

/* In <> so that a bracket in the URL does not end the link. */
static void
add_links(struct embed *e, const struct webhook_card *card)
{
	struct buf line;

	buf_init(&line, VALUE_MAX);
	for (size_t i = 0; i < card->link_count; i++) {
		char one[VALUE_MAX];

		if (str_printf(one, sizeof(one), "%s[%s](<%s>)",
			line.len > 0 ? " · " : "", card->links[i].label,
			card->links[i].url) == 0 &&
		    line.len + strlen(one) < VALUE_MAX)
			buf_puts(&line, one);
	}
	if (line.len > 0)
		add_field(e, field("Links", buf_str(&line)));
	buf_fini(&line);
}

static void
add_rows(struct embed *e, const struct webhook_card *card)
{
	char rest[60];

	for (size_t i = 0; i < card->row_count; i++) {
		const struct webhook_card_row *row = &card->rows[i];
		struct buf value;
		bool added;

		buf_init(&value, (size_t)VALUE_MAX * 4);
		webhook_text_add(&value, row->value,
		    row->link ? WEBHOOK_TEXT_PLAIN : WEBHOOK_TEXT_MARKDOWN,
		    VALUE_MAX);
		added = add_field(e, field(row->label, buf_str(&value)));
		buf_fini(&value);
		if (added)
			continue;
		webhook_card_rest(rest, card->row_count - i);
		json_array_append_new(e->fields, field("…", rest));
		return;
	}
}

/* "#cf222e" as Discord has colours. */
static int64_t
number_of(const char *colour)
{
	int64_t number = 0;

	while (*++colour != '\0')
		number = number * 16 +
		         (*colour <= '9' ? *colour - '0' : *colour - 'a' + 10);
	return number;
}

static json_t *
embed(const struct webhook_card *card, const struct message *m)
{
	struct embed e = {json_object(), json_array(), 0};
	json_t *footer = json_object();

	webhook_text_put(
	    e.object, "title", card->title, WEBHOOK_TEXT_MARKDOWN, TITLE_MAX);
	put_description(&e, card);
	json_put_int(e.object, "color", number_of(card->colour));
	json_put_time(e.object, "timestamp", m->at_ms);
	/* No Markdown there: a backslash would show. */
	webhook_text_put(
	    footer, "text", card->footer, WEBHOOK_TEXT_PLAIN, FOOTER_MAX);
	json_put(e.object, "footer", footer);
	e.units += webhook_text_units(json_str(e.object, "title")) +
	           webhook_text_units(json_str(footer, "text"));
	add_links(&e, card);
	add_rows(&e, card);
	json_put(e.object, "fields", e.fields);
	return e.object;
}

static void
compose(
    const struct webhook_job *job, size_t step, struct webhook_request *request)
{
	const char *url = job->config->url;
	json_t *body = json_object(), *embeds = json_array();
	json_t *mentions = json_object();
	struct webhook_card card;

	(void)step;
	webhook_card_init(&card, job->message);
	json_array_append_new(embeds, embed(&card, job->message));
	json_put(body, "embeds", embeds);
	json_put(mentions, "parse", json_array());
	json_put(body, "allowed_mentions", mentions);
	request->body = json_text(body);
	json_decref(body);
	webhook_card_fini(&card);
	/* Only with wait does it say whether the message was kept. */
	str_printf(request->url, sizeof(request->url), "%s%swait=true", url,
	    strchr(url, '?') != NULL ? "&" : "?");
}

/* Discord's code numbers that end a webhook. */
static bool
is_gone(int64_t code)
{
	return code == 10003 || code == 10015; /* unknown channel, webhook */
}

static void
posted(const struct post_answer *answer, const json_t *json, struct receipt *r)
{
	const char *id = json_str(json, "id");

	if (id[0] == '\0') {
		webhook_complain(r, answer, RECEIPT_RETRY,
		    "the answer is no Discord message; check the URL");
		return;
	}
	receipt_set(r, RECEIPT_DELIVERED, answer->status, "posted as %s", id);
	str_printable(r->remote_id, sizeof(r->remote_id), id, strlen(id));
}

/* How long to wait: the body says it best, then Retry-After, which is whole
 * seconds, then when the limit's window ends. */
static void
limited(const struct post_answer *answer, const json_t *json, struct receipt *r)
{
	const json_t *after = json_object_get(json, "retry_after");
	double seconds = json_is_number(after) ? json_number_value(after) : -1;

	if (seconds < 0 && (r->retry_after_ms >= 0 ||
			       str_parse_double(answer->kept[0], &seconds) < 0))
		return;
	if (!(seconds >= 0))
		return;
	if (seconds > RETRY_MAX_S)
		seconds = RETRY_MAX_S;
	r->retry_after_ms = (int64_t)ceil(seconds * 1000);
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
		posted(answer, json, r);
	else if (answer->status == 404 && is_gone(json_int(json, "code", 0)))
		webhook_complain(r, answer, RECEIPT_DISABLED,
		    "the webhook or its channel was deleted");
	else if (answer->status == 429)
		limited(answer, json, r);
	json_decref(json);
}

static const char *const keep[] = {"x-ratelimit-reset-after", NULL};

const struct webhook_format webhook_discord = {
    .keep = keep,
    .traits = {.digests = true, .per_minute = 10, .burst = 3},
    .compose = compose,
    .understand = understand,
};
