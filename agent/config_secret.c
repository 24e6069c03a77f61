#include "agent/config_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define NAME_MAX_LEN 4096

/* What others may read is no secret; what they may write is not ours. */
static int
check_file(int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, "cannot look at it");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "is not a regular file");
	if (st.st_mode & S_IRWXO)
		return err_set(err, ERR_CONFIG,
		    "others may read or write it (mode %04o); run chmod 600, "
		    "or 640 with a group of its own",
		    (unsigned)(st.st_mode & 07777));
	if (st.st_mode & S_IWGRP)
		return err_set(err, ERR_CONFIG,
		    "its group may write it (mode %04o); run chmod 640",
		    (unsigned)(st.st_mode & 07777));
	return 0;
}

static int
read_all(int fd, struct buf *out, struct err *err)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "cannot read it");
		if (buf_add(out, chunk, (size_t)n) < 0)
			return err_set(
			    err, ERR_CONFIG, "is larger than 64 KiB");
	}
	explicit_bzero(chunk, sizeof(chunk));
	return 0;
}

/* A secret's text, without the newline that editors end files with. */
static int
put_text(struct buf *out, const char *text, size_t len, struct err *err)
{
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (len == 0)
		return err_set(err, ERR_CONFIG, "is empty");
	if (memchr(text, '\0', len) != NULL)
		return err_set(err, ERR_CONFIG, "has a NUL byte in it");
	if (!str_is_text(text, len))
		return err_set(err, ERR_CONFIG,
		    "is not UTF-8 text, or has control characters");
	if (buf_add(out, text, len) < 0)
		return err_set(err, ERR_CONFIG, "makes the text too long");
	return 0;
}

static int
put_file(struct buf *out, const char *path, struct err *err)
{
	struct buf text;
	int fd, rc;

	if (*path != '/')
		return err_set(
		    err, ERR_CONFIG, "the path must be absolute: ${file:/…}");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_errno(err, "cannot open it");
	buf_init(&text, CONFIG_SECRET_MAX);
	rc = check_file(fd, err);
	if (rc == 0)
		rc = read_all(fd, &text, err);
	if (rc == 0)
		rc = put_text(out, buf_str(&text), text.len, err);
	if (text.data != NULL)
		explicit_bzero(text.data, text.len);
	buf_fini(&text);
	close(fd);
	return rc;
}

static int
put_env(struct buf *out, const char *name, struct err *err)
{
	const char *value = getenv(name);

	if (value == NULL)
		return err_set(
		    err, ERR_CONFIG, "the environment has no such variable");
	return put_text(out, value, strlen(value), err);
}

static int
put_credential(struct buf *out, const char *name, struct err *err)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char *path;
	int rc;

	if (*name == '.' || strchr(name, '/') != NULL)
		return err_set(err, ERR_CONFIG,
		    "a credential's name has no slash and no leading dot");
	if (folder == NULL)
		return err_set(err, ERR_CONFIG,
		    "$CREDENTIALS_DIRECTORY is not set: give the systemd unit "
		    "LoadCredential=%s:PATH",
		    name);
	path = mem_printf("%s/%s", folder, name);
	rc = put_file(out, path, err);
	free(path);
	return rc;
}

static const struct source {
	const char *prefix;
	int (*put)(struct buf *out, const char *name, struct err *err);
} sources[] = {
    {"file:", put_file},
    {"env:", put_env},
    {"credential:", put_credential},
};

/* `reference` is what stands between the braces. */
static int
put_reference(struct buf *out, const char *reference, struct err *err)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const char *prefix = sources[i].prefix;
		const char *name = reference + strlen(prefix);

		if (!str_starts(reference, prefix))
			continue;
		if (*name == '\0')
			return err_set(
			    err, ERR_CONFIG, "${%s} names nothing", reference);
		if (sources[i].put(out, name, err) < 0)
			return err_wrap(err, "${%s}", reference);
		return 0;
	}
	return err_set(err, ERR_CONFIG,
	    "${%s} is no reference; write ${file:/PATH}, ${env:NAME} or "
	    "${credential:NAME}, or $${ for the characters themselves",
	    reference);
}

int
config_secret_expand(
    struct buf *out, const char *text, bool *found, struct err *err)
{
	const char *start, *end;
	char *reference;
	int rc;

	*found = false;
	while ((start = strstr(text, "${")) != NULL) {
		bool escaped = start > text && start[-1] == '$';

		buf_add(out, text, (size_t)(start - text) - escaped);
		text = start + 2;
		if (escaped) {
			buf_puts(out, "${");
			continue;
		}
		*found = true;
		end = strchr(text, '}');
		if (end == NULL || end - text > NAME_MAX_LEN)
			return err_set(err, ERR_CONFIG,
			    "${ has no closing }; write $${ for the "
			    "characters themselves");
		reference = mem_strndup(text, (size_t)(end - text));
		rc = put_reference(out, reference, err);
		free(reference);
		if (rc < 0)
			return -1;
		text = end + 1;
	}
	if (buf_puts(out, text) < 0 || out->cut)
		return err_set(err, ERR_CONFIG, "the text becomes too long");
	return 0;
}
