#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

static void
starts_empty(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err.code, ERR_NONE);
	assert_int_equal(err.errnum, 0);
	assert_string_equal(err.text, "");
}

static void
sets_code_and_text(void **state)
{
	struct err err = {ERR_IO, EPERM, "old"};

	(void)state;
	assert_int_equal(err_set(&err, ERR_TIMEOUT, "after %d ms", 7), -1);
	assert_int_equal(err.code, ERR_TIMEOUT);
	assert_int_equal(err.errnum, 0);
	assert_string_equal(err.text, "after 7 ms");
}

static void
keeps_errno_and_says_it_in_words(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_errno(&err, "open %s", "/x"), -1);
	assert_int_equal(err.code, ERR_IO);
	assert_int_equal(err.errnum, ENOENT);
	assert_string_equal(err.text, "open /x: No such file or directory");
}

static void
tells_a_full_disk_from_other_trouble(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	errno = ENOSPC;
	err_errno(&err, "write");
	assert_int_equal(err.code, ERR_FULL);
	errno = EDQUOT;
	err_errno(&err, "write");
	assert_int_equal(err.code, ERR_FULL);
	errno = EIO;
	err_errno(&err, "write");
	assert_int_equal(err.code, ERR_IO);
}

static void
wraps_outside_in(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	errno = EACCES;
	err_errno(&err, "open");
	assert_int_equal(err_wrap(&err, "line %d", 3), -1);
	assert_int_equal(err_wrap(&err, "loading %s", "a.yaml"), -1);
	assert_string_equal(
	    err.text, "loading a.yaml: line 3: open: Permission denied");
	assert_int_equal(err.code, ERR_IO);
	assert_int_equal(err.errnum, EACCES);
}

static void
cuts_long_text_and_stays_ended(void **state)
{
	struct err err = ERR_INIT;
	char longer[2 * sizeof(err.text)];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_set(&err, ERR_INPUT, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_wrap(&err, "outer");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "outer: xxx", 10);
	err_wrap(&err, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	errno = ENOENT;
	err_errno(&err, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_int_equal(err.errnum, ENOENT);
}

static void
a_caller_need_not_care(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_IO, "x"), -1);
	assert_int_equal(err_errno(NULL, "x"), -1);
	assert_int_equal(err_wrap(NULL, "x"), -1);
}

static void
every_code_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (enum err_code a = ERR_NONE; a <= ERR_BUSY; a++) {
		assert_non_null(err_code_name(a));
		assert_true(strlen(err_code_name(a)) > 1);
		for (enum err_code b = ERR_NONE; b < a; b++)
			assert_string_not_equal(
			    err_code_name(a), err_code_name(b));
	}
	assert_string_equal(err_code_name(ERR_TIMEOUT), "timeout");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(starts_empty),
	    cmocka_unit_test(sets_code_and_text),
	    cmocka_unit_test(keeps_errno_and_says_it_in_words),
	    cmocka_unit_test(tells_a_full_disk_from_other_trouble),
	    cmocka_unit_test(wraps_outside_in),
	    cmocka_unit_test(cuts_long_text_and_stays_ended),
	    cmocka_unit_test(a_caller_need_not_care),
	    cmocka_unit_test(every_code_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
