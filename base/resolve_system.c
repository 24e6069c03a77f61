#include "base/resolve_system.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#define FILE_MAX (4 * 1024 * 1024) /* lists of blocked names grow large */
#define BLANKS   " \t\r"

char *
system_file_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf text;
	char part[4096];
	ssize_t got;

	if (fd < 0)
		return NULL;
	buf_init(&text, FILE_MAX);
	while ((got = read(fd, part, sizeof(part))) > 0)
		if (buf_add(&text, part, (size_t)got) < 0)
			break;
	close(fd);
	if (text.data == NULL)
		return mem_strdup("");
	return buf_take(&text);
}

int
system_address(struct sockaddr_storage *out, const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(out, &in, sizeof(in));
		return 0;
	}
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
		memcpy(out, &in6, sizeof(in6));
		return 0;
	}
	return -1;
}

/* The next word of the line at *at, copied; false at its end or a comment. */
static bool
next_word(const char **at, char *dst, size_t size)
{
	size_t len;

	for (;;) {
		*at += strspn(*at, BLANKS);
		len = strcspn(*at, BLANKS "\n#;");
		if (len == 0)
			return false;
		if (len < size)
			break;
		*at += len; /* too long to mean anything */
	}
	memcpy(dst, *at, len);
	dst[len] = '\0';
	*at += len;
	return true;
}

static const char *
next_line(const char *at)
{
	at += strcspn(at, "\n");
	return *at == '\n' ? at + 1 : at;
}

/* ---- resolv.conf ---- */

bool
resolv_server_valid(const char *text)
{
	char address[RESOLV_SERVER_SIZE];
	struct sockaddr_storage unused;
	int64_t port;
	char *at;

	if (str_copy(address, sizeof(address), text) < 0)
		return false;
	at = strchr(address, '@');
	if (at != NULL) {
		*at = '\0';
		if (str_parse_i64(at + 1, 1, 65535, &port) < 0)
			return false;
	}
	return system_address(&unused, address) == 0;
}

static void
read_server(struct resolv_conf *out, const char *line)
{
	char word[RESOLV_SERVER_SIZE];

	if (out->server_count == RESOLV_SERVERS_MAX ||
	    !next_word(&line, word, sizeof(word)) || !resolv_server_valid(word))
		return;
	str_copy(out->servers[out->server_count++], RESOLV_SERVER_SIZE, word);
}

static void
read_search(struct resolv_conf *out, const char *line)
{
	char word[256];

	out->search_count = 0; /* the last search or domain line counts */
	while (out->search_count < RESOLV_SEARCH_MAX &&
	       next_word(&line, word, sizeof(word))) {
		size_t len = strlen(word);

		if (len > 0 && word[len - 1] == '.')
			word[len - 1] = '\0';
		if (word[0] != '\0')
			str_copy(out->search[out->search_count++], 256, word);
	}
}

static void
read_options(struct resolv_conf *out, const char *line)
{
	char word[64];
	int64_t number;

	while (next_word(&line, word, sizeof(word)))
		if (str_starts(word, "ndots:") &&
		    str_parse_i64(word + 6, 0, 15, &number) == 0)
			out->ndots = (int)number;
}

void
resolv_conf_parse(struct resolv_conf *out, const char *text)
{
	static const struct {
		const char *word;
		void (*read)(struct resolv_conf *out, const char *line);
	} keywords[] = {
	    {"nameserver", read_server},
	    {"search", read_search},
	    {"domain", read_search},
	    {"options", read_options},
	};
	char word[32];

	*out = (struct resolv_conf){.ndots = 1};
	for (; *text != '\0'; text = next_line(text)) {
		const char *line = text;

		if (!next_word(&line, word, sizeof(word)))
			continue;
		for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords);
		     i++)
			if (str_eq(word, keywords[i].word))
				keywords[i].read(out, line);
	}
	if (out->server_count == 0)
		str_copy(out->servers[out->server_count++], RESOLV_SERVER_SIZE,
		    "127.0.0.1");
}

void
resolv_conf_load(struct resolv_conf *out, const char *path)
{
	char *text = system_file_read(path);

	resolv_conf_parse(out, text != NULL ? text : "");
	free(text);
}

size_t
resolv_conf_names(const struct resolv_conf *c, const char *host,
    char *names[RESOLV_NAMES_MAX])
{
	size_t count = 0, len = strlen(host);
	bool whole_first;
	int dots = 0;

	for (const char *at = host; *at != '\0'; at++)
		dots += *at == '.';
	whole_first = dots >= c->ndots || c->search_count == 0;
	if (whole_first || host[len - 1] == '.')
		names[count++] = mem_strdup(host);
	if (host[len - 1] == '.')
		return count; /* rooted: stands for itself alone */
	for (size_t i = 0; i < c->search_count; i++)
		names[count++] = mem_printf("%s.%s", host, c->search[i]);
	if (!whole_first)
		names[count++] = mem_strdup(host);
	return count;
}

/* ---- hosts ---- */

struct host {
	char *name;
	size_t line; /* keeps the file's order among equal names */
	struct sockaddr_storage address;
};

struct hosts {
	struct host *items; /* by name, then line */
	size_t count, room;
};

static int
by_name(const void *a, const void *b)
{
	const struct host *left = a, *right = b;
	int order = strcasecmp(left->name, right->name);

	if (order != 0)
		return order;
	return (left->line > right->line) - (left->line < right->line);
}

static void
add_host(struct hosts *h, const char *name, size_t line,
    const struct sockaddr_storage *address)
{
	if (h->count == h->room) {
		h->room = h->room * 2 + 8;
		h->items = mem_grow(h->items, h->room, sizeof(*h->items));
	}
	h->items[h->count++] = (struct host){
	    .name = mem_strdup(name), .line = line, .address = *address};
}

struct hosts *
hosts_parse(const char *text)
{
	struct hosts *h = mem_alloc(sizeof(*h));
	struct sockaddr_storage address;
	char word[256];

	for (size_t line = 0; *text != '\0'; text = next_line(text), line++) {
		const char *at = text;

		if (!next_word(&at, word, sizeof(word)) ||
		    system_address(&address, word) < 0)
			continue;
		while (next_word(&at, word, sizeof(word)))
			add_host(h, word, line, &address);
	}
	if (h->count > 0)
		qsort(h->items, h->count, sizeof(*h->items), by_name);
	return h;
}

void
hosts_free(struct hosts *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->count; i++)
		free(h->items[i].name);
	free(h->items);
	free(h);
}

/* The first entry that is not before name. */
static size_t
lower_bound(const struct hosts *h, const char *name)
{
	size_t low = 0, high = h->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcasecmp(h->items[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
hosts_find(const struct hosts *h, const char *name, int family,
    struct sockaddr_storage *out, size_t max)
{
	size_t found = 0;

	for (size_t i = lower_bound(h, name); i < h->count && found < max;
	     i++) {
		const struct host *host = &h->items[i];

		if (strcasecmp(host->name, name) != 0)
			break;
		if (family == AF_UNSPEC || host->address.ss_family == family)
			out[found++] = host->address;
	}
	return found;
}
