#include "alerting/gotify_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tests/unit/message_sample.h"

static void
finds_the_place(void **state)
{
	static const char *const places[][2] = {
	    {"https://g.example.org", "https://g.example.org/message"},
	    {"https://g.example.org/", "https://g.example.org/message"},
	    {"https://x.example/a/b//", "https://x.example/a/b/message"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char *place = gotify_place(places[i][0]);

		assert_string_equal(place, places[i][1]);
		free(place);
	}
}

static void
says_what_it_is(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	char *text = gotify_body(&m);
	json_t *body = json_loads(text, 0, NULL), *extras;

	(void)state;
	assert_string_equal(
	    json_str(body, "title"), "[CRITICAL] portal is failing");
	assert_int_equal(json_int(body, "priority", -1), 10);
	extras = json_object_get(body, "extras");
	assert_string_equal(
	    json_str(json_object_get(extras, "client::display"), "contentType"),
	    "text/plain");
	assert_non_null(json_object_get(extras, "client::notification"));
	json_decref(body);
	free(text);
	sample_free(&m);
}

static void
reads_the_answer(void **state)
{
	static const struct {
		const char *text;
		int64_t id;
		const char *error;
	} answers[] = {
	    {"{\"id\":25,\"appid\":5}", 25, ""},
	    {"{\"id\":0}", 0, ""},
	    {"{\"id\":-3}", 0, ""},
	    {"{\"id\":\"25\"}", 0, ""},
	    {"[25]", 0, ""},
	    {"<html>", 0, ""},
	    {"", 0, ""},
	    {"{\"errorCode\":400,\"errorDescription\":\"no\\nwords\"}", 0,
		"no words"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const char *text = answers[i].text;
		char error[40];

		assert_int_equal(gotify_id(text, strlen(text)), answers[i].id);
		gotify_error(error, sizeof(error), text, strlen(text));
		assert_string_equal(error, answers[i].error);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_the_place),
	    cmocka_unit_test(says_what_it_is),
	    cmocka_unit_test(reads_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
