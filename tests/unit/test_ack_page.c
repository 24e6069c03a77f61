#include "agent/ack_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "agent/page.h"
#include "base/json.h"
#include "base/str.h"

#define NOW    ((int64_t)1795000000000)
#define MINUTE ((int64_t)60000)
#define STATES (ACK_TROUBLE + 1)

static struct incident
sample(void)
{
	struct incident in = {
	    .status = INCIDENT_OPEN,
	    .severity = SEVERITY_CRITICAL,
	    .opened_ms = NOW - 11 * MINUTE,
	    .failing_since_ms = NOW - 12 * MINUTE,
	};

	str_copy(in.id, sizeof(in.id), "7k3qx9v2tb");
	str_copy(in.title, sizeof(in.title), "<b>portal</b> is failing");
	str_copy(in.reason, sizeof(in.reason), "status 503, \"<script>\"");
	return in;
}

static char *
html(const struct ack_page *p)
{
	struct buf out;

	buf_init(&out, PAGE_MAX);
	ack_page_html(&out, p);
	assert_false(out.cut);
	return buf_take(&out);
}

static void
a_page_of_every_state(void **state)
{
	struct incident in = sample();

	(void)state;
	for (int i = 0; i < STATES; i++) {
		struct ack_page p = {.state = (enum ack_state)i,
		    .incident = i <= ACK_OVER ? &in : NULL,
		    .why = "the disk is full",
		    .agent_name = "a<b",
		    .now_ms = NOW};
		char *text = html(&p);
		json_t *json = ack_page_json(&p, true);
		bool error = ack_page_status(p.state, true) >= 400;

		assert_null(strstr(text, "<b>"));
		assert_null(strstr(text, "<script"));
		assert_non_null(strstr(text, "a&lt;b"));
		assert_int_equal(strstr(text, "<form") != NULL, i == ACK_ASK);
		assert_int_equal(
		    strstr(text, "&lt;b&gt;portal") != NULL, i <= ACK_OVER);
		assert_int_equal(error, json_str(json, "error")[0] != '\0');
		assert_int_equal(error, json_str(json, "status")[0] == '\0');
		free(text);
		json_decref(json);
	}
}

static void
says_since_when_and_who(void **state)
{
	struct incident in = sample();
	struct ack_page p = {.state = ACK_TAKEN,
	    .incident = &in,
	    .agent_name = "a",
	    .now_ms = NOW};
	char *text;

	(void)state;
	in.status = INCIDENT_ACKNOWLEDGED;
	in.acknowledged_ms = NOW - 2 * MINUTE;
	str_copy(in.acknowledged_by, sizeof(in.acknowledged_by), "kim & co");
	text = html(&p);
	assert_non_null(strstr(text, "12 min ago<br>"));
	assert_non_null(strstr(text, "2026-11-18 10:54:40 UTC"));
	assert_non_null(strstr(text, "2 min ago<br>"));
	assert_non_null(strstr(text, "2026-11-18 11:04:40 UTC"));
	assert_non_null(strstr(text, "kim &amp; co"));
	assert_non_null(strstr(text, "tocsin incident ack 7k3qx9v2tb"));
	free(text);
	p.now_ms = NOW - 60 * MINUTE; /* the clock was set back */
	text = html(&p);
	assert_null(strstr(text, "ago"));
	free(text);
}

static void
looking_is_fine_where_acting_is_not(void **state)
{
	(void)state;
	assert_int_equal(ack_page_status(ACK_TAKEN, false), 200);
	assert_int_equal(ack_page_status(ACK_TAKEN, true), 409);
	assert_int_equal(ack_page_status(ACK_OVER, false), 200);
	assert_int_equal(ack_page_status(ACK_OVER, true), 409);
	assert_int_equal(ack_page_status(ACK_AGAIN, true), 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_page_of_every_state),
	    cmocka_unit_test(says_since_when_and_who),
	    cmocka_unit_test(looking_is_fine_where_acting_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
