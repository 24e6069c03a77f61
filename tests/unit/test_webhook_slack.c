#include "alerting/webhook_text.h"
#include "tests/unit/webhook_case.h"

static void
says_it_in_blocks(void **state)
{
	struct webhook_case c;

	(void)state;
	case_small(&c, EVENT_OPENED);
	c.m.title = "a < b & c";
	case_compose(&c, &webhook_slack, 0);
	assert_string_equal(c.request.url, CASE_URL);
	assert_string_equal(
	    c.request.content_type, "application/json; charset=utf-8");
	case_same(c.body,
	    "{'text': '[CRITICAL] a &lt; b &amp; c: connect to 192.0.2.7:443 "
	    "refused after 0.8 ms', 'mrkdwn': false, 'unfurl_links': false, "
	    "'unfurl_media': false, 'blocks': [{'type': 'header', 'text': "
	    "{'type': 'plain_text', 'text': '[CRITICAL] a &lt; b &amp; c', "
	    "'emoji': false}}], 'attachments': [{'color': '#cf222e', "
	    "'fallback': '[CRITICAL] a &lt; b &amp; c', 'blocks': ["
	    "{'type': 'section', 'text': {'type': 'plain_text', 'text': "
	    "'connect to 192.0.2.7:443 refused after 0.8 ms', 'emoji': "
	    "false}}, {'type': 'section', 'text': {'type': 'plain_text', "
	    "'text': 'Acknowledge it, so that the others know and the "
	    "reminders stop.', 'emoji': false}}, {'type': 'section', 'text': "
	    "{'type': 'mrkdwn', 'verbatim': true, 'text': '*<" CASE_ACK
	    "|Acknowledge>*   *<https://wiki.example.org/portal|Runbook>*   "
	    "*<https://tocsin.example.org/incidents/7k3qx9v2tb|See more>*'}}, "
	    "{'type': 'section', 'text': {'type': 'plain_text', 'emoji': "
	    "false, 'text': 'Probe: portal\\n"
	    "Target: https://portal.example.org/health\\n"
	    "Opened: 2026-11-22 04:00:00 UTC\\nPlanned work: tocsin silence "
	    "add --incident 7k3qx9v2tb --for 2h --reason \\\"why\\\"'}}, "
	    "{'type': 'context', 'elements': [{'type': 'plain_text', 'text': "
	    "'tocsin on mon1.example.org, 2026-11-22 04:00:00 UTC, incident "
	    "7k3qx9v2tb, event 1', 'emoji': false}]}]}]}");
	case_fini(&c);
}

/* Every text of every block is within its limit, and none opens a < that is
 * not our link's. */
static void
check_texts(const json_t *value, const char *own_key)
{
	const char *key, *text = json_str(value, "text");
	json_t *member;
	size_t i;

	if (json_is_string(json_object_get(value, "text"))) {
		size_t max = own_key[0] == 'h' ? 150 : 3000;

		assert_in_range(webhook_text_units(text), 1, max);
		if (str_eq(json_str(value, "type"), "plain_text"))
			assert_null(strpbrk(text, "<>"));
	}
	json_object_foreach ((json_t *)(uintptr_t)value, key, member)
		check_texts(member, json_str(value, "type"));
	json_array_foreach (value, i, member)
		check_texts(member, own_key);
}

static void
keeps_its_limits(void **state)
{
	(void)state;
	for (int event = 0; event < EVENT_COUNT; event++) {
		struct webhook_case c;

		case_init(&c, (enum event_type)event);
		case_harm(&c);
		case_compose(&c, &webhook_slack, 0);
		check_texts(json_object_get(c.body, "blocks"), "");
		check_texts(json_object_get(c.body, "attachments"), "");
		assert_null(strpbrk(json_str(c.body, "text"), "<>"));
		assert_null(strstr(c.request.body, "\xe2\x80\xae"));
		assert_non_null(strstr(c.request.body, "…"));
		case_fini(&c);
	}
}

static void
counts_what_it_leaves_out(void **state)
{
	char value[600];
	struct webhook_case c;
	json_t *facts = json_object();

	(void)state;
	case_init(&c, EVENT_OPENED);
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (char key[] = "a"; key[0] < 'k'; key[0]++)
		json_put_str(facts, key, value);
	json_decref((json_t *)(uintptr_t)c.m.facts);
	c.m.facts = facts;
	case_compose(&c, &webhook_slack, 0);
	assert_non_null(strstr(c.request.body, " more lines left out"));
	case_fini(&c);
}

static void
reads_slacks_words(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum receipt_status want;
	} cases[] = {
	    {200, "ok", RECEIPT_DELIVERED},
	    {200, " ok\n", RECEIPT_DELIVERED},
	    {200, "{\"ok\":true}", RECEIPT_DELIVERED},
	    {200, "{\"ok\":false,\"error\":\"ratelimited\"}", RECEIPT_RETRY},
	    {200, "{\"ok\":false}", RECEIPT_RETRY},
	    {200, "{\"ok\":", RECEIPT_RETRY},
	    {200, "okay", RECEIPT_RETRY},
	    {200, NULL, RECEIPT_RETRY},
	    {400, "invalid_payload", RECEIPT_REJECTED},
	    {403, "action_prohibited", RECEIPT_RETRY},
	    {404, "no_service", RECEIPT_DISABLED},
	    {404, "channel_not_found", RECEIPT_DISABLED},
	    {404, "page not found", RECEIPT_RETRY},
	    {410, "channel_is_archived", RECEIPT_DISABLED},
	    {410, "", RECEIPT_DISABLED},
	    {500, "rollup_error", RECEIPT_RETRY},
	    {301, "ok", RECEIPT_RETRY},
	    {0, NULL, RECEIPT_RETRY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct receipt r = case_understand(
		    &webhook_slack, cases[i].status, cases[i].body, 7000);

		assert_int_equal(r.status, cases[i].want);
		assert_int_equal(r.code, cases[i].status);
		assert_true(r.detail[0] != '\0');
	}
	assert_int_equal(
	    case_understand(&webhook_slack, 429, "rate_limited", 7000)
		.retry_after_ms,
	    7000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_it_in_blocks),
	    cmocka_unit_test(keeps_its_limits),
	    cmocka_unit_test(counts_what_it_leaves_out),
	    cmocka_unit_test(reads_slacks_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
