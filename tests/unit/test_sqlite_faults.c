/*
 * A file system that fails: under SQLite lies one that makes the n-th call of
 * a class fail, for n = 1, 2, 3 … until the whole story passes without. After
 * each failure the same store works on when the trouble is over, nothing that
 * was committed is lost, and the database is sound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/str.h"
#include "state/sqlite.h"

#define DAY_MS    INT64_C(86400000)
#define START_MS  (INT64_C(20780) * DAY_MS)
#define BATCHES   4
#define ROWS_EACH 16
#define TRIES     6 /* of one call, while the trouble lasts and after */
#define N_MAX     3000

/* ---- a file system that fails ---- */

enum call { CALL_WRITE, CALL_SYNC, CALL_READ, CALL_OPEN, CALL_TRUNCATE };

static struct {
	bool armed;
	enum call call;
	int rc;      /* what it returns then */
	int at;      /* the call that fails */
	bool stays;  /* and all after it */
	int seen;    /* calls of this class */
	bool struck; /* it has failed */
} fault;

static int
strike(enum call call)
{
	if (!fault.armed || call != fault.call)
		return SQLITE_OK;
	fault.seen++;
	if (fault.seen != fault.at && !(fault.stays && fault.seen > fault.at))
		return SQLITE_OK;
	fault.struck = true;
	return fault.rc;
}

struct file {
	sqlite3_file base;
	sqlite3_file *real;
};

static sqlite3_vfs *disk; /* the real one */

static sqlite3_file *
real(sqlite3_file *f)
{
	return ((struct file *)f)->real;
}

static int
file_close(sqlite3_file *f)
{
	return real(f)->pMethods->xClose(real(f));
}

static int
file_read(sqlite3_file *f, void *to, int len, sqlite3_int64 at)
{
	int rc = strike(CALL_READ);

	return rc ? rc : real(f)->pMethods->xRead(real(f), to, len, at);
}

static int
file_write(sqlite3_file *f, const void *from, int len, sqlite3_int64 at)
{
	int rc = strike(CALL_WRITE);

	/* A disk that fills up may take the first part of it. */
	if (rc != SQLITE_OK && len > 1)
		real(f)->pMethods->xWrite(real(f), from, len / 2, at);
	return rc ? rc : real(f)->pMethods->xWrite(real(f), from, len, at);
}

static int
file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int rc = strike(CALL_TRUNCATE);

	return rc ? rc : real(f)->pMethods->xTruncate(real(f), size);
}

static int
file_sync(sqlite3_file *f, int flags)
{
	(void)f;
	(void)flags;
	return strike(CALL_SYNC);
}

static int
file_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real(f)->pMethods->xFileSize(real(f), size);
}

static int
file_lock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xLock(real(f), level);
}

static int
file_unlock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xUnlock(real(f), level);
}

static int
file_reserved(sqlite3_file *f, int *yes)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), yes);
}

static int
file_control(sqlite3_file *f, int what, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), what, arg);
}

static int
file_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int
file_traits(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
};

static int
faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
    int *out_flags)
{
	struct file *file = (struct file *)f;
	int rc = strike(CALL_OPEN);

	(void)vfs;
	file->base.pMethods = NULL;
	file->real = (sqlite3_file *)(file + 1);
	if (rc == SQLITE_OK)
		rc = disk->xOpen(disk, name, file->real, flags, out_flags);
	if (rc == SQLITE_OK)
		file->base.pMethods = &file_methods;
	return rc;
}

static int
register_vfs(void **state)
{
	static sqlite3_vfs vfs;

	(void)state;
	sqlite3_initialize();
	disk = sqlite3_vfs_find(NULL);
	vfs = *disk;
	vfs.zName = "faulty";
	vfs.szOsFile = (int)sizeof(struct file) + disk->szOsFile;
	vfs.xOpen = faulty_open;
	return sqlite3_vfs_register(&vfs, 1);
}

/* ---- the story ---- */

static char folder[64], url[128], copy[128];
static struct err err;

static void
remove_files(void)
{
	static const char *const names[] = {"state.db", "state.db-wal",
	    "state.db.lock", "copy.db", "copy.db.partial", "filler"};
	char name[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		str_printf(name, sizeof(name), "%s/%s", folder, names[i]);
		unlink(name);
	}
}

static void
make_folder(void)
{
	/* In memory where that is to be had: nobody pulls the plug. */
	str_copy(folder, sizeof(folder), "/dev/shm/tocsin-faults-XXXXXX");
	if (mkdtemp(folder) == NULL) {
		str_copy(folder, sizeof(folder), "/tmp/tocsin-faults-XXXXXX");
		assert_non_null(mkdtemp(folder));
	}
	str_printf(url, sizeof(url), "sqlite:%s/state.db", folder);
	str_printf(copy, sizeof(copy), "%s/copy.db", folder);
}

