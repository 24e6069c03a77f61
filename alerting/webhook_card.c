#include "alerting/webhook_card.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/render_digest.h"
#include "alerting/render_rows.h"
#include "base/mem.h"
#include "base/str.h"

static void
clean(char *dst, size_t size, const char *src)
{
	str_printable(dst, size, src, strlen(src));
}

static void
add_row(void *ctx, const char *label, const char *value, bool link)
{
	struct webhook_card *card = ctx;
	struct webhook_card_row *row;

	card->rows =
	    mem_grow(card->rows, card->row_count + 1, sizeof(*card->rows));
	row = &card->rows[card->row_count++];
	*row = (struct webhook_card_row){.link = link};
	clean(row->label, sizeof(row->label), label);
	str_copy(row->value, sizeof(row->value), value);
}

/* Links stand apart, with words on them. */
static void
add_fact(void *ctx, const char *label, const char *value, bool link)
{
	struct webhook_card *card = ctx;

	for (size_t i = 0; link && i < card->link_count; i++)
		if (str_eq(card->links[i].url, value))
			return;
	add_row(card, label, value, link);
}

static void
add_item(void *ctx, const struct render_digest_item *item)
{
	char label[200], value[RENDER_VALUE_MAX];

	str_printf(label, sizeof(label), "%s: %s", item->state, item->title);
	str_printf(value, sizeof(value), "%s%s%s%s", item->reason,
	    item->reason[0] && item->since[0] ? "; " : "",
	    item->since[0] ? "bad since " : "", item->since);
	add_row(ctx, label, value[0] ? value : "-", false);
}

static void
add_link(struct webhook_card *card, const char *label, const char *url)
{
	if (render_is_link(url))
		card->links[card->link_count++] =
		    (struct webhook_card_link){label, url};
}

static void
set_title(struct webhook_card *card, const struct message *m)
{
	char state[40], headline[RENDER_DIGEST_TITLE_MAX];

	render_state(state, m);
	if (m->event == EVENT_DIGEST)
		render_digest_title(headline, m);
	else
		clean(headline, sizeof(headline), render_headline(m));
	str_printf(
	    card->title, sizeof(card->title), "[%s] %s", state, headline);
}

static void
set_footer(struct webhook_card *card, const struct message *m)
{
	char agent[130], incident[40], when[40];
	char event[80] = "";

	clean(agent, sizeof(agent), m->agent);
	clean(incident, sizeof(incident), m->incident);
	if (incident[0] != '\0')
		str_printf(event, sizeof(event), ", incident %s, event %d",
		    incident, m->seq);
	str_printf(card->footer, sizeof(card->footer), "tocsin%s%s, %s%s",
	    agent[0] ? " on " : "", agent, render_time(when, m->at_ms), event);
}

static void
add_commands(struct webhook_card *card, const struct message *m)
{
	char command[200], id[40];

	if (!render_wants_ack(m))
		return;
	clean(id, sizeof(id), m->incident);
	str_printf(command, sizeof(command), "tocsin incident ack %s", id);
	if (!render_is_link(m->ack_url))
		add_row(card, "Acknowledge", command, false);
	str_printf(command, sizeof(command), RENDER_SILENCE, id);
	add_row(card, "Planned work", command, false);
}

void
webhook_card_init(struct webhook_card *card, const struct message *m)
{
	char rest[80];

	*card = (struct webhook_card){
	    .advice = render_advice(m), .colour = render_colour(m)};
	set_title(card, m);
	set_footer(card, m);
	render_gist(card->gist, m);
	render_because(card->because, m);
	if (render_wants_ack(m))
		add_link(card, "Acknowledge", m->ack_url);
	add_link(card, "Runbook", m->runbook);
	add_link(card, "See more", m->url);
	if (m->event == EVENT_DIGEST) {
		render_digest_each(m, add_item, card);
		render_digest_rest(rest, m);
		if (rest[0] != '\0')
			add_row(card, "The rest", rest, false);
		return;
	}
	render_rows(m, add_fact, card);
	add_commands(card, m);
	render_facts(m, add_fact, card);
}

void
webhook_card_fini(struct webhook_card *card)
{
	free(card->rows);
	*card = (struct webhook_card){.rows = NULL};
}

void
webhook_card_rest(char dst[60], size_t left_out)
{
	str_printf(dst, 60, "%zu more line%s left out", left_out,
	    left_out == 1 ? "" : "s");
}
