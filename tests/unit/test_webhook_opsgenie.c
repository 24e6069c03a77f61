#include "alerting/webhook_text.h"
#include "tests/unit/webhook_case.h"

static char api_key[] = "eb243592-faa2-4ba2-a551-1afdf565c889";

static void
begin(struct webhook_case *c, enum event_type event)
{
	case_small(c, event);
	c->config.api_key = api_key;
	c->config.url = NULL;
}

static void
creates(void **state)
{
	struct webhook_case c;

	(void)state;
	begin(&c, EVENT_OPENED);
	c.m.kind = "uptime";
	case_compose(&c, &webhook_opsgenie, 0);
	assert_string_equal(
	    c.request.url, "https://api.opsgenie.com/v2/alerts");
	assert_string_equal(c.request.authorization,
	    "GenieKey eb243592-faa2-4ba2-a551-1afdf565c889");
	assert_non_null(strstr(json_str(c.body, "description"), "What to do"));
	json_object_del(c.body, "description");
	case_same(c.body,
	    "{'message': '[CRITICAL] portal is failing', 'alias': "
	    "'7k3qx9v2tb', 'priority': 'P1', 'entity': "
	    "'https://portal.example.org/health', 'tags': ['critical', "
	    "'uptime'], 'details': {'Probe': 'portal (uptime)', 'Target': "
	    "'https://portal.example.org/health', 'Opened': "
	    "'2026-11-22 04:00:00 UTC', 'Planned work': 'tocsin silence add "
	    "--incident 7k3qx9v2tb --for 2h --reason \\\"why\\\"'}, 'source': "
	    "'mon1.example.org'}");
	case_fini(&c);
}

static void
acts_on_the_alias(void **state)
{
	static const struct {
		enum event_type event;
		const char *action;
	} cases[] = {
	    {EVENT_ACKNOWLEDGED, "acknowledge"},
	    {EVENT_NOTE, "notes"},
	    {EVENT_RESOLVED, "close"},
	};
	static char url[] = "https://api.eu.opsgenie.com/";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct webhook_case c;
		char want[200];

		begin(&c, cases[i].event);
		c.config.url = url;
		c.m.incident = "a/b?";
		c.m.actor = "ada";
		c.m.note = "on it";
		case_compose(&c, &webhook_opsgenie, 0);
		str_printf(want, sizeof(want),
		    "https://api.eu.opsgenie.com/v2/alerts/a%%2Fb%%3F/%s"
		    "?identifierType=alias",
		    cases[i].action);
		assert_string_equal(c.request.url, want);
		assert_string_equal(json_str(c.body, "user"), "ada");
		assert_non_null(strstr(json_str(c.body, "note"), "on it"));
		case_fini(&c);
	}
}

static void
check_details(const json_t *details)
{
	const char *key;
	json_t *value;
	size_t total = 0;

	json_object_foreach ((json_t *)(uintptr_t)details, key, value)
		total += webhook_text_units(key) +
		         webhook_text_units(json_string_value(value));
	assert_in_range(total, 1, 8000);
}

static void
keeps_its_limits(void **state)
{
	static const struct {
		const char *key;
		size_t max;
	} limits[] = {{"message", 130}, {"alias", 512}, {"description", 15000},
	    {"entity", 512}, {"source", 100}, {"user", 100}, {"note", 25000}};

	(void)state;
	for (int event = 0; event < EVENT_COUNT; event++) {
		struct webhook_case c;
		const json_t *tags, *tag;
		json_t *labels = json_object(), *facts = json_object();
		size_t i;

		begin(&c, (enum event_type)event);
		case_harm(&c);
		c.m.incident = c.long_text;
		for (char key[] = "a"; key[0] <= 'z'; key[0]++) {
			json_put_text(labels, key, c.long_text, 4000);
			json_put_text(facts, key, c.long_text, 4000);
		}
		c.m.labels = labels;
		c.m.facts = facts;
		case_compose(&c, &webhook_opsgenie, 0);
		for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
			assert_in_range(
			    webhook_text_units(json_str(c.body, limits[i].key)),
			    0, limits[i].max);
		tags = json_object_get(c.body, "tags");
		assert_in_range(json_array_size(tags), 0, 20);
		json_array_foreach (tags, i, tag)
			assert_in_range(
			    webhook_text_units(json_string_value(tag)), 1, 50);
		if (json_object_get(c.body, "details") != NULL &&
		    event != EVENT_DIGEST)
			check_details(json_object_get(c.body, "details"));
		case_fini(&c);
	}
}

static void
reads_opsgenies_answers(void **state)
{
	struct receipt r;

	(void)state;
	r = case_understand(
	    &webhook_opsgenie, 202, "{\"requestId\":\"43a2\"}", -1);
	assert_int_equal(r.status, RECEIPT_DELIVERED);
	assert_string_equal(r.remote_id, "43a2");
	r = case_understand(&webhook_opsgenie, 202, NULL, -1);
	assert_int_equal(r.status, RECEIPT_RETRY);
	r = case_understand(&webhook_opsgenie, 422, "{\"message\":\"no\"}", -1);
	assert_int_equal(r.status, RECEIPT_REJECTED);
	assert_string_equal(r.detail, "status 422: no");
	r = case_understand(
	    &webhook_opsgenie, 401, "{\"message\":\"who?\"}", -1);
	assert_int_equal(r.status, RECEIPT_RETRY);
	r = case_understand(&webhook_opsgenie, 402, NULL, -1);
	assert_int_equal(r.status, RECEIPT_RETRY);
	r = case_understand(
	    &webhook_opsgenie, 429, "{\"message\":\"slow\"}", 9000);
	assert_int_equal(r.retry_after_ms, 9000);
	r = case_understand(&webhook_opsgenie, 0, NULL, -1);
	assert_int_equal(r.status, RECEIPT_RETRY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(creates),
	    cmocka_unit_test(acts_on_the_alias),
	    cmocka_unit_test(keeps_its_limits),
	    cmocka_unit_test(reads_opsgenies_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
