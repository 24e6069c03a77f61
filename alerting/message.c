#include "alerting/message.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"

#define NAME_MAX_LEN 128
#define TEXT_MAX_LEN 4096
#define URL_MAX_LEN  2048

const char *const event_names[] = {
    [EVENT_OPENED] = "opened",
    [EVENT_WORSENED] = "worsened",
    [EVENT_IMPROVED] = "improved",
    [EVENT_REMINDER] = "reminder",
    [EVENT_FLAPPING] = "flapping",
    [EVENT_ACKNOWLEDGED] = "acknowledged",
    [EVENT_NOTE] = "note",
    [EVENT_RESOLVED] = "resolved",
    [EVENT_REOPENED] = "reopened",
    [EVENT_TEST] = "test",
    [EVENT_ESCALATED] = "escalated",
    [EVENT_DIGEST] = "digest",
    NULL,
};

static const char *
or_empty(const char *s)
{
	return s ? s : "";
}

static json_t *
copy_or(const json_t *value, json_t *otherwise)
{
	if (value == NULL)
		return otherwise;
	json_decref(otherwise);
	return json_deep_copy(value);
}

static json_t *
incident_part(const struct message *m)
{
	json_t *part = json_object();

	json_put_str(part, "id", or_empty(m->incident));
	json_put_str(part, "title", or_empty(m->title));
	json_put_str(part, "severity", severity_names[m->severity]);
	json_put_str(part, "status", or_empty(m->status));
	json_put_time(part, "failing_since", m->failing_since_ms);
	json_put_time(part, "last_ok_at", m->last_ok_ms);
	json_put_time(part, "opened_at", m->opened_ms);
	json_put_time(part, "acknowledged_at", m->acknowledged_ms);
	json_put_str(part, "acknowledged_by", or_empty(m->acknowledged_by));
	json_put_time(part, "resolved_at", m->resolved_ms);
	json_put_str(part, "url", or_empty(m->url));
	json_put_str(part, "acknowledge_url", or_empty(m->ack_url));
	return part;
}

static json_t *
probe_part(const struct message *m)
{
	json_t *part = json_object();

	json_put_str(part, "name", or_empty(m->probe));
	json_put_str(part, "kind", or_empty(m->kind));
	json_put_str(part, "target", or_empty(m->target));
	json_put_str(part, "description", or_empty(m->description));
	json_put_str(part, "runbook", or_empty(m->runbook));
	json_put_str(part, "component", or_empty(m->component));
	json_put(part, "labels", copy_or(m->labels, json_object()));
	json_put(part, "regions", copy_or(m->regions, json_array()));
	return part;
}

static json_t *
observation_part(const struct message *m)
{
	json_t *part = json_object();

	json_put_str(part, "outcome", outcome_names[m->outcome]);
	json_put_str(part, "reason", or_empty(m->reason));
	json_put(part, "facts", copy_or(m->facts, json_object()));
	json_put(part, "metrics", copy_or(m->metrics, json_object()));
	return part;
}

static json_t *
timeline_part(const struct message *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->timeline_count; i++) {
		json_t *entry = json_object();

		json_put_time(entry, "at", m->timeline[i].at_ms);
		json_put_str(entry, "event", event_names[m->timeline[i].type]);
		json_put_str(entry, "text", or_empty(m->timeline[i].text));
		json_array_append_new(list, entry);
	}
	return list;
}

json_t *
message_build(const struct message *m)
{
	json_t *json = json_object();

	json_put_str(json, "delivery", or_empty(m->delivery));
	json_put_str(json, "event", event_names[m->event]);
	json_put_int(json, "seq", m->seq);
	json_put_time(json, "at", m->at_ms);
	json_put_str(json, "actor", or_empty(m->actor));
	json_put_str(json, "note", or_empty(m->note));
	json_put_str(json, "because", or_empty(m->because));
	json_put(json, "incident", incident_part(m));
	json_put(json, "probe", probe_part(m));
	json_put(json, "observation", observation_part(m));
	json_put(json, "timeline", timeline_part(m));
	if (m->digest != NULL)
		json_put(json, "digest", json_deep_copy(m->digest));
	if (m->subscribers != NULL)
		json_put(json, "subscribers", json_deep_copy(m->subscribers));
	json_put_str(json, "agent", or_empty(m->agent));
	return json;
}

