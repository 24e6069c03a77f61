#include "agent/silence_json.h"

#include "alerting/calendar.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"

#define MATCHES_MAX 500 /* bytes of what is matched, as one text */

static int
parse(struct mute *out, enum mute_kind kind, const json_t *body, int64_t now_ms,
    struct err *err)
{
	struct mute_config config = {.name = NULL};
	int rc = option_parse_one(mute_options[kind], &config, body, "", err);

	if (rc == 0 && config.name != NULL)
		rc = err_set(err, ERR_INPUT,
		    "name: it gets an id instead; only those in the "
		    "configuration have names");
	if (rc == 0 && config.author == NULL)
		rc = err_set(err, ERR_INPUT,
		    "author: required key is missing: say who does it");
	if (rc == 0)
		rc = mute_make(out, kind, &config, now_ms, err);
	option_free(mute_options[kind], &config);
	return rc;
}

int
silence_json_read(
    struct mute *out, const json_t *body, int64_t now_ms, struct err *err)
{
	static const struct mute none;
	static const char *const kinds[] = {[MUTE_SILENCE] = "silence",
	    [MUTE_MAINTENANCE] = "maintenance",
	    NULL};
	json_t *rest;
	int kind = MUTE_SILENCE, rc;

	*out = none;
	if (json_object_get(body, "kind") != NULL &&
	    json_need_enum(body, "kind", kinds, &kind, err) < 0)
		return -1;
	rest = json_copy((json_t *)(uintptr_t)body);
	json_object_del(rest, "kind");
	rc = parse(out, (enum mute_kind)kind, rest, now_ms, err);
	json_decref(rest);
	if (rc < 0 && err->code == ERR_CONFIG)
		err->code = ERR_INPUT;
	return rc;
}

/* "probe=portal-* severity=high+": what is kept back, as one line. */
static void
put_words(struct buf *out, const char *key, const struct option_list *words)
{
	for (size_t i = 0; i < words->count; i++)
		buf_printf(out, "%s%s%s",
		    i > 0          ? ","
		    : out->len > 0 ? " "
				   : "",
		    i > 0 ? "" : key, words->items[i]);
}

static void
put_matches(json_t *json, const struct mute *m)
{
	const struct route_match *match = &m->match;
	struct buf out;

	buf_init(&out, MATCHES_MAX);
	if (m->incident[0] != '\0')
		buf_printf(&out, "incident=%s", m->incident);
	put_words(&out, "probe=", &match->probe);
	put_words(&out, "component=", &match->component);
	put_words(&out, "kind=", &match->kind);
	put_words(&out, "severity=", &match->severity);
	for (size_t i = 0; i < match->labels.count; i++)
		buf_printf(&out, "%s%s=%s", out.len > 0 ? " " : "",
		    match->labels.items[i].key, match->labels.items[i].value);
	if (m->kind == MUTE_QUIET_HOURS)
		buf_printf(&out, "%sbelow %s", out.len > 0 ? ", " : "",
		    severity_names[m->below]);
	json_put_str(
	    json, "matches", out.len > 0 ? buf_str(&out) : "everything");
	buf_fini(&out);
}

json_t *
silence_json_show(const struct mute *m, bool stored, int64_t now_ms)
{
	json_t *json = json_object();
	int64_t change_ms;
	enum mute_state state = mute_state(m, now_ms, &change_ms);
	bool comes = change_ms != INT64_MAX;
	char text[400];

	json_put_str(json, "id", m->id);
	json_put_str(json, "kind", mute_kind_names[m->kind]);
	json_put_str(json, "state", mute_state_names[state]);
	json_put_time(json, "active_until",
	    state == MUTE_ACTIVE && comes ? change_ms : 0);
	json_put_time(
	    json, "next_begin", state == MUTE_PENDING && comes ? change_ms : 0);
	put_matches(json, m);
	json_put(json, "match",
	    option_dump(route_match_options, &m->match, false, true));
	json_put_str(json, "incident", m->incident);
	json_put_time(json, "from", m->from_ms);
	json_put_time(json, "until", m->until_ms);
	json_put_str(json, "when",
	    m->calendar != NULL ? calendar_text(m->calendar) : "");
	json_put_str(json, "time_zone",
	    m->calendar != NULL ? calendar_zone(m->calendar) : "");
	json_put_str(json, "author", m->author);
	json_put_str(json, "reason", m->reason);
	json_put_bool(json, "configured", !stored);
	json_put_str(json, "text",
	    mute_text(text, sizeof(text), m,
		state == MUTE_ACTIVE ? change_ms : INT64_MAX));
	return json;
}
