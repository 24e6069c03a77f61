#include "alerting/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/message_sample.h"

typedef void render_fn(struct buf *out, const struct message *m);

static char *
rendered(render_fn *render, const struct message *m)
{
	struct buf out;

	buf_init(&out, 100000);
	render(&out, m);
	assert_false(out.cut);
	return buf_take(&out);
}

static void
says(render_fn *render, const struct message *m, const char *want)
{
	char *got = rendered(render, m);

	assert_string_equal(got, want);
	free(got);
}

static void
tells_everything_when_it_opens(void **state)
{
	struct message m = sample_message(EVENT_OPENED);

	(void)state;
	says(render_title, &m,
	    "[CRITICAL] portal is failing: connect to 192.0.2.7:443 refused "
	    "after 0.8 ms");
	says(render_short, &m,
	    "connect to 192.0.2.7:443 refused after 0.8 ms\n"
	    "https://portal.example.org/health\n"
	    "tocsin incident ack 7k3qx9v2tb");
	says(render_text, &m,
	    "CRITICAL: portal is failing\n"
	    "connect to 192.0.2.7:443 refused after 0.8 ms\n"
	    "\n"
	    "Probe       portal (uptime)\n"
	    "Target      https://portal.example.org/health\n"
	    "About       Where patients book their visits\n"
	    "Bad since   2026-11-22 03:59:30 UTC\n"
	    "Opened      2026-11-22 04:00:00 UTC\n"
	    "Seen from   fra, nyc\n"
	    "Labels      team=web, tier=1\n"
	    "Runbook     https://wiki.example.org/portal\n"
	    "See more    https://tocsin.example.org/incidents/7k3qx9v2tb\n"
	    "\n"
	    "What to do\n"
	    "  Acknowledge it, so that the others know and the reminders "
	    "stop.\n"
	    "  tocsin incident ack 7k3qx9v2tb\n"
	    "  Planned work? tocsin silence add --incident 7k3qx9v2tb "
	    "--for 2h --reason \"why\"\n"
	    "\n"
	    "So far\n"
	    "  2026-11-22 03:59:00 UTC  opened: status 503\n"
	    "\n"
	    "What was seen\n"
	    "  status: 503\n"
	    "  address: 192.0.2.7:443\n"
	    "  total_ms: 12.5\n"
	    "\n"
	    "-- \n"
	    "tocsin on mon1.example.org, 2026-11-22 04:00:00 UTC, incident "
	    "7k3qx9v2tb, event 1\n");
	sample_free(&m);
}

static void
says_that_it_is_over(void **state)
{
	struct message m = sample_message(EVENT_RESOLVED);
	char *text;

	(void)state;
	m.resolved_ms = SAMPLE_AT + 720000;
	m.reason = "answers again";
	says(render_title, &m,
	    "[RESOLVED] portal: over after 12 min 30 s; now: answers again");
	text = rendered(render_text, &m);
	assert_non_null(strstr(text, "Resolved    2026-11-22 04:12:00 UTC"));
	assert_null(strstr(text, "incident ack"));
	free(text);
	says(render_short, &m,
	    "over after 12 min 30 s; now: answers again\n"
	    "https://portal.example.org/health\n"
	    "incident 7k3qx9v2tb");
	sample_free(&m);
}

static void
does_not_call_over_what_somebody_closed(void **state)
{
	struct message m = sample_message(EVENT_RESOLVED);
	char *text;

	(void)state;
	m.actor = "kim";
	m.note = "planned work";
	m.outcome = OUTCOME_FAILED;
	says(render_title, &m,
	    "[RESOLVED] portal: closed by kim: planned work; it is still bad");
	text = rendered(render_text, &m);
	assert_null(strstr(text, "it is over"));
	assert_non_null(strstr(text, "told again"));
	free(text);
	sample_free(&m);
}

static void
names_every_event(void **state)
{
	static const char *const titles[EVENT_COUNT] = {
	    [EVENT_OPENED] = "[CRITICAL] portal is failing: it broke",
	    [EVENT_WORSENED] = "[CRITICAL, WORSE] portal is failing: it broke",
	    [EVENT_IMPROVED] = "[CRITICAL, BETTER] portal is failing: it broke",
	    [EVENT_REMINDER] = "[STILL CRITICAL] portal is failing: it broke",
	    [EVENT_FLAPPING] =
		"[CRITICAL, FLAPPING] portal is failing: it broke",
	    [EVENT_ACKNOWLEDGED] =
		"[ACKNOWLEDGED] portal is failing: taken by alice: on it",
	    [EVENT_NOTE] = "[NOTE] portal is failing: note by alice: on it",
	    [EVENT_RESOLVED] =
		"[RESOLVED] portal: closed by alice: on it; it is still bad",
	    [EVENT_REOPENED] = "[CRITICAL AGAIN] portal is failing: it broke",
	    [EVENT_TEST] = "[TEST] portal is failing: it broke",
	    [EVENT_ESCALATED] = "[CRITICAL, UNANSWERED] portal is failing: "
				"nobody has acknowledged for 1 min: it "
				"broke",
	    [EVENT_DIGEST] = "0 incidents",
	};

	(void)state;
	for (int event = 0; event < EVENT_COUNT; event++) {
		struct message m = sample_message((enum event_type)event);

		m.reason = "it broke";
		m.actor = "alice";
		m.note = "on it";
		says(render_title, &m, titles[event]);
		sample_free(&m);
	}
}

