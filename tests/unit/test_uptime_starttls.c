#include "probes/uptime_starttls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/str.h"

struct line { /* what comes, and what is said to it */
	const char *in;
	size_t in_len;
	const char *out;
	enum uptime_talk next;
};
#define IN(text) (text), sizeof(text) - 1

/* Feed each line byte by byte: only the last byte may change anything. */
static void
talk(const char *protocol, const struct line *lines, size_t count)
{
	struct uptime_starttls s = {
	    .protocol = str_index(uptime_starttls_words, protocol)};
	struct err err = ERR_INIT;

	assert_true(s.protocol > 0);
	for (size_t i = 0; i < count; i++) {
		const struct line *l = &lines[i];
		struct buf out;

		buf_init(&out, 4096);
		for (size_t len = 0; len <= l->in_len; len++) {
			struct uptime_arrival in = {l->in, len, 0};
			enum uptime_talk next = uptime_starttls_go(
			    &s, "mail.example.org", &in, &out, &err);

			if (len < l->in_len) {
				assert_int_equal(next, UPTIME_TALK_MORE);
				assert_int_equal(in.used, 0);
				continue;
			}
			assert_int_equal(next, l->next);
			if (next != UPTIME_TALK_OVER)
				assert_int_equal(in.used, len);
		}
		if (l->next == UPTIME_TALK_OVER)
			assert_string_equal(err.text, l->out);
		else if (l->out != NULL)
			assert_memory_equal(
			    buf_str(&out), l->out, strlen(l->out));
		buf_fini(&out);
	}
}

#define TALK(protocol, lines)                                                  \
	talk(protocol, lines, sizeof(lines) / sizeof((lines)[0]))

static void
smtp(void **state)
{
	static const struct line good[] = {
	    {IN("220-mail\r\n220 ESMTP\r\n"), "EHLO tocsin.invalid\r\n",
		UPTIME_TALK_MORE},
	    {IN("250-mail\r\n250 STARTTLS\r\n"), "STARTTLS\r\n",
		UPTIME_TALK_MORE},
	    {IN("220 go\r\n"), NULL, UPTIME_TALK_DONE},
	};
	static const struct line bad[] = {
	    {IN("554 no\x1b[2J\r\n"),
		"STARTTLS: it answered \"554 no\\x1b[2J\"", UPTIME_TALK_OVER},
	};

	(void)state;
	TALK("smtp", good);
	TALK("smtp", bad);
}

static void
mail_and_files(void **state)
{
	static const struct line imap[] = {
	    {IN("* OK ready\r\n"), "a STARTTLS\r\n", UPTIME_TALK_MORE},
	    {IN("* CAPABILITY X\r\na ok begin\r\n"), NULL, UPTIME_TALK_DONE},
	};
	static const struct line imap_no[] = {
	    {IN("* OK ready\r\n"), NULL, UPTIME_TALK_MORE},
	    {IN("a BAD what?\r\n"), "STARTTLS: it answered \"a BAD what?\"",
		UPTIME_TALK_OVER},
	};
	static const struct line pop3[] = {
	    {IN("+OK ready\r\n"), "STLS\r\n", UPTIME_TALK_MORE},
	    {IN("+OK\r\n"), NULL, UPTIME_TALK_DONE},
	};
	static const struct line pop3_no[] = {
	    {IN("-ERR busy\r\n"), "STARTTLS: it answered \"-ERR busy\"",
		UPTIME_TALK_OVER},
	};
	static const struct line ftp[] = {
	    {IN("220-hi\r\n220 \r\n"), "AUTH TLS\r\n", UPTIME_TALK_MORE},
	    {IN("234 go\r\n"), NULL, UPTIME_TALK_DONE},
	};

	(void)state;
	TALK("imap", imap);
	TALK("imap", imap_no);
	TALK("pop3", pop3);
	TALK("pop3", pop3_no);
	TALK("ftp", ftp);
}

