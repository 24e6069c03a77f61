#include "alerting/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/message_sample.h"

static char *
rendered(const struct message *m)
{
	struct buf out;

	buf_init(&out, 100000);
	render_html(&out, m);
	assert_false(out.cut);
	return buf_take(&out);
}

static void
says_what_the_text_says(void **state)
{
	static const char *const parts[] = {">CRITICAL<", ">portal is failing<",
	    "connect to 192.0.2.7:443 refused", "portal (uptime)",
	    "2026-11-22 03:59:30 UTC", "fra, nyc", "team=web, tier=1",
	    "href=\"https://wiki.example.org/portal\"",
	    "tocsin incident ack 7k3qx9v2tb", "opened: status 503",
	    "192.0.2.7:443", "mon1.example.org"};
	struct message m = sample_message(EVENT_OPENED);
	char *html = rendered(&m);

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(html, parts[i]) == NULL)
			fail_msg("%s is missing in %s", parts[i], html);
	free(html);
	sample_free(&m);
}

static void
offers_one_tap(void **state)
{
	struct message m = sample_message(EVENT_OPENED);
	char *html;

	(void)state;
	m.ack_url = "https://tocsin.example.org/ack/7k3q?a=1&b=2";
	m.because = "pager is down";
	html = rendered(&m);
	assert_non_null(strstr(
	    html, "href=\"https://tocsin.example.org/ack/7k3q?a=1&amp;b=2\""));
	assert_non_null(strstr(html, ">Acknowledge</a>"));
	assert_non_null(strstr(html, ">You get this because pager is down.<"));
	assert_non_null(strstr(html, "background:#cf222e"));
	free(html);
	m.acknowledged_ms = SAMPLE_AT;
	html = rendered(&m);
	assert_null(strstr(html, "Acknowledge"));
	free(html);
	sample_free(&m);
}

/* A mail that opened something from elsewhere would tell who reads it. */
static void
fetches_nothing(void **state)
{
	static const char *const never[] = {"<img", "<link", "url(", "@import",
	    "src=", "<script", "background="};
	struct message m = sample_message(EVENT_OPENED);
	char *html = rendered(&m);

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_null(strstr(html, never[i]));
	free(html);
	sample_free(&m);
}

static void
lists_the_incidents_of_a_digest(void **state)
{
	json_t *json = json_pack(
	    "{s:i,s:{s:i,s:i},s:{s:i},s:[{s:s,s:s,s:s,s:s,s:s},{s:s,s:s,s:s}]}",
	    "count", 3, "by_severity", "critical", 1, "high", 2, "by_event",
	    "opened", 3, "incidents", "event", "opened", "title", "a <b>",
	    "severity", "critical", "reason", "x & y", "url",
	    "https://tocsin.example.org/incidents/aaa", "event", "opened",
	    "title", "second", "severity", "high");
	struct message m = sample_message(EVENT_DIGEST);
	char *html;

	(void)state;
	m.digest = json;
	m.digest_count = 3;
	html = rendered(&m);
	assert_non_null(strstr(
	    html, ">3 incidents: 1 critical, 2 high; worst: a &lt;b&gt;</h1>"));
	assert_non_null(
	    strstr(html, "href=\"https://tocsin.example.org/incidents/aaa\""));
	assert_non_null(strstr(html, "x &amp; y"));
	assert_non_null(strstr(html, "background:#d1550f"));
	assert_true(strstr(html, "a &lt;b&gt;") < strstr(html, ">second<"));
	assert_non_null(strstr(html, "and 1 more: tocsin incident list"));
	free(html);
	json_decref(json);
	sample_free(&m);
}

static void
escapes_everything_from_outside(void **state)
{
	static const char evil[] = "<script>&\"'</script>";
	struct message m = sample_message(EVENT_NOTE);
	char *html;

	(void)state;
	m.title = m.probe = m.kind = m.description = m.actor = m.note = evil;
	m.incident = m.agent = m.acknowledged_by = m.reason = evil;
	m.acknowledged_ms = SAMPLE_AT;
	m.target = "https://x/\"onmouseover=\"alert(1)";
	m.runbook = "javascript:alert(1)";
	m.url = "https://x/<b>";
	m.timeline[0].text = m.because = m.component = evil;
	m.ack_url = "https://x/'onclick='";
	html = rendered(&m);
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "\"onmouse"));
	assert_null(strstr(html, "<b>"));
	assert_null(strstr(html, "href=\"javascript"));
	assert_null(strstr(html, "href="));
	assert_non_null(
	    strstr(html, "&lt;script&gt;&amp;&quot;&#39;&lt;/script&gt;"));
	free(html);
	sample_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_what_the_text_says),
	    cmocka_unit_test(offers_one_tap),
	    cmocka_unit_test(fetches_nothing),
	    cmocka_unit_test(lists_the_incidents_of_a_digest),
	    cmocka_unit_test(escapes_everything_from_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
