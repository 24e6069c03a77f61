#include "alerting/email.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define TOKEN_MAX 16384

/* What others may read is no secret; what they may write is not ours. */
static int
check_file(int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, "cannot look at it");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "is not a regular file");
	if ((st.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return err_set(err, ERR_CONFIG,
		    "others may read or write it (mode %04o); run chmod 600",
		    (unsigned)(st.st_mode & 07777));
	return 0;
}

static int
read_token(char dst[TOKEN_MAX], int fd, struct err *err)
{
	size_t len = 0;
	ssize_t n;

	while (len < TOKEN_MAX) {
		n = read(fd, dst + len, TOKEN_MAX - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "cannot read it");
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len == TOKEN_MAX)
		return err_set(err, ERR_CONFIG, "is larger than 16 KiB");
	dst[len] = '\0';
	while (len > 0 && strchr("\r\n \t", dst[len - 1]) != NULL)
		dst[--len] = '\0';
	/* RFC 6750: letters, digits and a few signs; so no line can be ended.
	 */
	for (size_t i = 0; i < len; i++)
		if (dst[i] <= ' ' || dst[i] > '~')
			return err_set(err, ERR_CONFIG,
			    "holds more than one word of plain ASCII");
	return len > 0 ? 0 : err_set(err, ERR_CONFIG, "is empty");
}

static int
read_file(char **out, const char *path, struct err *err)
{
	char text[TOKEN_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), rc;

	if (fd < 0)
		return err_errno(err, "cannot open it");
	rc = check_file(fd, err);
	if (rc == 0)
		rc = read_token(text, fd, err);
	if (rc == 0)
		*out = mem_strdup(text);
	explicit_bzero(text, sizeof(text));
	close(fd);
	return rc;
}

int
email_token_read(char **out, const struct email_config *config, struct err *err)
{
	*out = NULL;
	if (config->oauth_token != NULL) {
		*out = mem_strdup(config->oauth_token);
		return 0;
	}
	if (config->oauth_token_file == NULL)
		return 0;
	if (read_file(out, config->oauth_token_file, err) < 0)
		return err_wrap(
		    err, "oauth_token_file %s", config->oauth_token_file);
	return 0;
}
