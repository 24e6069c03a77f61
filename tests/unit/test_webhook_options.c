#include "alerting/webhook_formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define KEY    "0123456789abcdef0123456789abcdef"
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

extern const struct channel_kind channel_webhook;

/* Options as JSON with ' for "; NULL want: they are right. */
static void
check(const char *quoted, const char *want)
{
	struct webhook_config config = {0};
	struct err err = ERR_INIT;
	char *text = mem_strdup(quoted);
	json_t *json;
	int result;

	for (char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	json = json_loads(text, 0, NULL);
	assert_non_null(json);
	free(text);
	result = option_parse_one(webhook_options, &config, json, "", &err);
	if (result == 0)
		result = webhook_check(&config, &err);
	if (want == NULL && result < 0)
		fail_msg("%s: %s", quoted, err.text);
	if (want != NULL && (result == 0 || strstr(err.text, want) == NULL))
		fail_msg("%s: %s", quoted, err.text);
	option_free(webhook_options, &config);
	json_decref(json);
}

static void
takes_what_each_format_needs(void **state)
{
	(void)state;
	check("{'url':'https://h/'}", NULL);
	check("{'url':'https://h/','secret':'" SECRET "'}", NULL);
	check("{'format':'slack','url':'https://h/'}", NULL);
	check("{'format':'teams','url':'https://h/'}", NULL);
	check("{'format':'discord','url':'https://h/'}", NULL);
	check("{'format':'pagerduty','routing_key':'" KEY "'}", NULL);
	check("{'format':'opsgenie','api_key':'k'}", NULL);
	check("{'format':'alertmanager','url':'https://h/'}", NULL);
	check("{'format':'alertmanager','members':['https://h:9093'],"
	      "'resolve_timeout':'90s'}",
	    NULL);
	check("{'format':'cloudevents','url':'https://h/','secret':'" SECRET
	      "'}",
	    NULL);
	check("{'format':'template','url':'https://h/','template':'x',"
	      "'content_type':'text/plain','method':'PUT'}",
	    NULL);
}

static void
names_the_key_to_blame(void **state)
{
	(void)state;
	check("{}", "url: is missing");
	check("{'format':'slak','url':'https://h/'}", "did you mean slack?");
	check("{'format':'slack'}", "url: is missing");
	check("{'format':'slack','url':'https://h/','secret':'" SECRET "'}",
	    "secret: belongs to format standard, cloudevents or template, not "
	    "to slack");
	check("{'url':'https://h/','routing_key':'" KEY "'}",
	    "routing_key: belongs to format pagerduty, not to standard");
	check("{'url':'https://h/','api_key':'k'}",
	    "api_key: belongs to format opsgenie");
	check("{'url':'https://h/','members':['https://h/']}",
	    "members: belongs to format alertmanager");
	check("{'url':'https://h/','resolve_timeout':'5m'}",
	    "resolve_timeout: belongs to format alertmanager");
	check("{'url':'https://h/','template':'x'}",
	    "template: belongs to format template");
	check("{'url':'https://h/','escape':'text'}",
	    "escape: belongs to format template");
	check("{'url':'https://h/','method':'PUT'}",
	    "method: belongs to format template");
	check("{'url':'https://h/','content_type':'text/plain'}",
	    "content_type: belongs to format template");
	check("{'url':'https://h/','previous_secret':'" SECRET "'}",
	    "previous_secret: needs a secret beside it");
	check("{'url':'https://h/','secret':'x'}", "secret: must be");
	check("{'format':'pagerduty'}", "routing_key: is missing");
	check("{'format':'pagerduty','routing_key':'x'}",
	    "routing_key: an integration key has 32 characters, this has 1");
	check("{'format':'opsgenie'}", "api_key: is missing");
	check("{'format':'opsgenie','api_key':'a b'}", "api_key: has a space");
	check("{'format':'opsgenie','api_key':'k','headers':"
	      "{'Authorization':'x'}}",
	    "headers.Authorization: is made from api_key");
	check("{'format':'alertmanager'}", "url: is missing");
	check("{'format':'alertmanager','members':['http://h:9093']}",
	    "members[0]: ");
	check("{'format':'alertmanager','members':['https://a','b:9093']}",
	    "members[1]: is not a URL");
	check("{'url':'https://h/','headers':{'Webhook-Id':'x'}}",
	    "is set by tocsin itself");
	check("{'url':'http://h/'}", "url: http://");
}

static void
has_a_row_for_every_format(void **state)
{
	(void)state;
	for (int i = 0; i < WEBHOOK_FORMAT_COUNT; i++) {
		const struct webhook_config config = {.format = i};
		struct channel_traits traits;
		bool chat = i == WEBHOOK_SLACK || i == WEBHOOK_TEAMS ||
		            i == WEBHOOK_DISCORD;

		assert_non_null(webhook_format_names[i]);
		assert_non_null(webhook_formats[i]);
		assert_non_null(webhook_formats[i]->compose);
		channel_webhook.traits(&config, &traits);
		assert_int_equal(traits.digests, chat);
		assert_int_equal(traits.per_minute, chat ? 10 : 0);
		assert_int_equal(traits.burst, chat ? 3 : 0);
		assert_int_equal(
		    traits.refresh_ms, i == WEBHOOK_ALERTMANAGER ? 100000 : 0);
		assert_false(traits.subscribers);
	}
	assert_null(webhook_format_names[WEBHOOK_FORMAT_COUNT]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_what_each_format_needs),
	    cmocka_unit_test(names_the_key_to_blame),
	    cmocka_unit_test(has_a_row_for_every_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
