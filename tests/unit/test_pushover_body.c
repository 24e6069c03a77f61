#include "alerting/pushover_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tests/unit/message_sample.h"

static const struct pushover_to to = {
    .token = "t", .user = "u", .retry_s = 60, .expire_s = 10800};

static json_t *
body_of(const struct message *m)
{
	char *text = pushover_body(m, &to);
	json_t *body = json_loads(text, 0, NULL);

	free(text);
	return body;
}

static void
rings_until_answered_only_when_critical(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	json_t *body = body_of(&m);

	(void)state;
	assert_true(pushover_is_emergency(&m));
	assert_int_equal(json_int(body, "priority", 9), 2);
	assert_int_equal(json_int(body, "retry", 0), 60);
	assert_int_equal(json_int(body, "expire", 0), 10800);
	assert_null(json_object_get(body, "device"));
	json_decref(body);
	m.severity = SEVERITY_HIGH;
	body = body_of(&m);
	assert_false(pushover_is_emergency(&m));
	assert_int_equal(json_int(body, "priority", 9), 1);
	assert_null(json_object_get(body, "retry"));
	json_decref(body);
	sample_free(&m);
}

/* At most 512 bytes; the first of acknowledge, page and runbook that fits. */
static void
has_room_for_one_link(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	char fits[PUSHOVER_URL_MAX + 1], longer[PUSHOVER_URL_MAX + 2];
	json_t *body;

	(void)state;
	memset(fits, 'a', sizeof(fits) - 1);
	memset(longer, 'a', sizeof(longer) - 1);
	memcpy(fits, "https://x/", 10);
	memcpy(longer, "https://x/", 10);
	fits[PUSHOVER_URL_MAX] = longer[PUSHOVER_URL_MAX + 1] = '\0';
	m.ack_url = fits;
	body = body_of(&m);
	assert_string_equal(json_str(body, "url"), fits);
	assert_string_equal(json_str(body, "url_title"), "Acknowledge");
	json_decref(body);
	m.ack_url = longer;
	body = body_of(&m);
	assert_string_equal(json_str(body, "url"), m.url);
	json_decref(body);
	m.url = longer;
	body = body_of(&m);
	assert_string_equal(json_str(body, "url"), m.runbook);
	assert_string_equal(json_str(body, "url_title"), "Runbook");
	json_decref(body);
	m.runbook = "";
	body = body_of(&m);
	assert_null(json_object_get(body, "url"));
	json_decref(body);
	sample_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rings_until_answered_only_when_critical),
	    cmocka_unit_test(has_room_for_one_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
