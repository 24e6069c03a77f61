/* alerting/webpush_subscriber.c: what is taken of a subscription that came
 * over HTTP can be stored, read back as the same, and sent to. */
#include "alerting/webpush_subscriber.h"

#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

static void
check_taken(const struct webpush_subscriber *s)
{
	json_t *stored = webpush_subscriber_json(s);
	struct webpush_subscriber again;

	CHECK(strlen(s->id) == WEBPUSH_ID_LEN);
	CHECK(str_starts(s->endpoint, "https://"));
	CHECK(str_starts(s->origin, "https://"));
	CHECK(str_is_text(s->endpoint, strlen(s->endpoint)));
	CHECK(p256_is_point(s->keys.point));
	CHECK(webpush_subscriber_parse(&again, stored, false, NULL) == 0);
	CHECK(str_eq(again.id, s->id));
	CHECK(memcmp(&again.keys, &s->keys, sizeof(s->keys)) == 0);
	json_decref(stored);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = NULL;
	struct webpush_subscriber s;

	if (json_parse(&json, (const char *)data, size, NULL) != 0)
		return 0;
	if (webpush_subscriber_read(&s, json, false, NULL) == 0)
		check_taken(&s);
	json_decref(json);
	return 0;
}
