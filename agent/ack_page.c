#include "agent/ack_page.h"

#include <string.h>

#include "agent/page.h"
#include "alerting/render_words.h"
#include "base/json.h"
#include "base/str.h"

#define TEXT_MAX 300

static const struct {
	int get, post; /* HTTP status */
	bool shows;    /* the incident itself */
	const char *tone, *heading, *text;
} states[] = {
    [ACK_ASK] = {200, 200, true, NULL, NULL,
	"Nobody has it yet. Acknowledging tells the others that you look "
	"after it, and stops the reminders."},
    [ACK_DONE] = {200, 200, true, "good", "Acknowledged",
	"You have it. The timeline says so, there are no more reminders."},
    [ACK_AGAIN] = {200, 200, true, "good", "Acknowledged already",
	"You have it; nothing was changed."},
    [ACK_TAKEN] = {200, 409, true, "low", "Somebody has it already",
	"Nothing was changed. To take it over: tocsin incident ack"},
    [ACK_OVER] = {200, 409, true, "good", "It is over",
	"There is nothing left to acknowledge."},
    [ACK_EARLIER] = {410, 410, false, "high", "Not the newest alarm",
	"This link belongs to an earlier alarm of this incident. It came back "
	"or got worse since: use the newest message."},
    [ACK_EXPIRED] = {410, 410, false, "high", "This link is too old",
	"Use the newest message of this incident, or on the agent's host: "
	"tocsin incident list"},
    [ACK_FORGED] = {403, 403, false, "high", "Not a link of ours",
	"It was changed or cut on its way: open it from the message itself. "
	"Nothing was acknowledged."},
    [ACK_UNKNOWN] = {404, 404, false, "high", "No such incident",
	"The link is genuine, but the agent has no such incident any more."},
    [ACK_METHOD] = {405, 405, false, "high", "Not like this",
	"Look with GET, acknowledge with POST. Nothing was acknowledged."},
    [ACK_PREFETCH] = {403, 403, false, "high", "Fetched ahead of time",
	"A program asked for this before anybody pressed the button. Nothing "
	"was acknowledged."},
    [ACK_TROUBLE] = {503, 503, false, "high", "The agent could not do it",
	"Try again, or on the agent's host: tocsin incident ack"},
};

static const char *
status_word(enum ack_state state)
{
	if (state == ACK_ASK)
		return "open";
	return state == ACK_OVER ? "resolved" : "acknowledged";
}

int
ack_page_status(enum ack_state state, bool post)
{
	return post ? states[state].post : states[state].get;
}

static void
row_time(struct buf *out, const char *label, int64_t at_ms, int64_t now_ms)
{
	char at[40], ago[32];

	buf_printf(out, "<dt>%s</dt><dd>", label);
	if (now_ms >= at_ms)
		buf_printf(out, "%s ago<br>",
		    str_duration_human(ago, (now_ms - at_ms) * 1000));
	buf_printf(
	    out, "<span class=\"dim\">%s</span></dd>", render_time(at, at_ms));
}

static void
put_rows(struct buf *out, const struct incident *in, int64_t now_ms)
{
	buf_puts(out, "<dl>");
	row_time(out, "Since",
	    in->failing_since_ms > 0 ? in->failing_since_ms : in->opened_ms,
	    now_ms);
	if (in->acknowledged_ms > 0) {
		buf_puts(out, "<dt>Has it</dt><dd>");
		page_text(out, in->acknowledged_by);
		buf_puts(out, "</dd>");
		row_time(out, "Taken", in->acknowledged_ms, now_ms);
	}
	if (in->resolved_ms > 0)
		row_time(out, "Over", in->resolved_ms, now_ms);
	buf_puts(out, "<dt>Incident</dt><dd>");
	page_text(out, in->id);
	buf_puts(out, "</dd></dl>\n");
}

static void
put_incident(struct buf *out, const struct ack_page *p)
{
	const struct incident *in = p->incident;
	bool over = in->resolved_ms > 0;
	const char *severity = severity_names[in->severity];

	buf_printf(out, "<p class=\"badge %s\">%s</p>\n<h1>",
	    over ? "good" : severity, over ? "resolved" : severity);
	page_text(out, in->title);
	buf_puts(out, "</h1>\n<p>");
	page_text(out, in->reason);
	buf_puts(out, "</p>\n");
	put_rows(out, in, p->now_ms);
}

/* What it says; a command in it ends with the incident's id. */
static void
put_text(char dst[TEXT_MAX], const struct ack_page *p)
{
	const char *text = states[p->state].text;
	bool command = str_ends(text, " ack") && p->incident != NULL;

	if (p->state == ACK_TROUBLE)
		str_printf(dst, TEXT_MAX, "%.200s. %s", p->why, text);
	else
		str_printf(dst, TEXT_MAX, "%s%s%s", text, command ? " " : "",
		    command ? p->incident->id : "");
}

/* What came of it, where nobody can overlook it. */
static void
put_answer(struct buf *out, const struct ack_page *p)
{
	char text[TEXT_MAX];

	put_text(text, p);
	buf_printf(out, "<div class=\"note %s\"><h1>%s</h1><p>",
	    states[p->state].tone, states[p->state].heading);
	page_text(out, text);
	buf_puts(out, "</p></div>\n");
}

static void
put_question(struct buf *out, const struct ack_page *p)
{
	char text[TEXT_MAX];

	put_text(text, p);
	buf_puts(out, "<p>");
	page_text(out, text);
	buf_puts(out,
	    "</p>\n<form method=\"post\"><label for=\"name\">Your name "
	    "(optional)</label><input id=\"name\" name=\"name\" "
	    "autocomplete=\"name\" maxlength=\"40\">"
	    "<button type=\"submit\">I have it</button></form>\n");
}

void
ack_page_html(struct buf *out, const struct ack_page *p)
{
	const char *heading = states[p->state].heading;

	page_begin(out, heading != NULL ? heading : p->incident->title);
	if (p->state != ACK_ASK)
		put_answer(out, p);
	if (states[p->state].shows)
		put_incident(out, p);
	if (p->state == ACK_ASK)
		put_question(out, p);
	page_end(out, p->agent_name);
}

json_t *
ack_page_json(const struct ack_page *p, bool post)
{
	json_t *json = json_object();
	char text[TEXT_MAX];

	put_text(text, p);
	if (ack_page_status(p->state, post) >= 400) {
		json_put_text(json, "error", text, strlen(text));
	} else {
		json_put_str(json, "status", status_word(p->state));
		json_put_str(json, "text", text);
	}
	if (!states[p->state].shows)
		return json;
	json_put_str(json, "incident", p->incident->id);
	json_put_str(json, "acknowledged_by", p->incident->acknowledged_by);
	return json;
}
