#include "agent/manual.h"

#include <string.h>

#include "agent/config_build.h"
#include "agent/dispatch.h"
#include "agent/results.h"
#include "agent/stories.h"
#include "agent/tell.h"
#include "alerting/render_words.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

#define MEMBER(type, name) OPTION(type, struct manual, name)

static const struct option members[] = {
    {.name = "title",
	MEMBER(STRING, title),
	.flags = OPTION_REQUIRED,
	.min = 1,
	.max = 150,
	.help = "what is wrong, in a few words"},
    {.name = "severity",
	MEMBER(SEVERITY, severity),
	.standard = "high",
	.help = "how bad it is"},
    {.name = "text", MEMBER(STRING, text), .max = 390, .help = "more of it"},
    {.name = "labels",
	MEMBER(MAP, labels),
	.max = 50,
	.help = "for routes and messages"},
    {.name = "component",
	MEMBER(STRING, component),
	.max = 100,
	.help = "what users call it"},
    {.name = "runbook",
	MEMBER(STRING, runbook),
	.max = 2000,
	.help = "where it says what to do"},
    {.name = "probe",
	MEMBER(STRING, probe),
	.standard = MANUAL_PROBE,
	.max = CONFIG_NAME_MAX,
	.help = "whose incident it is, for routes"},
    {.name = "key",
	MEMBER(STRING, key),
	.min = 1,
	.max = 200,
	.help = "no second one while one of this key is open"},
    {.name = "actor",
	MEMBER(STRING, actor),
	.standard = "somebody",
	.min = 1,
	.max = 60,
	.help = "who says so"},
    OPTION_END,
};

static int
check(const struct manual *m, struct err *err)
{
	if (strspn(m->title, " \t\n") == strlen(m->title))
		return err_set(err, ERR_INPUT, "title: says nothing");
	if (!config_is_name(m->probe))
		return err_set(err, ERR_INPUT,
		    "probe: use a-z, 0-9, dot, underscore and hyphen");
	if (m->runbook != NULL && !render_is_link(m->runbook))
		return err_set(err, ERR_INPUT,
		    "runbook: must be a link that begins with https:// or "
		    "http://");
	return 0;
}

int
manual_read(struct manual *m, const json_t *object, struct err *err)
{
	memset(m, 0, sizeof(*m));
	if (!json_is_object(object))
		return err_set(err, ERR_INPUT, "must be an object");
	if (option_parse_one(members, m, object, "", err) != 0) {
		err->code = ERR_INPUT;
		return -1;
	}
	return check(m, err);
}

void
manual_fini(struct manual *m)
{
	option_free(members, m);
}

/* What its story is about, from now on, whatever the configuration says. */
static json_t *
describe(const struct manual *m)
{
	json_t *about = json_object(), *labels = NULL;

	json_put_str(about, "kind", MANUAL_KIND);
	if (m->component != NULL)
		json_put_str(about, "component", m->component);
	if (m->runbook != NULL)
		json_put_str(about, "runbook", m->runbook);
	if (m->key != NULL)
		json_put_str(about, "key", m->key);
	for (size_t i = 0; i < m->labels.count; i++) {
		if (labels == NULL)
			labels = json_object();
		json_put_str(
		    labels, m->labels.items[i].key, m->labels.items[i].value);
	}
	if (labels != NULL)
		json_put(about, "labels", labels);
	return about;
}

static const struct story *
find_key(const struct agent *a, const char *key)
{
	uint64_t hash = key != NULL ? schedule_hash(key) : 0;

	for (size_t i = 0; key != NULL && i < a->loose_count; i++) {
		const struct story *s = a->loose[i];

		if (s->key_hash == hash && s->about != NULL &&
		    str_eq(json_str(s->about, "key"), key))
			return s;
	}
	return NULL;
}

static void
open_story(struct agent *a, struct story *story, const struct manual *m)
{
	struct incident_step step = {.happened = false};
	struct incident *in = &story->incident;
	struct incident_finding what = {.probe = m->probe,
	    .title = m->title,
	    .severity = m->severity,
	    .reason = m->text != NULL ? m->text : m->title};
	char id[INCIDENT_ID_LEN + 1];

	results_new_id(id);
	incident_on_finding(in, &what, id, clock_wall_ms(), &step);
	str_printable(
	    step.actor, sizeof(step.actor), m->actor, strlen(m->actor));
	if (m->text == NULL)
		step.text[0] = '\0';
	log_kv(LOG_LEVEL_WARN, "incident", "event", event_names[step.event],
	    "incident", in->id, "probe", in->probe, "severity",
	    severity_names[in->severity], "by", step.actor, "title", in->title,
	    NULL);
	stories_index(a, story);
	tell(a, story, &step, NULL);
}

int
manual_open(struct agent *a, const struct manual *m,
    const struct incident **out, bool *created, struct err *err)
{
	const struct story *known = find_key(a, m->key);
	struct story *story;

	*created = known == NULL;
	if (known != NULL) {
		*out = &known->incident;
		return 0;
	}
	if (a->loose_count >= MANUAL_OPEN_MAX)
		return err_set(err, ERR_BUSY,
		    "%zu incidents are open without a probe: resolve some "
		    "first",
		    a->loose_count);
	writer_begin(a->writer);
	story = stories_open_loose(a, describe(m));
	open_story(a, story, m);
	dispatch_sent(a->dispatch, writer_end(a->writer, true));
	*out = &story->incident;
	return 0;
}