/* Whether it is 3 a.m. or not: why me, since when was it good, what is new, and
 * what can I do. */
static void
tells_why_and_what_to_do(void **state)
{
	struct message m = sample_message(EVENT_ESCALATED);
	char *text;

	(void)state;
	m.because =
	    "pager could not deliver it within 60 s: connection refused";
	m.component = "Patient portal";
	m.last_ok_ms = SAMPLE_AT - 60000;
	m.ack_url = "https://tocsin.example.org/ack/7k3q.x";
	m.at_ms = SAMPLE_AT + 240000;
	text = rendered(render_text, &m);
	assert_non_null(strstr(text,
	    "CRITICAL, UNANSWERED: portal is failing\n"
	    "nobody has acknowledged for 5 min: connect to 192.0.2.7:443 "
	    "refused after 0.8 ms\n"
	    "You get this because pager could not deliver it within 60 s: "
	    "connection refused.\n"));
	assert_non_null(strstr(text, "Component   Patient portal\n"
				     "Bad since   2026-11-22 03:59:30 UTC\n"
				     "Last good   2026-11-22 03:59:00 UTC\n"
				     "Changed     before: status 503\n"));
	assert_non_null(strstr(text,
	    "What to do\n"
	    "  Acknowledge it, so that it goes no further and the others know "
	    "that you have it.\n"
	    "  https://tocsin.example.org/ack/7k3q.x\n"
	    "  or: tocsin incident ack 7k3qx9v2tb\n"
	    "  Planned work? tocsin silence add --incident 7k3qx9v2tb --for 2h "
	    "--reason \"why\"\n"));
	free(text);
	says(render_short, &m,
	    "nobody has acknowledged for 5 min: connect to 192.0.2.7:443 "
	    "refused after 0.8 ms\n"
	    "You get this because pager could not deliver it within 60 s: "
	    "connection refused.\n"
	    "https://portal.example.org/health\n"
	    "tocsin incident ack 7k3qx9v2tb");
	sample_free(&m);
}

static void
asks_nobody_who_has_answered(void **state)
{
	struct message m = sample_message(EVENT_REMINDER);
	char *text;

	(void)state;
	m.ack_url = "https://tocsin.example.org/ack/7k3q.x";
	m.acknowledged_ms = SAMPLE_AT;
	text = rendered(render_text, &m);
	assert_null(strstr(text, "ack"));
	assert_null(strstr(text, "silence"));
	free(text);
	m.acknowledged_ms = 0;
	m.ack_url = "javascript:alert(1)";
	text = rendered(render_text, &m);
	assert_null(strstr(text, "javascript"));
	assert_non_null(strstr(text, "\n  tocsin incident ack 7k3qx9v2tb\n"));
	free(text);
	sample_free(&m);
}

static const char digest_json[] =
    "{\"count\":31,\"left_out\":28,"
    "\"by_severity\":{\"critical\":2,\"high\":29},"
    "\"by_event\":{\"opened\":30,\"resolved\":1},\"incidents\":["
    "{\"id\":\"aaa\",\"event\":\"opened\",\"title\":\"portal is failing\","
    "\"severity\":\"critical\",\"probe\":\"portal\",\"reason\":\"refused\","
    "\"failing_since\":\"2026-11-22T03:59:30.000Z\","
    "\"url\":\"https://tocsin.example.org/incidents/aaa\"},"
    "{\"id\":\"bbb\",\"event\":\"escalated\",\"title\":\"vpn is failing\","
    "\"severity\":\"high\",\"probe\":\"vpn\",\"url\":\"javascript:x\"},"
    "{\"id\":\"ccc\",\"event\":\"resolved\",\"title\":\"mail is failing\","
    "\"severity\":\"high\",\"probe\":\"mail\",\"reason\":\"status 200\","
    "\"failing_since\":\"2026-11-22T03:59:30.000Z\"}]}";

static struct message
digest(json_t *json)
{
	struct message m = sample_message(EVENT_DIGEST);

	sample_free(&m);
	m.labels = m.regions = m.facts = m.metrics = NULL;
	m.incident = m.title = m.probe = m.target = m.reason = m.url = "";
	m.timeline_count = 0;
	m.digest = json;
	m.digest_count = json_integer_value(json_object_get(json, "count"));
	return m;
}

