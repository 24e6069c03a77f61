#include "state/sqlite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define DAY  INT64_C(86400000)
#define NOON (INT64_C(20780) * DAY + DAY / 2)

static char folder[64], path[128], url[160];
static struct err err;

static void
must(int result)
{
	if (result != 0)
		fail_msg("%s", err.text);
}

static int
remove_one(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(name);
}

static int
setup(void **state)
{
	(void)state;
	str_copy(folder, sizeof(folder), "/tmp/tocsin-sqlite-XXXXXX");
	assert_non_null(mkdtemp(folder));
	str_printf(path, sizeof(path), "%s/state.db", folder);
	str_printf(url, sizeof(url), "sqlite:%s", path);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct store *
open_it(void)
{
	struct store *s = NULL;

	must(store_open(&s, url, &err));
	return s;
}

static void
refused(enum err_code code, const char *words)
{
	struct store *s;

	if (store_open(&s, url, &err) == 0)
		fail_msg("%s was opened", url);
	assert_null(s);
	if (err.code != code || strstr(err.text, words) == NULL)
		fail_msg("%s: %s, not \"%s\"", err_code_name(err.code),
		    err.text, words);
}

static mode_t
mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_mode & 07777;
}

static void
write_at(long offset, const char *bytes, size_t len)
{
	FILE *f = fopen(path, offset < 0 ? "w" : "r+");

	assert_non_null(f);
	if (offset > 0)
		fseek(f, offset, SEEK_SET);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

/* Change the file as another program would. */
static void
by_hand(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
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

static void
only_its_owner_can_read_it(void **state)
{
	mode_t before = umask(0);
	struct store *s;
	char name[160];

	(void)state;
	str_printf(path, sizeof(path), "%s/a//b/state.db", folder);
	str_printf(url, sizeof(url), "sqlite:%s", path);
	s = open_it();
	must(store_probe_writable(s, &err));
	umask(before);
	assert_int_equal(mode_of(path), 0600);
	str_printf(name, sizeof(name), "%s-wal", path);
	assert_int_equal(mode_of(name), 0600);
	str_printf(name, sizeof(name), "%s.lock", path);
	assert_int_equal(mode_of(name), 0600);
	str_printf(name, sizeof(name), "%s/a", folder);
	assert_int_equal(mode_of(name), 0700);
	str_printf(name, sizeof(name), "%s/a/b", folder);
	assert_int_equal(mode_of(name), 0700);
	store_close(s);
}

static void
it_is_set_up_to_last(void **state)
{
	struct store *s = open_it();

	(void)state;
	assert_int_equal(number(s, "PRAGMA synchronous"), 2);
	assert_int_equal(number(s, "PRAGMA foreign_keys"), 1);
	assert_int_equal(number(s, "PRAGMA auto_vacuum"), 2);
	assert_int_equal(number(s, "PRAGMA mmap_size"), 0);
	assert_int_equal(number(s, "SELECT journal_mode = 'wal' FROM "
				   "pragma_journal_mode"),
	    1);
	assert_int_equal(number(s, "SELECT locking_mode = 'exclusive' FROM "
				   "pragma_locking_mode"),
	    1);
	store_close(s);
}

static void
every_statement_fits_the_schema(void **state)
{
	struct store *s = open_it();

	(void)state;
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_stmt *st = sqlite_take(sqlite_self(s), i, &err);

		if (st == NULL)
			fail_msg("statement %d: %s", i, err.text);
		sqlite_give(sqlite_self(s), i, st);
	}
	store_close(s);
}

static void
a_second_one_is_told_who_has_it(void **state)
{
	struct store *s = open_it();
	char pid[32], link[128];

	(void)state;
	str_printf(pid, sizeof(pid), "(pid %ld)", (long)getpid());
	refused(ERR_BUSY, pid);
	refused(ERR_BUSY, "in use by another tocsin");
	/* By another name as well. */
	str_printf(link, sizeof(link), "%s/link.db", folder);
	assert_int_equal(symlink(path, link), 0);
	str_printf(url, sizeof(url), "sqlite:%s", link);
	refused(ERR_BUSY, pid);
	store_close(s);
	store_close(open_it());
}

static void
another_program_that_has_it_is_named_as_the_reason(void **state)
{
	sqlite3 *db;

	(void)state;
	store_close(open_it());
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db,
		"PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; "
		"UPDATE meta SET value = value",
		NULL, NULL, NULL),
	    SQLITE_OK);
	refused(ERR_BUSY, "close the other program");
	sqlite3_close(db);
	store_close(open_it());
}

