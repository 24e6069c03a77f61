#include "probes/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void
reasons_can_be_shown(void **state)
{
	struct observation obs = {.outcome = OUTCOME_OK};
	char longest[PROBE_REASON_MAX * 3];

	(void)state;
	probe_reason(
	    &obs, OUTCOME_FAILED, "status %d: %s", 500, "\x1b[2J\n\xff");
	assert_int_equal(obs.outcome, OUTCOME_FAILED);
	assert_string_equal(obs.reason, "status 500: \\x1b[2J \\xff");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	probe_reason(&obs, OUTCOME_UNKNOWN, "%s", longest);
	assert_int_equal(obs.outcome, OUTCOME_UNKNOWN);
	assert_int_equal(strlen(obs.reason), PROBE_REASON_MAX - 1);
	assert_string_equal(obs.reason + PROBE_REASON_MAX - 4, "…");
}

static void
metrics_are_as_exact_as_they_need_be(void **state)
{
	struct observation obs = {.outcome = OUTCOME_OK};
	char *text;

	(void)state;
	probe_metric(&obs, "status", 200);
	probe_metric(&obs, "total_ms", 12.3456789);
	probe_metric(&obs, "when_s", 1802245813);
	probe_metric(&obs, "odd", (double)NAN);
	text = json_text(obs.metrics);
	assert_string_equal(text, "{\"status\":200,\"total_ms\":12.346,"
				  "\"when_s\":1802245813,\"odd\":null}");
	free(text);
	json_decref(obs.metrics);
}

static void
facts_and_findings_are_collected(void **state)
{
	struct observation obs = {.outcome = OUTCOME_OK};
	char *text;

	(void)state;
	probe_fact(&obs, "a", json_integer(1));
	probe_fact(&obs, "b", json_string("x"));
	text = json_text(obs.facts);
	assert_string_equal(text, "{\"a\":1,\"b\":\"x\"}");
	free(text);
	probe_finding(&obs, "k1", SEVERITY_HIGH, "first", NULL);
	probe_finding(
	    &obs, "k2", SEVERITY_INFO, "second", json_pack("{s:i}", "n", 7));
	text = json_text(obs.findings);
	assert_string_equal(text,
	    "[{\"key\":\"k1\",\"severity\":\"high\",\"title\":\"first\","
	    "\"detail\":{}},{\"key\":\"k2\",\"severity\":\"info\","
	    "\"title\":\"second\",\"detail\":{\"n\":7}}]");
	free(text);
	json_decref(obs.facts);
	json_decref(obs.findings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reasons_can_be_shown),
	    cmocka_unit_test(metrics_are_as_exact_as_they_need_be),
	    cmocka_unit_test(facts_and_findings_are_collected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
