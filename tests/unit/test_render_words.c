#include "alerting/render_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/message_sample.h"

static void
changed(const struct message *m, const char *want)
{
	char got[RENDER_VALUE_MAX];

	render_change(got, m);
	assert_string_equal(got, want);
}

static void
says_what_changed(void **state)
{
	static const struct {
		enum event_type event;
		const char *text;
	} cases[] = {
	    {EVENT_OPENED, ""},
	    {EVENT_WORSENED, "from degraded to failing; before: status 503"},
	    {EVENT_IMPROVED, "from failing to degraded; before: status 503"},
	    {EVENT_FLAPPING, "before: status 503"},
	    {EVENT_RESOLVED, "before: status 503"},
	    {EVENT_REMINDER, "before: status 503"},
	    {EVENT_ACKNOWLEDGED, ""},
	    {EVENT_NOTE, ""},
	    {EVENT_TEST, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message m = sample_message(cases[i].event);

		changed(&m, cases[i].text);
		sample_free(&m);
	}
}

/* The last entry of a timeline is the message itself; what people did does not
 * say how it stood. */
static void
compares_with_how_it_stood(void **state)
{
	struct message m = sample_message(EVENT_REMINDER);

	(void)state;
	m.reason = "status 503";
	changed(&m, "nothing since 2026-11-22 03:59:00 UTC");
	m.timeline[1] = (struct message_timeline){
	    SAMPLE_AT - 30000, EVENT_NOTE, "alice: looking"};
	m.timeline[2] =
	    (struct message_timeline){SAMPLE_AT, EVENT_REMINDER, "status 503"};
	m.timeline_count = 3;
	changed(&m, "nothing since 2026-11-22 03:59:00 UTC");
	m.timeline_count = 0;
	changed(&m, "");
	sample_free(&m);
}

static void
says_that_it_is_back(void **state)
{
	struct message m = sample_message(EVENT_REOPENED);

	(void)state;
	changed(&m, "");
	m.timeline[1] = (struct message_timeline){
	    SAMPLE_AT - 30000, EVENT_RESOLVED, "status 200"};
	m.timeline[2] =
	    (struct message_timeline){SAMPLE_AT, EVENT_REOPENED, "status 503"};
	m.timeline_count = 3;
	changed(&m, "it was over at 2026-11-22 03:59:30 UTC and is back");
	sample_free(&m);
}

static void
has_one_colour_a_severity(void **state)
{
	struct message m = sample_message(EVENT_OPENED);

	(void)state;
	assert_string_equal(render_colour(&m), "#cf222e");
	m.severity = SEVERITY_LOW;
	assert_string_equal(render_colour(&m), "#0969da");
	m.event = EVENT_ACKNOWLEDGED;
	assert_string_equal(render_colour(&m), "#57606a");
	m.event = EVENT_RESOLVED;
	assert_string_equal(render_colour(&m), "#1a7f37");
	sample_free(&m);
}

static void
links_nothing_but_the_web(void **state)
{
	(void)state;
	assert_true(render_is_link("https://x.example.org/a?b=c#d"));
	assert_true(render_is_link("http://192.0.2.7/"));
	assert_false(render_is_link("javascript:alert(1)"));
	assert_false(render_is_link("https://x/\"onclick"));
	assert_false(render_is_link("https://x/ y"));
	assert_false(render_is_link("https://x/\xc3\xa9"));
	assert_false(render_is_link(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_what_changed),
	    cmocka_unit_test(compares_with_how_it_stood),
	    cmocka_unit_test(says_that_it_is_back),
	    cmocka_unit_test(has_one_colour_a_severity),
	    cmocka_unit_test(links_nothing_but_the_web),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
