#include "alerting/webhook_text.h"
#include "tests/unit/webhook_case.h"

static void
says_it_in_an_embed(void **state)
{
	struct webhook_case c;

	(void)state;
	case_small(&c, EVENT_OPENED);
	c.m.reason = "@everyone: *look*";
	c.m.url = "";
	case_compose(&c, &webhook_discord, 0);
	assert_string_equal(c.request.url, CASE_URL "?wait=true");
	case_same(c.body,
	    "{'embeds': [{'title': '\\\\[CRITICAL\\\\] portal is failing', "
	    "'description': '\\\\@everyone: \\\\*look\\\\*\\n\\nAcknowledge "
	    "it, so that the others know and the reminders stop.', 'color': "
	    "13574702, 'timestamp': '2026-11-22T04:00:00.000Z', 'footer': "
	    "{'text': 'tocsin on mon1.example.org, 2026-11-22 04:00:00 UTC, "
	    "incident 7k3qx9v2tb, event 1'}, 'fields': [{'name': 'Links', "
	    "'value': '[Acknowledge](<" CASE_ACK ">) · "
	    "[Runbook](<https://wiki.example.org/portal>)', 'inline': false}, "
	    "{'name': 'Probe', 'value': 'portal', 'inline': true}, {'name': "
	    "'Target', 'value': 'https://portal.example.org/health', "
	    "'inline': false}, {'name': 'Opened', 'value': "
	    "'2026-11-22 04:00:00 UTC', 'inline': true}, {'name': 'Planned "
	    "work', 'value': 'tocsin silence add --incident 7k3qx9v2tb --for "
	    "2h --reason \\\"why\\\"', 'inline': false}]}], "
	    "'allowed_mentions': {'parse': []}}");
	case_fini(&c);
}

static size_t
units(const json_t *object, const char *key)
{
	return webhook_text_units(json_str(object, key));
}

static void
check_limits(const json_t *embed)
{
	const json_t *fields = json_object_get(embed, "fields"), *field;
	const json_t *footer = json_object_get(embed, "footer");
	size_t total, i;

	assert_in_range(units(embed, "title"), 1, 256);
	assert_in_range(units(embed, "description"), 0, 4096);
	assert_in_range(units(footer, "text"), 1, 2048);
	assert_in_range(json_array_size(fields), 1, 25);
	total = units(embed, "title") + units(embed, "description") +
	        units(footer, "text");
	json_array_foreach (fields, i, field) {
		assert_in_range(units(field, "name"), 1, 256);
		assert_in_range(units(field, "value"), 1, 1024);
		total += units(field, "name") + units(field, "value");
	}
	assert_in_range(total, 1, 6000);
}

static void
keeps_its_limits(void **state)
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
		case_compose(&c, &webhook_discord, 0);
		check_limits(
		    json_array_get(json_object_get(c.body, "embeds"), 0));
		if (event != EVENT_DIGEST)
			assert_non_null(strstr(c.request.body, "left out"));
		case_fini(&c);
	}
}

static void
counts_fields(void **state)
{
	struct webhook_case c;
	json_t *facts = json_object();

	(void)state;
	case_init(&c, EVENT_OPENED);
	for (char key[] = "a"; key[0] <= 'z'; key[0]++)
		json_put_str(facts, key, "1");
	json_decref((json_t *)(uintptr_t)c.m.facts);
	c.m.facts = facts;
	case_compose(&c, &webhook_discord, 0);
	check_limits(json_array_get(json_object_get(c.body, "embeds"), 0));
	case_fini(&c);
}

static void
adds_to_a_query(void **state)
{
	static char url[] = "https://discord.com/api/webhooks/1/x?thread_id=7";
	struct webhook_case c;

	(void)state;
	case_small(&c, EVENT_OPENED);
	c.config.url = url;
	case_compose(&c, &webhook_discord, 0);
	assert_string_equal(c.request.url,
	    "https://discord.com/api/webhooks/1/x?thread_id=7&wait=true");
	case_fini(&c);
}

static int64_t
limited_until(const char *reset_after, int64_t retry_after_ms)
{
	struct post_answer answer = {
	    .status = 429, .retry_after_ms = retry_after_ms};
	struct receipt r = RECEIPT_INIT;

	str_copy(answer.kept[0], sizeof(answer.kept[0]), reset_after);
	webhook_discord.understand(&answer, &r);
	return r.retry_after_ms;
}

static void
reads_discords_answers(void **state)
{
	struct receipt r;

	(void)state;
	r = case_understand(&webhook_discord, 200, "{\"id\":\"112\"}", -1);
	assert_int_equal(r.status, RECEIPT_DELIVERED);
	assert_string_equal(r.remote_id, "112");
	r = case_understand(&webhook_discord, 204, NULL, -1);
	assert_int_equal(r.status, RECEIPT_RETRY);
	r = case_understand(&webhook_discord, 404, "{\"code\":10015}", -1);
	assert_int_equal(r.status, RECEIPT_DISABLED);
	r = case_understand(&webhook_discord, 404, "{\"code\":\"10015\"}", -1);
	assert_int_equal(r.status, RECEIPT_RETRY);
	r = case_understand(&webhook_discord, 400, "{\"code\":50035}", -1);
	assert_int_equal(r.status, RECEIPT_REJECTED);
	r = case_understand(
	    &webhook_discord, 429, "{\"retry_after\":0.3005}", 4000);
	assert_int_equal(r.status, RECEIPT_RETRY);
	assert_int_equal(r.retry_after_ms, 301);
	r = case_understand(&webhook_discord, 429, "{\"retry_after\":-3}", 40);
	assert_int_equal(r.retry_after_ms, 40);
	r = case_understand(&webhook_discord, 429, "<html>", -1);
	assert_int_equal(r.retry_after_ms, -1);
	assert_string_equal(webhook_discord.keep[0], "x-ratelimit-reset-after");
	assert_int_equal(limited_until("2.5", -1), 2500);
	assert_int_equal(limited_until("2.5", 4000), 4000);
	assert_int_equal(limited_until("soon", -1), -1);
	assert_int_equal(limited_until("-1", -1), -1);
	assert_int_equal(limited_until("", -1), -1);
	r = case_understand(&webhook_discord, 0, NULL, -1);
	assert_int_equal(r.status, RECEIPT_RETRY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_it_in_an_embed),
	    cmocka_unit_test(keeps_its_limits),
	    cmocka_unit_test(counts_fields),
	    cmocka_unit_test(adds_to_a_query),
	    cmocka_unit_test(reads_discords_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
