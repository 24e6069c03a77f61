#include "state/sqlite_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "state/sqlite.h"

static char folder[64], url[128];
static struct err err;

static int
setup(void **state)
{
	struct store *s = NULL;

	str_copy(folder, sizeof(folder), "/tmp/tocsin-schema-XXXXXX");
	assert_non_null(mkdtemp(folder));
	str_printf(url, sizeof(url), "sqlite:%s/state.db", folder);
	if (store_open(&s, url, &err) != 0)
		fail_msg("%s", err.text);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	char name[128];

	store_close(*state);
	str_printf(name, sizeof(name), "%s/state.db", folder);
	unlink(name);
	str_printf(name, sizeof(name), "%s/state.db.lock", folder);
	unlink(name);
	return rmdir(folder);
}

static int64_t
number(struct store *s, const char *sql)
{
	sqlite3_stmt *st;
	int64_t n;

	if (sqlite3_prepare_v2(sqlite_self(s)->db, sql, -1, &st, NULL) !=
	    SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(sqlite_self(s)->db));
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* What is compiled in, and made-up steps after it. */
static int
migrate(struct store *s, const char *const *sql, int count)
{
	struct schema_step steps[32];
	int known = schema_step_count;

	assert_in_range(known + count, 1, 32);
	for (int i = 0; i < known; i++)
		steps[i] = schema_steps[i];
	for (int i = 0; i < count; i++)
		steps[known + i] = (struct schema_step){"9999_made_up", sql[i]};
	return schema_migrate(sqlite_self(s), steps, known + count, &err);
}

static void
a_new_database_has_every_step(void **state)
{
	struct store *s = *state;

	assert_in_range(schema_step_count, 1, 1000);
	assert_int_equal(number(s, "PRAGMA user_version"), schema_step_count);
	for (int i = 0; i < schema_step_count; i++)
		assert_true(schema_steps[i].title[0] == '0');
	assert_int_equal(migrate(s, NULL, 0), 0); /* nothing is missing */
}

static void
steps_are_applied_in_order_and_data_stays(void **state)
{
	static const char *const sql[] = {
	    "CREATE TABLE silence (id INTEGER PRIMARY KEY); "
	    "INSERT INTO silence VALUES (1), (2);",
	    "ALTER TABLE silence ADD COLUMN until_ms INTEGER DEFAULT 7;",
	};
	struct probe_row row = {"p", "k", "t", "v", NULL, NULL, 1};
	struct store *s = *state;

	assert_int_equal(store_begin(s, &err), 0);
	assert_int_equal(store_put_probe(s, &row, &err), 0);
	assert_int_equal(store_commit(s, &err), 0);
	assert_int_equal(migrate(s, sql, 2), 0);
	assert_int_equal(number(s, "SELECT sum(until_ms) FROM silence"), 14);
	assert_int_equal(number(s, "SELECT count(*) FROM probe"), 1);
	assert_int_equal(
	    number(s, "PRAGMA user_version"), schema_step_count + 2);
	assert_int_equal(migrate(s, sql, 2), 0); /* and only once */
}

static void
a_step_that_fails_leaves_nothing_behind(void **state)
{
	static const char *const sql[] = {
	    "CREATE TABLE good (a);",
	    "CREATE TABLE half (a); INSERT INTO half VALUES (1); "
	    "INSERT INTO no_such_table VALUES (1);",
	};
	struct store *s = *state;

	assert_int_equal(migrate(s, sql, 2), -1);
	assert_non_null(strstr(err.text, "9999_made_up"));
	assert_non_null(strstr(err.text, "no_such_table"));
	assert_int_equal(
	    number(s, "PRAGMA user_version"), schema_step_count + 1);
	assert_int_equal(
	    number(s, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"),
	    0);
	assert_int_equal(store_probe_writable(s, &err), 0);
}

static void
this_version_refuses_what_a_newer_one_made(void **state)
{
	static const char *const sql[] = {"CREATE TABLE later (a);"};
	struct store *s = *state;

	assert_int_equal(migrate(s, sql, 1), 0);
	assert_int_equal(
	    schema_check(sqlite_self(s), schema_step_count, &err), -1);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_int_equal(
	    schema_check(sqlite_self(s), schema_step_count + 1, &err), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_new_database_has_every_step),
	    TEST(steps_are_applied_in_order_and_data_stays),
	    TEST(a_step_that_fails_leaves_nothing_behind),
	    TEST(this_version_refuses_what_a_newer_one_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
