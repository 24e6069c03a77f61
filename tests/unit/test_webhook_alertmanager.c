#include "alerting/webhook_text.h"
#include "tests/unit/webhook_case.h"

static const json_t *
alert(struct webhook_case *c)
{
	case_compose(c, &webhook_alertmanager, 0);
	assert_int_equal(json_array_size(c->body), 1);
	return json_array_get(c->body, 0);
}

static void
is_an_alert(void **state)
{
	struct webhook_case c;
	const json_t *got;

	(void)state;
	case_small(&c, EVENT_OPENED);
	c.m.kind = "uptime";
	c.m.component = "Patient portal";
	c.m.labels =
	    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "team", "web", "k8s.io/app",
		"p", "9lives", "x", "severity", "none", "", "y", "empty", "");
	got = alert(&c);
	assert_string_equal(c.request.url, CASE_URL "/api/v2/alerts");
	assert_non_null(
	    strstr(json_str(json_object_get(got, "annotations"), "description"),
		"What to do"));
	json_object_del(json_object_get(got, "annotations"), "description");
	case_same(got,
	    "{'labels': {'alertname': 'portal', 'incident': '7k3qx9v2tb', "
	    "'severity': 'critical', 'kind': 'uptime', 'instance': "
	    "'https://portal.example.org/health', 'component': 'Patient "
	    "portal', 'agent': 'mon1.example.org', 'team': 'web', "
	    "'k8s_io_app': 'p', '_9lives': 'x'}, 'annotations': {'summary': "
	    "'[CRITICAL] portal is failing', 'reason': 'connect to "
	    "192.0.2.7:443 refused after 0.8 ms', 'acknowledge_url': '" CASE_ACK
	    "', 'runbook_url': 'https://wiki.example.org/portal'}, "
	    "'startsAt': '2026-11-22T04:00:00.000Z', 'endsAt': "
	    "'2026-11-22T04:05:01.000Z', 'generatorURL': "
	    "'https://tocsin.example.org/incidents/7k3qx9v2tb'}");
	case_fini(&c);
}

