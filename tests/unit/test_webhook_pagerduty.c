#include "alerting/webhook_text.h"
#include "tests/unit/webhook_case.h"

static char routing_key[] = "0123456789abcdef0123456789abcdef";

static void
begin(struct webhook_case *c, enum event_type event)
{
	case_small(c, event);
	c->config.routing_key = routing_key;
	c->config.url = NULL;
}

static void
triggers(void **state)
{
	struct webhook_case c;

	(void)state;
	begin(&c, EVENT_OPENED);
	c.m.kind = "uptime";
	c.m.url = "";
	c.m.because = "pager-2 could not deliver it";
	case_compose(&c, &webhook_pagerduty, 0);
	assert_string_equal(
	    c.request.url, "https://events.pagerduty.com/v2/enqueue");
	assert_string_equal(c.request.content_type, "application/json");
	case_same(c.body,
	    "{'routing_key': '0123456789abcdef0123456789abcdef', "
	    "'event_action': 'trigger', 'dedup_key': '7k3qx9v2tb', 'payload': "
	    "{'summary': '[CRITICAL] portal is failing: connect to "
	    "192.0.2.7:443 refused after 0.8 ms', 'source': "
	    "'https://portal.example.org/health', 'severity': 'critical', "
	    "'timestamp': '2026-11-22T04:00:00.000Z', 'component': 'portal', "
	    "'class': 'uptime', 'custom_details': {'What to do': 'Acknowledge "
	    "it, so that the others know and the reminders stop.', 'Why "
	    "here': 'You get this because pager-2 could not deliver it.', "
	    "'Probe': 'portal (uptime)', 'Target': "
	    "'https://portal.example.org/health', 'Opened': "
	    "'2026-11-22 04:00:00 UTC', 'Planned work': 'tocsin silence add "
	    "--incident 7k3qx9v2tb --for 2h --reason \\\"why\\\"', 'Sent by': "
	    "'tocsin on mon1.example.org, 2026-11-22 04:00:00 UTC, incident "
	    "7k3qx9v2tb, event 1'}}, 'links': [{'href': '" CASE_ACK
	    "', 'text': 'Acknowledge'}, {'href': "
	    "'https://wiki.example.org/portal', 'text': 'Runbook'}], "
	    "'client': 'tocsin'}");
	case_fini(&c);
}

static void
acknowledges_and_resolves(void **state)
{
	struct webhook_case c;

	(void)state;
	begin(&c, EVENT_ACKNOWLEDGED);
	case_compose(&c, &webhook_pagerduty, 0);
	case_same(c.body,
	    "{'routing_key': '0123456789abcdef0123456789abcdef', "
	    "'event_action': 'acknowledge', 'dedup_key': '7k3qx9v2tb'}");
	c.m.event = EVENT_RESOLVED;
	case_compose(&c, &webhook_pagerduty, 0);
	case_same(c.body,
	    "{'routing_key': '0123456789abcdef0123456789abcdef', "
	    "'event_action': 'resolve', 'dedup_key': '7k3qx9v2tb'}");
	case_fini(&c);
}

static void
knows_how_many_requests(void **state)
{
	(void)state;
	for (int event = 0; event < EVENT_COUNT; event++) {
		const struct message m = {.event = (enum event_type)event};
		const struct webhook_job job = {.message = &m};
		const char *why = NULL;
		size_t want = event == EVENT_NOTE   ? 0
		              : event == EVENT_TEST ? 2
		                                    : 1;

		assert_int_equal(webhook_pagerduty.steps(&job, &why), want);
		if (want == 0)
			assert_non_null(why);
	}
}

static void
keeps_its_limits(void **state)
{
	(void)state;
	for (int event = 0; event < EVENT_COUNT; event++) {
		struct webhook_case c;
		const json_t *payload;

		begin(&c, (enum event_type)event);
		case_harm(&c);
		c.m.incident = c.long_text;
		case_compose(&c, &webhook_pagerduty, 0);
		assert_in_range(strlen(c.request.body), 1, 512 * 1024);
		assert_in_range(
		    webhook_text_units(json_str(c.body, "dedup_key")), 1, 255);
		payload = json_object_get(c.body, "payload");
		if (payload != NULL) {
			assert_in_range(
			    webhook_text_units(json_str(payload, "summary")), 1,
			    1024);
			assert_in_range(
			    webhook_text_units(json_str(payload, "source")), 1,
			    255);
		}
		case_fini(&c);
	}
}

static void
reads_pagerdutys_answers(void **state)
{
	struct receipt r;

	(void)state;
	r = case_understand(&webhook_pagerduty, 202,
	    "{\"status\":\"success\",\"dedup_key\":\"k\"}", -1);
	assert_int_equal(r.status, RECEIPT_DELIVERED);
	assert_string_equal(r.remote_id, "k");
	r = case_understand(&webhook_pagerduty, 202, "{}", -1);
	assert_int_equal(r.status, RECEIPT_RETRY);
	r = case_understand(&webhook_pagerduty, 400,
	    "{\"errors\":[\"'summary' is missing\"]}", -1);
	assert_int_equal(r.status, RECEIPT_REJECTED);
	assert_string_equal(r.detail, "status 400: 'summary' is missing");
	r = case_understand(&webhook_pagerduty, 400,
	    "{\"message\":\"Invalid Routing Key\",\"errors\":[7]}", -1);
	assert_int_equal(r.status, RECEIPT_RETRY);
	r = case_understand(&webhook_pagerduty, 429, NULL, -1);
	assert_int_equal(r.retry_after_ms, 60000);
	r = case_understand(&webhook_pagerduty, 429, NULL, 5000);
	assert_int_equal(r.retry_after_ms, 5000);
	r = case_understand(&webhook_pagerduty, 0, NULL, -1);
	assert_int_equal(r.status, RECEIPT_RETRY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(triggers),
	    cmocka_unit_test(acknowledges_and_resolves),
	    cmocka_unit_test(knows_how_many_requests),
	    cmocka_unit_test(keeps_its_limits),
	    cmocka_unit_test(reads_pagerdutys_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
