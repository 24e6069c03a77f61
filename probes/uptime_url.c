#include "probes/uptime_url.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/str.h"

const char *const uptime_schemes[] = {
    [UPTIME_HTTP] = "http",
    [UPTIME_HTTPS] = "https",
    [UPTIME_TCP] = "tcp",
    [UPTIME_TLS] = "tls",
    [UPTIME_DNS] = "dns",
    [UPTIME_ICMP] = "icmp",
    NULL,
};

static const uint16_t ports[] = {
    /* 0 = must be written */
    [UPTIME_HTTP] = 80,
    [UPTIME_HTTPS] = 443,
    [UPTIME_TCP] = 0,
    [UPTIME_TLS] = 443,
    [UPTIME_DNS] = 53,
    [UPTIME_ICMP] = 0,
};

static int
scheme_of(const char *text, size_t len)
{
	for (int i = 0; uptime_schemes[i] != NULL; i++)
		if (strlen(uptime_schemes[i]) == len &&
		    strncasecmp(uptime_schemes[i], text, len) == 0)
			return i;
	return -1;
}

static int
parse_port(
    const char *text, size_t len, struct uptime_url *out, struct err *err)
{
	char digits[8] = "";
	int64_t port;

	if (out->scheme == UPTIME_ICMP)
		return err_set(err, ERR_INPUT, "icmp has no ports");
	if (len > 0 && len < sizeof(digits))
		memcpy(digits, text, len);
	if (str_parse_i64(digits, 1, 65535, &port) != 0)
		return err_set(err, ERR_INPUT,
		    "the port \"%.*s\" is not a number from 1 to 65535",
		    (int)(len < 20 ? len : 20), text);
	out->port = (uint16_t)port;
	return 0;
}

/* "host", "host:port", "[v6]", "[v6]:port" in text[len]. */
static int
parse_authority(
    const char *text, size_t len, struct uptime_url *out, struct err *err)
{
	const char *host = text, *colon, *end = text + len;
	size_t host_len;

	if (memchr(text, '@', len) != NULL)
		return err_set(err, ERR_INPUT,
		    "no user names or passwords in the URL: use the options "
		    "user and password");
	if (len > 0 && text[0] == '[') {
		const char *close = memchr(text, ']', len);

		if (close == NULL)
			return err_set(err, ERR_INPUT, "\"[\" without \"]\"");
		host = text + 1;
		host_len = (size_t)(close - host);
		colon = close + 1 < end ? close + 1 : NULL;
		if (colon != NULL && *colon != ':')
			return err_set(err, ERR_INPUT,
			    "after \"]\" only \":\" and a port may follow");
	} else {
		colon = memchr(text, ':', len);
		host_len = colon != NULL ? (size_t)(colon - text) : len;
	}
	if (host_len >= sizeof(out->host))
		return err_set(err, ERR_INPUT,
		    "the host is longer than %zu bytes", sizeof(out->host) - 1);
	memcpy(out->host, host, host_len);
	out->host[host_len] = '\0';
	if (host_len == 0 && (out->scheme != UPTIME_DNS || colon != NULL))
		return err_set(err, ERR_INPUT, "there is no host in it");
	out->port = ports[out->scheme];
	if (colon == NULL)
		return 0;
	return parse_port(colon + 1, (size_t)(end - colon - 1), out, err);
}

static int
check_host(const struct uptime_url *url, struct err *err)
{
	for (const char *p = url->host; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == '\\' || *p == '\x7f')
			return err_set(err, ERR_INPUT,
			    "the host has a character that no host has");
	if (url->port == 0 && url->scheme == UPTIME_TCP)
		return err_set(
		    err, ERR_INPUT, "say which port: tcp://%s:PORT", url->host);
	return 0;
}

int
uptime_url_parse(const char *text, struct uptime_url *out, struct err *err)
{
	const char *sep = strstr(text, "://");
	int scheme = sep != NULL ? scheme_of(text, (size_t)(sep - text)) : -1;
	size_t len;

	if (scheme < 0)
		return err_set(err, ERR_INPUT,
		    "a target begins with http://, https://, tcp://, tls://, "
		    "dns:// or icmp://");
	out->scheme = (enum uptime_scheme)scheme;
	if (strlen(text) >= UPTIME_URL_MAX)
		return err_set(
		    err, ERR_INPUT, "longer than %d bytes", UPTIME_URL_MAX - 1);
	sep += strlen("://");
	len = strcspn(sep, "/?#");
	out->rest = sep + len;
	if (parse_authority(sep, len, out, err) != 0)
		return -1;
	return check_host(out, err);
}

int
uptime_url_check_family(
    const struct uptime_url *url, int family, struct err *err)
{
	int other = family == AF_INET ? AF_INET6 : AF_INET;
	struct in6_addr unused;

	if (family == AF_UNSPEC || inet_pton(other, url->host, &unused) != 1)
		return 0;
	return err_set(err, ERR_CONFIG, "ip: is %s, but %s is an %s address",
	    family == AF_INET ? "ipv4" : "ipv6", url->host,
	    family == AF_INET ? "IPv6" : "IPv4");
}

/* Where the parts of an absolute URL end: the authority, the path's last
 * segment, the path. */
static void
split(const char *url, size_t *authority, size_t *folder, size_t *path)
{
	const char *start = strstr(url, "://");
	size_t at = start != NULL ? (size_t)(start - url) + 3 : 0;

	*authority = at + strcspn(url + at, "/?#");
	*path = *authority + strcspn(url + *authority, "?#");
	*folder = *path;
	while (*folder > *authority && url[*folder - 1] != '/')
		--*folder;
}

/* Does it begin with "scheme:"? (RFC 3986 section 3.1) */
static bool
has_scheme(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	return len > 0 && s[len] == ':' &&
	       ((s[0] | 0x20) >= 'a' && (s[0] | 0x20) <= 'z');
}

static int
add(char *dst, size_t *used, const char *src, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)src[i];
		bool plain = c > ' ' && c < 0x7f;

		if (*used + (plain ? 1 : 3) >= UPTIME_URL_MAX)
			return -1;
		if (plain) {
			dst[(*used)++] = (char)c;
			continue;
		}
		dst[(*used)++] = '%';
		dst[(*used)++] = hex[c >> 4];
		dst[(*used)++] = hex[c & 15];
	}
	return 0;
}

int
uptime_url_join(char dst[UPTIME_URL_MAX], const char *base,
    const char *location, struct err *err)
{
	size_t authority, folder, path, keep, used = 0;
	size_t len = strcspn(location, "#");
	bool slash = false;

	split(base, &authority, &folder, &path);
	if (has_scheme(location))
		keep = 0;
	else if (str_starts(location, "//"))
		keep = (size_t)(strstr(base, "://") - base) + 1;
	else if (location[0] == '/')
		keep = authority;
	else if (len == 0)
		keep = strcspn(base, "#");
	else if (location[0] == '?')
		keep = path;
	else {
		keep = folder;
		slash = folder == authority;
	}
	if (add(dst, &used, base, keep) != 0 ||
	    (slash && add(dst, &used, "/", 1) != 0) ||
	    add(dst, &used, location, len) != 0)
		return err_set(err, ERR_FULL,
		    "the redirect's URL is longer than %d bytes",
		    UPTIME_URL_MAX - 1);
	dst[used] = '\0';
	return 0;
}

bool
uptime_url_same_origin(const struct uptime_url *a, const struct uptime_url *b)
{
	return a->scheme == b->scheme && a->port == b->port &&
	       strcasecmp(a->host, b->host) == 0;
}