static void
has_times_that_are_taken(void **state)
{
	static const struct {
		int64_t since, opened, resolved;
		enum event_type event;
		const char *starts, *ends;
	} cases[] = {
	    /* open: from its beginning until it must be said again */
	    {SAMPLE_AT - 30000, SAMPLE_AT, 0, EVENT_OPENED,
		"2026-11-22T03:59:30.000Z", "2026-11-22T04:01:01.000Z"},
	    {0, SAMPLE_AT, 0, EVENT_NOTE, "2026-11-22T04:00:00.000Z",
		"2026-11-22T04:01:01.000Z"},
	    {0, 0, 0, EVENT_TEST, "2026-11-22T04:00:00.000Z",
		"2026-11-22T04:01:01.000Z"},
	    /* over: never before it began, never later than now */
	    {0, SAMPLE_AT, SAMPLE_AT + 500, EVENT_RESOLVED,
		"2026-11-22T04:00:00.000Z", "2026-11-22T04:00:00.500Z"},
	    {0, SAMPLE_AT, SAMPLE_AT + 900000, EVENT_RESOLVED,
		"2026-11-22T04:00:00.000Z", "2026-11-22T04:00:01.000Z"},
	    {0, SAMPLE_AT, SAMPLE_AT - 900000, EVENT_RESOLVED,
		"2026-11-22T04:00:00.000Z", "2026-11-22T04:00:00.000Z"},
	    {0, SAMPLE_AT, 0, EVENT_RESOLVED, "2026-11-22T04:00:00.000Z",
		"2026-11-22T04:00:01.000Z"},
	    /* a clock that was set back since */
	    {SAMPLE_AT + 900000, SAMPLE_AT + 900000, 0, EVENT_OPENED,
		"2026-11-22T04:00:00.000Z", "2026-11-22T04:01:01.000Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct webhook_case c;
		const json_t *got;

		case_small(&c, cases[i].event);
		c.config.resolve_timeout_ms = 60000;
		c.m.failing_since_ms = cases[i].since;
		c.m.opened_ms = cases[i].opened;
		c.m.resolved_ms = cases[i].resolved;
		got = alert(&c);
		assert_string_equal(json_str(got, "startsAt"), cases[i].starts);
		assert_string_equal(json_str(got, "endsAt"), cases[i].ends);
		case_fini(&c);
	}
}

/* One message of an incident has the labels of all. */
static void
is_the_same_alert_until_its_end(void **state)
{
	json_t *first = NULL;

	(void)state;
	for (int event = 0; event < EVENT_COUNT; event++) {
		struct webhook_case c;
		const json_t *labels;

		if (event == EVENT_TEST || event == EVENT_DIGEST)
			continue;
		case_init(&c, (enum event_type)event);
		c.m.seq = event + 1;
		labels = json_object_get(alert(&c), "labels");
		if (first == NULL)
			first = json_deep_copy(labels);
		assert_true(json_equal(first, labels));
		case_fini(&c);
	}
	json_decref(first);
}

static void
goes_to_every_member(void **state)
{
	static char one[] = "http://am1:9093", two[] = "https://h/am/",
		    three[] = "http://am3:9093/api/v2/alerts";
	static char *items[] = {two, three};
	static const char *const want[] = {"http://am1:9093/api/v2/alerts",
	    "https://h/am/api/v2/alerts", "http://am3:9093/api/v2/alerts"};
	struct webhook_case c;
	struct webhook_job job = {.config = &c.config, .message = &c.m};
	const char *why;

	(void)state;
	case_small(&c, EVENT_OPENED);
	c.config.url = one;
	c.config.members.items = items;
	c.config.members.count = 2;
	assert_int_equal(webhook_alertmanager.steps(&job, &why), 3);
	for (size_t i = 0; i < 3; i++) {
		case_compose(&c, &webhook_alertmanager, i);
		assert_string_equal(c.request.url, want[i]);
	}
	c.config.url = NULL;
	assert_int_equal(webhook_alertmanager.steps(&job, &why), 2);
	case_compose(&c, &webhook_alertmanager, 0);
	assert_string_equal(c.request.url, want[1]);
	case_fini(&c);
}

static void
is_sent_again_in_time(void **state)
{
	struct webhook_config config = {.resolve_timeout_ms = 60000};
	struct channel_traits traits = {.refresh_ms = 0};

	(void)state;
	webhook_alertmanager.set_traits(&config, &traits);
	assert_int_equal(traits.refresh_ms, 20000);
	config.resolve_timeout_ms = 0;
	webhook_alertmanager.set_traits(&config, &traits);
	assert_int_equal(traits.refresh_ms, 100000);
}

static void
survives_harm(void **state)
{
	(void)state;
	for (int event = 0; event < EVENT_COUNT; event++) {
		struct webhook_case c;
		json_t *labels = json_object(), *value;
		const char *key;

		case_init(&c, (enum event_type)event);
		case_harm(&c);
		json_put_str(
		    labels, "<!channel> {{x}}\n\x01 \xe2\x80\xae", c.long_text);
		for (char name[] = "a!"; name[0] <= 'z'; name[0]++)
			json_put_str(labels, name, CASE_HOSTILE);
		json_decref((json_t *)(uintptr_t)c.m.labels);
		c.m.labels = labels;
		labels = json_object_get(alert(&c), "labels");
		json_object_foreach (labels, key, value) {
			assert_true(
			    key[strspn(key,
				"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM"
				"NOPQRSTUVWXYZ0123456789_")] == '\0');
			assert_false(key[0] >= '0' && key[0] <= '9');
			assert_in_range(
			    webhook_text_units(json_string_value(value)), 1,
			    1024);
		}
		case_fini(&c);
	}
}

static void
reads_its_answers(void **state)
{
	(void)state;
	assert_int_equal(
	    case_understand(&webhook_alertmanager, 200, NULL, -1).status,
	    RECEIPT_DELIVERED);
	assert_int_equal(
	    case_understand(&webhook_alertmanager, 200, " <html>", -1).status,
	    RECEIPT_RETRY);
	assert_int_equal(
	    case_understand(&webhook_alertmanager, 400, "\"no\"", -1).status,
	    RECEIPT_REJECTED);
	assert_int_equal(
	    case_understand(&webhook_alertmanager, 0, NULL, -1).status,
	    RECEIPT_RETRY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_an_alert),
	    cmocka_unit_test(has_times_that_are_taken),
	    cmocka_unit_test(is_the_same_alert_until_its_end),
	    cmocka_unit_test(goes_to_every_member),
	    cmocka_unit_test(is_sent_again_in_time),
	    cmocka_unit_test(survives_harm),
	    cmocka_unit_test(reads_its_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
