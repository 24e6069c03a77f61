#include "alerting/render.h"

#include <string.h>

#include "alerting/render_words.h"
#include "base/str.h"

#define TITLE_MAX   160
#define SUBJECT_MAX 120
#define WIDTH       11 /* of a label */

static void
clean(char *dst, size_t size, const char *src)
{
	str_printable(dst, size, src, strlen(src));
}

void
render_title(struct buf *out, const struct message *m)
{
	char state[40], gist[RENDER_VALUE_MAX], line[TITLE_MAX + 1];
	struct buf whole;

	render_state(state, m);
	render_gist(gist, m);
	buf_init(&whole, 8192);
	buf_printf(&whole, "[%s] %s%s%s", state, render_headline(m),
	    gist[0] ? ": " : "", gist);
	clean(line, sizeof(line), buf_str(&whole));
	buf_fini(&whole);
	buf_puts(out, line);
}

/* Nothing in it may change while the incident lasts, and its title does
 * ("degraded", "failing"): some mail clients sort threads by subject. */
void
render_subject(struct buf *out, const struct message *m)
{
	char line[SUBJECT_MAX + 1], id[40];

	clean(line, sizeof(line), m->probe[0] ? m->probe : m->title);
	clean(id, sizeof(id), m->incident);
	buf_printf(out, "%s: %s%s%s", line,
	    m->event == EVENT_TEST ? "test" : "incident", id[0] ? " " : "", id);
}

static void
text_row(void *ctx, const char *label, const char *value, bool link)
{
	(void)link;
	buf_printf(ctx, "%-*s %s\n", WIDTH, label, value);
}

static void
fact_row(void *ctx, const char *label, const char *value, bool link)
{
	(void)link;
	buf_printf(ctx, "  %s: %s\n", label, value);
}

static void
text_timeline(struct buf *out, const struct message *m)
{
	char when[40];

	if (m->timeline_count == 0)
		return;
	buf_puts(out, "\nSo far\n");
	for (size_t i = 0; i < m->timeline_count; i++) {
		buf_printf(
		    out, "  %s  ", render_time(when, m->timeline[i].at_ms));
		render_event(out, m->timeline[i].type, "", m->timeline[i].text);
		buf_putc(out, '\n');
	}
}

static void
text_advice(struct buf *out, const struct message *m)
{
	const char *advice = render_advice(m);
	char id[40];

	if (advice[0] == '\0')
		return;
	buf_printf(out, "\nWhat to do\n  %s\n", advice);
	clean(id, sizeof(id), m->incident);
	if (m->event != EVENT_TEST && m->event != EVENT_RESOLVED &&
	    id[0] != '\0')
		buf_printf(out, "  tocsin incident ack %s\n", id);
}

static void
text_facts(struct buf *out, const struct message *m)
{
	struct buf facts;

	buf_init(&facts, 16384);
	render_facts(m, fact_row, &facts);
	if (facts.len > 0)
		buf_printf(out, "\nWhat was seen\n%s", buf_str(&facts));
	buf_fini(&facts);
}

void
render_text(struct buf *out, const struct message *m)
{
	char state[40], gist[RENDER_VALUE_MAX], title[200], line[300], when[40];

	render_state(state, m);
	render_gist(gist, m);
	clean(title, sizeof(title), render_headline(m));
	buf_printf(out, "%s: %s\n", state, title);
	if (gist[0] != '\0')
		buf_printf(out, "%s\n", gist);
	buf_putc(out, '\n');
	render_rows(m, text_row, out);
	text_advice(out, m);
	text_timeline(out, m);
	text_facts(out, m);
	clean(line, sizeof(line), m->agent);
	buf_printf(out, "\n-- \ntocsin%s%s, %s", line[0] ? " on " : "", line,
	    render_time(when, m->at_ms));
	clean(line, sizeof(line), m->incident);
	if (line[0] != '\0')
		buf_printf(out, ", incident %s, event %d", line, m->seq);
	buf_putc(out, '\n');
}

void
render_short(struct buf *out, const struct message *m)
{
	char gist[RENDER_VALUE_MAX], line[240];

	render_gist(gist, m);
	clean(line, sizeof(line), gist[0] ? gist : render_headline(m));
	buf_puts(out, line);
	clean(line, sizeof(line), m->target);
	if (line[0] != '\0')
		buf_printf(out, "\n%s", line);
	clean(line, 40, m->incident);
	if (line[0] == '\0' || m->event == EVENT_TEST)
		return;
	if (m->event == EVENT_RESOLVED || m->acknowledged_ms != 0)
		buf_printf(out, "\nincident %s", line);
	else
		buf_printf(out, "\ntocsin incident ack %s", line);
}

void
render_event(
    struct buf *out, enum event_type type, const char *actor, const char *text)
{
	char who[130], what[RENDER_VALUE_MAX];

	clean(who, sizeof(who), actor);
	clean(what, sizeof(what), text);
	buf_printf(out, "%s%s%s%s%s", event_names[type], who[0] ? " by " : "",
	    who, what[0] ? ": " : "", what);
}
