#include "alerting/email.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/tocsin-token-XXXXXX";

static void
put(const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
reads_the_file_each_time(void **state)
{
	struct email_config config = {.oauth_token_file = path};
	char *token;

	(void)state;
	put("first\n", 6, 0600);
	assert_int_equal(email_token_read(&token, &config, NULL), 0);
	assert_string_equal(token, "first");
	free(token);
	put("second", 6, 0400);
	assert_int_equal(email_token_read(&token, &config, NULL), 0);
	assert_string_equal(token, "second");
	free(token);
}

static void
refuses_what_is_no_token(void **state)
{
	static char longer[20000];
	static const struct {
		const char *text;
		size_t len;
		mode_t mode;
		const char *says;
	} cases[] = {
	    {"", 0, 0600, "is empty"},
	    {"\n", 1, 0600, "is empty"},
	    {"two words", 9, 0600, "more than one word"},
	    {"line\r\nQUIT", 10, 0600, "more than one word"},
	    {"nul\0byte", 8, 0600, "more than one word"},
	    {"token", 5, 0644, "chmod 600"},
	    {"token", 5, 0620, "chmod 600"},
	    {longer, sizeof(longer), 0600, "larger than"},
	};
	struct email_config config = {.oauth_token_file = path};

	(void)state;
	memset(longer, 'x', sizeof(longer));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		char *token;

		assert_int_equal(chmod(path, 0600), 0);
		put(cases[i].text, cases[i].len, cases[i].mode);
		assert_int_equal(email_token_read(&token, &config, &err), -1);
		assert_null(token);
		if (strstr(err.text, cases[i].says) == NULL ||
		    strstr(err.text, path) == NULL)
			fail_msg("\"%s\" for %s", err.text, cases[i].says);
	}
}

static void
takes_the_one_in_the_configuration(void **state)
{
	static char word[] = "ya29.x", none[] = "/does/not/exist";
	struct email_config config = {.oauth_token = word};
	char *token;

	(void)state;
	assert_int_equal(email_token_read(&token, &config, NULL), 0);
	assert_string_equal(token, word);
	free(token);
	config = (struct email_config){.oauth_token_file = none};
	assert_int_equal(email_token_read(&token, &config, NULL), -1);
	config = (struct email_config){.server = NULL};
	assert_int_equal(email_token_read(&token, &config, NULL), 0);
	assert_null(token);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_file_each_time),
	    cmocka_unit_test(refuses_what_is_no_token),
	    cmocka_unit_test(takes_the_one_in_the_configuration),
	};
	int fd = mkstemp(path), rc;

	if (fd < 0)
		return 1;
	close(fd);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return rc;
}