static void
a_bad_path_says_what_to_do(void **state)
{
	(void)state;
	str_copy(url, sizeof(url), "sqlite:");
	refused(ERR_CONFIG, "sqlite:/var/lib/tocsin/state.db");
	str_printf(url, sizeof(url), "sqlite:%s/", folder);
	refused(ERR_CONFIG, "names no file");
	str_printf(url, sizeof(url), "sqlite:%s", folder);
	refused(ERR_IO, "add a file name");
	write_at(-1, "x", 1);
	str_printf(url, sizeof(url), "sqlite:%s/more/state.db", path);
	refused(ERR_IO, "a part of that path is a file");
	str_copy(url, sizeof(url), "sqlite:/proc/tocsin/state.db");
	refused(ERR_IO, "creating the folder /proc/tocsin");
	str_copy(url, sizeof(url), "sqlite:/dev/null");
	refused(ERR_IO, "that is not a file");
	assert_int_not_equal(access("/dev/null.lock", F_OK), 0);
}

static void
what_is_not_ours_is_left_alone(void **state)
{
	static const char text[] = "dear diary, today I was not a database. ";
	char page[4096];

	(void)state;
	by_hand("CREATE TABLE customers (name TEXT)");
	refused(ERR_CONFIG, "another program's database");
	for (size_t i = 0; i < sizeof(page); i++)
		page[i] = text[i % (sizeof(text) - 1)];
	write_at(-1, page, sizeof(page));
	refused(ERR_CORRUPT, "not a database");
	assert_int_equal(mode_of(path) & 0600, 0600);
}

static void
a_newer_schema_is_refused(void **state)
{
	(void)state;
	store_close(open_it());
	by_hand("PRAGMA user_version = 99");
	refused(ERR_CONFIG, "written by a newer tocsin (schema 99");
	refused(ERR_CONFIG, "restore a backup");
}

static void
damage_is_found_at_the_start(void **state)
{
	struct probe_row row = {"p", "k", "t", "v", NULL, NULL, 1};
	struct store *s = open_it();
	char name[16], junk[3000];

	(void)state;
	must(store_begin(s, &err));
	for (int i = 0; i < 2000; i++) {
		str_printf(name, sizeof(name), "probe-%d", i);
		row.name = name;
		must(store_put_probe(s, &row, &err));
	}
	must(store_commit(s, &err));
	store_close(s);
	memset(junk, 0x5a, sizeof(junk));
	for (int page = 40; page < 56; page++)
		write_at(page * 4096 + 500, junk, sizeof(junk));
	refused(ERR_CORRUPT, "is damaged");
	refused(ERR_CORRUPT, "newest backup");
	assert_int_equal(truncate(path, 5000), 0);
	refused(ERR_CORRUPT, "newest backup");
}

