#include "base/logfmt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static struct logfmt line;

static void
start(void)
{
	memset(&line, 0, sizeof(line));
}

static void
pair(const char *key, const char *value)
{
	logfmt_pair(&line, key, value, strlen(value));
}

static void
line_is(const char *expected)
{
	assert_int_equal(line.len, strlen(expected));
	assert_memory_equal(line.text, expected, line.len);
}

static void
quotes_only_where_needed(void **state)
{
	(void)state;
	start();
	pair("probe", "portal-2.example:443/x");
	pair("msg", "two words");
	pair("empty", "");
	pair("eq", "a=b");
	pair("name", "ümlaut");
	line_is("probe=portal-2.example:443/x msg=\"two words\" empty=\"\" "
		"eq=\"a=b\" name=\"ümlaut\"");
}

static void
escapes_what_could_mislead(void **state)
{
	(void)state;
	start();
	pair("a", "say \"hi\" \\ now");
	line_is("a=\"say \\\"hi\\\" \\\\ now\"");
	start();
	pair("a", "x\ny\r\t\x1b[31m\x7f");
	line_is("a=\"x\\ny\\x0d\\x09\\x1b[31m\\x7f\"");
	start();
	pair("a", "\xff\xc2\x85");
	line_is("a=\"\\xff\\xc2\\x85\"");
	start();
	pair("a", "x\xe2\x80\xae"
		  "y");
	line_is("a=\"x\\xe2\\x80\\xaey\"");
	start();
	logfmt_pair(&line, "a", "x\0y", 3);
	line_is("a=\"x\\x00y\"");
}

static void
cuts_a_value_that_is_too_long(void **state)
{
	static char huge[3 * LOGFMT_MAX];

	(void)state;
	for (int i = 0; i < 3; i++) {
		const char *s = huge;
		size_t len;
		struct logfmt_pair got;

		/* bare, quoted, and nothing but escapes */
		memset(huge, "x \x01"[i], sizeof(huge));
		start();
		logfmt_pair(&line, "msg", huge, sizeof(huge));
		assert_true(line.len < LOGFMT_MAX);
		assert_memory_equal(line.text + line.len - 4, "…\"", 4);
		s = line.text;
		len = line.len;
		assert_true(logfmt_take(&s, &len, &got));
		assert_int_equal(len, 0);
	}
}

static void
leaves_out_pairs_that_find_no_room(void **state)
{
	const char *s = line.text;
	struct logfmt_pair got;
	size_t len, count = 0;

	(void)state;
	start();
	for (int i = 0; i < 2 * LOGFMT_MAX; i++)
		pair("k", i % 2 ? "v" : "a b");
	assert_true(line.len < LOGFMT_MAX);
	for (len = line.len; len > 0; count++)
		assert_true(logfmt_take(&s, &len, &got));
	assert_true(count > LOGFMT_MAX / 8);
}

static void
raw_bytes_leave_room_for_the_newline(void **state)
{
	static char huge[LOGFMT_MAX + 1];

	(void)state;
	start();
	logfmt_raw(&line, huge, sizeof(huge));
	assert_int_equal(line.len, LOGFMT_MAX - 1);
}

static void
reads_back_what_it_wrote(void **state)
{
	struct logfmt_pair got;
	const char *s = line.text;
	size_t len;

	(void)state;
	start();
	pair("ts", "2026-11-22T04:00:00.000Z");
	pair("p99_ms", "12");
	pair("msg", "say \"hi\"\n\x1b");
	len = line.len;
	assert_true(logfmt_take(&s, &len, &got));
	assert_true(logfmt_is(&got, "ts"));
	assert_false(logfmt_is(&got, "t"));
	assert_false(logfmt_is(&got, "tsx"));
	assert_int_equal(got.value_len, 24);
	assert_true(logfmt_take(&s, &len, &got));
	assert_true(logfmt_is(&got, "p99_ms"));
	assert_memory_equal(got.value, "12", got.value_len);
	assert_true(logfmt_take(&s, &len, &got));
	assert_true(logfmt_is(&got, "msg"));
	assert_int_equal(got.value[0], '"');
	assert_int_equal(got.value[got.value_len - 1], '"');
	assert_int_equal(len, 0);
	assert_false(logfmt_take(&s, &len, &got));
}

static void
takes_only_what_it_could_have_written(void **state)
{
	static const char *const wrong[] = {"", "k", "k=", "=v", " k=v", "K=v",
	    "k =v", "k= v", "k=\"", "k=\"a", "k=\"a\\\"", "k=\"a\"b", "k=a\"",
	    "k=a=b", "k=\"a\nb\"", "k=\"a\x1b\"", "k=\"a\\\x1b\"", "k=\"\\q\"",
	    "k=\"\xff\"", "k=\xc3\xbc", "k=\"\xe2\x80\xae\"", "k=\"\\",
	    "k=a\tb=c"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *s = wrong[i];
		size_t len = strlen(s);
		struct logfmt_pair got;

		assert_false(logfmt_take(&s, &len, &got));
		assert_ptr_equal(s, wrong[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quotes_only_where_needed),
	    cmocka_unit_test(escapes_what_could_mislead),
	    cmocka_unit_test(cuts_a_value_that_is_too_long),
	    cmocka_unit_test(leaves_out_pairs_that_find_no_room),
	    cmocka_unit_test(raw_bytes_leave_room_for_the_newline),
	    cmocka_unit_test(reads_back_what_it_wrote),
	    cmocka_unit_test(takes_only_what_it_could_have_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
