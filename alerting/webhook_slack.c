/*
 * Slack, and what takes its incoming webhooks (Mattermost, Rocket.Chat): a
 * header, then blocks beside a bar in the severity's colour. What came from
 * outside stands in plain_text with & < > escaped, so it neither mentions
 * anybody nor makes a link.
 */
#include "alerting/webhook_formats.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/webhook_card.h"
#include "alerting/webhook_text.h"
#include "base/json.h"
#include "base/str.h"

#define HEADER_MAX   150 /* Slack's limits, in characters */
#define SECTION_MAX  3000
#define TEXT_MAX     2900 /* of a section, so that the note fits */
#define FALLBACK_MAX 1000

static json_t *
plain(const char *text, size_t max)
{
	json_t *object = json_object();

	json_put_str(object, "type", "plain_text");
	webhook_text_put(object, "text", text, WEBHOOK_TEXT_SLACK, max);
	json_put_bool(object, "emoji", false);
	return object;
}

static void
add_block(json_t *blocks, const char *type, json_t *text)
{
	json_t *block = json_object();

	json_put_str(block, "type", type);
	json_put(block, "text", text);
	json_array_append_new(blocks, block);
}

static void
add_section(json_t *blocks, const char *text)
{
	if (text[0] != '\0')
		add_block(blocks, "section", plain(text, SECTION_MAX));
}

/* A link in text rather than a button: without an application that answers
 * Slack's interactions, a pressed button shows a warning, as if it had
 * failed. The URLs hold none of <>| (render_is_link). */
static void
add_links(json_t *blocks, const struct webhook_card *card)
{
	json_t *text = json_object();
	struct buf line;

	buf_init(&line, SECTION_MAX);
	for (size_t i = 0; i < card->link_count; i++) {
		struct buf one;

		buf_init(&one, SECTION_MAX);
		buf_printf(&one, "%s*<", line.len > 0 ? "   " : "");
		webhook_text_add(
		    &one, card->links[i].url, WEBHOOK_TEXT_SLACK, SECTION_MAX);
		buf_printf(&one, "|%s>*", card->links[i].label);
		if (!one.cut && line.len + one.len <= TEXT_MAX)
			buf_puts(&line, buf_str(&one));
		buf_fini(&one);
	}
	json_put_str(text, "type", "mrkdwn");
	json_put_str(text, "text", buf_str(&line));
	json_put_bool(text, "verbatim", true);
	if (line.len > 0)
		add_block(blocks, "section", text);
	else
		json_decref(text);
	buf_fini(&line);
}

static void
add_rows(json_t *blocks, const struct webhook_card *card)
{
	struct buf lines, line;
	char rest[60];

	buf_init(&lines, SECTION_MAX * 4);
	buf_init(&line, SECTION_MAX * 4);
	for (size_t i = 0, used = 0; i < card->row_count; i++) {
		const struct webhook_card_row *row = &card->rows[i];
		struct buf escaped;

		buf_clear(&line);
		buf_printf(&line, "%s%s: %s", i > 0 ? "\n" : "", row->label,
		    row->value);
		buf_init(&escaped, SECTION_MAX * 8);
		webhook_text_add(
		    &escaped, buf_str(&line), WEBHOOK_TEXT_SLACK, SECTION_MAX);
		used += webhook_text_units(buf_str(&escaped));
		buf_fini(&escaped);
		if (used > TEXT_MAX) {
			webhook_card_rest(rest, card->row_count - i);
			buf_printf(&lines, "\n… %s", rest);
			break;
		}
		buf_puts(&lines, buf_str(&line));
	}
	add_section(blocks, buf_str(&lines));
	buf_fini(&line);
	buf_fini(&lines);
}

static void
add_footer(json_t *blocks, const struct webhook_card *card)
{
	json_t *block = json_object(), *elements = json_array();

	json_array_append_new(elements, plain(card->footer, SECTION_MAX));
	json_put_str(block, "type", "context");
	json_put(block, "elements", elements);
	json_array_append_new(blocks, block);
}

static json_t *
attachment(const struct webhook_card *card)
{
	json_t *object = json_object(), *blocks = json_array();

	add_section(blocks, card->gist);
	add_section(blocks, card->because);
	add_section(blocks, card->advice);
	add_links(blocks, card);
	add_rows(blocks, card);
	add_footer(blocks, card);
	json_put_str(object, "color", card->colour);
	webhook_text_put(
	    object, "fallback", card->title, WEBHOOK_TEXT_SLACK, FALLBACK_MAX);
	json_put(object, "blocks", blocks);
	return object;
}

static void
put_fallback(json_t *body, const struct webhook_card *card)
{
	char text[WEBHOOK_CARD_TITLE_MAX + RENDER_VALUE_MAX + 4];

	str_printf(text, sizeof(text), "%s%s%s", card->title,
	    card->gist[0] ? ": " : "", card->gist);
	webhook_text_put(body, "text", text, WEBHOOK_TEXT_SLACK, FALLBACK_MAX);
}