static void
must(int result)
{
	if (result != 0)
		fail_msg("%s", err.text);
}

/* Small limits, so that little data meets every kind of call: pages leave the
 * cache inside a transaction and the log is copied back often. */
static void
make_tight(struct store *s)
{
	sqlite3 *db = sqlite_self(s)->db;

	if (db != NULL)
		sqlite3_exec(db,
		    "PRAGMA cache_size = 6; PRAGMA wal_autocheckpoint = 12",
		    NULL, NULL, NULL);
}

static int
write_batch(struct store *s, int n)
{
	char id[16], probe[16];
	struct incident_row incident = {
	    id, "p", 0, SEVERITY_HIGH, n + 1, 0, n + 1, "{}"};
	struct observation_row row = {probe, "here", START_MS + n * DAY_MS / 24,
	    OUTCOME_FAILED, 1000,
	    "{\"reason\":\"connect to 192.0.2.7:443 refused after 0.8 ms\"}"};

	str_printf(id, sizeof(id), "i%d", n);
	if (store_begin(s, &err) != 0)
		return -1;
	for (int i = 0; i < ROWS_EACH; i++) {
		str_printf(probe, sizeof(probe), "probe-%d", i);
		if (store_put_observation(s, &row, &err) != 0)
			goto undo;
	}
	if (store_put_incident(s, &incident, &err) == 0 &&
	    store_commit(s, &err) == 0)
		return 0;
undo:
	store_rollback(s);
	return -1;
}

static int
tidy_all(struct store *s, int n)
{
	static const struct store_retention keep = {
	    .raw_ms = DAY_MS, .hourly_ms = DAY_MS, .daily_ms = 100 * DAY_MS};
	bool more = true;

	(void)n;
	for (int i = 0; more; i++) {
		assert_in_range(i, 0, 1000);
		if (store_tidy(s, &keep, START_MS + 3 * DAY_MS, &more, &err) !=
		    0)
			return -1;
	}
	return 0;
}

static int
backup(struct store *s, int n)
{
	struct store_backup *b;
	bool done = false;
	int result = 0;

	(void)n;
	if (store_backup_new(&b, s, copy, &err) != 0)
		return -1;
	while (result == 0 && !done)
		result = store_backup_step(b, 7, &done, &err);
	store_backup_free(b);
	return result;
}

static int
check_writable(struct store *s, int n)
{
	(void)n;
	return store_probe_writable(s, &err);
}

static int
count_row(void *ctx, const struct incident_row *row)
{
	(void)row;
	++*(int *)ctx;
	return 0;
}

static void
assert_a_fault(void)
{
	if (!fault.struck || (err.code != ERR_FULL && err.code != ERR_IO) ||
	    strstr(err.text, "a bug in") != NULL)
		fail_msg("call %d: %s: %s", fault.at, err_code_name(err.code),
		    err.text);
}

/* Does it until it works. Lasting trouble ends after some tries. */
static void
insist(struct store *s, int (*what)(struct store *s, int n), int n)
{
	struct incident_filter all = {0};
	int count = 0;

	for (int i = 0; what(s, n) != 0; i++) {
		assert_a_fault();
		assert_in_range(i, 0, TRIES - 1);
		/* Reading may fail too, but harms nothing. */
		store_each_incident(s, &all, count_row, &count, NULL);
		if (i == TRIES / 2)
			fault.armed = false;
	}
}

static struct store *
open_until_it_works(void)
{
	struct store *s = NULL;

	for (int i = 0; store_open(&s, url, &err) != 0; i++) {
		assert_a_fault();
		assert_null(s);
		assert_in_range(i, 0, TRIES - 1);
		if (i == TRIES / 2)
			fault.armed = false;
	}
	return s;
}

static int
add_failed(void *ctx, const struct history_row *row)
{
	*(unsigned *)ctx += row->count[OUTCOME_FAILED];
	return 0;
}

