/*
 * Prometheus' Alertmanager, API v2: an alert of the incident, to every member
 * of its cluster, as they do not tell each other of alerts. An alert that is
 * not repeated ends at endsAt: refresh_ms makes the core repeat it.
 */
#include "alerting/webhook_formats.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/render.h"
#include "alerting/webhook_card.h"
#include "alerting/webhook_text.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

#define API        "/api/v2/alerts"
#define REPEATS    3 /* within resolve_timeout, so that one may be lost */
#define LABELS_MAX 40
#define NAME_UNITS 128
#define VALUE_MAX  1024
#define TEXT_MAX   8000

static int64_t
resolve_timeout_ms(const struct webhook_config *config)
{
	return config->resolve_timeout_ms != 0 ? config->resolve_timeout_ms
	                                       : WEBHOOK_RESOLVE_TIMEOUT_MS;
}

static size_t
member_count(const struct webhook_config *config)
{
	return config->members.count + (config->url != NULL);
}

static const char *
member(const struct webhook_config *config, size_t i)
{
	if (config->url == NULL)
		return config->members.items[i];
	return i == 0 ? config->url : config->members.items[i - 1];
}

static int
check(const struct webhook_config *config, struct err *err)
{
	for (size_t i = 0; i < config->members.count; i++) {
		const char *url = config->members.items[i];

		if (!render_is_link(url) || strlen(url) > WEBHOOK_URL_MAX / 2)
			return err_set(err, ERR_CONFIG,
			    "members[%zu]: is not a URL; write "
			    "https://HOST:9093",
			    i);
		if (post_check_url(url, config->allow_http, err) < 0)
			return err_wrap(err, "members[%zu]", i);
	}
	return 0;
}

static size_t
steps(const struct webhook_job *job, const char **why)
{
	(void)why;
	return member_count(job->config);
}

static bool
is_label_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

/* [a-zA-Z_][a-zA-Z0-9_]*: what else there is becomes '_'. */
static void
label_name(char dst[NAME_UNITS], const char *key)
{
	size_t n = 0;

	if (!is_label_char(key[0], true) && is_label_char(key[0], false))
		dst[n++] = '_';
	for (; *key != '\0' && n < NAME_UNITS - 1; key++, n++)
		dst[n] = is_label_char(*key, n == 0) ? *key : '_';
	dst[n] = '\0';
}

/* An empty value is no label. The first to come keeps the name. */
static void
put(json_t *set, const char *key, const char *value, size_t max)
{
	if (value[0] != '\0' && json_object_get(set, key) == NULL)
		webhook_text_put(set, key, value, WEBHOOK_TEXT_PLAIN, max);
}

/* Who the alert is: the same set in every message of the incident, unless its
 * severity rises; then the one before ends by itself. */
static json_t *
labels(const struct webhook_job *job)
{
	const struct message *m = job->message;
	json_t *set = json_object(), *value;
	const char *key;

	put(set, "alertname",
	    m->event == EVENT_DIGEST ? "tocsin digest"
	    : m->probe[0]            ? m->probe
				     : "tocsin test",
	    VALUE_MAX);
	put(set, "incident", m->incident[0] ? m->incident : job->id, VALUE_MAX);
	put(set, "severity",
	    m->event == EVENT_TEST ? severity_names[SEVERITY_INFO]
				   : severity_names[m->severity],
	    VALUE_MAX);
	put(set, "kind", m->kind, VALUE_MAX);
	put(set, "instance", m->target, VALUE_MAX);
	put(set, "component", m->component, VALUE_MAX);
	put(set, "agent", m->agent, VALUE_MAX);
	json_object_foreach ((json_t *)(uintptr_t)m->labels, key, value) {
		char name[NAME_UNITS];

		label_name(name, key);
		if (name[0] != '\0' && json_is_string(value) &&
		    json_object_size(set) < LABELS_MAX)
			put(set, name, json_string_value(value), VALUE_MAX);
	}
	return set;
}

static json_t *
annotations(const struct message *m)
{
	json_t *set = json_object();
	struct webhook_card card;
	struct buf text;

	webhook_card_init(&card, m);
	buf_init(&text, 64 * 1024);
	render_text(&text, m);
	put(set, "summary", card.title, VALUE_MAX);
	put(set, "reason", card.gist, VALUE_MAX);
	put(set, "description", buf_str(&text), TEXT_MAX);
	put(set, "because", card.because, VALUE_MAX);
	put(set, "acknowledged_by", m->acknowledged_by, VALUE_MAX);
	for (size_t i = 0; i < card.link_count; i++) {
		if (str_eq(card.links[i].label, "Acknowledge"))
			put(set, "acknowledge_url", card.links[i].url,
			    WEBHOOK_URL_MAX);
		if (str_eq(card.links[i].label, "Runbook"))
			put(set, "runbook_url", card.links[i].url,
			    WEBHOOK_URL_MAX);
	}
	buf_fini(&text);
	webhook_card_fini(&card);
	return set;
}

/* When it began, and when it ends unless it is said again. */
static void
put_times(json_t *alert, const struct webhook_job *job)
{
	const struct message *m = job->message;
	int64_t starts =
	    m->failing_since_ms ? m->failing_since_ms : m->opened_ms;
	int64_t ends = job->now_ms + resolve_timeout_ms(job->config);

	if (starts == 0 || starts > job->now_ms)
		starts = m->at_ms < job->now_ms ? m->at_ms : job->now_ms;
	if (m->resolved_ms != 0 || m->event == EVENT_RESOLVED)
		ends = m->resolved_ms != 0 && m->resolved_ms < job->now_ms
		           ? m->resolved_ms
		           : job->now_ms;
	if (ends < starts)
		ends = starts;
	json_put_time(alert, "startsAt", starts);
	json_put_time(alert, "endsAt", ends);
}

static void
compose(
    const struct webhook_job *job, size_t step, struct webhook_request *request)
{
	const struct message *m = job->message;
	const char *base = member(job->config, step);
	json_t *alerts = json_array(), *alert = json_object();

	json_put(alert, "labels", labels(job));
	json_put(alert, "annotations", annotations(m));
	put_times(alert, job);
	if (render_is_link(m->url))
		json_put_str(alert, "generatorURL", m->url);
	json_array_append_new(alerts, alert);
	webhook_url(request->url, base, str_ends(base, API) ? "" : API);
	request->body = json_text(alerts);
	json_decref(alerts);
}

/* It answers 200 and nothing; what shows a page instead is something else. */
static void
understand(const struct post_answer *answer, struct receipt *r)
{
	char begin[16];

	post_receipt(answer, r);
	if (!webhook_is_success(answer))
		return;
	str_printable(begin, sizeof(begin), answer->body, answer->body_len);
	if (str_trim(begin)[0] == '<')
		webhook_complain(r, answer, RECEIPT_RETRY,
		    "the answer is a page, so not an Alertmanager's; check the "
		    "URL");
	else
		receipt_set(r, RECEIPT_DELIVERED, answer->status,
		    "taken by the Alertmanager");
}

static void
traits(const struct webhook_config *config, struct channel_traits *out)
{
	out->refresh_ms = resolve_timeout_ms(config) / REPEATS;
}

const struct webhook_format webhook_alertmanager = {
    .set_traits = traits,
    .steps = steps,
    .any_will_do = true,
    .check = check,
    .compose = compose,
    .understand = understand,
};
