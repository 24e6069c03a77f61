/* agent/duty.c, over a configuration from a file. */
#include "agent/duty.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

static const char text[] =
    "channels:\n"
    "  first: {kind: file, path: /a}\n"
    "  second: {kind: file, path: /b}\n"
    "  third: {kind: file, path: /c}\n"
    "people:\n"
    "  anna: {notify: [first, third]}\n"
    "  bob: {notify: second}\n"
    "  nobody: {}\n"
    "rotations:\n"
    "  web: {people: [anna, bob], hand_over: Mon 09:00}\n"
    "  alone: {people: [bob]}\n";

static const char *const channels[] = {"third", "first", "second", NULL};

static struct config *
load(void)
{
	char path[] = "/tmp/tocsin-duty-XXXXXX";
	struct config_mistakes mistakes;
	struct config *c;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	c = config_load(path, &mistakes);
	config_mistakes_fini(&mistakes);
	unlink(path);
	assert_non_null(c);
	return c;
}

static int64_t
moment(const char *at)
{
	int64_t ms;

	assert_int_equal(clock_parse_rfc3339(at, &ms), 0);
	return ms;
}

/* 2024-01-01 is a Monday, and the first turn is anna's. */
static void
a_name_becomes_channels(void **state)
{
	static const struct {
		const char *name, *at;
		bool chosen[3]; /* third, first, second */
		int rc;
		const char *shown;
	} cases[] = {
	    {"second", "2024-01-02T00:00:00Z", {false, false, true}, 0,
		"second"},
	    {"anna", "2024-01-02T00:00:00Z", {true, true, false}, 0, "anna"},
	    {"nobody", "2024-01-02T00:00:00Z", {false, false, false}, 0,
		"nobody"},
	    {"web", "2024-01-08T08:59:59Z", {true, true, false}, 0,
		"web (anna until 2024-01-08 09:00 UTC)"},
	    {"web", "2024-01-08T09:00:00Z", {false, false, true}, 0,
		"web (bob until 2024-01-15 09:00 UTC)"},
	    {"alone", "2024-01-08T09:00:00Z", {false, false, true}, 0,
		"alone (bob)"},
	    {"gone", "2024-01-08T09:00:00Z", {false, false, false}, -1, "gone"},
	};
	struct config *c = load();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool chosen[3] = {false, false, false};
		int64_t at_ms = moment(cases[i].at);
		char shown[100];

		assert_int_equal(
		    duty_resolve(c, cases[i].name, at_ms, channels, chosen),
		    cases[i].rc);
		assert_memory_equal(chosen, cases[i].chosen, sizeof(chosen));
		assert_string_equal(
		    duty_text(shown, sizeof(shown), c, cases[i].name, at_ms),
		    cases[i].shown);
	}
	config_free(c);
}

static void
names_add_up(void **state)
{
	struct config *c = load();
	bool chosen[3] = {true, false, false};

	(void)state;
	assert_int_equal(duty_resolve(c, "bob", 0, channels, chosen), 0);
	assert_true(chosen[0] && !chosen[1] && chosen[2]);
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_becomes_channels),
	    cmocka_unit_test(names_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
