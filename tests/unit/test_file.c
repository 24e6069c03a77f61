#include "alerting/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/message_sample.h"

extern const struct channel_kind channel_file;

static char folder[] = "/tmp/test_file_XXXXXX";
static char path[64], dash[] = "-", nowhere[] = "/nonexistent/alerts.jsonl";
static struct {
	char *path;
} config = {path};

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/alerts.jsonl", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static struct receipt
deliver(const char *key)
{
	struct message m = sample_message(EVENT_OPENED), parsed;
	struct receipt r = {.code = 0};
	json_t *json;

	m.delivery = key;
	json = message_build(&m);
	assert_int_equal(message_parse(&parsed, json, NULL), 0);
	channel_file.deliver(&config, NULL, &parsed, 0, &r);
	message_fini(&parsed);
	json_decref(json);
	sample_free(&m);
	return r;
}

static int
count_lines(int *broken)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	int count = 0;

	*broken = 0;
	assert_non_null(f);
	while (getline(&line, &size, f) > 0) {
		json_t *json = json_loads(line, 0, NULL);

		if (json == NULL)
			(*broken)++;
		json_decref(json);
		count++;
	}
	free(line);
	fclose(f);
	return count;
}

static void
append(const char *text)
{
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
writes_a_line_each(void **state)
{
	struct stat st;
	int broken;

	(void)state;
	unlink(path);
	assert_int_equal(deliver("k-1-f").status, RECEIPT_DELIVERED);
	assert_int_equal(deliver("k-2-f").status, RECEIPT_DELIVERED);
	assert_int_equal(count_lines(&broken), 2);
	assert_int_equal(broken, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
does_not_repeat_the_last_line(void **state)
{
	struct receipt r;
	int broken;

	(void)state;
	unlink(path);
	deliver("k-1-f");
	r = deliver("k-1-f");
	assert_int_equal(r.status, RECEIPT_DELIVERED);
	assert_non_null(strstr(r.detail, "already"));
	assert_int_equal(count_lines(&broken), 1);
}

static void
starts_anew_after_a_torn_line(void **state)
{
	int broken;

	(void)state;
	unlink(path);
	append("{\"delivery\":\"k-1");
	assert_int_equal(deliver("k-1-f").status, RECEIPT_DELIVERED);
	assert_int_equal(count_lines(&broken), 2);
	assert_int_equal(broken, 1);
	append("not json\n");
	assert_int_equal(deliver("k-1-f").status, RECEIPT_DELIVERED);
	assert_int_equal(count_lines(&broken), 4);
}

static void
follows_a_rotation(void **state)
{
	char old[80];
	int broken;

	(void)state;
	unlink(path);
	deliver("k-1-f");
	snprintf(old, sizeof(old), "%s.1", path);
	assert_int_equal(rename(path, old), 0);
	deliver("k-2-f");
	assert_int_equal(count_lines(&broken), 1);
	unlink(old);
}

static void
tries_again_when_it_cannot(void **state)
{
	struct receipt r;

	(void)state;
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	r = deliver("k-1-f");
	assert_int_equal(r.status, RECEIPT_RETRY);
	assert_non_null(strstr(r.detail, "not a regular file"));
	unlink(path);
	config.path = nowhere;
	r = deliver("k-1-f");
	config.path = path;
	assert_int_equal(r.status, RECEIPT_RETRY);
	assert_non_null(strstr(r.detail, "No such file"));
}

static void
wants_an_absolute_path(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(channel_file.check(&config, &err), 0);
	config.path = dash;
	assert_int_equal(channel_file.check(&config, &err), -1);
	config.path = path;
	assert_non_null(strstr(err.text, "path: \"-\" is not absolute"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_a_line_each),
	    cmocka_unit_test(does_not_repeat_the_last_line),
	    cmocka_unit_test(starts_anew_after_a_torn_line),
	    cmocka_unit_test(follows_a_rotation),
	    cmocka_unit_test(tries_again_when_it_cannot),
	    cmocka_unit_test(wants_an_absolute_path),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
