/* alerting/message.c: whatever JSON comes, it is refused, or read so that
 * building it again and everything made of it keep their promises. */
#include "alerting/message.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/ntfy_body.h"
#include "alerting/webhook_body.h"
#include "base/check.h"
#include "base/json.h"
#include "tests/fuzz/fuzz.h"

static void
check_again(const struct message *m)
{
	struct err err = ERR_INIT;
	struct message again;
	json_t *json = message_build(m);

	CHECK(message_parse(&again, json, &err) == 0);
	CHECK(again.event == m->event && again.seq == m->seq);
	CHECK(strcmp(again.title, m->title) == 0);
	CHECK(again.timeline_count == m->timeline_count);
	json_decref(json);
	message_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	json_t *json = NULL;
	struct message m;
	char *body;

	if (json_parse(&json, (const char *)data, size, &err) < 0)
		return 0;
	if (message_parse(&m, json, &err) == 0) {
		check_again(&m);
		body = webhook_body_text(json_object(), &m);
		free(body);
		body = ntfy_body(&m, "topic");
		CHECK(strlen(body) < 8 * 1024);
		free(body);
		message_fini(&m);
	} else {
		CHECK(err.text[0] != '\0');
	}
	json_decref(json);
	return 0;
}
