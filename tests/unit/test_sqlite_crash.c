/*
 * A child writes, says after each commit that it has, and is killed with -9 at
 * a random moment, again and again on the same database. What it said is
 * there, what was one transaction is there whole, and the database is sound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "state/sqlite.h"

#define ROUNDS       40
#define ROWS_EACH    40 /* observations in one transaction */
#define KEEP_MS      INT64_C(86400000)
#define START_MS     (INT64_C(20780) * 86400000)
#define STEP_MS      INT64_C(120000) /* of the child's clock, per commit */
#define LIFE_MAX_US  60000
#define EARLY_MAX_US 12000 /* before the child has said anything */

static struct err err;

static void
must(int result)
{
	if (result == 0)
		return;
	fprintf(stderr, "%s\n", err.text);
	exit(1);
}

static int
count_row(void *ctx, const struct incident_row *row)
{
	(void)row;
	++*(int *)ctx;
	return 0;
}

static int
count_incidents(struct store *s)
{
	struct incident_filter all = {0};
	int count = 0;

	must(store_each_incident(s, &all, count_row, &count, &err));
	return count;
}

/* ---- the child ---- */

static void
write_one(struct store *s, int n)
{
	char id[16], probe[16];
	struct incident_row incident = {
	    id, "p", 0, SEVERITY_HIGH, n + 1, 0, n + 1, "{}"};
	struct event_row event = {id, 1, n + 1, 0, "{}"};
	struct delivery_row delivery = {
	    .incident = id, .seq = 1, .channel = "mail", .due_ms = 1};
	struct observation_row row = {probe, "here", START_MS + n * STEP_MS,
	    OUTCOME_OK, 1000, "{\"more\":\"text\"}"};

	str_printf(id, sizeof(id), "i%d", n);
	must(store_begin(s, &err));
	must(store_put_incident(s, &incident, &err));
	must(store_put_event(s, &event, &err));
	must(store_put_delivery(s, &delivery, &err));
	for (int i = 0; i < ROWS_EACH; i++) {
		str_printf(probe, sizeof(probe), "probe-%d", i);
		must(store_put_observation(s, &row, &err));
	}
	must(store_commit(s, &err));
}

static int
child_main(const char *url)
{
	const struct store_retention keep = {
	    .raw_ms = KEEP_MS, .hourly_ms = KEEP_MS, .daily_ms = 10 * KEEP_MS};
	struct store *s;
	bool more;

	must(store_open(&s, url, &err));
	for (int n = count_incidents(s);; n++) {
		write_one(s, n);
		if (write(STDOUT_FILENO, ".", 1) != 1)
			return 1;
		must(store_tidy(s, &keep, START_MS + n * STEP_MS, &more, &err));
	}
}

/* ---- the parent ---- */

static pid_t
start_child(const char *url, int *from)
{
	char self[] = "/proc/self/exe", word[] = "child", where[160];
	char *argv[] = {self, word, where, NULL};
	posix_spawn_file_actions_t actions;
	int ends[2];
	pid_t pid;

	str_copy(where, sizeof(where), url);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	assert_int_equal(
	    posix_spawn(&pid, self, &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	*from = ends[0];
	return pid;
}

static void
pause_us(long us)
{
	struct timespec t = {0, us * 1000};

	nanosleep(&t, NULL);
}

/* Let it live for a while; returns how many commits it told of. */
static int
live_and_die(const char *url, bool early)
{
	int from, told = 0, status;
	pid_t pid = start_child(url, &from);
	char dots[256];
	ssize_t n;

	if (early) {
		pause_us(rand() % EARLY_MAX_US);
	} else {
		assert_int_equal(read(from, dots, 1), 1);
		told = 1;
		pause_us(rand() % LIFE_MAX_US);
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	while ((n = read(from, dots, sizeof(dots))) > 0)
		told += (int)n;
	close(from);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return told;
}

static int64_t
number(struct store *s, const char *sql)
{
	sqlite3_stmt *st;
	int64_t n;

	assert_int_equal(
	    sqlite3_prepare_v2(sqlite_self(s)->db, sql, -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static int
add_count(void *ctx, const struct history_row *row)
{
	*(unsigned *)ctx += row->count[OUTCOME_OK];
	return 0;
}

static int
assert_sound(const char *url)
{
	struct store *s;
	unsigned runs = 0;
	int incidents;

	if (store_open(&s, url, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(number(s, "SELECT integrity_check = 'ok' FROM "
				   "pragma_integrity_check"),
	    1);
	incidents = count_incidents(s);
	assert_int_equal(number(s, "SELECT count(*) FROM event"), incidents);
	assert_int_equal(number(s, "SELECT count(*) FROM delivery"), incidents);
	if (store_each_history(s, "probe-7", "here", HISTORY_DAY, 0, INT64_MAX,
		add_count, &runs, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(runs, incidents);
	store_close(s);
	return incidents;
}

static void
nothing_that_was_told_is_lost(void **state)
{
	char folder[] = "/tmp/tocsin-crash-XXXXXX", url[128], name[128];
	static const char *const files[] = {"", "-wal", ".lock"};
	int total = 0, found;

	(void)state;
	assert_non_null(mkdtemp(folder));
	str_printf(url, sizeof(url), "sqlite:%s/state.db", folder);
	srand((unsigned)getpid());
	for (int round = 0; round < ROUNDS; round++) {
		total += live_and_die(url, round % 5 == 0);
		found = assert_sound(url);
		/* A commit may have been done and not yet told. */
		assert_in_range(found, total, total + 1);
		total = found;
	}
	print_message("%d transactions over %d kills\n", total, ROUNDS);
	assert_in_range(total, ROUNDS / 2, INT32_MAX);
	for (size_t i = 0; i < 3; i++) {
		str_printf(
		    name, sizeof(name), "%s/state.db%s", folder, files[i]);
		unlink(name);
	}
	assert_int_equal(rmdir(folder), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_that_was_told_is_lost),
	};

	if (argc == 3 && str_eq(argv[1], "child"))
		return child_main(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
