/*
 * What the system says about names: /etc/resolv.conf and /etc/hosts, read by
 * ourselves, since libunbound's own readers ignore the search list and never
 * look again. Parsing is pure; files are read again when they change.
 */
#ifndef BASE_RESOLVE_SYSTEM_H
#define BASE_RESOLVE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define RESOLV_SERVERS_MAX 3 /* as glibc has it */
#define RESOLV_SEARCH_MAX  6
#define RESOLV_SERVER_SIZE 64 /* "2001:db8::1@5353" */

struct resolv_conf {
	char servers[RESOLV_SERVERS_MAX][RESOLV_SERVER_SIZE];
	size_t server_count;
	char search[RESOLV_SEARCH_MAX][256];
	size_t search_count;
	int ndots;
};

/* From the text of a resolv.conf(5); what it does not say is as glibc would
 * have it. Lines that make no sense are passed over. A server may have a port
 * (192.0.2.53@5353), which glibc would not take. */
void resolv_conf_parse(struct resolv_conf *out, const char *text);
/* From a file; as from an empty one if it cannot be read. */
void resolv_conf_load(struct resolv_conf *out, const char *path);

/* "192.0.2.53" or "192.0.2.53@5353"? */
bool resolv_server_valid(const char *text);

/* The names that a host may stand for, in the order to try them: with the
 * search list's suffixes if it has few dots. The caller's; how many there are
 * is returned. */
#define RESOLV_NAMES_MAX (RESOLV_SEARCH_MAX + 1)
size_t resolv_conf_names(const struct resolv_conf *c, const char *host,
    char *names[RESOLV_NAMES_MAX]);

struct hosts;

struct hosts *hosts_parse(const char *text);
void hosts_free(struct hosts *h);
/* The addresses of a name (case does not matter), in the file's order, port
 * zero. Returns how many, at most max. */
size_t hosts_find(const struct hosts *h, const char *name, int family,
    struct sockaddr_storage *out, size_t max);

/* The whole of a small text file, NUL-ended, or NULL. The caller's. */
char *system_file_read(const char *path);

/* Numeric text to an address with port zero; 0 or -1. */
int system_address(struct sockaddr_storage *out, const char *text);

#endif
