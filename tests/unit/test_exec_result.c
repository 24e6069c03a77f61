#include "alerting/exec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/message_sample.h"

static struct spawn_end
ended(int status, int signo, bool timed_out, const char *out)
{
	struct spawn_end end = {
	    .status = status, .signal = signo, .timed_out = timed_out};

	end.tail_len = strlen(out);
	memcpy(end.tail, out, end.tail_len);
	return end;
}

static void
means_what_scripts_mean(void **state)
{
	static const struct {
		int status, signo;
		bool timed_out;
		const char *out;
		enum receipt_status receipt;
		int code;
		const char *detail;
	} cases[] = {
	    {0, 0, false, "queued as 7\n", RECEIPT_DELIVERED, 0, "queued as 7"},
	    {0, 0, false, "", RECEIPT_DELIVERED, 0,
		"the command ended with status 0"},
	    {1, 0, false, "no network\n", RECEIPT_RETRY, 1,
		"the command ended with status 1: no network"},
	    {75, 0, false, "a\nb\n", RECEIPT_RETRY, 75,
		"the command ended with status 75: b"},
	    {127, 0, false, "", RECEIPT_RETRY, 127,
		"the command ended with status 127"},
	    {65, 0, false, "unknown number", RECEIPT_REJECTED, 65,
		"the command ended with status 65: unknown number"},
	    {100, 0, false, "", RECEIPT_REJECTED, 100,
		"the command ended with status 100"},
	    {0, SIGSEGV, false, "half", RECEIPT_RETRY, 0,
		"the command was ended by signal 11 (SEGV): half"},
	    {0, SIGTERM, true, "dialling\n", RECEIPT_RETRY, 0,
		"the command did not end in time and was stopped: dialling"},
	    {0, 0, true, "", RECEIPT_RETRY, 0,
		"the command did not end in time and was stopped"},
	    {0, 0, false, "one\nlast \x1b[2J\t\r\n\n  \n", RECEIPT_DELIVERED, 0,
		"last \\x1b[2J"},
	    {0, 0, false, "\n\n", RECEIPT_DELIVERED, 0,
		"the command ended with status 0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spawn_end end = ended(cases[i].status, cases[i].signo,
		    cases[i].timed_out, cases[i].out);
		struct receipt r = RECEIPT_INIT;

		exec_receipt(&end, &r);
		assert_int_equal(r.status, cases[i].receipt);
		assert_int_equal(r.code, cases[i].code);
		assert_string_equal(r.detail, cases[i].detail);
	}
}

/* Output without a line end, and without an end at all. */
static void
survives_any_output(void **state)
{
	struct spawn_end end = {.status = 0, .tail_len = SPAWN_TAIL_MAX};
	struct receipt r = RECEIPT_INIT;

	(void)state;
	memset(end.tail, 'x', SPAWN_TAIL_MAX);
	exec_receipt(&end, &r);
	assert_true(strlen(r.detail) < 300);
	memset(end.tail, 0, SPAWN_TAIL_MAX);
	exec_receipt(&end, &r);
	memset(end.tail, 0xff, SPAWN_TAIL_MAX);
	exec_receipt(&end, &r);
	assert_int_equal(r.status, RECEIPT_DELIVERED);
}

static bool
has(char **env, const char *entry)
{
	for (size_t i = 0; env[i] != NULL; i++)
		if (strcmp(env[i], entry) == 0)
			return true;
	return false;
}

static void
tells_facts_and_no_more(void **state)
{
	static char lang[] = "LANG", german[] = "de_DE.UTF-8";
	static char key[] = "API_KEY", secret[] = "s3cret";
	struct option_pair pairs[] = {{lang, german}, {key, secret}};
	struct option_map extra = {pairs, 2};
	struct message m = sample_message(EVENT_OPENED);
	char **env;
	size_t count = 0;

	(void)state;
	setenv("PATH", "/opt/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("LANG", "C", 1);
	setenv("SECRET_OF_THE_AGENT", "x", 1);
	env = exec_environment(&extra, &m);
	while (env[count] != NULL)
		count++;
	assert_int_equal(count, 9);
	assert_true(has(env, "PATH=/opt/bin"));
	assert_true(has(env, "HOME=/root"));
	assert_true(has(env, "LANG=de_DE.UTF-8"));
	assert_true(has(env, "API_KEY=s3cret"));
	assert_true(has(env, "TOCSIN_DELIVERY=7k3qx9v2tb-1-oncall-mail"));
	assert_true(has(env, "TOCSIN_EVENT=opened"));
	assert_true(has(env, "TOCSIN_INCIDENT=7k3qx9v2tb"));
	assert_true(has(env, "TOCSIN_PROBE=portal"));
	assert_true(has(env, "TOCSIN_SEVERITY=critical"));
	exec_environment_free(env);
	sample_free(&m);
}

static void
knows_the_name_of_a_variable(void **state)
{
	static const char *const good[] = {"A", "_x9", "API_KEY"};
	static const char *const bad[] = {"", "9A", "A-B", "A=B", "A B", "Ä"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(exec_is_name(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(exec_is_name(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(means_what_scripts_mean),
	    cmocka_unit_test(survives_any_output),
	    cmocka_unit_test(tells_facts_and_no_more),
	    cmocka_unit_test(knows_the_name_of_a_variable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