static void
tells_many_as_one_list(void **state)
{
	json_t *json = json_loads(digest_json, 0, NULL);
	struct message m = digest(json);

	(void)state;
	says(render_title, &m,
	    "31 incidents, 1 of them over: 2 critical, 29 high; worst: portal "
	    "is failing");
	says(render_subject, &m,
	    "31 incidents, 1 of them over: 2 critical, 29 high; worst: portal "
	    "is failing");
	says(render_short, &m,
	    "CRITICAL portal is failing\n"
	    "HIGH, UNANSWERED vpn is failing\n"
	    "RESOLVED mail\n"
	    "and 28 more\n"
	    "tocsin incident list");
	says(render_text, &m,
	    "CRITICAL: 31 incidents, 1 of them over: 2 critical, 29 high; "
	    "worst: portal is failing\n"
	    "\n"
	    "CRITICAL   portal is failing\n"
	    "           refused\n"
	    "           bad since 2026-11-22 03:59:30 UTC\n"
	    "           https://tocsin.example.org/incidents/aaa\n"
	    "HIGH, UNANSWERED vpn is failing\n"
	    "RESOLVED   mail\n"
	    "           status 200\n"
	    "and 28 more: tocsin incident list\n"
	    "\n"
	    "What to do\n"
	    "  Begin with the worst. So much happened at once that it is told "
	    "as one list.\n"
	    "\n"
	    "-- \n"
	    "tocsin on mon1.example.org, 2026-11-22 04:00:00 UTC\n");
	json_decref(json);
}

static void
tells_that_many_are_over(void **state)
{
	json_t *json = json_pack("{s:i,s:{s:i},s:{s:i},s:[{s:s,s:s,s:s}]}",
	    "count", 1, "by_severity", "high", 1, "by_event", "resolved", 1,
	    "incidents", "event", "resolved", "title", "vpn is failing",
	    "probe", "vpn");
	struct message m = digest(json);
	char *text;

	(void)state;
	says(render_title, &m, "1 incident is over; among them: vpn");
	text = rendered(render_text, &m);
	assert_memory_equal(text, "RESOLVED: ", 10);
	assert_non_null(strstr(text, "Nothing: it is over."));
	free(text);
	json_decref(json);
}

static void
keeps_the_subject_while_it_lasts(void **state)
{
	struct message m = sample_message(EVENT_OPENED);

	(void)state;
	says(render_subject, &m, "portal: incident 7k3qx9v2tb");
	m.event = EVENT_WORSENED;
	m.title = "portal is something else";
	m.severity = SEVERITY_LOW;
	says(render_subject, &m, "portal: incident 7k3qx9v2tb");
	m.event = EVENT_TEST;
	m.incident = "";
	says(render_subject, &m, "portal: test");
	sample_free(&m);
}

static void
keeps_hostile_text_in_its_line(void **state)
{
	struct message m = sample_message(EVENT_NOTE);
	char *text;

	(void)state;
	m.actor = "mallory\r\nBcc: x";
	m.note = "a\nb\x1b[2J\x7f";
	m.target = "http://x/\"><script>";
	m.probe = "p\n\nFAKE: all is well";
	text = rendered(render_text, &m);
	assert_null(strchr(text, '\r'));
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, "\nFAKE"));
	assert_null(strstr(text, "\nBcc"));
	free(text);
	sample_free(&m);
}

static void
keeps_the_title_short(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	char longer[3000], *title;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	m.reason = longer;
	title = rendered(render_title, &m);
	assert_true(strlen(title) <= 160);
	free(title);
	sample_free(&m);
}

static void
writes_one_line_for_timelines(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	render_event(&out, EVENT_ACKNOWLEDGED, "alice", "looking\ninto it");
	assert_string_equal(
	    buf_str(&out), "acknowledged by alice: looking into it");
	buf_clear(&out);
	render_event(&out, EVENT_RESOLVED, "", "");
	assert_string_equal(buf_str(&out), "resolved");
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_everything_when_it_opens),
	    cmocka_unit_test(says_that_it_is_over),
	    cmocka_unit_test(does_not_call_over_what_somebody_closed),
	    cmocka_unit_test(names_every_event),
	    cmocka_unit_test(tells_why_and_what_to_do),
	    cmocka_unit_test(asks_nobody_who_has_answered),
	    cmocka_unit_test(tells_many_as_one_list),
	    cmocka_unit_test(tells_that_many_are_over),
	    cmocka_unit_test(keeps_the_subject_while_it_lasts),
	    cmocka_unit_test(keeps_hostile_text_in_its_line),
	    cmocka_unit_test(keeps_the_title_short),
	    cmocka_unit_test(writes_one_line_for_timelines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