static void
a_file_that_was_moved_away_takes_no_more(void **state)
{
	struct store *s = open_it();
	char away[160];

	(void)state;
	str_printf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(store_begin(s, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	assert_int_equal(store_probe_writable(s, &err), -1);
	write_at(-1, "", 0);
	assert_int_equal(store_begin(s, &err), -1);
	assert_non_null(strstr(err.text, "replaced by another file"));
	assert_int_equal(rename(away, path), 0);
	must(store_probe_writable(s, &err));
	store_close(s);
}

static void
a_connection_that_broke_is_made_anew(void **state)
{
	struct store *s = open_it();
	struct store_backup *b;
	char copy[160];
	bool done;

	(void)state;
	str_printf(copy, sizeof(copy), "%s/copy.db", folder);
	must(store_backup_new(&b, s, copy, &err));
	/* Left in a state that no transaction can begin from. */
	assert_int_equal(
	    sqlite3_exec(sqlite_self(s)->db, "BEGIN", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(store_begin(s, &err), -1);
	assert_null(sqlite_self(s)->db);
	must(store_probe_writable(s, &err));
	assert_int_equal(store_backup_step(b, 1, &done, &err), -1);
	assert_non_null(strstr(err.text, "start the backup again"));
	store_backup_free(b);
	store_close(s);
}

static void
a_bad_row_is_named_and_harms_nothing(void **state)
{
	struct incident_row row = {"i", NULL, 0, SEVERITY_LOW, 1, 0, 1, "{}"};
	struct store *s = open_it();
	sqlite3 *before;

	(void)state;
	must(store_begin(s, &err));
	assert_int_equal(store_put_incident(s, &row, &err), -1);
	assert_non_null(strstr(err.text, "incident.probe"));
	before = sqlite_self(s)->db;
	store_rollback(s);
	assert_ptr_equal(sqlite_self(s)->db, before);
	store_close(s);
}

static void
observe(struct store *s, const char *probe, int64_t at_ms, const char *detail)
{
	struct observation_row row = {
	    probe, "here", at_ms, OUTCOME_OK, 1000, detail};

	must(store_put_observation(s, &row, &err));
}

static void
tidy(struct store *s, const struct store_retention *keep, int64_t now_ms)
{
	bool more = true;

	for (int i = 0; more; i++) {
		must(store_tidy(s, keep, now_ms, &more, &err));
		assert_in_range(i, 0, 10000);
	}
}

static void
a_surplus_of_pages_goes_back_to_the_disk(void **state)
{
	const struct store_retention keep = {.raw_ms = DAY};
	struct store *s = open_it();
	char text[3000];
	int64_t before;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	must(store_begin(s, &err));
	for (int i = 0; i < 4000; i++)
		observe(s, "p", NOON + i, text);
	must(store_commit(s, &err));
	assert_int_equal(number(s, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	before = store_size(s);
	assert_in_range(before, 12000000, 40000000);
	tidy(s, &keep, NOON + 3 * DAY);
	assert_int_equal(number(s, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	assert_in_range(store_size(s), 1, before / 2);
	store_close(s);
}

static void
a_series_ends_with_its_last_day(void **state)
{
	const struct store_retention keep = {
	    .raw_ms = DAY, .hourly_ms = 2 * DAY, .daily_ms = 10 * DAY};
	struct store *s = open_it();

	(void)state;
	must(store_begin(s, &err));
	observe(s, "old", NOON, NULL);
	observe(s, "kept", NOON, NULL);
	must(store_commit(s, &err));
	tidy(s, &keep, NOON + 5 * DAY);
	must(store_begin(s, &err));
	observe(s, "kept", NOON + 6 * DAY, NULL);
	must(store_commit(s, &err));
	tidy(s, &keep, NOON + 8 * DAY);
	assert_int_equal(number(s, "SELECT count(*) FROM series"), 2);
	tidy(s, &keep, NOON + 12 * DAY);
	assert_int_equal(number(s, "SELECT count(*) FROM series"), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM rollup"), 1);
	/* It can come back. */
	must(store_begin(s, &err));
	observe(s, "old", NOON + 12 * DAY, NULL);
	must(store_commit(s, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM series"), 2);
	store_close(s);
}

static void
a_cut_off_backup_is_no_obstacle(void **state)
{
	struct store *s = open_it();
	struct store_backup *b;
	char copy[160], partial[192];
	bool done = false;
	FILE *f;

	(void)state;
	str_printf(copy, sizeof(copy), "%s/copy.db", folder);
	str_printf(partial, sizeof(partial), "%s.partial", copy);
	f = fopen(partial, "w");
	fputs("half", f);
	fclose(f);
	must(store_backup_new(&b, s, copy, &err));
	must(store_backup_step(b, -1, &done, &err));
	assert_true(done);
	store_backup_free(b);
	assert_int_equal(mode_of(copy), 0600);
	assert_int_not_equal(access(partial, F_OK), 0);
	store_close(s);
	str_copy(path, sizeof(path), copy);
	str_printf(url, sizeof(url), "sqlite:%s", copy);
	store_close(open_it());
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(only_its_owner_can_read_it),
	    TEST(it_is_set_up_to_last),
	    TEST(every_statement_fits_the_schema),
	    TEST(a_second_one_is_told_who_has_it),
	    TEST(another_program_that_has_it_is_named_as_the_reason),
	    TEST(a_bad_path_says_what_to_do),
	    TEST(what_is_not_ours_is_left_alone),
	    TEST(a_newer_schema_is_refused),
	    TEST(damage_is_found_at_the_start),
	    TEST(a_file_that_was_moved_away_takes_no_more),
	    TEST(a_connection_that_broke_is_made_anew),
	    TEST(a_bad_row_is_named_and_harms_nothing),
	    TEST(a_surplus_of_pages_goes_back_to_the_disk),
	    TEST(a_series_ends_with_its_last_day),
	    TEST(a_cut_off_backup_is_no_obstacle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
