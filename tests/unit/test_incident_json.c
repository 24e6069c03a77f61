#include "alerting/incident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

/* An open, told incident in good order. */
static struct incident
sample(void)
{
	struct incident in = {
	    .status = INCIDENT_OPEN,
	    .severity = SEVERITY_CRITICAL,
	    .outcome = OUTCOME_FAILED,
	    .opened_ms = 3000,
	    .failing_since_ms = 2000,
	    .told_ms = 3000,
	    .told = true,
	    .alarms = 1,
	    .seq = 1,
	};

	str_copy(in.id, sizeof(in.id), "7k3qx9v2tb");
	str_copy(in.probe, sizeof(in.probe), "portal");
	str_copy(in.title, sizeof(in.title), "portal is failing");
	str_copy(in.reason, sizeof(in.reason), "status 503");
	return in;
}

static void
test_there_and_back(void **unused)
{
	struct incident in = sample(), back;
	json_t *json = incident_to_json(&in), *again;
	struct err err = ERR_INIT;

	(void)unused;
	assert_int_equal(incident_from_json(&back, json, &err), 0);
	again = incident_to_json(&back);
	assert_true(json_equal(json, again));
	json_decref(json);
	json_decref(again);
}

static void
test_refuses(void **unused)
{
	static const char *const cases[][3] = {
	    {"id", "\"\"", "id"},
	    {"id", "\"7k3qx9v2t\"", "id"},
	    {"id", "\"7k3qx9v2tl\"", "id"},
	    {"id", "\"7k3qx9v2tbb\"", "id"},
	    {"id", "\"../../../a\"", "id"},
	    {"id", "null", "id"},
	    {"probe", "\"\"", "probe"},
	    {"status", "\"closed\"", "status"},
	    {"status", "\"resolved\"", "resolved_ms"},
	    {"status", "\"acknowledged\"", "by whom"},
	    {"severity", "5", "severity"},
	    {"outcome", "\"ok\"", "outcome"},
	    {"outcome", "\"unknown\"", "outcome"},
	    {"opened_ms", "0", "opened_ms"},
	    {"resolved_ms", "4000", "resolved_ms"},
	    {"told_ms", "-1", "told_ms"},
	    {"told", "false", "told"},
	    {"held_by", "\"gateway\"", "held_by"},
	    {"seq", "0", "seq"},
	    {"seq", "1e3", "seq"},
	    {"color", "1", "color"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct incident in = sample(), back;
		json_t *json = incident_to_json(&in);
		struct err err = ERR_INIT;

		json_object_set_new(json, cases[i][0],
		    json_loads(cases[i][1], JSON_DECODE_ANY, NULL));
		assert_int_equal(incident_from_json(&back, json, &err), -1);
		if (strstr(err.text, cases[i][2]) == NULL)
			fail_msg("%s: %s", cases[i][0], err.text);
		assert_string_equal(back.id, "");
		json_decref(json);
	}
}

static void
test_every_member_is_needed(void **unused)
{
	struct incident in = sample(), back;
	json_t *json = incident_to_json(&in), *value;
	const char *key;
	unsigned count = 0;

	(void)unused;
	json_object_foreach (json, key, value) {
		json_t *less = json_copy(json);

		json_object_del(less, key);
		assert_int_equal(incident_from_json(&back, less, NULL),
		    str_eq(key, "alarms") ? 0 : -1);
		json_decref(less);
		count++;
	}
	assert_int_equal(count, 23);
	json_decref(json);
}

static void
test_alarms_were_not_always_counted(void **unused)
{
	struct incident in = sample(), back;
	json_t *json = incident_to_json(&in);

	(void)unused;
	json_object_del(json, "alarms");
	assert_int_equal(incident_from_json(&back, json, NULL), 0);
	assert_int_equal(back.alarms, 1);
	json_decref(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_refuses),
	    cmocka_unit_test(test_every_member_is_needed),
	    cmocka_unit_test(test_alarms_were_not_always_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
