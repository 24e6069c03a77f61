#include "alerting/webpush_payload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "tests/unit/message_sample.h"

static json_t *
payload_of(const struct message *m)
{
	char *text = webpush_payload(m);
	json_t *json = json_loads(text, 0, NULL);

	assert_true(strlen(text) <= ECE_TEXT_MAX);
	assert_non_null(json);
	free(text);
	return json;
}

static void
tells_the_worker_what_to_show(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	json_t *json;

	(void)state;
	m.ack_url = "https://tocsin.example.org/ack/x";
	json = payload_of(&m);
	assert_string_equal(json_str(json, "tag"), m.incident);
	assert_string_equal(json_str(json, "link"), m.url);
	assert_string_equal(json_str(json, "acknowledge"), m.ack_url);
	assert_true(json_bool(json, "stays", false));
	assert_true(json_bool(json, "again", false));
	assert_false(json_bool(json, "silent", true));
	json_decref(json);
	m.event = EVENT_ACKNOWLEDGED;
	m.acknowledged_ms = SAMPLE_AT;
	json = payload_of(&m);
	assert_null(json_object_get(json, "acknowledge"));
	assert_false(json_bool(json, "stays", true));
	assert_false(json_bool(json, "again", true));
	assert_true(json_bool(json, "silent", false));
	json_decref(json);
	sample_free(&m);
}

/* Every character of it becomes two or more in JSON, and the links are as
 * long as they may be. */
static void
fits_whatever_is_in_it(void **state)
{
	struct message m = sample_message(EVENT_DIGEST);
	json_t *list = json_array(), *digest, *json;
	char url[1001], title[180];

	(void)state;
	memset(url, 'a', sizeof(url) - 1);
	memcpy(url, "https://x/", 10);
	url[sizeof(url) - 1] = '\0';
	memset(title, '"', sizeof(title) - 1);
	title[sizeof(title) - 1] = '\0';
	for (int i = 0; i < 90; i++)
		json_array_append_new(
		    list, json_pack("{s:s,s:s,s:s}", "title", title, "severity",
			      "critical", "event", "opened"));
	digest = json_pack("{s:i,s:o}", "count", 90, "incidents", list);
	m.incident = "";
	m.digest = digest;
	m.digest_count = 90;
	m.url = m.ack_url = url;
	json = payload_of(&m);
	assert_true(str_ends(json_str(json, "text"), "(cut to fit)"));
	assert_string_equal(json_str(json, "link"), url);
	json_decref(json);
	json_decref(digest);
	sample_free(&m);
}

static void
a_link_that_is_too_long_is_left_out(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	char url[1002];
	json_t *json;

	(void)state;
	memset(url, 'a', sizeof(url) - 1);
	memcpy(url, "https://x/", 10);
	url[sizeof(url) - 1] = '\0';
	m.url = url;
	json = payload_of(&m);
	assert_null(json_object_get(json, "link"));
	json_decref(json);
	sample_free(&m);
}

static void
topic_and_urgency(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	char topic[WEBPUSH_TOPIC_MAX + 1];

	(void)state;
	assert_string_equal(webpush_topic(topic, &m), "N2szcXg5djJ0Yg");
	assert_string_equal(webpush_urgency(&m), "high");
	m.incident = "123456789012345678901234";
	assert_int_equal(strlen(webpush_topic(topic, &m)), WEBPUSH_TOPIC_MAX);
	m.incident = "1234567890123456789012345";
	assert_string_equal(webpush_topic(topic, &m), "");
	m.incident = "";
	assert_string_equal(webpush_topic(topic, &m), "");
	m.severity = SEVERITY_INFO;
	assert_string_equal(webpush_urgency(&m), "very-low");
	m.severity = SEVERITY_MEDIUM;
	assert_string_equal(webpush_urgency(&m), "normal");
	m.event = EVENT_NOTE;
	assert_string_equal(webpush_urgency(&m), "low");
	sample_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_the_worker_what_to_show),
	    cmocka_unit_test(fits_whatever_is_in_it),
	    cmocka_unit_test(a_link_that_is_too_long_is_left_out),
	    cmocka_unit_test(topic_and_urgency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
