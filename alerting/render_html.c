#include "alerting/render.h"

#include <string.h>

#include "alerting/html.h"
#include "alerting/render_digest.h"
#include "alerting/render_rows.h"
#include "alerting/render_words.h"
#include "base/str.h"

#define TITLE_MAX 200

static void
clean(char *dst, size_t size, const char *src)
{
	str_printable(dst, size, src, strlen(src));
}

static void
put_row(void *ctx, const char *label, const char *value, bool link)
{
	html_row(ctx, label, value, link);
}

static void
put_head(struct buf *out, const struct message *m)
{
	char title[TITLE_MAX], state[40], gist[RENDER_VALUE_MAX];
	struct buf whole;

	buf_init(&whole, 4096);
	render_title(&whole, m);
	render_gist(gist, m);
	html_open(out, buf_str(&whole), gist[0] ? gist : render_advice(m),
	    render_colour(m));
	buf_fini(&whole);
	render_state(state, m);
	html_badge(out, state, render_colour(m));
	if (m->event == EVENT_DIGEST)
		render_digest_title(title, m);
	else
		clean(title, sizeof(title), render_headline(m));
	html_heading(out, title);
	if (gist[0] != '\0')
		html_paragraph(out, gist);
	render_because(gist, m);
	if (gist[0] != '\0')
		html_note(out, gist);
}

static void
put_buttons(struct buf *out, const struct message *m)
{
	bool ack = render_wants_ack(m) && render_is_link(m->ack_url);
	bool runbook = m->event != EVENT_RESOLVED && render_is_link(m->runbook);

	if (!ack && !runbook)
		return;
	html_buttons_open(out);
	if (ack)
		html_button(out, "Acknowledge", m->ack_url, true);
	if (runbook)
		html_button(out, "Runbook", m->runbook, false);
	html_buttons_close(out);
}

static void
put_commands(struct buf *out, const struct message *m)
{
	char id[40], command[160];

	clean(id, sizeof(id), m->incident);
	str_printf(command, sizeof(command), "tocsin incident ack %s", id);
	html_code(out, command);
	html_paragraph(out, "Planned work? Keep it quiet:");
	str_printf(command, sizeof(command), RENDER_SILENCE, id);
	html_code(out, command);
}

static void
put_advice(struct buf *out, const struct message *m)
{
	const char *advice = render_advice(m);

	if (advice[0] == '\0')
		return;
	html_section(out, "What to do");
	html_paragraph(out, advice);
	if (render_wants_ack(m))
		put_commands(out, m);
}

static void
put_timeline(struct buf *out, const struct message *m)
{
	char when[40];
	struct buf line;

	if (m->timeline_count == 0)
		return;
	html_section(out, "So far");
	html_rows_open(out);
	buf_init(&line, 2048);
	for (size_t i = 0; i < m->timeline_count; i++) {
		buf_clear(&line);
		render_event(
		    &line, m->timeline[i].type, "", m->timeline[i].text);
		html_row(out, render_time(when, m->timeline[i].at_ms),
		    buf_str(&line), false);
	}
	buf_fini(&line);
	html_rows_close(out);
}

static void
put_facts(struct buf *out, const struct message *m)
{
	struct buf rows;

	buf_init(&rows, 65536);
	render_facts(m, put_row, &rows);
	if (rows.len > 0) {
		html_section(out, "What was seen");
		html_rows_open(out);
		buf_puts(out, buf_str(&rows));
		html_rows_close(out);
	}
	buf_fini(&rows);
}

static void
put_incident(struct buf *out, const struct message *m)
{
	put_buttons(out, m);
	html_section(out, "What it is");
	html_rows_open(out);
	render_rows(m, put_row, out);
	html_rows_close(out);
	put_advice(out, m);
	put_timeline(out, m);
	put_facts(out, m);
}

static void
put_item(void *ctx, const struct render_digest_item *item)
{
	html_item(
	    ctx, &(struct html_item){.word = item->state,
		     .colour = render_colour(&item->as),
		     .when = item->since,
		     .title = item->title,
		     .url = render_is_link(item->as.url) ? item->as.url : "",
		     .text = item->reason});
}

static void
put_digest(struct buf *out, const struct message *m)
{
	char rest[80];

	html_section(out, "The worst first");
	html_rows_open(out);
	render_digest_each(m, put_item, out);
	html_rows_close(out);
	render_digest_rest(rest, m);
	if (rest[0] != '\0')
		html_paragraph(out, rest);
	put_advice(out, m);
}

static void
put_footer(struct buf *out, const struct message *m)
{
	char text[300], when[40];

	html_footer(out);
	clean(text, sizeof(text), m->agent);
	buf_puts(out, text[0] ? "tocsin on " : "tocsin");
	html_escape(out, text);
	buf_printf(out, ", %s", render_time(when, m->at_ms));
	clean(text, sizeof(text), m->incident);
	if (text[0] != '\0') {
		buf_puts(out, ", incident ");
		html_escape(out, text);
		buf_printf(out, ", event %d", m->seq);
	}
	html_close(out);
}

void
render_html(struct buf *out, const struct message *m)
{
	put_head(out, m);
	if (m->event == EVENT_DIGEST)
		put_digest(out, m);
	else
		put_incident(out, m);
	put_footer(out, m);
}
