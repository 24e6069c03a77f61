/*
 * One JSON line per message at the end of a file (docs/channels/file.md).
 */
#include "alerting/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define TAIL_MAX (256 * 1024) /* bytes at the end that are looked at */

struct file_config {
	char *path;
};

static const struct option file_options[] = {
    {.name = "path",
	OPTION(STRING, struct file_config, path),
	.flags = OPTION_REQUIRED,
	.min = 2,
	.max = 4000,
	.help = "the file, as an absolute path; made with mode 0600 when it "
		"is missing"},
    OPTION_END,
};

static int
file_check(const void *data, struct err *err)
{
	const struct file_config *config = data;

	if (config->path != NULL && config->path[0] != '/')
		return err_set(err, ERR_CONFIG,
		    "path: \"%s\" is not absolute; write it from the root, "
		    "such as /var/log/tocsin/alerts.jsonl",
		    config->path);
	return 0;
}

/* How the file ends now: is the last line whole, and is it this delivery? */
struct ending {
	bool torn; /* no newline: an earlier write broke off */
	bool same;
};

static bool
is_delivery(const char *line, size_t len, const char *key)
{
	json_t *json = NULL;
	bool same;

	if (json_parse(&json, line, len, NULL) < 0)
		return false;
	same = str_eq(json_str(json, "delivery"), key);
	json_decref(json);
	return same;
}

static int
read_ending(int fd, off_t size, const char *key, struct ending *end)
{
	off_t from = size > TAIL_MAX ? size - TAIL_MAX : 0;
	char *tail, *start;
	ssize_t n;

	*end = (struct ending){false, false};
	if (size == 0)
		return 0;
	tail = mem_alloc((size_t)(size - from) + 1);
	n = pread(fd, tail, (size_t)(size - from), from);
	if (n <= 0) {
		free(tail);
		return n < 0 ? -1 : 0;
	}
	end->torn = tail[n - 1] != '\n';
	if (!end->torn) {
		tail[--n] = '\0';
		start = memrchr(tail, '\n', (size_t)n);
		start = start ? start + 1 : tail;
		end->same = is_delivery(start, (size_t)(tail + n - start), key);
	}
	free(tail);
	return 0;
}

static int
sync_folder(const char *path)
{
	char *folder = mem_strdup(path);
	int fd, rc;

	*(strrchr(folder, '/') + 1) = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

static int
write_line(int fd, const struct message *m, bool torn)
{
	char *json = json_text(m->json);
	char *line = mem_printf("%s%s\n", torn ? "\n" : "", json);
	size_t len = strlen(line);
	ssize_t n = write(fd, line, len);

	free(json);
	free(line);
	if (n >= 0 && (size_t)n < len)
		errno = ENOSPC;
	return n == (ssize_t)len ? 0 : -1;
}

static int
append(int fd, off_t size, const struct message *m, bool *already)
{
	struct ending end;

	*already = false;
	if (read_ending(fd, size, m->delivery, &end) < 0)
		return -1;
	*already = end.same;
	if (!end.same && write_line(fd, m, end.torn) < 0)
		return -1;
	return fsync(fd);
}

static void
failed(struct receipt *r, const char *path, const char *what)
{
	receipt_set(
	    r, RECEIPT_RETRY, 0, "%s %s: %s", what, path, strerror(errno));
}

static void
file_deliver(const void *data, void *state, const struct message *m,
    int64_t deadline_ms, struct receipt *r)
{
	const struct file_config *config = data;
	const char *path = config->path;
	struct stat st;
	bool already;
	/* O_NONBLOCK: a FIFO must not hold us; it is refused below. */
	int fd = open(path,
	    O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    0600);

	(void)state;
	(void)deadline_ms;
	if (fd < 0) {
		failed(r, path, "opening");
		return;
	}
	if (fstat(fd, &st) < 0)
		failed(r, path, "looking at");
	else if (!S_ISREG(st.st_mode))
		receipt_set(
		    r, RECEIPT_RETRY, 0, "%s is not a regular file", path);
	else if (append(fd, st.st_size, m, &already) < 0 ||
		 (st.st_size == 0 && sync_folder(path) < 0))
		failed(r, path, "writing");
	else
		receipt_set(r, RECEIPT_DELIVERED, 0, "%s %s",
		    already ? "was written already to" : "written to", path);
	close(fd);
}

const struct channel_kind channel_file = {
    .name = "file",
    .summary = "one JSON line per message at the end of a file",
    .options = file_options,
    .config_size = sizeof(struct file_config),
    .timeout_ms = 10000,
    .check = file_check,
    .deliver = file_deliver,
};
