#include "alerting/render.h"

#include <inttypes.h>
#include <string.h>

#include "alerting/render_digest.h"
#include "alerting/render_rows.h"
#include "alerting/render_words.h"
#include "base/str.h"

#define TITLE_MAX     160
#define SUBJECT_MAX   120
#define WIDTH         11 /* of a label */
#define WORD_WIDTH    10 /* of a severity, in a list */
#define SHORT_BECAUSE 160
#define SHORT_ITEMS   4 /* of a digest, on a lock screen */

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

	if (m->event == EVENT_DIGEST) {
		char title[RENDER_DIGEST_TITLE_MAX];

		clean(line, sizeof(line), render_digest_title(title, m));
		buf_puts(out, line);
		return;
	}
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

	if (m->event == EVENT_DIGEST) { /* of no thread */
		render_title(out, m);
		return;
	}
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
	if (!render_wants_ack(m))
		return;
	clean(id, sizeof(id), m->incident);
	if (render_is_link(m->ack_url))
		buf_printf(out, "  %s\n  or: ", m->ack_url);
	else
		buf_puts(out, "  ");
	buf_printf(out, "tocsin incident ack %s\n", id);
	buf_printf(out, "  Planned work? " RENDER_SILENCE "\n", id);
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

static void
text_footer(struct buf *out, const struct message *m)
{
	char line[300], when[40];

	clean(line, sizeof(line), m->agent);
	buf_printf(out, "\n-- \ntocsin%s%s, %s", line[0] ? " on " : "", line,
	    render_time(when, m->at_ms));
	clean(line, sizeof(line), m->incident);
	if (line[0] != '\0')
		buf_printf(out, ", incident %s, event %d", line, m->seq);
	buf_putc(out, '\n');
}

static void
text_item(void *ctx, const struct render_digest_item *item)
{
	struct buf *out = ctx;

	buf_printf(out, "%-*s %s\n", WORD_WIDTH, item->state, item->title);
	if (item->reason[0] != '\0')
		buf_printf(out, "%*s %s\n", WORD_WIDTH, "", item->reason);
	if (item->since[0] != '\0')
		buf_printf(
		    out, "%*s bad since %s\n", WORD_WIDTH, "", item->since);
	if (render_is_link(item->as.url))
		buf_printf(out, "%*s %s\n", WORD_WIDTH, "", item->as.url);
}

static void
text_digest(struct buf *out, const struct message *m)
{
	char rest[80];

	render_digest_each(m, text_item, out);
	render_digest_rest(rest, m);
	if (rest[0] != '\0')
		buf_printf(out, "%s\n", rest);
	text_advice(out, m);
}

static void
text_incident(struct buf *out, const struct message *m)
{
	render_rows(m, text_row, out);
	text_advice(out, m);
	text_timeline(out, m);
	text_facts(out, m);
}

void
render_text(struct buf *out, const struct message *m)
{
	char state[40], gist[RENDER_VALUE_MAX], title[200];

	render_state(state, m);
	render_gist(gist, m);
	if (m->event == EVENT_DIGEST)
		render_digest_title(title, m);
	else
		clean(title, sizeof(title), render_headline(m));
	buf_printf(out, "%s: %s\n", state, title);
	if (gist[0] != '\0')
		buf_printf(out, "%s\n", gist);
	render_because(gist, m);
	if (gist[0] != '\0')
		buf_printf(out, "%s\n", gist);
	buf_putc(out, '\n');
	if (m->event == EVENT_DIGEST)
		text_digest(out, m);
	else
		text_incident(out, m);
	text_footer(out, m);
}

struct short_list {
	struct buf *out;
	int shown;
};

static void
short_item(void *ctx, const struct render_digest_item *item)
{
	struct short_list *list = ctx;
	char title[80];

	if (list->shown == SHORT_ITEMS)
		return;
	list->shown++;
	clean(title, sizeof(title), item->title);
	buf_printf(list->out, "%s %s\n", item->state, title);
}

static void
short_digest(struct buf *out, const struct message *m)
{
	struct short_list list = {.out = out};

	render_digest_each(m, short_item, &list);
	if (m->digest_count > list.shown)
		buf_printf(out, "and %" PRId64 " more\n",
		    m->digest_count - list.shown);
	buf_puts(out, "tocsin incident list");
}

void
render_short(struct buf *out, const struct message *m)
{
	char gist[RENDER_VALUE_MAX], line[240];

	if (m->event == EVENT_DIGEST) {
		short_digest(out, m);
		return;
	}
	render_gist(gist, m);
	clean(line, sizeof(line), gist[0] ? gist : render_headline(m));
	buf_puts(out, line);
	render_because(gist, m);
	clean(line, SHORT_BECAUSE, gist);
	if (line[0] != '\0')
		buf_printf(out, "\n%s", line);
	clean(line, sizeof(line), m->target);
	if (line[0] != '\0')
		buf_printf(out, "\n%s", line);
	clean(line, 40, m->incident);
	if (line[0] == '\0' || m->event == EVENT_TEST)
		return;
	if (render_wants_ack(m))
		buf_printf(out, "\ntocsin incident ack %s", line);
	else
		buf_printf(out, "\nincident %s", line);
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
