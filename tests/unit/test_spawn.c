#include "base/spawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define LONG_MS 60000

static char variable[] = "COLOUR=red";
static char *const environment[] = {variable, NULL};

static int
run(const char *script, const char *input, int64_t term_ms, int64_t kill_ms,
    struct spawn_end *end)
{
	char shell[] = "/bin/sh", flag[] = "-c", text[1000];
	char *const argv[] = {shell, flag, text, NULL};
	int64_t now_ms = clock_boot_ms();
	struct spawn s = {.argv = argv,
	    .env = environment,
	    .folder = "/",
	    .input = input,
	    .input_len = strlen(input),
	    .term_ms = now_ms + term_ms,
	    .kill_ms = now_ms + kill_ms};
	struct err err = ERR_INIT;
	int rc;

	assert_true(strlen(script) < sizeof(text));
	memcpy(text, script, strlen(script) + 1);
	rc = spawn_run(&s, end, &err);
	end->tail[end->tail_len] = '\0';
	if (end->head_len < SPAWN_HEAD_MAX)
		end->head[end->head_len] = '\0';
	return rc;
}

static void
says(const char *script, const char *input, const char *want)
{
	struct spawn_end end;

	assert_int_equal(run(script, input, LONG_MS, LONG_MS, &end), 0);
	assert_int_equal(end.status, 0);
	assert_false(end.timed_out);
	assert_string_equal(end.tail, want);
}

static void
gives_and_takes(void **state)
{
	(void)state;
	says("cat", "one\ntwo\n", "one\ntwo\n");
	says("env | sort | grep -v ^PWD | grep -v ^_ | grep -v ^SHLVL |"
	     "grep -v ^OLDPWD",
	    "", "COLOUR=red\n");
	says("pwd", "", "/\n");
	says("ls /proc/self/fd | wc -l", "", "4\n"); /* 0, 1, 2 and ls' own */
}

static void
keeps_errors_apart(void **state)
{
	struct spawn_end end;

	(void)state;
	assert_int_equal(
	    run("echo out; echo err >&2; exit 7", "", LONG_MS, LONG_MS, &end),
	    0);
	assert_int_equal(end.status, 7);
	assert_int_equal(end.signal, 0);
	assert_string_equal(end.tail, "out\n");
	assert_string_equal(end.head, "err\n");
	assert_int_equal(run("kill -USR1 $$", "", LONG_MS, LONG_MS, &end), 0);
	assert_int_equal(end.signal, SIGUSR1);
	/* Which we ignore, and a pipe of its own needs. */
	assert_int_equal(run("kill -PIPE $$", "", LONG_MS, LONG_MS, &end), 0);
	assert_int_equal(end.signal, SIGPIPE);
}

/* A pipe holds 64 KiB: neither side may wait for the other. */
static void
is_not_held_by_full_pipes(void **state)
{
	static char much[1 << 20];
	struct spawn_end end;

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	assert_int_equal(
	    run("cat; echo; echo end; cat /dev/zero | head -c 300000 >&2", much,
		LONG_MS, LONG_MS, &end),
	    0);
	assert_int_equal(end.status, 0);
	assert_int_equal(end.tail_len, SPAWN_TAIL_MAX);
	assert_string_equal(end.tail + SPAWN_TAIL_MAX - 5, "\nend\n");
	assert_int_equal(end.head_len, SPAWN_HEAD_MAX);
	assert_int_equal(end.head_lost, 300000 - SPAWN_HEAD_MAX);
	assert_int_equal(
	    run("exec <&-; echo done", much, LONG_MS, LONG_MS, &end), 0);
	assert_string_equal(end.tail, "done\n");
}

static void
ends_what_does_not_end(void **state)
{
	struct spawn_end end;
	int64_t began_ms = clock_boot_ms();

	(void)state;
	assert_int_equal(
	    run("echo slow; sleep 600", "", 200, LONG_MS, &end), 0);
	assert_true(end.timed_out);
	assert_int_equal(end.signal, SIGTERM);
	assert_string_equal(end.tail, "slow\n");
	assert_int_equal(run("trap '' TERM; while :; do sleep 600; done", "",
			     200, 400, &end),
	    0);
	assert_true(end.timed_out);
	assert_int_equal(end.signal, SIGKILL);
	/* One that uses its last chance was late all the same. */
	assert_int_equal(
	    run("trap 'exit 0' TERM; sleep 600 & wait", "", 200, LONG_MS, &end),
	    0);
	assert_true(end.timed_out);
	assert_int_equal(end.status, 0);
	assert_true(clock_boot_ms() - began_ms < LONG_MS);
}

/* Who stays behind holds our pipes, not us; in its group it does not stay. */
static void
leaves_nobody_behind(void **state)
{
	struct spawn_end end;
	int64_t began_ms = clock_boot_ms();
	int64_t left = 0;

	(void)state;
	assert_int_equal(
	    run("sleep 600 & echo $!", "", LONG_MS, LONG_MS, &end), 0);
	assert_false(end.timed_out);
	end.tail[strcspn(end.tail, "\n")] = '\0';
	assert_int_equal(str_parse_i64(end.tail, 2, INT32_MAX, &left), 0);
	for (int i = 0; i < 500 && kill((pid_t)left, 0) == 0; i++)
		usleep(10000); /* until init has reaped it */
	assert_int_equal(kill((pid_t)left, 0), -1);
	assert_int_equal(
	    run("setsid sleep 5 & echo away", "", LONG_MS, LONG_MS, &end), 0);
	assert_string_equal(end.tail, "away\n");
	assert_true(clock_boot_ms() - began_ms < LONG_MS);
}

static void
says_why_it_cannot_start(void **state)
{
	char missing[] = "/does/not/exist", folder[] = "/tmp";
	char *argv[] = {missing, NULL};
	struct spawn s = {.argv = argv, .env = environment, .folder = "/"};
	struct spawn_end end;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(spawn_run(&s, &end, &err), -1);
	assert_int_equal(err.errnum, ENOENT);
	assert_non_null(strstr(err.text, missing));
	argv[0] = folder;
	assert_int_equal(spawn_run(&s, &end, &err), -1);
	assert_int_equal(err.errnum, EACCES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_and_takes),
	    cmocka_unit_test(keeps_errors_apart),
	    cmocka_unit_test(is_not_held_by_full_pipes),
	    cmocka_unit_test(ends_what_does_not_end),
	    cmocka_unit_test(leaves_nobody_behind),
	    cmocka_unit_test(says_why_it_cannot_start),
	};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &ignore, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
