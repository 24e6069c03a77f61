#include "alerting/webpush_subscriber.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/json.h"

#define POINT                                                                  \
	"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7V" \
	"d8pZGH6SRpkNtoIAiw4"
#define AUTH "BTBZMqHH6r4Tts7J_aSIgg"

/* As a browser tells it; the caller's. */
static json_t *
browser(const char *endpoint, const char *point, const char *auth)
{
	return json_pack("{s:s,s:n,s:{s:s,s:s}}", "endpoint", endpoint,
	    "expirationTime", "keys", "p256dh", point, "auth", auth);
}

static void
reads_what_a_browser_gives(void **state)
{
	json_t *json =
	    browser("https://Push.example.net/v2/aBc?x=1", POINT, AUTH);
	struct webpush_subscriber s, again;
	json_t *stored;

	(void)state;
	assert_int_equal(webpush_subscriber_read(&s, json, false, NULL), 0);
	assert_string_equal(s.endpoint, "https://Push.example.net/v2/aBc?x=1");
	assert_string_equal(s.origin, "https://push.example.net");
	assert_int_equal(strlen(s.id), WEBPUSH_ID_LEN);
	stored = webpush_subscriber_json(&s);
	assert_int_equal(
	    webpush_subscriber_parse(&again, stored, false, NULL), 0);
	assert_memory_equal(&again.keys, &s.keys, sizeof(s.keys));
	assert_string_equal(again.id, s.id);
	assert_string_equal(json_str(stored, "p256dh"), POINT);
	assert_string_equal(json_str(stored, "auth"), AUTH);
	json_put_str(stored, "id", "000000000000");
	assert_int_equal(
	    webpush_subscriber_parse(&again, stored, false, NULL), -1);
	json_decref(stored);
	json_decref(json);
}

static void
names_the_origin_as_vapid_wants_it(void **state)
{
	static const char *const origins[][2] = {
	    {"https://push.example.net:443/x", "https://push.example.net"},
	    {"https://push.example.net:8443/x",
		"https://push.example.net:8443"},
	    {"http://127.0.0.1:80/x", "http://127.0.0.1"},
	    {"http://127.0.0.1:8080/x", "http://127.0.0.1:8080"},
	    {"https://[2001:db8::1]:444/x", "https://[2001:db8::1]:444"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		json_t *json = browser(origins[i][0], POINT, AUTH);
		struct webpush_subscriber s;

		assert_int_equal(
		    webpush_subscriber_read(&s, json, true, NULL), 0);
		assert_string_equal(s.origin, origins[i][1]);
		json_decref(json);
	}
}

static void
refuses_everything_else(void **state)
{
	static char too_long[WEBPUSH_ENDPOINT_MAX + 2] = "https://x/";
	const struct {
		const char *endpoint, *point, *auth, *says;
	} bad[] = {
	    {"http://push.example.net/x", POINT, AUTH, "endpoint"},
	    {"ftp://push.example.net/x", POINT, AUTH, "endpoint"},
	    {"https://a@push.example.net/x", POINT, AUTH, "endpoint"},
	    {"https://push.example.net/x#y", POINT, AUTH, "endpoint"},
	    {"https://push.example.net/\"x", POINT, AUTH, "endpoint"},
	    {"https://0x7f.1/", POINT, AUTH, "endpoint"},
	    {"", POINT, AUTH, "endpoint"},
	    {too_long, POINT, AUTH, "endpoint"},
	    {"https://x.example/", POINT "=", AUTH, "p256dh"},
	    {"https://x.example/", AUTH, AUTH, "p256dh"},
	    {"https://x.example/", "", AUTH, "p256dh"},
	    {"https://x.example/", POINT, POINT, "auth"},
	    {"https://x.example/", POINT, "BTBZMqHH6r4Tts7J_aSIg!", "auth"},
	};

	(void)state;
	memset(too_long + 10, 'a', sizeof(too_long) - 11);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *json =
		    browser(bad[i].endpoint, bad[i].point, bad[i].auth);
		struct webpush_subscriber s;
		struct err err = ERR_INIT;

		assert_int_equal(
		    webpush_subscriber_read(&s, json, false, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.text, bad[i].says));
		assert_null(strstr(err.text, "BTBZ"));
		json_decref(json);
	}
}

/* 65 bytes and yet no key: nothing could ever be encrypted for it. */
static void
refuses_a_point_off_the_curve(void **state)
{
	char point[] = POINT;
	struct webpush_subscriber s;
	struct err err = ERR_INIT;
	json_t *json;

	(void)state;
	point[40] = point[40] == 'A' ? 'B' : 'A';
	json = browser("https://x.example/", point, AUTH);
	assert_int_equal(webpush_subscriber_read(&s, json, false, &err), -1);
	assert_non_null(strstr(err.text, "no point"));
	json_decref(json);
	json = json_loads("[1]", 0, NULL);
	assert_int_equal(webpush_subscriber_read(&s, json, false, &err), -1);
	json_decref(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_a_browser_gives),
	    cmocka_unit_test(names_the_origin_as_vapid_wants_it),
	    cmocka_unit_test(refuses_everything_else),
	    cmocka_unit_test(refuses_a_point_off_the_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
