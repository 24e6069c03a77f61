#include "agent/links.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/str.h"

#define PURPOSE    "ack"
#define KEY_SUFFIX ".link-key"
#define FILE_MAX   256

_Static_assert(INCIDENT_ID_LEN + CONFIG_NAME_MAX + 12 <= TOKEN_PAYLOAD_MAX,
    "a token has room for what an acknowledge link says");

struct links {
	struct token_key key; /* the file's */
};

/* ---- the key's file ---- */

/* It forges links for whoever reads it. */
static int
check_private(int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_errno(err, "cannot look at it");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "is not a regular file");
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return err_set(err, ERR_CONFIG,
		    "others may read or write it (mode %04o): remove it, a new "
		    "one is made at the next start and links sent so far end; "
		    "or, if nobody has read it, chmod 600",
		    (unsigned)(st.st_mode & 07777));
	return 0;
}

static int
read_key(struct token_key *key, int fd, struct err *err)
{
	char text[FILE_MAX];
	ssize_t n;
	int rc;

	if (check_private(fd, err) != 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return err_errno(err, "cannot read it");
	text[n] = '\0';
	rc = token_key_read(key, str_trim(text), NULL);
	explicit_bzero(text, sizeof(text));
	if (rc != 0)
		return err_set(err, ERR_CORRUPT,
		    "is damaged: remove it, a new one is made at the next "
		    "start and links sent so far end");
	return 0;
}

static int
sync_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL
	                   ? mem_strdup(".")
	                   : mem_strndup(path, (size_t)(slash - path) + 1);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0 || fsync(fd) != 0)
		rc = err_errno(err, "cannot sync its folder");
	if (fd >= 0)
		close(fd);
	free(folder);
	return rc;
}

/* Whole or not at all: a crash leaves no half of a key under its name. */
static int
write_key(const char *path, const struct token_key *key, struct err *err)
{
	char *name = mem_printf("%s.new", path);
	struct buf text;
	int fd, rc = 0;

	unlink(name); /* of a start that was killed; the store's lock is ours */
	buf_init(&text, FILE_MAX);
	encode_base64(&text, key->bytes, key->len);
	buf_putc(&text, '\n');
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text.data, text.len) != (ssize_t)text.len ||
	    fsync(fd) != 0 || rename(name, path) != 0)
		rc = err_errno(err, "cannot write it");
	if (fd >= 0)
		close(fd);
	if (rc != 0 && fd >= 0)
		unlink(name);
	mem_free_secret(buf_take(&text));
	free(name);
	return rc == 0 ? sync_folder(path, err) : -1;
}

static int
make_key(struct token_key *key, const char *path, struct err *err)
{
	key->len = TOKEN_KEY_MIN;
	CHECK(getrandom(key->bytes, key->len, 0) == (ssize_t)key->len);
	return write_key(path, key, err);
}

static int
open_key(struct token_key *key, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int rc;

	if (fd < 0 && errno == ENOENT)
		return make_key(key, path, err);
	if (fd < 0)
		return err_errno(err, "cannot open it");
	rc = read_key(key, fd, err);
	close(fd);
	return rc;
}

int
links_open(struct agent *a, struct err *err)
{
	const char *state = strchr(a->config->state, ':');
	char *path = mem_printf(
	    "%s" KEY_SUFFIX, state != NULL ? state + 1 : a->config->state);
	int rc;

	a->links = mem_alloc(sizeof(*a->links));
	rc = open_key(&a->links->key, path, err);
	if (rc != 0)
		err_wrap(err, "the key of links, %.300s", path);
	free(path);
	return rc;
}

void
links_close(struct agent *a)
{
	if (a->links != NULL)
		explicit_bzero(a->links, sizeof(*a->links));
	free(a->links);
	a->links = NULL;
}

const struct token_key *
links_key(const struct agent *a)
{
	return a->config->link_key.len > 0 ? &a->config->link_key
	                                   : &a->links->key;
}

/* ---- the links ---- */

void
links_ack_url(const struct agent *a, const struct links_ack *what,
    char dst[LINKS_URL_MAX + 1])
{
	char token[TOKEN_TEXT_MAX + 1], payload[TOKEN_PAYLOAD_MAX + 1];
	int64_t end_ms = clock_wall_ms() + a->config->link_lifetime_ms;

	dst[0] = '\0';
	if (a->config->public_url[0] == '\0' || what->incident[0] == '\0')
		return;
	CHECK(str_printf(payload, sizeof(payload), "%s %u %s", what->incident,
		  what->alarm, what->channel) == 0);
	token_make(token, links_key(a), PURPOSE, end_ms / 1000, payload);
	if (str_printf(dst, LINKS_URL_MAX + 1, "%s/ack/%s",
		a->config->public_url, token) != 0)
		dst[0] = '\0';
}

/* "7k3qx9v2tb 1 oncall-mail", which we wrote ourselves. */
static int
read_payload(struct links_ack *out, char *payload)
{
	char *alarm = strchr(payload, ' '), *channel;
	int64_t number;

	if (alarm == NULL)
		return -1;
	*alarm++ = '\0';
	channel = strchr(alarm, ' ');
	if (channel == NULL)
		return -1;
	*channel++ = '\0';
	if (str_parse_i64(alarm, 0, UINT32_MAX, &number) != 0)
		return -1;
	out->alarm = (unsigned)number;
	if (str_copy(out->incident, sizeof(out->incident), payload) != 0)
		return -1;
	return str_copy(out->channel, sizeof(out->channel), channel);
}

enum token_status
links_ack_read(const struct agent *a, const char *token, struct links_ack *out)
{
	struct token t;
	enum token_status status = token_read(
	    &t, links_key(a), PURPOSE, token, clock_wall_ms() / 1000);

	memset(out, 0, sizeof(*out));
	if (status != TOKEN_FORGED && read_payload(out, t.payload) != 0)
		return TOKEN_FORGED;
	return status;
}
