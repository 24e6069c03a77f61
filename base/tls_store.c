/* Sets of CAs, read once: see base/tls_verify.h. */
#include "base/tls_verify.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"

#define CA_DIRECTORY "/etc/ssl/certs"
#define CA_BUNDLE    "/etc/ssl/certs/ca-certificates.crt"
#define STORES_MAX   64 /* files; the oldest goes first */

struct ca_store {
	struct ca_store *next;
	char *path; /* NULL = the system's */
	struct timespec changed;
	off_t size;
	X509_STORE *store;
};

static struct ca_store *stores; /* newest first */

/* Names by hash ("4f316efb.0") let OpenSSL read only the CAs it meets, which
 * keeps a worker small; images often hold just the bundle. */
static bool
has_hashed_names(const char *directory)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	bool found = false;

	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL)
		found = str_ends(entry->d_name, ".0");
	closedir(dir);
	return found;
}

/* SSL_CERT_FILE and SSL_CERT_DIR count as they do for every OpenSSL program.
 * (X509_STORE_set_default_paths() would add a third, slow way to look.) */
static bool
load_system(X509_STORE *store)
{
	const char *file = getenv("SSL_CERT_FILE");
	const char *directory = getenv("SSL_CERT_DIR");
	bool loaded = false;

	if (file == NULL && directory == NULL) {
		if (has_hashed_names(CA_DIRECTORY))
			directory = CA_DIRECTORY;
		else
			file = CA_BUNDLE;
	}
	if (file != NULL && X509_STORE_load_file(store, file) == 1)
		loaded = true;
	if (directory != NULL && X509_STORE_load_path(store, directory) == 1)
		loaded = true;
	ERR_clear_error();
	return loaded;
}

static X509_STORE *
load(const char *path, struct err *err)
{
	X509_STORE *store = X509_STORE_new();

	CHECK(store != NULL);
	/* A CA given by name is trusted even if it is not a root. */
	if (path != NULL)
		X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	if (path == NULL ? load_system(store)
			 : X509_STORE_load_file(store, path) == 1)
		return store;
	ERR_clear_error();
	X509_STORE_free(store);
	if (path != NULL)
		err_set(err, ERR_CONFIG,
		    "%s holds no CA certificates in PEM form", path);
	else
		err_set(err, ERR_CONFIG,
		    "no CA certificates in %s; install ca-certificates",
		    CA_DIRECTORY);
	return NULL;
}

static bool
is_current(const struct ca_store *s, const struct stat *now)
{
	return s->size == now->st_size &&
	       s->changed.tv_sec == now->st_mtim.tv_sec &&
	       s->changed.tv_nsec == now->st_mtim.tv_nsec;
}

static void
drop(struct ca_store **link)
{
	struct ca_store *s = *link;

	*link = s->next;
	X509_STORE_free(s->store);
	free(s->path);
	free(s);
}

/* The store of path, if it is as the file is now; an outdated one goes. */
static X509_STORE *
find(const char *path, const struct stat *now)
{
	struct ca_store **link = &stores;
	unsigned count = 0;

	while (*link != NULL) {
		struct ca_store *s = *link;
		bool same = path == NULL
		                ? s->path == NULL
		                : s->path != NULL && str_eq(s->path, path);

		if (same && (path == NULL || is_current(s, now)))
			return s->store;
		if (same || (++count >= STORES_MAX && s->path != NULL))
			drop(link);
		else
			link = &s->next;
	}
	return NULL;
}

X509_STORE *
tls_store(const char *ca_file, struct err *err)
{
	struct stat now = {0};
	struct ca_store *s;
	X509_STORE *store;

	if (ca_file != NULL && stat(ca_file, &now) < 0) {
		err_errno(err, "CA file %s", ca_file);
		err->code = ERR_CONFIG;
		return NULL;
	}
	store = find(ca_file, &now);
	if (store != NULL)
		return store;
	store = load(ca_file, err);
	if (store == NULL)
		return NULL;
	s = mem_alloc(sizeof(*s));
	s->path = ca_file != NULL ? mem_strdup(ca_file) : NULL;
	s->changed = now.st_mtim;
	s->size = now.st_size;
	s->store = store;
	s->next = stores;
	stores = s;
	return store;
}