static void
compose(
    const struct webhook_job *job, size_t step, struct webhook_request *request)
{
	json_t *body = json_object(), *blocks = json_array();
	json_t *attachments = json_array();
	struct webhook_card card;

	(void)step;
	webhook_card_init(&card, job->message);
	put_fallback(body, &card);
	json_put_bool(body, "mrkdwn", false);
	json_put_bool(body, "unfurl_links", false);
	json_put_bool(body, "unfurl_media", false);
	add_block(blocks, "header", plain(card.title, HEADER_MAX));
	json_put(body, "blocks", blocks);
	json_array_append_new(attachments, attachment(&card));
	json_put(body, "attachments", attachments);
	request->content_type = "application/json; charset=utf-8";
	request->body = json_text(body);
	json_decref(body);
	webhook_card_fini(&card);
}

/* Slack's words for what went wrong. */
static const struct word {
	const char *word;
	enum receipt_status status;
	const char *means;
} words[] = {
    {"no_service", RECEIPT_DISABLED, "the webhook was removed or disabled"},
    {"no_service_id", RECEIPT_DISABLED, "the webhook's URL is not complete"},
    {"no_team", RECEIPT_DISABLED, "the workspace is gone"},
    {"team_disabled", RECEIPT_DISABLED, "the workspace is disabled"},
    {"channel_not_found", RECEIPT_DISABLED, "the channel was deleted"},
    {"channel_is_archived", RECEIPT_DISABLED, "the channel is archived"},
    {"is_archived", RECEIPT_DISABLED, "the channel is archived"},
    {"account_inactive", RECEIPT_DISABLED, "the webhook's owner is gone"},
    {"token_revoked", RECEIPT_DISABLED, "the webhook was revoked"},
    {"invalid_token", RECEIPT_RETRY, "the URL is wrong; check it"},
    {"invalid_auth", RECEIPT_RETRY, "the URL or token is wrong; check it"},
    {"action_prohibited", RECEIPT_RETRY,
	"an administrator forbids this webhook to post there"},
    {"posting_to_general_channel_denied", RECEIPT_RETRY,
	"an administrator forbids posting to that channel"},
    {"rate_limited", RECEIPT_RETRY, "too many messages"},
    {"ratelimited", RECEIPT_RETRY, "too many messages"},
    {"rollup_error", RECEIPT_RETRY, "Slack's own trouble"},
    {"fatal_error", RECEIPT_RETRY, "Slack's own trouble"},
    {"internal_error", RECEIPT_RETRY, "Slack's own trouble"},
    {"service_unavailable", RECEIPT_RETRY, "Slack's own trouble"},
    {"invalid_payload", RECEIPT_REJECTED, "it cannot read the message"},
    {"invalid_blocks", RECEIPT_REJECTED, "it cannot read the message"},
    {"invalid_attachments", RECEIPT_REJECTED, "it cannot read the message"},
    {"msg_too_long", RECEIPT_REJECTED, "the message is too long"},
    {"user_not_found", RECEIPT_REJECTED, "it is for a user who is not there"},
};

static const struct word *
find_word(const char *text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(words[i].word, text))
			return &words[i];
	return NULL;
}

/* The answer's word: "ok", "no_service", or the error of {"ok":false}. */
static const char *
read_word(char dst[64], const struct post_answer *answer)
{
	json_t *json = NULL;

	str_printable(dst, 64, answer->body, answer->body_len);
	if (dst[0] == '{' &&
	    json_parse(&json, answer->body, answer->body_len, NULL) == 0)
		str_copy(dst, 64,
		    json_bool(json, "ok", false) ||
			    json_bool(json, "success", false)
			? "ok"
			: json_str(json, "error"));
	json_decref(json);
	return str_trim(dst);
}

static void
understand(const struct post_answer *answer, struct receipt *r)
{
	const struct word *known;
	char room[64], text[160];
	const char *word;

	post_receipt(answer, r);
	if (answer->err.code != ERR_NONE)
		return;
	word = read_word(room, answer);
	known = find_word(word);
	if (known != NULL) {
		str_printf(text, sizeof(text), "%s: %s", word, known->means);
		webhook_complain(r, answer, known->status, text);
	} else if (webhook_is_success(answer) && str_eq(word, "ok")) {
		receipt_set(r, RECEIPT_DELIVERED, answer->status, "posted");
	} else if (webhook_is_success(answer)) {
		webhook_complain(r, answer, RECEIPT_RETRY,
		    "the answer is not \"ok\", so not Slack's; check the URL");
	}
}

const struct webhook_format webhook_slack = {
    .traits = {.digests = true, .per_minute = 10, .burst = 3},
    .compose = compose,
    .understand = understand,
};
