#include <string.h>

#include "alerting/incident.h"
#include "alerting/incident_event.h"
#include "base/check.h"
#include "base/str.h"

/* Who and what, checked and put where the timeline finds it. A person's words
 * are refused rather than cut. */
static int
take_words(struct incident_step *out, const char *actor, const char *text,
    struct err *err)
{
	size_t max = sizeof(out->text) - 1;

	memset(out, 0, sizeof(*out));
	if (actor[0] == '\0')
		return err_set(
		    err, ERR_INPUT, "\"actor\" is empty: say who does it");
	if (strlen(actor) >= sizeof(out->actor))
		return err_set(err, ERR_INPUT,
		    "\"actor\" may have %zu bytes, not %zu",
		    sizeof(out->actor) - 1, strlen(actor));
	if (strlen(text) > max)
		return err_set(err, ERR_INPUT,
		    "the text may have %zu bytes, not %zu", max, strlen(text));
	incident_text(out->actor, sizeof(out->actor), "%s", actor);
	incident_text(out->text, sizeof(out->text), "%s", text);
	return 0;
}

static int
need_active(const struct incident *in, struct err *err)
{
	if (incident_is_active(in))
		return 0;
	return err_set(err, ERR_REFUSED, "%s is already resolved", in->id);
}

int
incident_acknowledge(struct incident *in, const char *actor, int64_t now_ms,
    struct incident_step *out, struct err *err)
{
	if (take_words(out, actor, "", err) < 0 || need_active(in, err) < 0)
		return -1;
	if (in->status == INCIDENT_ACKNOWLEDGED) {
		if (str_eq(in->acknowledged_by, out->actor))
			return 0; /* said twice, meant once */
		incident_text(out->text, sizeof(out->text),
		    "taken over from %s", in->acknowledged_by);
	}
	in->status = INCIDENT_ACKNOWLEDGED;
	in->acknowledged_ms = now_ms;
	str_copy(in->acknowledged_by, sizeof(in->acknowledged_by), out->actor);
	incident_tell(in, EVENT_ACKNOWLEDGED, in->told, now_ms, out);
	return 0;
}

int
incident_resolve(struct incident *in, const char *actor, const char *why,
    int64_t now_ms, struct incident_step *out, struct err *err)
{
	if (take_words(out, actor, why, err) < 0 || need_active(in, err) < 0)
		return -1;
	incident_end(in, in->outcome, now_ms, out);
	return 0;
}

int
incident_note(struct incident *in, const char *actor, const char *text,
    int64_t now_ms, struct incident_step *out, struct err *err)
{
	if (take_words(out, actor, text, err) < 0)
		return -1;
	if (out->text[0] == '\0')
		return err_set(err, ERR_INPUT, "the note is empty");
	incident_tell(in, EVENT_NOTE, in->told, now_ms, out);
	return 0;
}

void
incident_on_removed(
    struct incident *in, int64_t now_ms, struct incident_step *out)
{
	memset(out, 0, sizeof(*out));
	if (!incident_is_active(in))
		return;
	incident_text(out->text, sizeof(out->text),
	    "probe %s was removed from the configuration", in->probe);
	incident_end(in, OUTCOME_UNKNOWN, now_ms, out);
}

void
incident_on_finding(struct incident *in, const struct incident_finding *finding,
    const char *new_id, int64_t now_ms, struct incident_step *out)
{
	memset(in, 0, sizeof(*in));
	memset(out, 0, sizeof(*out));
	CHECK(str_copy(in->id, sizeof(in->id), new_id) == 0);
	CHECK(str_copy(in->probe, sizeof(in->probe), finding->probe) == 0);
	in->finding = true;
	in->alarms = 1;
	in->severity = finding->severity;
	in->opened_ms = now_ms;
	in->failing_since_ms = now_ms;
	incident_text(in->title, sizeof(in->title), "%s", finding->title);
	incident_text(in->reason, sizeof(in->reason), "%s", finding->reason);
	incident_text(out->text, sizeof(out->text), "%s", in->reason);
	incident_tell(in, EVENT_OPENED, true, now_ms, out);
}