static void
postgres(void **state)
{
	static const struct line good[] = {
	    {"", 0, "", UPTIME_TALK_MORE},
	    {IN("S"), NULL, UPTIME_TALK_DONE},
	};
	static const struct line off[] = {
	    {"", 0, "", UPTIME_TALK_MORE},
	    {IN("N"), "PostgreSQL has TLS switched off", UPTIME_TALK_OVER},
	};

	(void)state;
	TALK("postgres", good);
	TALK("postgres", off);
}

#define GREETING(caps)                                                         \
	"\x16\0\0\0\x0a"                                                       \
	"8.0\0\1\0\0\0AAAAAAAA\0" caps "\x21\2"

static void
mysql(void **state)
{
	static const struct line good[] = {
	    {IN(GREETING("\xff\xff")), NULL, UPTIME_TALK_DONE},
	};
	static const struct line off[] = {
	    {IN(GREETING("\xff\xf7")), "MySQL has TLS switched off",
		UPTIME_TALK_OVER},
	};
	static const struct line lying[] = {
	    {IN("\0\0\0\0\x0a"), "STARTTLS: it answered \"\"",
		UPTIME_TALK_OVER},
	};
	struct uptime_starttls s = {
	    .protocol = str_index(uptime_starttls_words, "mysql")};
	struct uptime_arrival in = {IN(GREETING("\xff\xff")), 0};
	struct buf out;

	(void)state;
	TALK("mysql", good);
	TALK("mysql", off);
	TALK("mysql", lying);
	buf_init(&out, 100);
	uptime_starttls_go(&s, "h", &in, &out, NULL);
	assert_int_equal(out.len, 36); /* as its own length says */
	assert_memory_equal(out.data, "\x20\0\0\1", 4);
	buf_fini(&out);
}

static void
ldap(void **state)
{
	static const struct line good[] = {
	    {"", 0,
		"\x30\x1d\2\1\1\x77\x18\x80\x16"
		"1.3.6.1.4.1.1466.20037",
		UPTIME_TALK_MORE},
	    {IN("\x30\x0c\2\1\1\x78\7\x0a\1\0"), NULL, UPTIME_TALK_DONE},
	};
	static const struct line windows[] = {
	    {"", 0, NULL, UPTIME_TALK_MORE},
	    {IN("\x30\x84\0\0\0\x10\2\1\1\x78\x84\0\0\0\7\x0a\1\0"), NULL,
		UPTIME_TALK_DONE},
	};
	static const struct line off[] = {
	    {"", 0, NULL, UPTIME_TALK_MORE},
	    {IN("\x30\x0c\2\1\1\x78\7\x0a\1\2"),
		"STARTTLS: LDAP answered result code 2", UPTIME_TALK_OVER},
	};

	(void)state;
	TALK("ldap", good);
	TALK("ldap", windows);
	TALK("ldap", off);
}

static void
xmpp(void **state)
{
	static const struct line good[] = {
	    {"", 0, "<?xml version='1.0'?><stream:stream ", UPTIME_TALK_MORE},
	    {IN("<stream:stream><stream:features><starttls a='b'/>"
		"</stream:features>"),
		"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
		UPTIME_TALK_MORE},
	    {IN("<proceed xmlns='x'/>"), NULL, UPTIME_TALK_DONE},
	};
	struct uptime_starttls s = {
	    .protocol = str_index(uptime_starttls_words, "xmpp")};
	struct uptime_arrival in = {
	    IN("<stream:features></stream:features>"), 0};
	struct err err = ERR_INIT;
	struct buf out;

	(void)state;
	TALK("xmpp", good);
	buf_init(&out, 1000);
	assert_int_equal(
	    uptime_starttls_go(&s, "mail.example.org", &in, &out, &err),
	    UPTIME_TALK_OVER);
	assert_non_null(strstr(buf_str(&out), "to='mail.example.org'>"));
	assert_non_null(strstr(err.text, "<stream:features>"));
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(smtp),
	    cmocka_unit_test(mail_and_files),
	    cmocka_unit_test(postgres),
	    cmocka_unit_test(mysql),
	    cmocka_unit_test(ldap),
	    cmocka_unit_test(xmpp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
