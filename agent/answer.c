#include "agent/answer.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "probes/probe.h"

#define KEY_MAX         64
#define TITLE_MAX       200
#define FINDING_KEY_MAX 200
#define POLL_MAX_MS     ((int64_t)24 * 3600 * 1000)
#define DURATION_MAX_US ((int64_t)3600 * 1000 * 1000)

static int
check_size(const json_t *value, const char *key, size_t max, struct err *err)
{
	if (json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) <= max)
		return 0;
	return err_set(err, ERR_PROTO, "%s is larger than %zu bytes", key, max);
}

static int
take_object(const json_t **out, const json_t *body, const char *key, size_t max,
    struct err *err)
{
	json_t *value;

	if (json_need_obj(body, key, &value, err) != 0)
		return -1;
	*out = value;
	return check_size(value, key, max, err);
}

static int
check_metrics(const json_t *metrics, struct err *err)
{
	const char *key;
	json_t *value;

	if (json_object_size(metrics) > ANSWER_METRICS_MAX)
		return err_set(
		    err, ERR_PROTO, "more than %d metrics", ANSWER_METRICS_MAX);
	json_object_foreach ((json_t *)(uintptr_t)metrics, key, value) {
		if (strlen(key) > KEY_MAX || !json_is_number(value) ||
		    !isfinite(json_number_value(value)))
			return err_set(err, ERR_PROTO,
			    "metric %.64s is not a number", key);
	}
	return 0;
}

static int
check_finding(const json_t *finding, struct err *err)
{
	static const char *const keys[] = {
	    "key", "severity", "title", "detail", NULL};
	const char *text;
	int severity;

	if (!json_is_object(finding))
		return err_set(err, ERR_PROTO, "a finding is not an object");
	if (json_only(finding, keys, err) != 0 ||
	    json_need_str(finding, "key", FINDING_KEY_MAX, &text, err) != 0 ||
	    json_need_str(finding, "title", TITLE_MAX, &text, err) != 0 ||
	    json_need_enum(
		finding, "severity", severity_names, &severity, err) != 0)
		return -1;
	return check_size(finding, "finding", ANSWER_FACTS_MAX, err);
}

static int
check_findings(const json_t *findings, struct err *err)
{
	size_t i;
	json_t *finding;

	if (!json_is_array(findings) ||
	    json_array_size(findings) > ANSWER_FINDINGS_MAX)
		return err_set(err, ERR_PROTO,
		    "findings is not an array of at most %d",
		    ANSWER_FINDINGS_MAX);
	json_array_foreach (findings, i, finding) {
		if (check_finding(finding, err) != 0)
			return err_wrap(err, "finding %zu", i);
	}
	return 0;
}

int
answer_probe(struct probe_answer *out, const json_t *body, struct err *err)
{
	static const char *const keys[] = {"id", "outcome", "reason",
	    "duration_us", "lag_us", "facts", "metrics", "findings", "memory",
	    NULL};
	int outcome;

	*out = (struct probe_answer){.duration_us = -1};
	if (json_only(body, keys, err) != 0 ||
	    json_need_enum(body, "outcome", outcome_names, &outcome, err) !=
		0 ||
	    json_need_str(
		body, "reason", PROBE_REASON_MAX, &out->reason, err) != 0 ||
	    json_opt_int(body, "duration_us", -1, DURATION_MAX_US,
		&out->duration_us, err) != 0 ||
	    json_opt_int(
		body, "lag_us", 0, DURATION_MAX_US, &out->lag_us, err) != 0 ||
	    take_object(&out->facts, body, "facts", ANSWER_FACTS_MAX, err) !=
		0 ||
	    take_object(
		&out->metrics, body, "metrics", ANSWER_FACTS_MAX, err) != 0 ||
	    check_metrics(out->metrics, err) != 0)
		return -1;
	out->outcome = (enum outcome)outcome;
	if (!str_is_text(out->reason, strlen(out->reason)))
		return err_set(err, ERR_PROTO, "reason holds control bytes");
	out->findings = json_object_get(body, "findings");
	if (out->findings != NULL && check_findings(out->findings, err) != 0)
		return -1;
	out->memory = json_object_get(body, "memory");
	if (out->memory == NULL)
		return 0;
	return check_size(out->memory, "memory", ANSWER_MEMORY_MAX, err);
}

static int
check_gone(const json_t *gone, struct err *err)
{
	size_t i;
	json_t *id;

	if (gone == NULL)
		return 0;
	if (!json_is_array(gone) || json_array_size(gone) > ANSWER_GONE_MAX)
		return err_set(err, ERR_PROTO,
		    "gone is not an array of at most %d", ANSWER_GONE_MAX);
	json_array_foreach (gone, i, id) {
		if (!json_is_string(id))
			return err_set(err, ERR_PROTO, "gone holds no text");
	}
	return 0;
}

int
answer_path(struct receipt *out, const json_t *body, struct err *err)
{
	static const char *const keys[] = {"id", "status", "code",
	    "retry_after_ms", "detail", "remote_id", "poll_after_ms",
	    "acknowledged_by", "gone", NULL};
	const char *detail, *remote_id = "", *by = "";
	int64_t code = 0, retry_after_ms = -1, poll_after_ms = -1;
	int status;

	if (json_only(body, keys, err) != 0 ||
	    json_need_enum(body, "status", receipt_names, &status, err) != 0 ||
	    json_opt_int(body, "code", 0, 999, &code, err) != 0 ||
	    json_opt_int(body, "retry_after_ms", -1, INT64_MAX / 2,
		&retry_after_ms, err) != 0 ||
	    json_need_str(
		body, "detail", sizeof(out->detail) - 1, &detail, err) != 0 ||
	    json_opt_str(body, "remote_id", sizeof(out->remote_id) - 1,
		&remote_id, err) != 0 ||
	    json_opt_int(body, "poll_after_ms", -1, POLL_MAX_MS, &poll_after_ms,
		err) != 0 ||
	    json_opt_str(body, "acknowledged_by",
		sizeof(out->acknowledged_by) - 1, &by, err) != 0 ||
	    check_gone(json_object_get(body, "gone"), err) != 0)
		return -1;
	*out = (struct receipt)RECEIPT_INIT;
	receipt_set(out, (enum receipt_status)status, (int)code, "%s", detail);
	out->retry_after_ms = retry_after_ms;
	out->poll_after_ms = poll_after_ms;
	str_printable(out->remote_id, sizeof(out->remote_id), remote_id,
	    strlen(remote_id));
	str_printable(
	    out->acknowledged_by, sizeof(out->acknowledged_by), by, strlen(by));
	out->gone = json_object_get(body, "gone"); /* borrowed from body */
	return 0;
}
