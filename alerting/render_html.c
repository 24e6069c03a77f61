#include "alerting/render.h"

#include <string.h>

#include "alerting/render_words.h"
#include "base/str.h"

#define FONT "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif"
#define CELL                                                                   \
	"<td style=\"padding:4px 12px 4px 0;vertical-align:top;"               \
	"color:#4a5260;white-space:nowrap\">"

static void
escape(struct buf *out, const char *s)
{
	static const char *const entities[256] = {
	    ['&'] = "&amp;",
	    ['<'] = "&lt;",
	    ['>'] = "&gt;",
	    ['"'] = "&quot;",
	    ['\''] = "&#39;",
	};

	for (; *s != '\0'; s++) {
		const char *entity = entities[(unsigned char)*s];

		if (entity != NULL)
			buf_puts(out, entity);
		else
			buf_putc(out, *s);
	}
}

static void
escape_clean(struct buf *out, const char *s)
{
	char shown[RENDER_VALUE_MAX];

	str_printable(shown, sizeof(shown), s, strlen(s));
	escape(out, shown);
}

static void
html_row(void *ctx, const char *label, const char *value, bool link)
{
	struct buf *out = ctx;

	buf_puts(out, "<tr>" CELL);
	escape(out, label);
	buf_puts(
	    out, "</td><td style=\"padding:4px 0;word-break:break-word\">");
	if (link) {
		buf_puts(out, "<a style=\"color:#0b57b0\" href=\"");
		escape(out, value);
		buf_puts(out, "\">");
	}
	escape(out, value);
	buf_puts(out, link ? "</a></td></tr>\n" : "</td></tr>\n");
}

static void
section(struct buf *out, const char *title)
{
	buf_printf(out,
	    "<h2 style=\"font-size:15px;margin:20px 0 6px\">%s</h2>\n", title);
}

static void
html_advice(struct buf *out, const struct message *m)
{
	const char *advice = render_advice(m);

	if (advice[0] == '\0')
		return;
	section(out, "What to do");
	buf_printf(out, "<p style=\"margin:0 0 6px\">%s</p>\n", advice);
	if (m->event == EVENT_TEST || m->event == EVENT_RESOLVED ||
	    m->incident[0] == '\0')
		return;
	buf_puts(out, "<p style=\"margin:0\"><code style=\"padding:3px 6px;"
		      "background:#eef0f3;color:#1c2129;border-radius:4px\">"
		      "tocsin incident ack ");
	escape_clean(out, m->incident);
	buf_puts(out, "</code></p>\n");
}

static void
html_timeline(struct buf *out, const struct message *m)
{
	char when[40];
	struct buf line;

	if (m->timeline_count == 0)
		return;
	section(out, "So far");
	buf_puts(out, "<table role=\"presentation\" cellspacing=\"0\" "
		      "cellpadding=\"0\">\n");
	buf_init(&line, 2048);
	for (size_t i = 0; i < m->timeline_count; i++) {
		buf_clear(&line);
		render_event(
		    &line, m->timeline[i].type, "", m->timeline[i].text);
		html_row(out, render_time(when, m->timeline[i].at_ms),
		    buf_str(&line), false);
	}
	buf_fini(&line);
	buf_puts(out, "</table>\n");
}

static void
html_facts(struct buf *out, const struct message *m)
{
	struct buf rows;

	buf_init(&rows, 65536);
	render_facts(m, html_row, &rows);
	if (rows.len > 0) {
		section(out, "What was seen");
		buf_printf(out,
		    "<table role=\"presentation\" cellspacing=\"0\" "
		    "cellpadding=\"0\" style=\"font-size:13px\">\n%s</table>\n",
		    buf_str(&rows));
	}
	buf_fini(&rows);
}

static void
html_head(struct buf *out, const struct message *m)
{
	char state[40], gist[RENDER_VALUE_MAX];

	render_state(state, m);
	render_gist(gist, m);
	buf_puts(out,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head>"
	    "<meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width\">"
	    "<meta name=\"color-scheme\" content=\"light\">"
	    "<title>tocsin</title></head>\n<body style=\"margin:0;padding:16px;"
	    "background:#ffffff;color:#1c2129;font-size:15px;"
	    "line-height:1.45;" FONT "\">\n"
	    "<div style=\"max-width:640px\">\n");
	buf_printf(out,
	    "<p style=\"margin:0 0 8px\"><span style=\"padding:3px 9px;"
	    "border-radius:4px;font-weight:600;color:#ffffff;background:%s\">"
	    "%s</span></p>\n<h1 style=\"font-size:20px;margin:0 0 6px\">",
	    render_colour(m), state);
	escape_clean(out, render_headline(m));
	buf_puts(out, "</h1>\n");
	if (gist[0] != '\0') {
		buf_puts(out, "<p style=\"margin:0 0 14px;font-size:16px;"
			      "word-break:break-word\">");
		escape(out, gist);
		buf_puts(out, "</p>\n");
	}
}

void
render_html(struct buf *out, const struct message *m)
{
	char when[40];

	html_head(out, m);
	buf_puts(out, "<table role=\"presentation\" cellspacing=\"0\" "
		      "cellpadding=\"0\">\n");
	render_rows(m, html_row, out);
	buf_puts(out, "</table>\n");
	html_advice(out, m);
	html_timeline(out, m);
	html_facts(out, m);
	buf_puts(out, "<p style=\"margin:22px 0 0;padding-top:8px;"
		      "border-top:1px solid #d5d9e0;font-size:12px;"
		      "color:#4a5260\">tocsin");
	if (m->agent[0] != '\0') {
		buf_puts(out, " on ");
		escape_clean(out, m->agent);
	}
	buf_printf(out, ", %s", render_time(when, m->at_ms));
	if (m->incident[0] != '\0') {
		buf_puts(out, ", incident ");
		escape_clean(out, m->incident);
		buf_printf(out, ", event %d", m->seq);
	}
	buf_puts(out, "</p>\n</div></body></html>\n");
}
