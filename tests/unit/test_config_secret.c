/* agent/config_secret.c: references, and files that are no secrets. */
#include "agent/config_secret.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

static char folder[] = "/tmp/tocsin-secret-XXXXXX";

static char *
make_file(const char *name, const void *data, size_t len, mode_t mode)
{
	char *path = mem_printf("%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static void
gives(const char *text, const char *wanted, bool reference)
{
	struct err err = ERR_INIT;
	struct buf out;
	bool found;

	buf_init(&out, 256 * 1024);
	if (config_secret_expand(&out, text, &found, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_string_equal(buf_str(&out), wanted);
	assert_int_equal(found, reference);
	buf_fini(&out);
}

/* The mistake says `wanted`, and never what is in a secret. */
static void
refuses(const char *text, const char *wanted)
{
	struct err err = ERR_INIT;
	struct buf out;
	bool found;

	buf_init(&out, 256 * 1024);
	assert_int_equal(config_secret_expand(&out, text, &found, &err), -1);
	if (strstr(err.text, wanted) == NULL)
		fail_msg("%s: %s", text, err.text);
	assert_null(strstr(err.text, "hunter2"));
	buf_fini(&out);
}

static void
refuses_file(const char *data, size_t len, mode_t mode, const char *wanted)
{
	char *path = make_file("bad", data, len, mode);
	char *text = mem_printf("${file:%s}", path);

	refuses(text, wanted);
	unlink(path);
	free(path);
	free(text);
}

static void
plain_text_is_left_alone(void **state)
{
	(void)state;
	gives("", "", false);
	gives("a $5 {b} $", "a $5 {b} $", false);
	gives("$${x} and $${", "${x} and ${", false);
	gives("$$$${x}", "$$${x}", false);
}

static void
variables_are_put_in(void **state)
{
	(void)state;
	setenv("TOCSIN_TEST", "hunter2", 1);
	setenv("TOCSIN_EMPTY", "", 1);
	gives("${env:TOCSIN_TEST}", "hunter2", true);
	gives("a${env:TOCSIN_TEST}b$${c}${env:TOCSIN_TEST}",
	    "ahunter2b${c}hunter2", true);
	refuses("${env:TOCSIN_NOWHERE}", "no such variable");
	refuses("${env:TOCSIN_EMPTY}", "is empty");
	refuses("${env:}", "names nothing");
	refuses("${ENV:X}", "is no reference");
	refuses("x${env:TOCSIN_TEST", "no closing }");
}

static void
files_are_read(void **state)
{
	char *path = make_file("good", "hunter2\n", 8, 0600), *text;
	char *crlf = make_file("crlf", "two\nlines\r\n", 11, 0640);

	(void)state;
	text = mem_printf("x-${file:%s}", path);
	gives(text, "x-hunter2", true);
	free(text);
	text = mem_printf("${file:%s}", crlf);
	gives(text, "two\nlines", true);
	free(text);
	unlink(path);
	unlink(crlf);
	free(path);
	free(crlf);
}

static void
files_must_be_secret(void **state)
{
	static char large[CONFIG_SECRET_MAX + 1];

	(void)state;
	memset(large, 'x', sizeof(large));
	refuses_file("hunter2", 7, 0644, "others may read or write it");
	refuses_file("hunter2", 7, 0602, "others may read or write it");
	refuses_file("hunter2", 7, 0660, "its group may write it");
	refuses_file("\n", 1, 0600, "is empty");
	refuses_file("hunter2\0x", 9, 0600, "NUL");
	refuses_file("hunter2\xff", 8, 0600, "UTF-8");
	refuses_file(large, sizeof(large), 0600, "larger than 64 KiB");
	refuses("${file:/nowhere/at/all}", "No such file");
	refuses("${file:relative}", "must be absolute");
	refuses("${file:/dev/null}", "not a regular file");
}

static void
credentials_come_from_systemd(void **state)
{
	char *path = make_file("ntfy", "hunter2", 7, 0400);

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	refuses("${credential:ntfy}", "LoadCredential=ntfy:PATH");
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	gives("${credential:ntfy}", "hunter2", true);
	refuses("${credential:other}", "No such file");
	refuses("${credential:../ntfy}", "no slash");
	refuses("${credential:.}", "no leading dot");
	unlink(path);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_text_is_left_alone),
	    cmocka_unit_test(variables_are_put_in),
	    cmocka_unit_test(files_are_read),
	    cmocka_unit_test(files_must_be_secret),
	    cmocka_unit_test(credentials_come_from_systemd),
	};
	int failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
