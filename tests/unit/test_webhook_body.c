#include "alerting/webhook_body.h"

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
wraps_the_message(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	char *text = webhook_body(&m);
	json_t *body = json_loads(text, 0, NULL), *want = message_build(&m);

	(void)state;
	assert_string_equal(json_str(body, "type"), "incident.opened");
	assert_string_equal(
	    json_str(body, "timestamp"), "2026-11-22T04:00:00.000Z");
	assert_true(json_equal(json_object_get(body, "data"), want));
	json_decref(want);
	json_decref(body);
	free(text);
	m.event = EVENT_TEST;
	text = webhook_body(&m);
	assert_non_null(strstr(text, "\"type\":\"channel.test\""));
	free(text);
	sample_free(&m);
}

static void
leaves_out_what_is_least_needed(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	char longer[4097], *text;
	json_t *facts = json_object(), *body, *data, *left_out;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	json_decref((json_t *)(uintptr_t)m.facts);
	for (int i = 0; i < 10; i++) {
		char key[] = "k0";

		key[1] = (char)('0' + i);
		json_object_set_new(facts, key, json_string(longer));
	}
	m.facts = facts;
	text = webhook_body(&m);
	assert_true(strlen(text) < WEBHOOK_BODY_MAX);
	body = json_loads(text, 0, NULL);
	data = json_object_get(body, "data");
	left_out = json_object_get(data, "left_out");
	assert_int_equal(json_array_size(left_out), 1);
	assert_string_equal(
	    json_string_value(json_array_get(left_out, 0)), "facts");
	assert_int_equal(json_array_size(json_object_get(data, "timeline")), 1);
	json_decref(body);
	free(text);
	sample_free(&m);
}

static void
always_fits(void **state)
{
	struct message m = sample_message(EVENT_NOTE);
	char longer[4097], *text;

	(void)state;
	memset(longer, '\x01', sizeof(longer) - 1); /* six bytes each in JSON */
	longer[sizeof(longer) - 1] = '\0';
	m.note = m.reason = m.title = m.description = longer;
	m.target = m.runbook = m.url = longer + 2100;
	m.timeline[0].text = longer;
	text = webhook_body(&m);
	assert_true(strlen(text) < WEBHOOK_BODY_MAX);
	free(text);
	sample_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wraps_the_message),
	    cmocka_unit_test(leaves_out_what_is_least_needed),
	    cmocka_unit_test(always_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
