#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "state/sqlite.h"

/*
 * The copy grows under a name of its own and gets its name when it is whole
 * and durable, so that a file of that name is always a whole backup.
 */
struct sqlite_backup {
	struct store_backup base;
	struct sqlite_store *s;
	sqlite3 *copy;
	sqlite3_backup *job;
	char *path, *partial;
	bool lost; /* the database's connection broke meanwhile */
};

static int
fail(const struct sqlite_backup *b, int rc, struct err *err)
{
	bool full = (rc & 0xff) == SQLITE_FULL;

	return err_set(err, full ? ERR_FULL : ERR_IO,
	    "writing the backup %.300s: %.80s%s", b->path, sqlite3_errstr(rc),
	    full ? "; free some space or write it to another disk" : "");
}

static int
create(const struct sqlite_backup *b, struct err *err)
{
	int fd;

	if (access(b->path, F_OK) == 0)
		return err_set(err, ERR_INPUT,
		    "%.300s exists already: give the backup a new name",
		    b->path);
	unlink(b->partial); /* of a backup that was cut off */
	fd = open(b->partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, "creating %.300s", b->partial);
	close(fd);
	return 0;
}

static int
start(struct sqlite_backup *b, struct err *err)
{
	int rc;

	if (sqlite_connect(b->s, err) != 0 || create(b, err) != 0)
		return -1;
	rc = sqlite3_open_v2(b->partial, &b->copy,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(b->copy,
		    "PRAGMA journal_mode = OFF; PRAGMA cache_size = -512;",
		    NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return fail(b, rc, err);
	b->job = sqlite3_backup_init(b->copy, "main", b->s->db, "main");
	return b->job == NULL ? fail(b, sqlite3_errcode(b->copy), err) : 0;
}

int
sqlite_backup_new(struct store_backup **out, struct store *store,
    const char *path, struct err *err)
{
	struct sqlite_store *s = sqlite_self(store);
	struct sqlite_backup *b;

	if (s->backup != NULL)
		return err_set(err, ERR_BUSY,
		    "a backup to %.300s is being written: wait for its end",
		    s->backup->path);
	b = mem_alloc(sizeof(*b));
	b->s = s;
	b->path = mem_strdup(path);
	b->partial = mem_printf("%s.partial", path);
	s->backup = b;
	if (start(b, err) != 0) {
		sqlite_backup_free(&b->base);
		return -1;
	}
	*out = &b->base;
	return 0;
}

static void
stop(struct sqlite_backup *b)
{
	sqlite3_backup_finish(b->job);
	b->job = NULL;
	sqlite3_close_v2(b->copy);
	b->copy = NULL;
}

/* The copy is whole: make it durable, then give it its name. */
static int
finish(struct sqlite_backup *b, struct err *err)
{
	int fd, result = 0;

	stop(b);
	fd = open(b->partial, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		result = err_errno(err, "syncing %.300s", b->partial);
	if (fd >= 0)
		close(fd);
	if (result != 0)
		return -1;
	if (renameat2(
		AT_FDCWD, b->partial, AT_FDCWD, b->path, RENAME_NOREPLACE) != 0)
		return err_errno(err, "naming the backup %.300s", b->path);
	free(b->partial);
	b->partial = NULL;
	return sqlite_file_sync_folder(b->path, err);
}

int
sqlite_backup_step(
    struct store_backup *base, int pages, bool *done, struct err *err)
{
	struct sqlite_backup *b = (struct sqlite_backup *)base;
	int rc;

	if (b->lost)
		return err_set(err, ERR_IO,
		    "the database failed while it was copied to %.300s: start "
		    "the backup again",
		    b->path);
	if (b->partial == NULL) {
		*done = true;
		return 0;
	}
	rc = sqlite3_backup_step(b->job, pages);
	if (rc == SQLITE_OK)
		return 0;
	if (rc != SQLITE_DONE)
		return fail(b, rc, err);
	if (finish(b, err) != 0)
		return -1;
	*done = true;
	return 0;
}

void
sqlite_backup_lose(struct sqlite_backup *b)
{
	stop(b);
	b->lost = true;
}

void
sqlite_backup_free(struct store_backup *base)
{
	struct sqlite_backup *b = (struct sqlite_backup *)base;

	stop(b);
	b->s->backup = NULL;
	if (b->partial != NULL)
		unlink(b->partial);
	free(b->partial);
	free(b->path);
	free(b);
}