static int
need_time(const json_t *obj, const char *key, int64_t *out, struct err *err)
{
	const char *text = NULL;

	*out = 0;
	if (json_opt_str(obj, key, 40, &text, err) < 0)
		return -1;
	if (text != NULL && clock_parse_rfc3339(text, out) < 0)
		return err_set(err, ERR_INPUT,
		    "%s: not a time in the form of RFC 3339", key);
	return 0;
}

/* An optional member of the given type; *out is NULL when it is absent. */
static int
opt_container(const json_t *obj, const char *key, json_type type,
    const json_t **out, struct err *err)
{
	json_t *value = json_object_get(obj, key);

	*out = NULL;
	if (value == NULL || json_is_null(value))
		return 0;
	if (json_typeof(value) != type)
		return err_set(err, ERR_INPUT, "%s: must be %s", key,
		    type == JSON_ARRAY ? "an array" : "an object");
	*out = value;
	return 0;
}

struct text_member {
	const char *key;
	size_t max;
	const char **out;
};

static int
read_texts(const json_t *obj, const struct text_member *members, size_t count,
    struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		*members[i].out = "";
		if (json_opt_str(obj, members[i].key, members[i].max,
			members[i].out, err) < 0)
			return -1;
	}
	return 0;
}

#define READ_TEXTS(obj, members, err)                                          \
	read_texts(obj, members, sizeof(members) / sizeof((members)[0]), err)

static int
read_incident(struct message *m, const json_t *obj, struct err *err)
{
	const struct text_member texts[] = {
	    {"id", NAME_MAX_LEN, &m->incident},
	    {"title", TEXT_MAX_LEN, &m->title},
	    {"status", NAME_MAX_LEN, &m->status},
	    {"acknowledged_by", NAME_MAX_LEN, &m->acknowledged_by},
	    {"url", URL_MAX_LEN, &m->url},
	    {"acknowledge_url", URL_MAX_LEN, &m->ack_url},
	};
	int severity = 0;

	if (READ_TEXTS(obj, texts, err) < 0 ||
	    json_need_enum(obj, "severity", severity_names, &severity, err) <
		0 ||
	    need_time(obj, "failing_since", &m->failing_since_ms, err) < 0 ||
	    need_time(obj, "last_ok_at", &m->last_ok_ms, err) < 0 ||
	    need_time(obj, "opened_at", &m->opened_ms, err) < 0 ||
	    need_time(obj, "acknowledged_at", &m->acknowledged_ms, err) < 0 ||
	    need_time(obj, "resolved_at", &m->resolved_ms, err) < 0)
		return err_wrap(err, "incident");
	m->severity = (enum severity)severity;
	return 0;
}

static int
read_probe(struct message *m, const json_t *obj, struct err *err)
{
	const struct text_member texts[] = {
	    {"name", NAME_MAX_LEN, &m->probe},
	    {"kind", NAME_MAX_LEN, &m->kind},
	    {"target", URL_MAX_LEN, &m->target},
	    {"description", TEXT_MAX_LEN, &m->description},
	    {"runbook", URL_MAX_LEN, &m->runbook},
	    {"component", NAME_MAX_LEN, &m->component},
	};

	if (READ_TEXTS(obj, texts, err) < 0 ||
	    opt_container(obj, "labels", JSON_OBJECT, &m->labels, err) < 0 ||
	    opt_container(obj, "regions", JSON_ARRAY, &m->regions, err) < 0)
		return err_wrap(err, "probe");
	return 0;
}

static int
read_observation(struct message *m, const json_t *obj, struct err *err)
{
	const struct text_member texts[] = {
	    {"reason", TEXT_MAX_LEN, &m->reason},
	};
	int outcome = 0;

	if (READ_TEXTS(obj, texts, err) < 0 ||
	    json_need_enum(obj, "outcome", outcome_names, &outcome, err) < 0 ||
	    opt_container(obj, "facts", JSON_OBJECT, &m->facts, err) < 0 ||
	    opt_container(obj, "metrics", JSON_OBJECT, &m->metrics, err) < 0)
		return err_wrap(err, "observation");
	m->outcome = (enum outcome)outcome;
	return 0;
}

