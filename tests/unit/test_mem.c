#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

static void
gives_zeroed_memory(void **state)
{
	unsigned char *a = mem_alloc(100), *b = mem_array(10, 10);
	static const unsigned char zero[100];

	(void)state;
	assert_memory_equal(a, zero, 100);
	assert_memory_equal(b, zero, 100);
	free(a);
	free(b);
}

static void
nothing_is_something_one_can_free(void **state)
{
	void *p[] = {mem_alloc(0), mem_array(0, 8), mem_array(8, 0),
	    mem_grow(NULL, 0, 8), mem_dup("", 0)};

	(void)state;
	for (size_t i = 0; i < sizeof(p) / sizeof(p[0]); i++) {
		assert_non_null(p[i]);
		free(p[i]);
	}
}

static void
keeps_what_is_there_when_it_grows(void **state)
{
	int *p = mem_grow(NULL, 2, sizeof(*p));

	(void)state;
	p[0] = 7;
	p[1] = 8;
	p = mem_grow(p, 1000, sizeof(*p));
	assert_int_equal(p[0], 7);
	assert_int_equal(p[1], 8);
	p[999] = 9;
	free(p);
}

static void
copies(void **state)
{
	char *a = mem_dup("a\0b", 3), *b = mem_strdup("text"),
	     *c = mem_strndup("text", 2), *d = mem_strndup("text", 99),
	     *e = mem_strndup("text", 0), *f = mem_printf("%d/%s", 7, "x");
	const char unended[3] = {'x', 'y', 'z'};
	char *g = mem_strndup(unended, 3);

	(void)state;
	assert_memory_equal(a, "a\0b", 3);
	assert_string_equal(b, "text");
	assert_string_equal(c, "te");
	assert_string_equal(d, "text");
	assert_string_equal(e, "");
	assert_string_equal(f, "7/x");
	assert_string_equal(g, "xyz");
	free(a);
	free(b);
	free(c);
	free(d);
	free(e);
	free(f);
	free(g);
}

static void
frees_secrets(void **state)
{
	(void)state;
	mem_free_secret(NULL);
	mem_free_secret(mem_strdup("hunter2"));
	mem_free_secret(mem_strdup(""));
}

static void
take_all(void)
{
	free(mem_alloc(SIZE_MAX / 2));
}

static void
overflow(void)
{
	free(mem_array(SIZE_MAX / 2, 4));
}

static void
overgrow(void)
{
	free(mem_grow(NULL, SIZE_MAX / 2, 4));
}

static void
break_an_invariant(void)
{
	CHECK(1 + 1 == 3);
}

static void
keep_an_invariant(void)
{
	CHECK(1 + 1 == 2);
	_exit(0);
}

/* How a child ended that ran fn; what it said on stderr goes into text. */
static int
status_of(void (*fn)(void), char *text, size_t size)
{
	const struct rlimit none = {0, 0};
	size_t len = 0;
	ssize_t n;
	int status, ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		dup2(ends[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	close(ends[1]);
	while (len + 1 < size &&
	       (n = read(ends[0], text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
running_out_of_memory_ends_the_process(void **state)
{
	void (*const fns[])(void) = {take_all, overflow, overgrow};
	char text[16384];

	(void)state;
	for (size_t i = 0; i < sizeof(fns) / sizeof(fns[0]); i++) {
		int status = status_of(fns[i], text, sizeof(text));

		assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
#ifndef TOCSIN_SANITIZE /* which ends it first, with words of its own */
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
		assert_string_equal(text, "tocsin: out of memory\n");
#endif
	}
}

static void
a_broken_invariant_says_where(void **state)
{
	char text[1024];
	int status = status_of(break_an_invariant, text, sizeof(text));

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(text, "tocsin: broken invariant at "));
	assert_non_null(strstr(text, "test_mem.c:"));
	assert_non_null(strstr(text, "1 + 1 == 3"));
	status = status_of(keep_an_invariant, text, sizeof(text));
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_zeroed_memory),
	    cmocka_unit_test(nothing_is_something_one_can_free),
	    cmocka_unit_test(keeps_what_is_there_when_it_grows),
	    cmocka_unit_test(copies),
	    cmocka_unit_test(frees_secrets),
	    cmocka_unit_test(running_out_of_memory_ends_the_process),
	    cmocka_unit_test(a_broken_invariant_says_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
