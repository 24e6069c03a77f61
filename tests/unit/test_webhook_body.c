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

static char *
body_of(const struct message *m)
{
	json_t *envelope = json_object();

	json_put_str(envelope, "type", "incident.opened");
	return webhook_body_text(envelope, m);
}

static void
wraps_the_message(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	char *text = body_of(&m), type[40];
	json_t *body = json_loads(text, 0, NULL), *want = message_build(&m);

	(void)state;
	assert_string_equal(json_str(body, "type"), "incident.opened");
	assert_true(json_equal(json_object_get(body, "data"), want));
	json_decref(want);
	json_decref(body);
	free(text);
	webhook_body_type(type, &m);
	assert_string_equal(type, "incident.opened");
	m.event = EVENT_TEST;
	webhook_body_type(type, &m);
	assert_string_equal(type, "channel.test");
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
	text = body_of(&m);
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
	text = body_of(&m);
	assert_true(strlen(text) < WEBHOOK_BODY_MAX);
	free(text);
	sample_free(&m);
}

static void
keeps_the_worst_of_a_digest(void **state)
{
	struct message m = sample_message(EVENT_DIGEST);
	char longer[301], *text;
	json_t *digest = json_object(), *list = json_array(), *body, *data;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	for (int i = 0; i < 100; i++)
		json_array_append_new(list, json_string(longer));
	json_put_int(digest, "count", 150);
	json_put_int(digest, "left_out", 50);
	json_put(digest, "incidents", list);
	m.digest = digest;
	m.digest_count = 150;
	text = body_of(&m);
	assert_true(strlen(text) < WEBHOOK_BODY_MAX);
	body = json_loads(text, 0, NULL);
	data = json_object_get(body, "data");
	assert_int_equal(
	    json_int(json_object_get(data, "digest"), "left_out", 0), 125);
	assert_int_equal(json_array_size(json_object_get(data, "left_out")), 1);
	json_decref(body);
	free(text);
	json_decref(digest);
	sample_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wraps_the_message),
	    cmocka_unit_test(leaves_out_what_is_least_needed),
	    cmocka_unit_test(always_fits),
	    cmocka_unit_test(keeps_the_worst_of_a_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
