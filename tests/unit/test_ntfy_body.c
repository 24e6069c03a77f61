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

/* The buttons of a message, as JSON; and how they look. */
static json_t *
body_of(const struct message *m)
{
	char *text = ntfy_body(m, "t");
	json_t *body = json_loads(text, 0, NULL);

	free(text);
	return body;
}

static const json_t *
button(const json_t *body, size_t i)
{
	return json_array_get(json_object_get(body, "actions"), i);
}

static void
one_tap_acknowledges(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	const json_t *ack;
	json_t *body;

	(void)state;
	m.ack_url = "https://tocsin.example.org/ack/AbC";
	body = body_of(&m);
	ack = button(body, 0);
	assert_int_equal(json_array_size(json_object_get(body, "actions")), 3);
	assert_string_equal(json_str(ack, "action"), "http");
	assert_string_equal(json_str(ack, "label"), "Acknowledge");
	assert_string_equal(json_str(ack, "url"), m.ack_url);
	assert_string_equal(json_str(ack, "method"), "POST");
	assert_true(json_bool(ack, "clear", false));
	assert_string_equal(json_str(button(body, 1), "action"), "view");
	assert_string_equal(json_str(button(body, 1), "url"), m.runbook);
	assert_string_equal(json_str(button(body, 2), "url"), m.url);
	json_decref(body);
	m.event = EVENT_RESOLVED;
	m.runbook = "";
	body = body_of(&m);
	assert_int_equal(json_array_size(json_object_get(body, "actions")), 1);
	assert_string_equal(json_str(button(body, 0), "label"), "Open");
	json_decref(body);
	sample_free(&m);
}

static void
expect_sequence(const struct message *m, const char *name)
{
	json_t *body = body_of(m);

	assert_string_equal(json_str(body, "sequence_id"), name);
	json_decref(body);
}

/* What goes on replaces what rang last; what must ring replaces nothing,
 * because the app makes no sound for what replaces another. */
static void
updates_replace_what_rang(void **state)
{
	static const enum event_type story[] = {EVENT_OPENED,
	    EVENT_ACKNOWLEDGED, EVENT_WORSENED, EVENT_NOTE, EVENT_RESOLVED};
	static const char *const names[] = {"7k3qx9v2tb-1", "7k3qx9v2tb-1",
	    "7k3qx9v2tb-3", "7k3qx9v2tb-3", "7k3qx9v2tb-3"};

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct message m = sample_message(story[i]);

		for (int k = 0; k <= i; k++)
			m.timeline[k].type = story[k];
		for (int k = 0; k <= i; k++)
			m.timeline[k].text = "";
		m.timeline_count = (size_t)i + 1;
		m.seq = i + 1;
		expect_sequence(&m, names[i]);
		m.timeline_count = (size_t)i; /* without itself */
		expect_sequence(&m, names[i]);
		sample_free(&m);
	}
}

static void
no_sequence_without_an_incident(void **state)
{
	struct message m = sample_message(EVENT_DIGEST);
	json_t *body;

	(void)state;
	m.incident = "";
	body = body_of(&m);
	assert_null(json_object_get(body, "sequence_id"));
	json_decref(body);
	m.event = EVENT_OPENED;
	m.incident = "a/../b";
	body = body_of(&m);
	assert_null(json_object_get(body, "sequence_id"));
	json_decref(body);
	sample_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(splits_the_topic_off),
	    cmocka_unit_test(rings_by_severity),
	    cmocka_unit_test(stays_within_the_limits),
	    cmocka_unit_test(one_tap_acknowledges),
	    cmocka_unit_test(updates_replace_what_rang),
	    cmocka_unit_test(no_sequence_without_an_incident),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
