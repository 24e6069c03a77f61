#include "alerting/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/message_sample.h"

static char first[] = "oncall@example.org", second[] = "second@example.org";
static char *const people[] = {first, second};
static const struct mime_mail envelope = {
    .from = "tocsin@example.org",
    .to = people,
    .to_count = 2,
    .subject_prefix = "[tocsin]",
};

static char *
mail_of(const struct message *m)
{
	struct buf out;

	buf_init(&out, MIME_MAX);
	mime_write(&out, &envelope, m);
	assert_false(out.cut);
	return buf_take(&out);
}

static void
has(const char *mail, const char *part)
{
	if (strstr(mail, part) == NULL)
		fail_msg("no \"%s\" in:\n%s", part, mail);
}

/* RFC 5322 section 2.1.1: CRLF only, lines of at most 998 bytes. */
static void
check_lines(const char *mail)
{
	size_t column = 0;

	for (size_t i = 0; mail[i] != '\0'; i++) {
		assert_true((unsigned char)mail[i] < 0x80);
		if (mail[i] == '\r')
			assert_int_equal(mail[i + 1], '\n');
		if (mail[i] == '\n') {
			assert_true(i > 0 && mail[i - 1] == '\r');
			column = 0;
			continue;
		}
		assert_true(++column <= 80);
	}
}

static void
writes_the_first_mail(void **state)
{
	static const char *const parts[] = {
	    "Date: Sun, 22 Nov 2026 04:00:00 +0000\r\n",
	    "From: \"tocsin CRITICAL\" <tocsin@example.org>\r\n",
	    "To: oncall@example.org,\r\n second@example.org\r\n",
	    "Subject: [tocsin] portal: incident 7k3qx9v2tb\r\n",
	    "Message-ID: <7k3qx9v2tb@example.org>\r\n",
	    "Auto-Submitted: auto-generated\r\n",
	    "X-Auto-Response-Suppress: All\r\n", "Importance: high\r\n",
	    "X-Tocsin-Delivery: 7k3qx9v2tb-1-oncall-mail\r\n",
	    "MIME-Version: 1.0\r\n"};
	struct message m = sample_message(EVENT_OPENED);
	char *mail = mail_of(&m), *plain, *html;

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		has(mail, parts[i]);
	assert_null(strstr(mail, "In-Reply-To"));
	assert_null(strstr(mail, "References"));
	plain = strstr(mail, "text/plain");
	html = strstr(mail, "text/html");
	assert_true(plain != NULL && html != NULL && plain < html);
	check_lines(mail);
	free(mail);
	sample_free(&m);
}

static void
threads_the_later_mails(void **state)
{
	struct message m = sample_message(EVENT_RESOLVED);
	char *mail;

	(void)state;
	m.delivery = "7k3qx9v2tb-4-oncall-mail";
	mail = mail_of(&m);
	has(mail, "Subject: Re: [tocsin] portal: incident 7k3qx9v2tb\r\n");
	has(mail, "Message-ID: <7k3qx9v2tb-4-oncall-mail@example.org>\r\n");
	has(mail, "In-Reply-To: <7k3qx9v2tb@example.org>\r\n");
	has(mail, "References: <7k3qx9v2tb@example.org>\r\n");
	has(mail, "From: \"tocsin RESOLVED\" <");
	assert_null(strstr(mail, "Importance"));
	free(mail);
	sample_free(&m);
}

static void
keeps_a_digest_out_of_threads(void **state)
{
	json_t *json = json_pack("{s:i,s:{s:i},s:[{s:s,s:s}]}", "count", 12,
	    "by_severity", "critical", 12, "incidents", "event", "opened",
	    "title", "portal is failing");
	struct message m = sample_message(EVENT_DIGEST);
	char *mail;

	(void)state;
	m.delivery = "digest-5-oncall-mail";
	m.incident = "";
	m.digest = json;
	m.digest_count = 12;
	mail = mail_of(&m);
	has(mail, "Subject: [tocsin] 12 incidents: 12 critical; worst: portal "
		  "is failing\r\n");
	has(mail, "Message-ID: <digest-5-oncall-mail@example.org>\r\n");
	has(mail, "From: \"tocsin CRITICAL\" <");
	has(mail, "X-Tocsin-Event: digest\r\n");
	has(mail, "Importance: high\r\n");
	assert_null(strstr(mail, "In-Reply-To"));
	assert_null(strstr(mail, "References"));
	check_lines(mail);
	free(mail);
	json_decref(json);
	sample_free(&m);
}

