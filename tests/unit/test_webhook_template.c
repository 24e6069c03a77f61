#include "tests/unit/webhook_case.h"

static int
check(const char *template, const char *type, struct err *err)
{
	struct webhook_config config = {.format = WEBHOOK_TEMPLATE};
	int result;

	config.template = mem_strdup(template);
	config.content_type = type != NULL ? mem_strdup(type) : NULL;
	result = webhook_template.check(&config, err);
	free(config.template);
	free(config.content_type);
	return result;
}

static void
good(const char *template, const char *type)
{
	struct err err = ERR_INIT;

	if (check(template, type, &err) < 0)
		fail_msg("%s", err.text);
}

static void
bad(const char *template, const char *type, const char *want)
{
	struct err err = ERR_INIT;

	assert_int_equal(check(template, type, &err), -1);
	if (strstr(err.text, want) == NULL)
		fail_msg("%s", err.text);
}

static void
takes_what_always_makes_json(void **state)
{
	(void)state;
	good("{\"a\": \"{{words.text}}\", \"b\": {{seq}}}", NULL);
	good("[{{#timeline}}{\"at\": \"{{at}}\"}{{^-last}},{{/-last}}"
	     "{{/timeline}}]",
	    "application/vnd.x+JSON; charset=utf-8");
	good("{\"x\": {{#observation.metrics.ms}}{{.}}"
	     "{{/observation.metrics.ms}}{{^observation.metrics.ms}}null"
	     "{{/observation.metrics.ms}}}",
	    NULL);
	good("{{#digest}}{{#incidents}}{{title}} {{reason}}\n{{/incidents}}"
	     "{{/digest}}",
	    "text/plain");
}

static void
refuses_what_may_fail(void **state)
{
	(void)state;
	bad("{\"a\": {{actor}}}", NULL, "template: with every member there");
	bad("{\"a\": {{words.title}}}", NULL, "it makes no JSON");
	bad("[{{#probe.regions}}\"{{.}}\",{{/probe.regions}}0]x", NULL,
	    "it makes no JSON");
	bad("{\"a\": {{observation.metrics.ms}}}", NULL,
	    "with every member there");
	bad("{\"a\": {{^incident.resolved_at}}1{{/incident.resolved_at}}}",
	    NULL, "with every member there");
	bad("{\"a\": {{#incident.resolved_at}}1{{/incident.resolved_at}}}",
	    NULL, "with members absent");
	bad("{{incident.tilte}}", NULL, "did you mean title?");
	bad("x", "text/html", "escape: text/html does not say");
	bad("x", "json", "content_type: write it as");
	bad("x", "text/plain\n", "content_type: has an odd character");
	bad("{{#timeline}}{{#probe.regions}}{{#digest.incidents}}{{text}}"
	    "{{/digest.incidents}}{{/probe.regions}}{{/timeline}}",
	    "text/plain", "makes more than");
}

static void
says_that_it_is_missing(void **state)
{
	const struct webhook_config config = {.format = WEBHOOK_TEMPLATE};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(webhook_template.check(&config, &err), -1);
	assert_non_null(strstr(err.text, "template: is missing"));
}

static void
fits_whatever_comes(void **state)
{
	static char template[] =
	    "{\"t\":\"{{words.text}}\",\"r\":\"{{observation.reason}}\","
	    "\"f\":[{{#observation.facts.list}}\"{{.}}\"{{^-last}},{{/-last}}"
	    "{{/observation.facts.list}}]}";

	(void)state;
	for (int event = 0; event < EVENT_COUNT; event++) {
		struct webhook_case c;
		json_t *facts = json_object(), *list = json_array();

		case_init(&c, (enum event_type)event);
		case_harm(&c);
		for (int i = 0; i < 4000; i++)
			json_array_append_new(list,
			    json_string("a list that is as long as it likes"));
		json_put(facts, "list", list);
		json_decref((json_t *)(uintptr_t)c.m.facts);
		c.m.facts = facts;
		c.config.template = template;
		case_compose(&c, &webhook_template, 0);
		assert_in_range(strlen(c.request.body), 1, 64 * 1024);
		assert_int_equal(
		    json_array_size(json_object_get(c.body, "f")), 0);
		case_fini(&c);
	}
}

static void
sends_as_it_is_told(void **state)
{
	static char template[] = "{\"t\":\"{{words.title}}\"}";
	static char type[] = "application/vnd.api+json";
	struct webhook_case c;

	(void)state;
	case_small(&c, EVENT_OPENED);
	c.config.template = template;
	case_compose(&c, &webhook_template, 0);
	assert_string_equal(c.request.method, "POST");
	assert_string_equal(c.request.content_type, "application/json");
	case_same(c.body,
	    "{'t': '[CRITICAL] portal is failing: connect to 192.0.2.7:443 "
	    "refused after 0.8 ms'}");
	c.config.method = 1;
	c.config.content_type = type;
	case_compose(&c, &webhook_template, 0);
	assert_string_equal(c.request.method, "PUT");
	assert_string_equal(c.request.content_type, type);
	case_fini(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_what_always_makes_json),
	    cmocka_unit_test(refuses_what_may_fail),
	    cmocka_unit_test(says_that_it_is_missing),
	    cmocka_unit_test(fits_whatever_comes),
	    cmocka_unit_test(sends_as_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