static int
read_timeline(struct message *m, const json_t *list, struct err *err)
{
	size_t count = json_array_size(list);

	if (count > MESSAGE_TIMELINE_MAX)
		return err_set(err, ERR_INPUT,
		    "timeline: %zu entries, at most %d are allowed", count,
		    MESSAGE_TIMELINE_MAX);
	for (size_t i = 0; i < count; i++) {
		struct message_timeline *t = &m->timeline[i];
		const json_t *entry = json_array_get(list, i);
		const struct text_member texts[] = {
		    {"text", TEXT_MAX_LEN, &t->text},
		};
		int type = 0;

		if (READ_TEXTS(entry, texts, err) < 0 ||
		    json_need_enum(entry, "event", event_names, &type, err) <
			0 ||
		    need_time(entry, "at", &t->at_ms, err) < 0)
			return err_wrap(err, "timeline[%zu]", i);
		t->type = (enum event_type)type;
	}
	m->timeline_count = count;
	return 0;
}

static int
read_top(struct message *m, const json_t *json, struct err *err)
{
	const struct text_member texts[] = {
	    {"actor", NAME_MAX_LEN, &m->actor},
	    {"note", TEXT_MAX_LEN, &m->note},
	    {"because", TEXT_MAX_LEN, &m->because},
	    {"agent", 256, &m->agent},
	};
	int event = 0;
	int64_t seq = 0;

	if (READ_TEXTS(json, texts, err) < 0 ||
	    json_need_str(json, "delivery", 256, &m->delivery, err) < 0 ||
	    json_need_enum(json, "event", event_names, &event, err) < 0 ||
	    json_need_int(json, "seq", 0, 1000000000, &seq, err) < 0 ||
	    need_time(json, "at", &m->at_ms, err) < 0)
		return -1;
	m->event = (enum event_type)event;
	m->seq = (int)seq;
	return 0;
}

static int
read_digest(struct message *m, const json_t *json, struct err *err)
{
	const json_t *incidents;

	if (opt_container(json, "digest", JSON_OBJECT, &m->digest, err) < 0)
		return -1;
	if (m->digest == NULL)
		return 0;
	if (json_need_int(
		m->digest, "count", 0, INT32_MAX, &m->digest_count, err) < 0 ||
	    opt_container(m->digest, "incidents", JSON_ARRAY, &incidents, err) <
		0)
		return err_wrap(err, "digest");
	return 0;
}

static int
read_all(struct message *m, const json_t *json, struct err *err)
{
	json_t *incident, *probe, *observation;
	const json_t *timeline;

	if (json_need_obj(json, "incident", &incident, err) < 0 ||
	    json_need_obj(json, "probe", &probe, err) < 0 ||
	    json_need_obj(json, "observation", &observation, err) < 0 ||
	    opt_container(json, "timeline", JSON_ARRAY, &timeline, err) < 0)
		return -1;
	if (read_digest(m, json, err) < 0 ||
	    opt_container(
		json, "subscribers", JSON_ARRAY, &m->subscribers, err) < 0)
		return -1;
	if (read_top(m, json, err) < 0 || read_incident(m, incident, err) < 0 ||
	    read_probe(m, probe, err) < 0 ||
	    read_observation(m, observation, err) < 0 ||
	    read_timeline(m, timeline, err) < 0)
		return -1;
	return 0;
}

int
message_parse(struct message *out, json_t *json, struct err *err)
{
	*out = (struct message){0};
	if (!json_is_object(json))
		return err_set(err, ERR_INPUT, "message: must be an object");
	if (read_all(out, json, err) < 0)
		return err_wrap(err, "message");
	out->json = json_incref(json);
	return 0;
}

void
message_fini(struct message *m)
{
	json_decref(m->json);
	*m = (struct message){0};
}
