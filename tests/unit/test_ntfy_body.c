#include "alerting/ntfy_body.h"

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
splits_the_topic_off(void **state)
{
	static const char *const good[][3] = {
	    {"https://ntfy.example.org/oncall", "https://ntfy.example.org/",
		"oncall"},
	    {"http://10.0.0.1:8080/a/b/on-call_2", "http://10.0.0.1:8080/a/b/",
		"on-call_2"},
	};
	static const char *const bad[] = {"https://ntfy.example.org",
	    "https://ntfy.example.org/", "https://ntfy.example.org/a b",
	    "https://ntfy.example.org/a?x=1", "https:///oncall", "ntfy/oncall"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct ntfy_place place = {0};

		assert_int_equal(ntfy_place_read(&place, good[i][0], NULL), 0);
		assert_string_equal(place.root, good[i][1]);
		assert_string_equal(place.topic, good[i][2]);
		ntfy_place_fini(&place);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ntfy_place place = {0};
		struct err err = ERR_INIT;

		assert_int_equal(ntfy_place_read(&place, bad[i], &err), -1);
		assert_int_equal(strncmp(err.text, "url: ", 5), 0);
	}
}

static void
rings_by_severity(void **state)
{
	static const struct {
		enum event_type event;
		enum severity severity;
		int priority;
		const char *picture;
	} cases[] = {
	    {EVENT_OPENED, SEVERITY_CRITICAL, 5, "rotating_light"},
	    {EVENT_REMINDER, SEVERITY_HIGH, 4, "rotating_light"},
	    {EVENT_WORSENED, SEVERITY_MEDIUM, 3, "warning"},
	    {EVENT_OPENED, SEVERITY_LOW, 2, "warning"},
	    {EVENT_OPENED, SEVERITY_INFO, 1, "information_source"},
	    {EVENT_RESOLVED, SEVERITY_CRITICAL, 3, "white_check_mark"},
	    {EVENT_ACKNOWLEDGED, SEVERITY_CRITICAL, 2, "eyes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message m = sample_message(cases[i].event);
		char *text;
		json_t *body, *tags;

		m.severity = cases[i].severity;
		text = ntfy_body(&m, "oncall");
		body = json_loads(text, 0, NULL);
		tags = json_object_get(body, "tags");
		assert_int_equal(
		    json_int(body, "priority", 0), cases[i].priority);
		assert_string_equal(json_string_value(json_array_get(tags, 0)),
		    cases[i].picture);
		assert_string_equal(json_str(body, "topic"), "oncall");
		json_decref(body);
		free(text);
		sample_free(&m);
	}
}

static void
stays_within_the_limits(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	char longer[4097], *text;
	json_t *body;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	m.reason = m.title = m.target = longer;
	m.url = "javascript:alert(1)";
	m.runbook = "";
	text = ntfy_body(&m, "t");
	body = json_loads(text, 0, NULL);
	assert_true(strlen(json_str(body, "message")) <= NTFY_MESSAGE_MAX);
	assert_true(strlen(json_str(body, "title")) <= 200);
	assert_null(json_object_get(body, "click"));
	json_decref(body);
	free(text);
	sample_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(splits_the_topic_off),
	    cmocka_unit_test(rings_by_severity),
	    cmocka_unit_test(stays_within_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