static void
lets_nothing_out_of_its_header(void **state)
{
	static const char evil[] = "x\r\nBcc: all@example.org\r\n\r\n<h1>";
	struct message m = sample_message(EVENT_NOTE);
	char *mail, *end;

	(void)state;
	m.title = m.probe = m.kind = m.reason = m.note = m.actor = evil;
	m.delivery = m.incident = m.agent = m.target = evil;
	mail = mail_of(&m);
	check_lines(mail);
	assert_null(strstr(mail, "\nBcc"));
	end = strstr(mail, "\r\n\r\n");
	assert_non_null(strstr(mail, "boundary=\"=_tocsin_alternative\""));
	assert_true(strstr(mail, "boundary=") < end);
	assert_true(strstr(mail, "\r\n.") == NULL);
	free(mail);
	sample_free(&m);
}

static void
encodes_words_and_folds(void **state)
{
	static const struct {
		const char *value, *want;
	} cases[] = {
	    {"plain", "Subject: plain\r\n"},
	    {"", "Subject: \r\n"},
	    {"caf\xc3\xa9", "Subject: =?UTF-8?B?Y2Fmw6k=?=\r\n"},
	    {"=?UTF-8?B?eA==?=",
		"Subject: =?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=\r\n"},
	    {"one two three four five six seven eight nine ten eleven twelve "
	     "thirteen",
		"Subject: one two three four five six seven eight nine ten "
		"eleven twelve\r\n thirteen\r\n"},
	    {"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
	     "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
	     "\xe2\x82\xac",
		"Subject: "
		"=?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?=\r\n"
		" =?UTF-8?B?4oKs?=\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;

		buf_init(&out, 2000);
		mime_header(&out, "Subject", cases[i].value);
		assert_string_equal(buf_str(&out), cases[i].want);
		buf_fini(&out);
	}
}

static void
quotes_what_mail_would_change(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", ""},
	    {"a=b\n", "a=3Db\r\n"},
	    {"end \n", "end=20\r\n"},
	    {"end\t", "end=09\r\n"},
	    {".\n..x", "=2E\r\n=2E.x\r\n"},
	    {"From me", "=46rom me\r\n"},
	    {"\r\n", "=0D\r\n"},
	    {"\xc3\xa9\n", "=C3=A9\r\n"},
	    {"12345678901234567890123456789012345678901234567890"
	     "12345678901234567890123456789\n",
		"1234567890123456789012345678901234567890123456789012345678901"
		"234567890123=\r\n456789\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;

		buf_init(&out, 2000);
		mime_quoted_printable(
		    &out, cases[i].text, strlen(cases[i].text));
		assert_string_equal(buf_str(&out), cases[i].want);
		buf_fini(&out);
	}
}

static void
knows_an_address(void **state)
{
	static const char *const good[] = {
	    "a@b", "on.call+x@mail.example.org", "o'neil@example.org"};
	static const char *const bad[] = {"", "a", "@b", "a@", "a b@c", "a@b c",
	    ".a@b", "a.@b", "a..b@c", "a@.b", "a@b.", "a@b..c", "<a@b>",
	    "a@b\r\nRCPT TO:<c@d>", "\"a\"@b", "a@b@c", "\xc3\xa9@b"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(mime_is_address(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(mime_is_address(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_the_first_mail),
	    cmocka_unit_test(threads_the_later_mails),
	    cmocka_unit_test(keeps_a_digest_out_of_threads),
	    cmocka_unit_test(lets_nothing_out_of_its_header),
	    cmocka_unit_test(encodes_words_and_folds),
	    cmocka_unit_test(quotes_what_mail_would_change),
	    cmocka_unit_test(knows_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