static void
assert_sound(const char *where)
{
	struct incident_filter all = {0};
	sqlite3_stmt *st;
	struct store *s;
	unsigned runs = 0;
	int count = 0;

	must(store_open(&s, where, &err));
	assert_int_equal(sqlite3_prepare_v2(sqlite_self(s)->db,
			     "PRAGMA integrity_check", -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(st, 0), "ok");
	sqlite3_finalize(st);
	must(store_each_incident(s, &all, count_row, &count, &err));
	assert_int_equal(count, BATCHES);
	must(store_each_history(s, "probe-7", "here", HISTORY_DAY, 0, INT64_MAX,
	    add_failed, &runs, &err));
	assert_int_equal(runs, BATCHES);
	store_close(s);
}

static void
tell_story(void)
{
	struct store *s = open_until_it_works();

	for (int n = 0; n < BATCHES; n++) {
		make_tight(s);
		insist(s, write_batch, n);
		if (n == BATCHES / 2)
			insist(s, tidy_all, n);
	}
	insist(s, tidy_all, 0);
	insist(s, backup, 0);
	insist(s, check_writable, 0);
	store_close(s);
}

static void
fail_each(enum call call, int rc, bool stays)
{
	int n;

	make_folder();
	for (n = 1; n < N_MAX; n++) {
		memset(&fault, 0, sizeof(fault));
		fault.armed = true;
		fault.call = call;
		fault.rc = rc;
		fault.at = n;
		fault.stays = stays;
		tell_story();
		fault.armed = false;
		assert_sound(url);
		remove_files();
		if (!fault.struck)
			break;
	}
	assert_in_range(n, 2, N_MAX - 1);
	print_message("%d calls failed in turn\n", n - 1);
	assert_int_equal(rmdir(folder), 0);
}

static void
a_full_disk_once(void **state)
{
	(void)state;
	fail_each(CALL_WRITE, SQLITE_FULL, false);
}

static void
a_full_disk_for_a_while(void **state)
{
	(void)state;
	fail_each(CALL_WRITE, SQLITE_FULL, true);
}

static void
a_write_error_once(void **state)
{
	(void)state;
	fail_each(CALL_WRITE, SQLITE_IOERR_WRITE, false);
}

static void
a_write_error_for_a_while(void **state)
{
	(void)state;
	fail_each(CALL_WRITE, SQLITE_IOERR_WRITE, true);
}

static void
a_sync_error(void **state)
{
	(void)state;
	fail_each(CALL_SYNC, SQLITE_IOERR_FSYNC, false);
	fail_each(CALL_SYNC, SQLITE_IOERR_FSYNC, true);
}

static void
a_read_error(void **state)
{
	(void)state;
	fail_each(CALL_READ, SQLITE_IOERR_READ, false);
	fail_each(CALL_READ, SQLITE_IOERR_READ, true);
}

static void
a_truncate_error(void **state)
{
	(void)state;
	fail_each(CALL_TRUNCATE, SQLITE_IOERR_TRUNCATE, false);
	fail_each(CALL_TRUNCATE, SQLITE_IOERR_TRUNCATE, true);
}

static void
an_open_error(void **state)
{
	(void)state;
	fail_each(CALL_OPEN, SQLITE_CANTOPEN, false);
	fail_each(CALL_OPEN, SQLITE_CANTOPEN, true);
}

/* ---- real full and read-only disks ---- */

/* A file system of 1 MiB that nobody else sees and that ends with us. */
static bool
mount_small_disk(void)
{
	make_folder();
	if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("none", folder, "tmpfs", 0, "size=1m") == 0)
		return true;
	rmdir(folder);
	return false;
}

static void
fill_disk(void)
{
	char name[128], block[4096] = {0};
	int fd;

	str_printf(name, sizeof(name), "%s/filler", folder);
	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		continue;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void
a_real_disk_that_is_full(void **state)
{
	struct store *s = NULL;
	char name[128];
	int n, found = 0;

	(void)state;
	if (!mount_small_disk())
		skip();
	must(store_open(&s, url, &err));
	must(write_batch(s, 0));
	fill_disk();
	for (n = 1; n < 1000 && write_batch(s, n) == 0; n++)
		continue;
	assert_int_equal(err.code, ERR_FULL);
	assert_non_null(strstr(err.text, "free some space"));
	assert_int_equal(store_probe_writable(s, &err), -1);
	assert_int_equal(err.code, ERR_FULL);
	must(store_each_incident(
	    s, &(struct incident_filter){0}, count_row, &found, &err));
	assert_int_equal(found, n);
	str_printf(name, sizeof(name), "%s/filler", folder);
	assert_int_equal(unlink(name), 0);
	must(store_probe_writable(s, &err));
	must(write_batch(s, n));
	store_close(s);
	assert_int_equal(umount(folder), 0);
	rmdir(folder);
}

static void
a_real_disk_that_is_read_only(void **state)
{
	struct store *s = NULL;

	(void)state;
	if (!mount_small_disk())
		skip();
	must(store_open(&s, url, &err));
	store_close(s);
	assert_int_equal(
	    mount("none", folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(store_open(&s, url, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	assert_non_null(strstr(err.text, "Read-only file system"));
	assert_non_null(strstr(err.text, "can be written"));
	assert_int_equal(umount(folder), 0);
	rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_full_disk_once),
	    cmocka_unit_test(a_full_disk_for_a_while),
	    cmocka_unit_test(a_write_error_once),
	    cmocka_unit_test(a_write_error_for_a_while),
	    cmocka_unit_test(a_sync_error),
	    cmocka_unit_test(a_read_error),
	    cmocka_unit_test(a_truncate_error),
	    cmocka_unit_test(an_open_error),
	    cmocka_unit_test(a_real_disk_that_is_full),
	    cmocka_unit_test(a_real_disk_that_is_read_only),
	};

	return cmocka_run_group_tests(tests, register_vfs, NULL);
}
