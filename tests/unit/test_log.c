#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define NOW_MS 1795320000000 /* 2026-11-22T04:00:00.000Z */
#define TS     "ts=2026-11-22T04:00:00.000Z "

/* stderr is a datagram socket meanwhile, so that each read is one write */
static struct {
	int ends[2], saved;
} capture;

static int
begin_capture(void **state)
{
	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, capture.ends),
	    0);
	capture.saved = dup(STDERR_FILENO);
	assert_true(capture.saved >= 0);
	assert_int_equal(dup2(capture.ends[1], STDERR_FILENO), STDERR_FILENO);
	unsetenv("JOURNAL_STREAM");
	clock_fake(NOW_MS, 0);
	log_init("core", LOG_LEVEL_INFO);
	return 0;
}

static int
end_capture(void **state)
{
	(void)state;
	dup2(capture.saved, STDERR_FILENO);
	close(capture.saved);
	close(capture.ends[0]);
	close(capture.ends[1]);
	clock_real();
	return 0;
}

/* What the next write was, or "" if there was none. */
static const char *
written(void)
{
	static char text[20000];
	ssize_t len = recv(capture.ends[0], text, sizeof(text) - 1, 0);

	text[len < 0 ? 0 : len] = '\0';
	return text;
}

static void
writes_one_line_in_one_write(void **state)
{
	(void)state;
	log_info("watching %d probes", 3);
	assert_string_equal(
	    written(), TS "level=info in=core msg=\"watching 3 probes\"\n");
	log_warn("x");
	assert_string_equal(written(), TS "level=warn in=core msg=x\n");
	log_error("a\nb\x1b[2J");
	assert_string_equal(
	    written(), TS "level=error in=core msg=\"a\\nb\\x1b[2J\"\n");
	assert_string_equal(written(), "");
}

static void
holds_back_what_is_below_its_level(void **state)
{
	(void)state;
	log_debug("no");
	log_kv(LOG_LEVEL_DEBUG, "no", NULL);
	assert_string_equal(written(), "");
	log_init("path:pager", LOG_LEVEL_ERROR);
	log_warn("no");
	log_relay("probe:uptime", "no", 2);
	assert_string_equal(written(), "");
	log_error("yes");
	assert_string_equal(
	    written(), TS "level=error in=path:pager msg=yes\n");
	log_init("core", LOG_LEVEL_DEBUG);
	log_debug("yes");
	assert_string_equal(written(), TS "level=debug in=core msg=yes\n");
}

static void
adds_facts_as_pairs(void **state)
{
	(void)state;
	log_kv(LOG_LEVEL_INFO, "incident opened", "incident", "17", "probe",
	    "the portal", "runbook", NULL, "note", "", NULL);
	assert_string_equal(written(),
	    TS "level=info in=core msg=\"incident opened\" incident=17 "
	       "probe=\"the portal\" runbook=\"\" note=\"\"\n");
	log_kv(LOG_LEVEL_ERROR, "alone", NULL);
	assert_string_equal(written(), TS "level=error in=core msg=alone\n");
}

static void
speaks_to_the_journal_in_its_own_way(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_init("core", LOG_LEVEL_DEBUG);
	log_debug("d");
	assert_string_equal(written(), "<7>level=debug in=core msg=d\n");
	log_info("i");
	assert_string_equal(written(), "<6>level=info in=core msg=i\n");
	log_warn("w");
	assert_string_equal(written(), "<4>level=warn in=core msg=w\n");
	log_error("e");
	assert_string_equal(written(), "<3>level=error in=core msg=e\n");

	/* inherited from a service, but stderr goes elsewhere by now */
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_init("core", LOG_LEVEL_INFO);
	log_info("i");
	assert_string_equal(written(), TS "level=info in=core msg=i\n");
}

static void
relay(const char *line)
{
	log_relay("probe:uptime", line, strlen(line));
}

static void
relays_a_workers_own_line(void **state)
{
	(void)state;
	relay(
	    "ts=2026-01-01T00:00:00.000Z level=error in=x msg=\"no \\\"y\\\"\" "
	    "kind=uptime");
	assert_string_equal(written(),
	    TS "level=error in=probe:uptime msg=\"no \\\"y\\\"\" "
	       "kind=uptime\n");
	relay("ts=2026-01-01T00:00:00.000Z level=debug in=x msg=y");
	assert_string_equal(written(), "");
}

static void
relays_anything_else_escaped(void **state)
{
	(void)state;
	relay("==1==ERROR: \x1b[1mAddressSanitizer");
	assert_string_equal(written(),
	    TS "level=warn in=probe:uptime "
	       "msg=\"==1==ERROR: \\x1b[1mAddressSanitizer\"\n");
	relay("");
	assert_string_equal(
	    written(), TS "level=warn in=probe:uptime msg=\"\"\n");
	/* a worker may not pass for another process, or forge a line's end */
	relay("ts=a level=info in=x msg=y in=core");
	assert_string_equal(written(),
	    TS "level=warn in=probe:uptime "
	       "msg=\"ts=a level=info in=x msg=y in=core\"\n");
	relay("ts=a level=info in=x msg=\"y");
	assert_string_equal(written(),
	    TS "level=warn in=probe:uptime "
	       "msg=\"ts=a level=info in=x msg=\\\"y\"\n");
	relay("ts=a level=emergency in=x msg=y");
	assert_string_equal(written(),
	    TS "level=warn in=probe:uptime "
	       "msg=\"ts=a level=emergency in=x msg=y\"\n");
	relay("ts=a level=info in=x");
	assert_string_equal(written(),
	    TS "level=warn in=probe:uptime msg=\"ts=a level=info in=x\"\n");
}

static void
cuts_a_flood_to_one_bounded_line(void **state)
{
	static char flood[20000];
	const char *line;
	size_t len;

	(void)state;
	memset(flood, 'x', sizeof(flood));
	log_relay("probe:uptime", flood, sizeof(flood));
	line = written();
	len = strlen(line);
	assert_true(len > 4000 && len <= 8192);
	assert_int_equal(line[len - 1], '\n');
	assert_string_equal(written(), "");
	flood[sizeof(flood) - 1] = '\0';
	log_info("%s", flood);
	len = strlen(written());
	assert_true(len > 4000 && len <= 8192);
}

static void
knows_its_levels_by_name(void **state)
{
	enum log_level level = LOG_LEVEL_WARN;

	(void)state;
	assert_int_equal(log_level_parse("debug", &level), 0);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_parse("error", &level), 0);
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_int_equal(log_level_parse("Info", &level), -1);
	assert_int_equal(log_level_parse("", &level), -1);
	assert_int_equal(level, LOG_LEVEL_ERROR);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin_capture, end_capture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(writes_one_line_in_one_write),
	    TEST(holds_back_what_is_below_its_level),
	    TEST(adds_facts_as_pairs),
	    TEST(speaks_to_the_journal_in_its_own_way),
	    TEST(relays_a_workers_own_line),
	    TEST(relays_anything_else_escaped),
	    TEST(cuts_a_flood_to_one_bounded_line),
	    TEST(knows_its_levels_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
