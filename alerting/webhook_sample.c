#include "alerting/webhook_sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

#define AT_MS      INT64_C(1795320000000)
#define LARGE_TEXT 200 /* bytes: more than a cut value keeps */
#define LARGE_LIST 100

/* A string that needs escaping, or a long one. */
static char *
make_text(enum webhook_sample_kind kind)
{
	char *text;

	if (kind == WEBHOOK_SAMPLE_EMPTY)
		return mem_strdup("");
	if (kind != WEBHOOK_SAMPLE_LARGE)
		return mem_strdup("\"\\&=\n{");
	text = mem_alloc(LARGE_TEXT + 1);
	memset(text, '"', LARGE_TEXT);
	return text;
}

static json_t *
make_list(const struct webhook_sample *s, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(s->text));
	return list;
}

/* An object of any members; labels, facts, … */
static json_t *
make_free(const struct webhook_sample *s, enum webhook_sample_kind kind)
{
	json_t *object = json_object();

	if (kind == WEBHOOK_SAMPLE_FULL || kind == WEBHOOK_SAMPLE_LARGE)
		json_put_str(object, "any", s->text);
	return object;
}

static json_t *
make_digest(
    const struct webhook_sample *s, enum webhook_sample_kind kind, size_t count)
{
	static const char *const members[] = {"id", "event", "title",
	    "severity", "status", "probe", "reason", "failing_since", "url"};
	json_t *digest = json_object(), *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *item = json_object();

		for (size_t k = 0; k < sizeof(members) / sizeof(*members); k++)
			json_put_str(item, members[k], s->text);
		json_array_append_new(list, item);
	}
	json_put_int(digest, "count", (json_int_t)count);
	json_put_int(digest, "left_out", 1);
	json_put(digest, "by_severity", make_free(s, kind));
	json_put(digest, "by_event", make_free(s, kind));
	json_put(digest, "incidents", list);
	return digest;
}

static void
fill_texts(struct webhook_sample *s)
{
	struct message *m = &s->m;
	const char **texts[] = {&m->delivery, &m->actor, &m->note, &m->because,
	    &m->incident, &m->title, &m->status, &m->acknowledged_by, &m->probe,
	    &m->kind, &m->target, &m->description, &m->runbook, &m->component,
	    &m->reason, &m->agent, &m->url, &m->ack_url};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = s->text;
}

static void
fill_rest(struct webhook_sample *s, enum webhook_sample_kind kind, size_t count)
{
	struct message *m = &s->m;

	m->opened_ms = m->resolved_ms = m->acknowledged_ms = AT_MS;
	m->failing_since_ms = m->last_ok_ms = AT_MS;
	for (size_t i = 0; i < count && i < MESSAGE_TIMELINE_MAX; i++) {
		m->timeline[i] =
		    (struct message_timeline){AT_MS, EVENT_OPENED, s->text};
		m->timeline_count++;
	}
	m->regions = s->regions = make_list(s, count);
	m->labels = s->labels = make_free(s, kind);
	m->facts = s->facts = make_free(s, kind);
	m->metrics = s->metrics = make_free(s, kind);
	m->digest = s->digest = make_digest(s, kind, count);
	m->digest_count = (int64_t)count;
}

void
webhook_sample_init(
    struct webhook_sample *sample, enum webhook_sample_kind kind)
{
	*sample = (struct webhook_sample){
	    .m = {.event = EVENT_OPENED, .at_ms = AT_MS, .seq = 1}};
	sample->text = make_text(kind);
	fill_texts(sample);
	if (kind != WEBHOOK_SAMPLE_EMPTY)
		fill_rest(sample, kind,
		    kind == WEBHOOK_SAMPLE_LARGE ? LARGE_LIST : 2);
}

void
webhook_sample_fini(struct webhook_sample *sample)
{
	json_decref(sample->labels);
	json_decref(sample->regions);
	json_decref(sample->facts);
	json_decref(sample->metrics);
	json_decref(sample->digest);
	free(sample->text);
}
