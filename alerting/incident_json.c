#include <string.h>

#include "alerting/fields.h"
#include "alerting/incident.h"
#include "alerting/incident_event.h"
#include "base/str.h"

#define COUNT_MAX 1000000000

const char *const incident_status_names[] = {
    [INCIDENT_OPEN] = "open",
    [INCIDENT_ACKNOWLEDGED] = "acknowledged",
    [INCIDENT_RESOLVED] = "resolved",
    NULL,
};

/* Crockford's base32: no i, l, o, u, which people misread. */
static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

static const struct field fields[] = {
    {FIELD(TEXT, struct incident, id)},
    {FIELD(TEXT, struct incident, probe)},
    {FIELD(ENUM, struct incident, status), .names = incident_status_names},
    {FIELD(ENUM, struct incident, severity), .names = severity_names},
    {FIELD(ENUM, struct incident, outcome), .names = outcome_names},
    {FIELD(TEXT, struct incident, title)},
    {FIELD(TEXT, struct incident, reason)},
    {FIELD(TIME, struct incident, opened_ms)},
    {FIELD(TIME, struct incident, resolved_ms)},
    {FIELD(TIME, struct incident, acknowledged_ms)},
    {FIELD(TIME, struct incident, failing_since_ms)},
    {FIELD(TIME, struct incident, told_ms)},
    {FIELD(TEXT, struct incident, acknowledged_by)},
    {FIELD(TEXT, struct incident, held_by)},
    {FIELD(BOOL, struct incident, parent_asked)},
    {FIELD(TIME, struct incident, parent_ok_ms)},
    {FIELD(COUNT, struct incident, bad_since_parent_ok), .max = COUNT_MAX},
    {FIELD(BOOL, struct incident, told)},
    {FIELD(BOOL, struct incident, flapping)},
    {FIELD(BOOL, struct incident, finding)},
    {FIELD(COUNT, struct incident, reopened), .max = COUNT_MAX},
    {FIELD(COUNT, struct incident, alarms), .max = COUNT_MAX, .later = true},
    {FIELD(COUNT, struct incident, seq), .max = COUNT_MAX},
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

void
incident_id(char id[INCIDENT_ID_LEN + 1], uint64_t random)
{
	for (int i = 0; i < INCIDENT_ID_LEN; i++) {
		id[i] = digits[random & 31];
		random >>= 5;
	}
	id[INCIDENT_ID_LEN] = '\0';
}

json_t *
incident_to_json(const struct incident *in)
{
	return fields_to_json(fields, FIELDS, in);
}

/* What no sequence of calls leaves behind. */
static int
check_coherent(const struct incident *in, struct err *err)
{
	bool active = in->status != INCIDENT_RESOLVED;

	if (strlen(in->id) != INCIDENT_ID_LEN ||
	    strspn(in->id, digits) != INCIDENT_ID_LEN)
		return err_set(err, ERR_CORRUPT, "\"id\" is not one of ours");
	if (in->probe[0] == '\0' || in->opened_ms == 0 || in->seq == 0)
		return err_set(err, ERR_CORRUPT,
		    "\"probe\", \"opened_ms\" or \"seq\" is empty");
	if (active != (in->resolved_ms == 0))
		return err_set(err, ERR_CORRUPT,
		    "\"resolved_ms\" does not fit \"status\"");
	if (in->status == INCIDENT_ACKNOWLEDGED &&
	    (in->acknowledged_ms == 0 || in->acknowledged_by[0] == '\0'))
		return err_set(err, ERR_CORRUPT,
		    "it is acknowledged, but by whom and when?");
	if (active && !in->finding && !incident_is_bad(in->outcome))
		return err_set(
		    err, ERR_CORRUPT, "\"outcome\" does not fit \"status\"");
	if ((in->told || in->held_by[0] != '\0') && !active)
		return err_set(err, ERR_CORRUPT,
		    "\"told\" or \"held_by\" does not fit \"status\"");
	if (active && in->told == (in->held_by[0] != '\0'))
		return err_set(err, ERR_CORRUPT,
		    "\"told\" and \"held_by\" do not fit each other");
	return 0;
}

int
incident_from_json(struct incident *in, const json_t *json, struct err *err)
{
	memset(in, 0, sizeof(*in));
	if (fields_from_json(fields, FIELDS, in, json, err) == 0 &&
	    check_coherent(in, err) == 0) {
		if (in->alarms == 0)
			in->alarms = 1; /* stored before they were counted */
		return 0;
	}
	memset(in, 0, sizeof(*in));
	return err_wrap(err, "reading an incident");
}
