#include "state/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

static const struct {
	int errnum;
	const char *advice;
} advices[] = {
    {EACCES, "give the user that runs tocsin access to it, or set `state:` "
	     "to another path"},
    {EPERM, "give the user that runs tocsin access to it, or set `state:` to "
	    "another path"},
    {EROFS, "set `state:` to a path on a file system that can be written"},
    {ENOSPC, "free some space on that disk"},
    {EDQUOT, "free some space on that disk"},
    {ENOTDIR, "a part of that path is a file: set `state:` to another path"},
    {EISDIR, "that is a folder: add a file name, such as state.db"},
    {ENODEV, "that is not a file: set `state:` to another path"},
};

static int
fail(struct err *err, const char *doing, const char *path)
{
	int saved = errno;

	err_errno(err, "%s %.300s", doing, path);
	for (size_t i = 0; err && i < sizeof(advices) / sizeof(*advices); i++) {
		size_t used = strlen(err->text);

		if (advices[i].errnum == saved)
			str_printf(err->text + used, sizeof(err->text) - used,
			    "; %s", advices[i].advice);
	}
	return -1;
}

/* Every folder above the file that is not there yet. */
static int
make_folders(const char *path, struct err *err)
{
	char *at = mem_strdup(path);
	int result = 0;

	for (char *c = at + 1; result == 0 && *c != '\0'; c++) {
		if (*c != '/' || c[-1] == '/')
			continue;
		*c = '\0';
		if (mkdir(at, 0700) != 0 && errno != EEXIST)
			result = fail(err, "creating the folder", at);
		*c = '/';
	}
	free(at);
	return result;
}

/* Two names of one file must not give two locks. */
static char *
resolve(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	char real[PATH_MAX], *folder, *result = NULL;

	if (realpath(path, real) != NULL)
		return mem_strdup(real);
	if (errno != ENOENT) {
		fail(err, "looking for", path);
		return NULL;
	}
	folder = slash == NULL ? mem_strdup(".")
	                       : mem_strndup(path, (size_t)(name - path));
	if (realpath(folder, real) == NULL)
		fail(err, "looking for the folder", folder);
	else
		result =
		    mem_printf("%s/%s", str_eq(real, "/") ? "" : real, name);
	free(folder);
	return result;
}

static int
refuse_second(int fd, const char *path, struct err *err)
{
	char pid[32];
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
	int64_t number;

	pid[n > 0 ? n : 0] = '\0';
	if (str_parse_i64(str_trim(pid), 1, INT32_MAX, &number) != 0)
		return err_set(
		    err, ERR_BUSY, "%.300s is in use by another tocsin", path);
	return err_set(err, ERR_BUSY,
	    "%.300s is in use by another tocsin (pid %" PRId64 ")", path,
	    number);
}

static int
lock(struct sqlite_file *f, struct err *err)
{
	char *name = mem_printf("%s.lock", f->path), pid[32];
	int result = 0;

	f->lock_fd =
	    open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->lock_fd < 0) {
		result = fail(err, "creating", name);
	} else if (flock(f->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		result = errno == EWOULDBLOCK
		             ? refuse_second(f->lock_fd, f->path, err)
		             : fail(err, "locking", name);
	} else {
		/* Only for the message above, so a full disk may cut it. */
		str_printf(pid, sizeof(pid), "%ld\n", (long)getpid());
		if (ftruncate(f->lock_fd, 0) != 0 ||
		    pwrite(f->lock_fd, pid, strlen(pid), 0) < 0)
			errno = 0;
	}
	free(name);
	return result;
}

int
sqlite_file_sync_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL || slash == path
	                   ? mem_strdup(slash == NULL ? "." : "/")
	                   : mem_strndup(path, (size_t)(slash - path));
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;

	if (fd < 0 || fsync(fd) != 0)
		result = fail(err, "syncing the folder", folder);
	if (fd >= 0)
		close(fd);
	free(folder);
	return result;
}

/* Before anything is written beside it. */
static int
check_kind(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
		return 0;
	errno = S_ISDIR(st.st_mode) ? EISDIR : ENODEV;
	return fail(err, "opening", path);
}

/* Make the file if there is none, so that it is born 0600, and see that it
 * can be written. */
static int
create(struct sqlite_file *f, struct err *err)
{
	int flags = O_RDWR | O_CLOEXEC;
	int fd = open(f->path, flags | O_CREAT | O_EXCL, 0600);
	bool made = fd >= 0;
	struct stat st;

	if (fd < 0 && errno == EEXIST)
		fd = open(f->path, flags);
	if (fd < 0)
		return fail(err, "opening", f->path);
	if (fstat(fd, &st) != 0) {
		close(fd);
		return fail(err, "looking at", f->path);
	}
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	close(fd);
	return made ? sqlite_file_sync_folder(f->path, err) : 0;
}

int
sqlite_file_open(struct sqlite_file *f, const char *path, struct err *err)
{
	f->lock_fd = -1;
	if (*path == '\0' || str_ends(path, "/"))
		return err_set(err, ERR_CONFIG,
		    "`state: sqlite:%.100s` names no file: write "
		    "sqlite:/var/lib/tocsin/state.db",
		    path);
	if (make_folders(path, err) != 0)
		return -1;
	f->path = resolve(path, err);
	if (f->path == NULL || check_kind(f->path, err) != 0 ||
	    lock(f, err) != 0 || create(f, err) != 0) {
		sqlite_file_close(f);
		return -1;
	}
	return 0;
}

void
sqlite_file_close(struct sqlite_file *f)
{
	if (f->lock_fd >= 0)
		close(f->lock_fd);
	f->lock_fd = -1;
	free(f->path);
	f->path = NULL;
}

int
sqlite_file_check(const struct sqlite_file *f, struct err *err)
{
	struct stat st;

	if (stat(f->path, &st) != 0)
		return fail(err, "looking for", f->path);
	if (st.st_dev == f->dev && st.st_ino == f->ino)
		return 0;
	return err_set(err, ERR_IO,
	    "%.300s was replaced by another file while in use: restart tocsin",
	    f->path);
}
