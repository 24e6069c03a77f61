#include "agent/findings.h"

#include <stdlib.h>

#include "agent/stories.h"
#include "agent/tell.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define OPEN_MAX 25000 /* beyond those opened by hand (agent/manual.h) */

/* One number for probe and key; findings are few, and so are these. */
static uint64_t
hash(const struct target *t, const char *key)
{
	return schedule_hash(t->config->name) * 31 + schedule_hash(key);
}

static bool
is_told(struct agent *a, const struct target *t, const char *key)
{
	uint64_t h = hash(t, key);
	struct err err = ERR_INIT;
	bool known = false;

	for (size_t i = 0; i < a->finding_count; i++)
		if (a->findings[i] == h)
			return true;
	/* Telling twice is better than not telling. */
	if (store_finding_known(a->store, t->config->name, key, &known, &err) !=
	    0)
		log_warn("looking a finding up: %s", err.text);
	return known;
}

static void
remember(struct agent *a, const struct target *t, const char *key)
{
	a->findings =
	    mem_grow(a->findings, a->finding_count + 1, sizeof(*a->findings));
	a->findings[a->finding_count++] = hash(t, key);
}

void
findings_committed(struct agent *a)
{
	if (writer_waiting(a->writer) == 0)
		a->finding_count = 0;
}

static bool
take(struct agent *a, const struct target *t, const json_t *finding,
    const struct result *r)
{
	const char *key = json_str(finding, "key");
	struct incident_finding what = {.probe = t->config->name,
	    .title = json_str(finding, "title"),
	    .reason = json_str(finding, "title")};
	struct story *story;
	struct incident_step step = {.happened = false};
	char id[INCIDENT_ID_LEN + 1];
	struct finding_row row = {.probe = t->config->name,
	    .key = key,
	    .at_ms = clock_wall_ms(),
	    .incident = id};

	if (is_told(a, t, key))
		return false;
	if (a->loose_count >= OPEN_MAX) {
		log_warn("a finding of %s is not told yet: %d incidents are "
			 "open without a probe; resolve some",
		    t->config->name, OPEN_MAX);
		return false;
	}
	results_new_id(id);
	severity_parse(json_str(finding, "severity"), &what.severity);
	story = stories_open_loose(a, NULL);
	incident_on_finding(
	    &story->incident, &what, id, clock_wall_ms(), &step);
	log_kv(LOG_LEVEL_WARN, "finding", "incident", id, "probe",
	    t->config->name, "key", key, "title", what.title, NULL);
	stories_index(a, story);
	tell(a, story, &step, r);
	writer_finding(a->writer, &row);
	remember(a, t, key);
	return true;
}

bool
findings_take(struct agent *a, const struct target *t, const struct result *r)
{
	size_t i;
	json_t *finding;
	bool any = false;

	json_array_foreach (r->findings, i, finding) {
		if (take(a, t, finding, r))
			any = true;
	}
	return any;
}
