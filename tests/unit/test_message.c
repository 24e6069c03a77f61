#include "alerting/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tests/unit/message_sample.h"

static void
comes_back_as_it_was(void **state)
{
	(void)state;
	for (int event = 0; event < EVENT_COUNT; event++) {
		struct message in = sample_message((enum event_type)event), out;
		struct err err = ERR_INIT;
		json_t *json, *again;

		in.acknowledged_ms = SAMPLE_AT + 1;
		in.acknowledged_by = "alice";
		json = message_build(&in);
		assert_int_equal(message_parse(&out, json, &err), 0);
		json_decref(json);
		assert_int_equal(out.event, event);
		assert_int_equal(out.severity, SEVERITY_CRITICAL);
		assert_int_equal(out.acknowledged_ms, SAMPLE_AT + 1);
		assert_int_equal(out.resolved_ms, 0);
		assert_string_equal(out.acknowledged_by, "alice");
		assert_string_equal(out.delivery, in.delivery);
		assert_int_equal(out.timeline_count, 1);
		assert_string_equal(out.timeline[0].text, "status 503");
		again = message_build(&out);
		assert_true(json_equal(again, out.json));
		json_decref(again);
		message_fini(&out);
		sample_free(&in);
	}
}

static void
builds_from_almost_nothing(void **state)
{
	struct message in = {.event = EVENT_NOTE, .at_ms = 1}, out;
	struct err err = ERR_INIT;
	json_t *json = message_build(&in);

	(void)state;
	assert_int_equal(message_parse(&out, json, &err), 0);
	json_decref(json);
	assert_string_equal(out.probe, "");
	assert_int_equal(json_object_size(out.labels), 0);
	message_fini(&out);
}

static void
breaks(const char *part, const char *member, json_t *value, const char *say)
{
	struct message in = sample_message(EVENT_OPENED), out;
	json_t *json = message_build(&in), *obj;
	struct err err = ERR_INIT;

	obj = part != NULL ? json_object_get(json, part) : json;
	json_object_set_new(obj, member, value);
	assert_int_equal(message_parse(&out, json, &err), -1);
	if (strstr(err.text, say) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.text, say);
	json_decref(json);
	sample_free(&in);
}

static void
refuses_what_is_wrong(void **state)
{
	struct err err = ERR_INIT;
	struct message out;
	json_t *list = json_array();

	(void)state;
	breaks(NULL, "event", json_string("exploded"), "event");
	breaks(NULL, "event", json_integer(1), "event");
	breaks(NULL, "seq", json_integer(-1), "seq");
	breaks(NULL, "at", json_string("yesterday"), "RFC 3339");
	breaks(NULL, "delivery", json_null(), "delivery");
	breaks(NULL, "incident", json_array(), "incident");
	breaks("incident", "severity", json_string("dire"), "severity");
	breaks("incident", "opened_at", json_integer(5), "opened_at");
	breaks(
	    "probe", "labels", json_string("x"), "labels: must be an object");
	breaks("probe", "regions", json_object(), "regions: must be an array");
	breaks("observation", "outcome", json_string("fine"), "outcome");
	for (int i = 0; i <= MESSAGE_TIMELINE_MAX; i++)
		json_array_append_new(list, json_object());
	breaks(NULL, "timeline", list, "timeline");
	breaks(NULL, "timeline", json_pack("[i]", 1), "timeline[0]");
	assert_int_equal(message_parse(&out, NULL, &err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(comes_back_as_it_was),
	    cmocka_unit_test(builds_from_almost_nothing),
	    cmocka_unit_test(refuses_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
