#include "alerting/webhook_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void
check(enum webhook_text form, size_t max, const char *text, const char *want)
{
	struct buf out;

	buf_init(&out, 1024);
	webhook_text_add(&out, text, form, max);
	assert_string_equal(buf_str(&out), want);
	assert_true(webhook_text_units(want) <= max);
	buf_fini(&out);
}

static void
escapes(void **state)
{
	(void)state;
	check(WEBHOOK_TEXT_PLAIN, 99, "a <b> & *c*", "a <b> & *c*");
	check(WEBHOOK_TEXT_PLAIN, 99, "a\x01\xff\x7f\tb\nc", "a???\tb\nc");
	check(WEBHOOK_TEXT_PLAIN, 99, "\xe2\x80\xaegnp\xe2\x80\xa8", "?gnp?");
	check(WEBHOOK_TEXT_SLACK, 99, "<!channel> &amp; <@U1>",
	    "&lt;!channel&gt; &amp;amp; &lt;@U1&gt;");
	check(WEBHOOK_TEXT_MARKDOWN, 99, "@everyone <@&1> *b* [x](y) \\",
	    "\\@everyone \\<\\@&1\\> \\*b\\* \\[x\\]\\(y\\) \\\\");
	check(WEBHOOK_TEXT_MARKDOWN, 99, "- a-b\n+ c", "\\- a-b\n\\+ c");
}

static void
cuts_between_characters(void **state)
{
	(void)state;
	check(WEBHOOK_TEXT_PLAIN, 5, "abcde", "abcde");
	check(WEBHOOK_TEXT_PLAIN, 5, "abcdef", "abcd…");
	check(WEBHOOK_TEXT_PLAIN, 4, "äöüß€", "äöü…");
	/* Two units each: no half of one. */
	check(WEBHOOK_TEXT_PLAIN, 4, "😀😀😀", "😀…");
	check(WEBHOOK_TEXT_PLAIN, 5, "😀😀😀", "😀😀…");
	/* No half of what stands for one character either. */
	check(WEBHOOK_TEXT_SLACK, 8, "ab<cdef", "ab&lt;c…");
	check(WEBHOOK_TEXT_SLACK, 6, "ab<cdef", "ab…");
	check(WEBHOOK_TEXT_MARKDOWN, 4, "ab*cd", "ab…");
	check(WEBHOOK_TEXT_PLAIN, 1, "ab", "…");
	check(WEBHOOK_TEXT_PLAIN, 0, "ab", "");
	check(WEBHOOK_TEXT_PLAIN, 0, "", "");
}

static void
counts_as_services_do(void **state)
{
	(void)state;
	assert_int_equal(webhook_text_units(""), 0);
	assert_int_equal(webhook_text_units("aä€"), 3);
	assert_int_equal(webhook_text_units("😀"), 2);
	assert_int_equal(webhook_text_units("\xff\xfe"), 2);
}

static void
encodes_for_urls(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	webhook_text_url(&out, "a-b_c.d~e/?%ä ");
	assert_string_equal(buf_str(&out), "a-b_c.d~e%2F%3F%25%C3%A4%20");
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(escapes),
	    cmocka_unit_test(cuts_between_characters),
	    cmocka_unit_test(counts_as_services_do),
	    cmocka_unit_test(encodes_for_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
