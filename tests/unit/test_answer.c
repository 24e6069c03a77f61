#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/answer.h"
#include "base/json.h"

static int
probe(const char *text, struct probe_answer *out, struct err *err)
{
	static json_t *body;

	json_decref(body);
	body = NULL;
	assert_int_equal(json_parse(&body, text, strlen(text), NULL), 0);
	return answer_probe(out, body, err);
}

static void
takes_a_whole_answer(void **state)
{
	struct probe_answer a;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
	    probe("{\"id\":4096,\"outcome\":\"degraded\",\"reason\":\"slow\","
		  "\"duration_us\":1200,\"lag_us\":3,\"facts\":{\"a\":1},"
		  "\"metrics\":{\"total_ms\":1.2},\"findings\":[{\"key\":\"k\","
		  "\"severity\":\"high\",\"title\":\"t\"}],\"memory\":{}}",
		&a, &err),
	    0);
	assert_int_equal(a.outcome, OUTCOME_DEGRADED);
	assert_string_equal(a.reason, "slow");
	assert_int_equal(a.duration_us, 1200);
	assert_int_equal(json_array_size(a.findings), 1);
	assert_non_null(a.memory);
}

static void
refuses_what_a_worker_may_not_say(void **state)
{
	static const struct {
		const char *body, *why;
	} bad[] = {
	    {"{\"outcome\":\"fine\",\"reason\":\"\",\"facts\":{},"
	     "\"metrics\":{}}",
		"outcome"},
	    {"{\"outcome\":\"ok\",\"facts\":{},\"metrics\":{}}", "reason"},
	    {"{\"outcome\":\"ok\",\"reason\":\"\",\"metrics\":{}}", "facts"},
	    {"{\"outcome\":\"ok\",\"reason\":\"\",\"facts\":[],"
	     "\"metrics\":{}}",
		"facts"},
	    {"{\"outcome\":\"ok\",\"reason\":\"\",\"facts\":{},"
	     "\"metrics\":{\"x\":\"1\"}}",
		"metric x"},
	    {"{\"outcome\":\"ok\",\"reason\":\"a\\u001bb\",\"facts\":{},"
	     "\"metrics\":{}}",
		"control"},
	    {"{\"outcome\":\"ok\",\"reason\":\"\",\"facts\":{},\"metrics\":{},"
	     "\"sql\":\"x\"}",
		"sql"},
	    {"{\"outcome\":\"ok\",\"reason\":\"\",\"facts\":{},\"metrics\":{},"
	     "\"findings\":[{\"key\":\"\"}]}",
		"finding 0"},
	    {"{\"outcome\":\"ok\",\"reason\":\"\",\"facts\":{},\"metrics\":{},"
	     "\"duration_us\":-5}",
		"duration_us"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct probe_answer a;
		struct err err = ERR_INIT;

		assert_int_equal(probe(bad[i].body, &a, &err), -1);
		if (strstr(err.text, bad[i].why) == NULL)
			fail_msg("%s: %s", bad[i].body, err.text);
	}
}

static void
refuses_too_much(void **state)
{
	json_t *body = json_pack("{s:s, s:s, s:{}, s:{}}", "outcome", "ok",
	    "reason", "", "facts", "metrics");
	char big[ANSWER_FACTS_MAX + 1], key[16];
	struct probe_answer a;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(answer_probe(&a, body, &err), 0);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	json_put_str(json_object_get(body, "facts"), "x", big);
	assert_int_equal(answer_probe(&a, body, &err), -1);
	json_object_clear(json_object_get(body, "facts"));
	for (int i = 0; i <= ANSWER_METRICS_MAX; i++) {
		snprintf(key, sizeof(key), "m%d", i);
		json_put_int(json_object_get(body, "metrics"), key, i);
	}
	assert_int_equal(answer_probe(&a, body, &err), -1);
	json_decref(body);
}

static void
reads_receipts(void **state)
{
	json_t *body = json_pack("{s:i, s:s, s:i, s:I, s:s}", "id", 1, "status",
	    "retry", "code", 451, "retry_after_ms", (json_int_t)60000, "detail",
	    "451 try\nlater");
	struct receipt r;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(answer_path(&r, body, &err), 0);
	assert_int_equal(r.status, RECEIPT_RETRY);
	assert_int_equal(r.code, 451);
	assert_int_equal(r.retry_after_ms, 60000);
	assert_null(strchr(r.detail, '\n'));
	json_put_str(body, "status", "perhaps");
	assert_int_equal(answer_path(&r, body, &err), -1);
	json_decref(body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_a_whole_answer),
	    cmocka_unit_test(refuses_what_a_worker_may_not_say),
	    cmocka_unit_test(refuses_too_much),
	    cmocka_unit_test(reads_receipts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
