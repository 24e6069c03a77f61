/*
 * The database file: its folder is made when missing (0700), the file too
 * (0600), and a lock file beside it keeps a second tocsin out.
 *
 * The lock is on a file of its own because closing any descriptor of the
 * database would drop SQLite's locks on it. For the same reason nothing here
 * opens the database once SQLite has.
 */
#ifndef STATE_SQLITE_FILE_H
#define STATE_SQLITE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct sqlite_file {
	char *path; /* absolute, without symbolic links */
	int lock_fd;
	dev_t dev;
	ino_t ino;
};

/* ERR_BUSY names the process that has it; other errors say what to do. */
int sqlite_file_open(struct sqlite_file *f, const char *path, struct err *err);
void sqlite_file_close(struct sqlite_file *f);

/* Is the file at this path still the one that was opened? If not, what is
 * written would be lost with it: ERR_IO. */
int sqlite_file_check(const struct sqlite_file *f, struct err *err);

/* Make `path` durable in its folder. */
int sqlite_file_sync_folder(const char *path, struct err *err);

#endif
