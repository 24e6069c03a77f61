#include "tests/unit/webhook_case.h"

static void
is_an_event(void **state)
{
	struct webhook_case c;
	json_t *data;

	(void)state;
	case_init(&c, EVENT_WORSENED);
	c.m.agent = "mön 1";
	case_compose(&c, &webhook_cloudevents, 0);
	assert_string_equal(c.request.url, CASE_URL);
	assert_string_equal(c.request.content_type,
	    "application/cloudevents+json; charset=utf-8");
	data = message_build(&c.m);
	assert_true(json_equal(json_object_get(c.body, "data"), data));
	json_decref(data);
	json_object_del(c.body, "data");
	case_same(c.body,
	    "{'specversion': '1.0', 'id': '7k3qx9v2tb-1-chat', 'source': "
	    "'/tocsin/m%C3%B6n%201', 'type': 'tocsin.incident.worsened', "
	    "'subject': '7k3qx9v2tb', 'time': '2026-11-22T04:00:00.000Z', "
	    "'datacontenttype': 'application/json', 'severity': 'critical'}");
	case_fini(&c);
}

static void
has_no_empty_attribute(void **state)
{
	struct webhook_case c;

	(void)state;
	case_init(&c, EVENT_TEST);
	c.m.incident = c.m.agent = "";
	case_compose(&c, &webhook_cloudevents, 0);
	assert_null(json_object_get(c.body, "subject"));
	assert_string_equal(json_str(c.body, "source"), "/tocsin/");
	assert_string_equal(json_str(c.body, "type"), "tocsin.channel.test");
	case_fini(&c);
}

static void
keeps_its_size(void **state)
{
	(void)state;
	for (int event = 0; event < EVENT_COUNT; event++) {
		struct webhook_case c;

		case_init(&c, (enum event_type)event);
		case_harm(&c);
		c.m.agent = "mon1";
		case_compose(&c, &webhook_cloudevents, 0);
		assert_non_null(json_object_get(c.body, "data"));
		case_fini(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_an_event),
	    cmocka_unit_test(has_no_empty_attribute),
	    cmocka_unit_test(keeps_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
