#include "alerting/push_words.h"

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

static void
as_loud_as_it_must_be(void **state)
{
	static const struct {
		enum event_type event;
		enum severity severity;
		enum push_volume volume;
	} cases[] = {
	    {EVENT_OPENED, SEVERITY_CRITICAL, PUSH_ALARM},
	    {EVENT_OPENED, SEVERITY_HIGH, PUSH_LOUD},
	    {EVENT_OPENED, SEVERITY_MEDIUM, PUSH_NORMAL},
	    {EVENT_OPENED, SEVERITY_LOW, PUSH_SILENT},
	    {EVENT_OPENED, SEVERITY_INFO, PUSH_UNSEEN},
	    {EVENT_ESCALATED, SEVERITY_CRITICAL, PUSH_ALARM},
	    {EVENT_REOPENED, SEVERITY_CRITICAL, PUSH_ALARM},
	    {EVENT_IMPROVED, SEVERITY_CRITICAL, PUSH_NORMAL},
	    {EVENT_IMPROVED, SEVERITY_LOW, PUSH_SILENT},
	    {EVENT_RESOLVED, SEVERITY_CRITICAL, PUSH_NORMAL},
	    {EVENT_ACKNOWLEDGED, SEVERITY_CRITICAL, PUSH_SILENT},
	    {EVENT_NOTE, SEVERITY_CRITICAL, PUSH_SILENT},
	    {EVENT_TEST, SEVERITY_CRITICAL, PUSH_NORMAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message m = sample_message(cases[i].event);

		m.severity = cases[i].severity;
		assert_int_equal(push_volume(&m), cases[i].volume);
		sample_free(&m);
	}
}

/* A digest of `count` incidents whose titles have two bytes a letter. */
static json_t *
digest_of(int count, const char *event)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(
		    list, json_pack("{s:s,s:s,s:s,s:s}", "title",
			      "Übersicht ääää", "severity", "critical", "event",
			      event, "probe", "overview"));
	return json_pack("{s:i,s:{s:i},s:{s:i},s:o}", "count", count,
	    "by_severity", "critical", count, "by_event", event, count,
	    "incidents", list);
}

static void
cuts_between_characters_and_says_so(void **state)
{
	json_t *digest = digest_of(40, "opened");
	struct message m = sample_message(EVENT_DIGEST);

	(void)state;
	m.incident = "";
	m.digest = digest;
	m.digest_count = 40;
	for (size_t max = 64; max < 200; max++) {
		char *text = push_text(&m, max);

		assert_true(strlen(text) <= max);
		assert_true(strlen(text) > max - 3);
		assert_true(str_is_text(text, strlen(text)));
		assert_true(str_ends(text, "\n… (cut to fit)"));
		free(text);
	}
	json_decref(digest);
	sample_free(&m);
}

static void
a_digest_that_is_over_does_not_ring(void **state)
{
	json_t *digest = digest_of(3, "resolved");
	struct message m = sample_message(EVENT_DIGEST);
	char title[PUSH_TITLE_MAX], *text;

	(void)state;
	m.incident = "";
	m.digest = digest;
	m.digest_count = 3;
	assert_int_equal(push_volume(&m), PUSH_NORMAL);
	assert_true(str_starts(push_title(title, &m), "[RESOLVED] 3 "));
	text = push_text(&m, 4096);
	assert_non_null(strstr(text, "RESOLVED Übersicht ääää\n"));
	assert_null(strstr(text, "cut"));
	free(text);
	json_decref(digest);
	sample_free(&m);
}

static void
links_only_where_they_lead_somewhere(void **state)
{
	struct message m = sample_message(EVENT_OPENED);

	(void)state;
	assert_string_equal(push_link(&m), m.url);
	assert_string_equal(push_ack_link(&m), "");
	m.url = "javascript:alert(1)";
	assert_string_equal(push_link(&m), m.runbook);
	m.runbook = "";
	assert_string_equal(push_link(&m), "");
	m.ack_url = "https://tocsin.example.org/ack/x";
	assert_string_equal(push_ack_link(&m), m.ack_url);
	m.acknowledged_ms = SAMPLE_AT;
	assert_string_equal(push_ack_link(&m), "");
	m.acknowledged_ms = 0;
	m.ack_url = "file:///etc/passwd";
	assert_string_equal(push_ack_link(&m), "");
	sample_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_loud_as_it_must_be),
	    cmocka_unit_test(cuts_between_characters_and_says_so),
	    cmocka_unit_test(a_digest_that_is_over_does_not_ring),
	    cmocka_unit_test(links_only_where_they_lead_somewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
