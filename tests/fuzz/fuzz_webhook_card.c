/* alerting/webhook_<chat or pager>.c: whatever the texts of a message are, each
 * format makes JSON that keeps its service's size and has no control
 * character, no deceptive one and no tag of Slack in it. */
#include "alerting/webhook_card.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/webhook_formats.h"
#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_input.h"

static const struct {
	enum webhook_format_id format;
	size_t max;
} limits[] = {
    {WEBHOOK_SLACK, 60000},
    {WEBHOOK_TEAMS, 28 * 1024},
    {WEBHOOK_DISCORD, 40000},
    {WEBHOOK_PAGERDUTY, 512 * 1024},
    {WEBHOOK_OPSGENIE, 200000},
    {WEBHOOK_ALERTMANAGER, 200000},
};

static void
check_strings(const json_t *value, bool slack)
{
	const char *key, *text = json_string_value(value);
	json_t *member;
	size_t i;

	if (text != NULL)
		CHECK(str_is_text(text, strlen(text)));
	if (text != NULL && slack)
		CHECK(strstr(text, "<!") == NULL && strstr(text, "<@") == NULL);
	json_object_foreach ((json_t *)(uintptr_t)value, key, member)
		check_strings(member, slack);
	json_array_foreach (value, i, member)
		check_strings(member, slack);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char url[] = "https://hooks.example.org/x";
	static char key[] = "0123456789abcdef0123456789abcdef";
	const struct webhook_config config = {
	    .url = url, .routing_key = key, .api_key = key};
	struct message_input in;

	message_input_read(&in, data, size);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct webhook_job job = {.config = &config,
		    .message = &in.m,
		    .id = "a-1-b",
		    .now_ms = 1795320001000};
		struct webhook_request request = {.method = "POST"};
		json_t *json;

		webhook_formats[limits[i].format]->compose(&job, 0, &request);
		CHECK(strlen(request.body) <= limits[i].max);
		json = json_loads(request.body, JSON_REJECT_DUPLICATES, NULL);
		CHECK(json != NULL);
		check_strings(json, limits[i].format == WEBHOOK_SLACK);
		json_decref(json);
		free(request.body);
	}
	message_input_free(&in);
	return 0;
}
