#include "tests/unit/store_fixture.h"

static void
backup_path(const struct fixture *f, char *path, size_t size)
{
	str_printf(path, size, "%s/copy.db", f->folder);
}

static void
a_backup_is_whole_though_writing_goes_on(void **state)
{
	struct fixture *f = *state;
	struct store_backup *b;
	struct store *copy;
	char path[128], url[160];
	struct buf before, after;
	bool done = false;
	int steps = 0;

	backup_path(f, path, sizeof(path));
	begin(f);
	for (int i = 0; i < 2000; i++)
		observe(
		    f, NOON + i * 1000, OUTCOME_OK, i, "{\"some\":\"text\"}");
	put_incident(f, "first", "p", 1, 0);
	commit(f);
	OK(store_backup_new(&b, f->s, path, &f->err));
	while (!done) {
		OK(store_backup_step(b, 4, &done, &f->err));
		if (++steps == 3) {
			begin(f);
			put_incident(f, "second", "p", 2, 0);
			commit(f);
			assert_int_not_equal(access(path, F_OK), 0);
		}
	}
	assert_in_range(steps, 4, 100000);
	store_backup_free(b);
	str_printf(url, sizeof(url), "sqlite:%s", path);
	OK(store_open(&copy, url, &f->err));
	buf_init(&before, 1 << 22);
	buf_init(&after, 1 << 22);
	OK(store_each_history(f->s, "p", "here", HISTORY_RAW, 0, INT64_MAX,
	    add_history, &before, &f->err));
	OK(store_each_history(copy, "p", "here", HISTORY_RAW, 0, INT64_MAX,
	    add_history, &after, &f->err));
	OK(store_each_incident(
	    copy, &(struct incident_filter){0}, add_id, &after, &f->err));
	buf_puts(&before, "second first ");
	assert_string_equal(buf_str(&after), buf_str(&before));
	buf_fini(&before);
	buf_fini(&after);
	store_close(copy);
}

static void
a_backup_never_replaces_a_file(void **state)
{
	struct fixture *f = *state;
	struct store_backup *b, *second;
	char path[128], partial[160];
	bool done = false;
	FILE *file;

	backup_path(f, path, sizeof(path));
	str_printf(partial, sizeof(partial), "%s.partial", path);
	OK(store_backup_new(&b, f->s, path, &f->err));
	assert_int_equal(
	    store_backup_new(&second, f->s, "/tmp/x", &f->err), -1);
	assert_int_equal(f->err.code, ERR_BUSY);
	store_backup_free(b); /* called off: nothing is left */
	assert_int_not_equal(access(partial, F_OK), 0);
	/* A file that appears while the copy is made. */
	OK(store_backup_new(&b, f->s, path, &f->err));
	file = fopen(path, "w");
	fputs("precious", file);
	fclose(file);
	assert_int_equal(store_backup_step(b, -1, &done, &f->err), -1);
	assert_false(done);
	store_backup_free(b);
	assert_int_equal(store_backup_new(&b, f->s, path, &f->err), -1);
	assert_int_equal(f->err.code, ERR_INPUT);
	assert_non_null(strstr(f->err.text, path));
	file = fopen(path, "r");
	assert_int_equal(fgetc(file), 'p');
	fclose(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_backup_is_whole_though_writing_goes_on),
	    TEST(a_backup_never_replaces_a_file),
	};
	int failed = 0;

	RUN_ON_EVERY_ENGINE(tests, failed);
	return failed;
}
