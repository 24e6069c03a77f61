#include "agent/show.h"

#include <string.h>

#include "agent/command.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

#define COLUMNS_MAX 8
#define CELL_MAX    240

/* What a word means, as a colour. */
static const struct {
	const char *word, *colour;
} colours[] = {
    {"ok", "32"},
    {"ready", "32"},
    {"delivered", "32"},
    {"resolved", "32"},
    {"degraded", "33"},
    {"acknowledged", "33"},
    {"starting", "33"},
    {"pending", "33"},
    {"failed", "31;1"},
    {"failing", "31;1"},
    {"open", "31;1"},
    {"dead", "31;1"},
    {"gone", "31;1"},
    {"critical", "31;1"},
    {"unknown", "35"},
    {"off", "2"},
    {"over", "2"},
};

static const char *
colour_of(const char *word)
{
	if (!command_colours())
		return NULL;
	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (str_eq(colours[i].word, word))
			return colours[i].colour;
	return NULL;
}

/* Cells of one row by the columns' keys; "" where there is nothing. */
struct column {
	const char *title, *key;
	bool time; /* show how long ago instead */
};

static size_t
width_of(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void
ago(char *dst, size_t size, const char *rfc3339)
{
	int64_t at_ms, age_ms;
	char text[32];

	if (clock_parse_rfc3339(rfc3339, &at_ms) != 0) {
		str_copy(dst, size, "");
		return;
	}
	age_ms = clock_wall_ms() - at_ms;
	str_printf(dst, size, "%s%s%s", age_ms < 0 ? "in " : "",
	    str_duration_human(
		text, (age_ms < 0 ? -age_ms : age_ms) / 1000 * 1000000),
	    age_ms < 0 ? "" : " ago");
}

static void
cell(char dst[CELL_MAX], const json_t *row, const struct column *c)
{
	const json_t *v = json_object_get(row, c->key);
	const char *text = json_string_value(v);

	dst[0] = '\0';
	if (text != NULL && c->time)
		ago(dst, CELL_MAX, text);
	else if (text != NULL)
		str_printable(dst, CELL_MAX, text, strlen(text));
	else if (json_is_integer(v))
		str_printf(dst, CELL_MAX, "%lld", json_integer_value(v));
	else if (json_is_real(v))
		str_printf(dst, CELL_MAX, "%.1f", json_real_value(v));
}

static void
put(FILE *out, const char *text, size_t width, bool last)
{
	const char *colour = colour_of(text);
	size_t have = width_of(text);

	if (colour != NULL)
		fprintf(out, "\033[%sm%s\033[0m", colour, text);
	else
		fputs(text, out);
	if (last)
		fputc('\n', out);
	else
		fprintf(
		    out, "%*s", (int)(width > have ? width - have : 0) + 2, "");
}

static void
table(FILE *out, const json_t *rows, const struct column *columns, size_t count)
{
	size_t widths[COLUMNS_MAX] = {0}, i, r;
	char text[CELL_MAX];
	json_t *row;

	for (i = 0; i < count; i++)
		widths[i] = strlen(columns[i].title);
	json_array_foreach (rows, r, row) {
		for (i = 0; i < count; i++) {
			cell(text, row, &columns[i]);
			if (width_of(text) > widths[i])
				widths[i] = width_of(text);
		}
	}
	for (i = 0; i < count; i++)
		put(out, columns[i].title, widths[i], i + 1 == count);
	json_array_foreach (rows, r, row) {
		for (i = 0; i < count; i++) {
			cell(text, row, &columns[i]);
			put(out, text, widths[i], i + 1 == count);
		}
	}
}

void
show_status(FILE *out, const json_t *status)
{
	static const struct column probes[] = {
	    {"PROBE", "name", false},
	    {"KIND", "kind", false},
	    {"STANDING", "standing", false},
	    {"SINCE", "since", true},
	    {"CHECKED", "at", true},
	    {"INCIDENT", "incident", false},
	    {"LAST RESULT", "reason", false},
	};
	static const struct column channels[] = {
	    {"CHANNEL", "name", false},
	    {"KIND", "kind", false},
	    {"PATH", "state", false},
	    {"WAITING", "pending", false},
	    {"DEAD", "dead", false},
	    {"LAST PROOF", "last_delivered_at", true},
	    {"TROUBLE", "last_error", false},
	};
	const json_t *agent = json_object_get(status, "agent");
	const json_t *store = json_object_get(status, "store");
	int64_t open =
	    json_int(json_object_get(status, "incidents"), "open", 0);
	char up[64];

	ago(up, sizeof(up), json_str(agent, "started_at"));
	fprintf(out, "%s: tocsin %s, started %s, %lld open incident%s\n",
	    json_str(agent, "name"), json_str(agent, "version"), up,
	    (long long)open, open == 1 ? "" : "s");
	if (!json_bool(store, "ok", true))
		fprintf(out, "the state database takes no changes: %s\n",
		    json_str(store, "reason"));
	if (json_bool(agent, "reload_failed", false))
		fputs("the configuration on disk has mistakes; an older one "
		      "is in use\n",
		    out);
	fputc('\n', out);
	table(out, json_object_get(status, "probes"), probes, 7);
	fputc('\n', out);
	table(out, json_object_get(status, "channels"), channels, 7);
}

void
show_incidents(FILE *out, const json_t *list)
{
	static const struct column columns[] = {
	    {"INCIDENT", "id", false},
	    {"STATUS", "status", false},
	    {"SEVERITY", "severity", false},
	    {"OPENED", "opened_at", true},
	    {"HELD BY", "held_by", false},
	    {"TITLE", "title", false},
	    {"REASON", "reason", false},
	};

	if (json_array_size(list) == 0)
		fputs("no incidents\n", out);
	else
		table(out, list, columns, 7);
}

static void
line(FILE *out, const char *title, const char *text)
{
	char shown[500];

	if (text[0] == '\0')
		return;
	str_printable(shown, sizeof(shown), text, strlen(text));
	fprintf(out, "%-14s", title);
	put(out, shown, 0, true);
}

void
show_incident(FILE *out, const json_t *in)
{
	static const struct column timeline[] = {
	    {"AT", "at", false},
	    {"EVENT", "event", false},
	    {"WHAT", "text", false},
	};
	static const struct {
		const char *title, *key;
	} lines[] = {{"incident", "id"}, {"title", "title"},
	    {"status", "status"}, {"severity", "severity"}, {"probe", "probe"},
	    {"reason", "reason"}, {"opened", "opened_at"},
	    {"acknowledged", "acknowledged_at"}, {"by", "acknowledged_by"},
	    {"held back by", "held_by"}, {"resolved", "resolved_at"}};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		line(out, lines[i].title, json_str(in, lines[i].key));
	fputc('\n', out);
	table(out, json_object_get(in, "timeline"), timeline, 3);
	fputc('\n', out);
	show_deliveries(out, json_object_get(in, "deliveries"));
}

void
show_deliveries(FILE *out, const json_t *list)
{
	static const struct column columns[] = {
	    {"DELIVERY", "key", false},
	    {"STATUS", "status", false},
	    {"TRIES", "attempts", false},
	    {"DONE", "done_at", true},
	    {"RECEIPT", "detail", false},
	};

	if (json_array_size(list) == 0)
		fputs("no deliveries\n", out);
	else
		table(out, list, columns, 5);
}

void
show_proof(FILE *out, const json_t *delivery)
{
	static const struct column tries[] = {
	    {"TRY", "n", false},
	    {"AT", "at", false},
	    {"MS", "took_ms", false},
	    {"STATUS", "status", false},
	    {"CODE", "code", false},
	    {"RECEIPT", "detail", false},
	};
	static const struct {
		const char *title, *key;
	} lines[] = {{"delivery", "key"}, {"channel", "channel"},
	    {"status", "status"}, {"in message", "message"},
	    {"because", "because"}, {"created", "created_at"},
	    {"done", "done_at"}, {"remote id", "remote_id"}};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		line(out, lines[i].title, json_str(delivery, lines[i].key));
	fputc('\n', out);
	table(out, json_object_get(delivery, "tries"), tries, 6);
}

void
show_silence(FILE *out, const json_t *silence)
{
	line(out, json_str(silence, "state"), json_str(silence, "text"));
	line(out, "keeps back", json_str(silence, "matches"));
	line(out, "when", json_str(silence, "when"));
	line(out, "next begin", json_str(silence, "next_begin"));
}

void
show_silences(FILE *out, const json_t *list)
{
	static const struct column columns[] = {
	    {"ID", "id", false},
	    {"KIND", "kind", false},
	    {"STATE", "state", false},
	    {"ENDS", "active_until", true},
	    {"BEGINS", "next_begin", true},
	    {"BY", "author", false},
	    {"KEEPS BACK", "matches", false},
	    {"REASON", "reason", false},
	};

	if (json_array_size(list) == 0)
		fputs("nothing is silenced\n", out);
	else
		table(out, list, columns, 8);
}

void
show_oncall(FILE *out, const json_t *rotations)
{
	static const struct column columns[] = {
	    {"ROTATION", "rotation", false},
	    {"ON CALL", "person", false},
	    {"UNTIL", "until", false},
	    {"", "until", true},
	    {"THEN", "next", false},
	};

	if (json_array_size(rotations) == 0)
		fputs("there are no rotations in the configuration\n", out);
	else
		table(out, rotations, columns, 5);
}
