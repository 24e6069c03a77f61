#include "alerting/webhook_text.h"
#include "tests/unit/webhook_case.h"

#define SIZE_MAX_BYTES (28 * 1024)

static void
says_it_on_a_card(void **state)
{
	struct webhook_case c;

	(void)state;
	case_small(&c, EVENT_RESOLVED);
	c.m.resolved_ms = SAMPLE_AT + 60000;
	c.m.outcome = OUTCOME_OK;
	c.m.runbook = c.m.url = "";
	case_compose(&c, &webhook_teams, 0);
	assert_string_equal(
	    c.request.content_type, "application/json; charset=utf-8");
	case_same(c.body,
	    "{'type': 'message', 'attachments': [{'contentType': "
	    "'application/vnd.microsoft.card.adaptive', 'contentUrl': null, "
	    "'content': {'$schema': "
	    "'http://adaptivecards.io/schemas/adaptive-card.json', 'type': "
	    "'AdaptiveCard', 'version': '1.4', 'msteams': {'width': 'Full'}, "
	    "'fallbackText': '[RESOLVED] portal', 'body': [{'type': "
	    "'Container', 'style': 'good', 'bleed': true, 'items': [{'type': "
	    "'RichTextBlock', 'inlines': [{'type': 'TextRun', 'text': "
	    "'[RESOLVED] portal', 'size': 'Large', 'weight': 'Bolder', "
	    "'color': 'good'}]}]}, {'type': 'RichTextBlock', 'inlines': "
	    "[{'type': 'TextRun', 'text': 'over after 1 min; now: connect to "
	    "192.0.2.7:443 refused after 0.8 ms'}]}, {'type': "
	    "'RichTextBlock', 'inlines': [{'type': 'TextRun', 'text': "
	    "'Nothing: it is over.'}]}, {'type': 'RichTextBlock', 'spacing': "
	    "'Small', 'inlines': [{'type': 'TextRun', 'text': 'Probe: ', "
	    "'weight': 'Bolder'}, {'type': 'TextRun', 'text': 'portal'}]}, "
	    "{'type': 'RichTextBlock', 'spacing': 'Small', 'inlines': "
	    "[{'type': 'TextRun', 'text': 'Target: ', 'weight': 'Bolder'}, "
	    "{'type': 'TextRun', 'text': "
	    "'https://portal.example.org/health'}]}, {'type': "
	    "'RichTextBlock', 'spacing': 'Small', 'inlines': [{'type': "
	    "'TextRun', 'text': 'Opened: ', 'weight': 'Bolder'}, {'type': "
	    "'TextRun', 'text': '2026-11-22 04:00:00 UTC'}]}, {'type': "
	    "'RichTextBlock', 'spacing': 'Small', 'inlines': [{'type': "
	    "'TextRun', 'text': 'Resolved: ', 'weight': 'Bolder'}, {'type': "
	    "'TextRun', 'text': '2026-11-22 04:01:00 UTC'}]}, {'type': "
	    "'RichTextBlock', 'inlines': [{'type': 'TextRun', 'text': "
	    "'tocsin on mon1.example.org, 2026-11-22 04:00:00 UTC, incident "
	    "7k3qx9v2tb, event 1', 'isSubtle': true, 'size': 'Small'}]}], "
	    "'actions': []}}]}");
	case_fini(&c);
}

static void
stays_below_its_size(void **state)
{
	(void)state;
	for (int event = 0; event < EVENT_COUNT; event++) {
		struct webhook_case c;
		json_t *facts = json_object();

		case_init(&c, (enum event_type)event);
		case_harm(&c);
		for (char key[] = "a"; key[0] <= 'z'; key[0]++)
			json_put_text(facts, key, c.long_text, 4000);
		json_decref((json_t *)(uintptr_t)c.m.facts);
		c.m.facts = facts;
		case_compose(&c, &webhook_teams, 0);
		assert_in_range(strlen(c.request.body), 1, SIZE_MAX_BYTES);
		assert_in_range(
		    2 * webhook_text_units(c.request.body), 1, SIZE_MAX_BYTES);
		if (event != EVENT_DIGEST)
			assert_non_null(strstr(c.request.body, "left out"));
		assert_null(strstr(c.request.body, "TextBlock\",\"text\""));
		assert_null(strstr(c.request.body, "\xe2\x80\xae"));
		case_fini(&c);
	}
}

static void
has_a_tint_for_each_colour(void **state)
{
	static const char *const want[SEVERITY_COUNT] = {
	    "default", "accent", "warning", "attention", "attention"};

	(void)state;
	for (int i = 0; i < SEVERITY_COUNT; i++) {
		struct webhook_case c;
		char text[40];

		case_small(&c, EVENT_OPENED);
		c.m.severity = (enum severity)i;
		case_compose(&c, &webhook_teams, 0);
		str_printf(text, sizeof(text), "\"color\":\"%s\"", want[i]);
		assert_non_null(strstr(c.request.body, text));
		case_fini(&c);
	}
}

static void
reads_what_workflows_say(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum receipt_status want;
	} cases[] = {
	    {202, NULL, RECEIPT_DELIVERED},
	    {200, "1", RECEIPT_DELIVERED},
	    {200, "Webhook message delivery failed with error: HTTP error 429",
		RECEIPT_RETRY},
	    {200, "Webhook message delivery failed with error: HTTP error 413",
		RECEIPT_REJECTED},
	    {200, "Webhook message delivery failed", RECEIPT_RETRY},
	    {400, "{\"error\":{\"code\":\"TriggerInputSchemaMismatch\"}}",
		RECEIPT_REJECTED},
	    {400, "{\"error\":{\"code\":\"WorkflowTriggerIsNotEnabled\"}}",
		RECEIPT_RETRY},
	    {404, "{\"error\":{\"code\":\"WorkflowNotFound\"}}",
		RECEIPT_DISABLED},
	    {404, NULL, RECEIPT_RETRY},
	    {429, NULL, RECEIPT_RETRY},
	    {0, NULL, RECEIPT_RETRY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(case_understand(&webhook_teams,
				     cases[i].status, cases[i].body, -1)
				     .status,
		    cases[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_it_on_a_card),
	    cmocka_unit_test(stays_below_its_size),
	    cmocka_unit_test(has_a_tint_for_each_colour),
	    cmocka_unit_test(reads_what_workflows_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
