#include "agent/silence_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

#define NOW_MS 1795341600000LL /* 2026-11-22T10:00:00Z, a Sunday */
#define WHO    ",\"author\":\"anna\",\"reason\":\"r\"}"

static int
read_body(struct mute *out, const char *text, struct err *err)
{
	json_t *body = json_loads(text, 0, NULL);
	int rc;

	assert_non_null(body);
	rc = silence_json_read(out, body, NOW_MS, err);
	json_decref(body);
	return rc;
}

/* Member by member, as text; "null". */
static void
expect(const struct mute *m, bool stored, const char *const pairs[][2])
{
	json_t *shown = silence_json_show(m, stored, NOW_MS);

	for (; (*pairs)[0] != NULL; pairs++) {
		char *text = json_dumps(json_object_get(shown, (*pairs)[0]),
		    JSON_ENCODE_ANY | JSON_COMPACT);

		assert_non_null(text);
		assert_string_equal(text, (*pairs)[1]);
		free(text);
	}
	json_decref(shown);
}

static void
shows_a_silence(void **state)
{
	static const char *const pairs[][2] = {
	    {"kind", "\"silence\""},
	    {"state", "\"active\""},
	    {"active_until", "\"2026-11-22T12:00:00.000Z\""},
	    {"next_begin", "null"},
	    {"matches", "\"incident=7k3q probe=a,b* severity=high+ team=web\""},
	    {"match", "{\"severity\":[\"high+\"],\"probe\":[\"a\",\"b*\"],"
		      "\"labels\":{\"team\":\"web\"}}"},
	    {"incident", "\"7k3q\""},
	    {"from", "\"2026-11-22T10:00:00.000Z\""},
	    {"until", "\"2026-11-22T12:00:00.000Z\""},
	    {"author", "\"anna\""},
	    {"configured", "false"},
	    {NULL, NULL},
	};
	struct mute m;

	(void)state;
	assert_int_equal(read_body(&m,
			     "{\"for\":\"2h\",\"incident\":\"7k3q\",\"match\":"
			     "{\"probe\":[\"a\",\"b*\"],\"severity\":\"high+\","
			     "\"labels\":{\"team\":\"web\"}}" WHO,
			     NULL),
	    0);
	expect(&m, true, pairs);
	mute_fini(&m);
}

static void
shows_maintenance_to_come(void **state)
{
	static const char *const pairs[][2] = {
	    {"kind", "\"maintenance\""},
	    {"state", "\"pending\""},
	    {"active_until", "null"},
	    {"next_begin", "\"2026-11-29T01:00:00.000Z\""},
	    {"matches", "\"everything\""},
	    {"until", "null"},
	    {"when", "\"Sun 02:00-04:00\""},
	    {"time_zone", "\"Europe/Berlin\""},
	    {"configured", "true"},
	    {NULL, NULL},
	};
	struct mute m;

	(void)state;
	assert_int_equal(
	    read_body(&m,
		"{\"kind\":\"maintenance\",\"all\":true,\"when\":\"Sun "
		"02:00-04:00\",\"time_zone\":\"Europe/Berlin\"" WHO,
		NULL),
	    0);
	expect(&m, false, pairs);
	mute_fini(&m);
}

static void
refuses_what_is_wrong(void **state)
{
	static const struct {
		const char *body, *says;
	} wrong[] = {
	    {"{}", "reason"},
	    {"{\"all\":true,\"for\":\"2h\",\"reason\":\"r\"}", "author"},
	    {"{\"all\":true,\"for\":\"2h\",\"name\":\"n\"" WHO, "name"},
	    {"{\"all\":true,\"for\":\"2h\",\"kind\":\"quiet_hours\"" WHO,
		"kind"},
	    {"{\"all\":true,\"for\":\"2h\",\"kind\":5" WHO, "kind"},
	    {"{\"for\":\"2h\"" WHO, "match: nothing is matched"},
	    {"{\"all\":true,\"until\":\"2026-11-22 10:00\"" WHO, "past"},
	    {"{\"all\":true,\"fro\":\"2h\"" WHO, "did you mean"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct mute m;
		struct err err = ERR_INIT;

		assert_int_equal(read_body(&m, wrong[i].body, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		if (strstr(err.text, wrong[i].says) == NULL)
			fail_msg("%s: %s", wrong[i].body, err.text);
		mute_fini(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shows_a_silence),
	    cmocka_unit_test(shows_maintenance_to_come),
	    cmocka_unit_test(refuses_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
