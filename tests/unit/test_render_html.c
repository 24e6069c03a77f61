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
	m.timeline[0].text = evil;
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
	    cmocka_unit_test(escapes_everything_from_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
