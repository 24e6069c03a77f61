#include "alerting/email.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static char person[] = "oncall@example.org";
static char *people[] = {person};
static char server[] = "smtp://mail.example.org", from[] = "t@example.org";

static void
reads_the_server(void **state)
{
	static const struct {
		const char *url, *host;
		int port;
		bool implicit_tls;
	} cases[] = {
	    {"smtp://mail.example.org", "mail.example.org", 587, false},
	    {"smtps://mail.example.org", "mail.example.org", 465, true},
	    {"smtp://mail:25/", "mail", 25, false},
	    {"smtp://[2001:db8::1]", "2001:db8::1", 587, false},
	    {"smtps://[::1]:1465", "::1", 1465, true},
	    {"smtp://mail.example.org.:25", "mail.example.org", 25, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct email_server s;

		assert_int_equal(email_server_read(&s, cases[i].url, NULL), 0);
		assert_string_equal(s.host, cases[i].host);
		assert_int_equal(s.port, cases[i].port);
		assert_int_equal(s.implicit_tls, cases[i].implicit_tls);
	}
}

static void
refuses_other_servers(void **state)
{
	static const char *const bad[] = {"mail.example.org", "http://mail",
	    "smtp://", "smtp://:25", "smtp://mail:0", "smtp://mail:65536",
	    "smtp://mail:", "smtp://u:p@mail", "smtp://mail/x", "smtp://[::1",
	    "smtp://[::1]x", "smtp://ma il", "smtp://mail\r\nQUIT",
	    "smtp://127.1", "smtp://0x7f.0.0.1:25", "smtp://2130706433",
	    "smtp://127.0.0.1.", "smtp://0177.1", "smtp://.",
	    "smtp://[fe80::1%eth0]", "smtp://%6cocalhost"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct email_server s;
		struct err err = ERR_INIT;

		assert_int_equal(email_server_read(&s, bad[i], &err), -1);
		assert_int_equal(strncmp(err.text, "server: ", 8), 0);
	}
}

static void
says(const struct email_config *config, const char *beginning)
{
	struct err err = ERR_INIT;

	assert_int_equal(email_check(config, &err), -1);
	if (strncmp(err.text, beginning, strlen(beginning)) != 0)
		fail_msg(
		    "\"%s\" does not begin with \"%s\"", err.text, beginning);
}

static void
checks_what_belongs_together(void **state)
{
	static char word[] = "secret", bad[] = "a b";
	struct email_config good = {.server = server,
				.from = from,
				.to = {people, 1}},
			    c;

	(void)state;
	assert_int_equal(email_check(&good, NULL), 0);
	c = good;
	c.from = bad;
	says(&c, "from: ");
	c = good;
	c.to.items = (char *[]){bad};
	says(&c, "to: ");
	c = good;
	c.user = word;
	says(&c, "user: ");
	c = good;
	c.password = word;
	assert_int_equal(email_check(&c, NULL), 0);
	c.starttls = EMAIL_STARTTLS_OPTIONAL;
	says(&c, "starttls: ");
	c = good;
	c.helo = bad;
	says(&c, "helo: ");
}

static void
checks_tokens_and_libraries(void **state)
{
	static char word[] = "ya29.token", path[] = "/run/token",
		    user[] = "a=b";
	static char tls[] = "smtps://mail.example.org", relative[] = "token";
	struct email_config good = {.server = server,
				.from = from,
				.to = {people, 1},
				.oauth_token = word},
			    c;

	(void)state;
	assert_int_equal(email_check(&good, NULL), 0);
	c = good;
	c.backend = EMAIL_BACKEND_CURL;
	assert_int_equal(email_check(&c, NULL), 0);
	c.backend = EMAIL_BACKEND_LIBESMTP;
	says(&c, "backend: libesmtp cannot show a token");
	c.oauth_token = NULL;
	assert_int_equal(email_check(&c, NULL), 0);
	c.server = tls;
	says(&c, "backend: libesmtp cannot speak smtps://");
	c = good;
	c.password = word;
	says(&c, "password, oauth_token and oauth_token_file: give one");
	c = good;
	c.oauth_token_file = path;
	says(&c, "password, oauth_token and oauth_token_file: give one");
	c.oauth_token = NULL;
	assert_int_equal(email_check(&c, NULL), 0);
	c.oauth_token_file = relative;
	says(&c, "oauth_token_file: ");
	c = good;
	c.user = user;
	says(&c, "user: ");
	c = good;
	c.starttls = EMAIL_STARTTLS_NONE;
	says(&c, "starttls: ");
	c.starttls = EMAIL_STARTTLS_OPTIONAL;
	says(&c, "starttls: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_server),
	    cmocka_unit_test(refuses_other_servers),
	    cmocka_unit_test(checks_what_belongs_together),
	    cmocka_unit_test(checks_tokens_and_libraries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
