#include "agent/config_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/str.h"

#define CONF_D_MAX 900 /* files */

struct sources {
	struct config_yaml *yaml;
	struct config_mistakes *mistakes;
	uint8_t digest[ENCODE_SHA256_LEN];
	json_t *root; /* merged so far */
	bool failed;  /* a file could not be read to its end */
};

static void
file_mistake(struct sources *s, const char *file, const char *fmt, int errnum)
{
	struct config_place at = {file, 0, 0};

	config_mistakes_add(s->mistakes, &at, "", "%s%s", fmt,
	    errnum != 0 ? strerror(errnum) : "");
	s->failed = true;
}

/* The whole file, one byte more than allowed at most. -1 with errno. */
static int
read_file(const char *path, struct buf *out)
{
	char chunk[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (out->len <= CONFIG_YAML_BYTES_MAX) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_add(out, chunk, (size_t)n);
	}
	close(fd);
	return n < 0 ? -1 : 0;
}

static void
merge(struct sources *s, json_t *to, json_t *from, const char *path);

/* `key` is in both files. */
static void
merge_member(struct sources *s, json_t *old, json_t *new, const char *path)
{
	struct config_place at = config_yaml_place(s->yaml, new), first;

	if (json_is_object(old) && json_is_object(new)) {
		merge(s, old, new, path);
		return;
	}
	if (json_is_array(old) && json_is_array(new)) {
		json_array_extend(old, new);
		return;
	}
	first = config_yaml_place(s->yaml, old);
	config_mistakes_add(s->mistakes, &at, path,
	    "is set twice; first at %s:%d", first.file, first.line);
}

static void
merge(struct sources *s, json_t *to, json_t *from, const char *path)
{
	const char *key;
	json_t *value;

	json_object_foreach (from, key, value) {
		json_t *old = json_object_get(to, key);
		char *inner;

		if (old == NULL || json_is_null(old)) {
			json_object_set(to, key, value);
			continue;
		}
		if (json_is_null(value))
			continue;
		inner =
		    mem_printf("%s%s%s", path, *path != '\0' ? "." : "", key);
		merge_member(s, old, value, inner);
		free(inner);
	}
}

static void
read_source(struct sources *s, const char *path)
{
	struct buf text;
	json_t *root;

	buf_init(&text, CONFIG_YAML_BYTES_MAX + 65536);
	if (read_file(path, &text) < 0) {
		file_mistake(s, path, "cannot read it: ", errno);
		buf_fini(&text);
		return;
	}
	encode_hmac_sha256(
	    s->digest, s->digest, sizeof(s->digest), buf_str(&text), text.len);
	root = config_yaml_read(s->yaml, path, buf_str(&text), text.len);
	if (root == NULL)
		s->failed = true;
	else
		merge(s, s->root, root, "");
	json_decref(root);
	buf_fini(&text);
}

static int
is_candidate(const struct dirent *d)
{
	return d->d_name[0] != '.' &&
	       (str_ends(d->d_name, ".yaml") || str_ends(d->d_name, ".yml"));
}

/* By bytes: the order must not hang on the locale. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
read_conf_d(struct sources *s, const char *folder)
{
	struct dirent **names = NULL;
	int count = scandir(folder, &names, is_candidate, by_name);

	if (count < 0 && errno != ENOENT && errno != ENOTDIR)
		file_mistake(s, folder, "cannot list it: ", errno);
	if (count > CONF_D_MAX)
		file_mistake(s, folder, "more than 900 files", 0);
	for (int i = 0; i < count; i++) {
		char *path = mem_printf("%s/%s", folder, names[i]->d_name);

		if (str_ends(path, ".yml"))
			file_mistake(s, path,
			    "is not read: rename it to end in .yaml", 0);
		else if (count <= CONF_D_MAX)
			read_source(s, path);
		free(path);
		free(names[i]);
	}
	free(names);
}

/* conf.d stands beside the main file; a pipe has no neighbours. */
static char *
conf_d_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return NULL;
	if (slash == NULL)
		return mem_strdup("conf.d");
	return mem_printf("%.*s/conf.d", (int)(slash - path), path);
}

json_t *
config_files_read(struct config_yaml *y, const char *path,
    struct config_mistakes *mistakes, char fingerprint[65])
{
	struct sources s = {.yaml = y, .mistakes = mistakes};
	char *folder = conf_d_of(path);

	s.root = json_object();
	read_source(&s, path);
	if (folder != NULL)
		read_conf_d(&s, folder);
	free(folder);
	for (size_t i = 0; i < sizeof(s.digest); i++)
		str_printf(fingerprint + 2 * i, 3, "%02x", s.digest[i]);
	if (!s.failed)
		return s.root;
	json_decref(s.root);
	return NULL;
}
