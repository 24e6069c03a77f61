#include "base/http_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/str.h"

/* The host as written: between "://" and the port or path. */
static int
written_host(char dst[256], const char *text)
{
	const char *start = strstr(text, "://");
	size_t len, whole;

	if (start == NULL)
		return -1;
	start += 3;
	whole = strcspn(start, "/?#\\");
	if (memchr(start, '@', whole) != NULL)
		return -1;
	if (*start == '[') {
		start++;
		len = strcspn(start, "]");
	} else {
		len = strcspn(start, ":/?#\\");
	}
	if (len >= 256)
		return -1;
	memcpy(dst, start, len);
	dst[len] = '\0';
	return 0;
}

bool
http_url_is_disguised(const char *host)
{
	struct in6_addr unused;
	size_t end = strlen(host), start, len;

	if (inet_pton(AF_INET, host, &unused) == 1)
		return false;
	if (end > 0 && host[end - 1] == '.')
		end--;
	start = end;
	while (start > 0 && host[start - 1] != '.')
		start--;
	len = end - start;
	host += start;
	if (len >= 2 && host[0] == '0' && (host[1] | 0x20) == 'x')
		return strspn(host + 2, "0123456789abcdefABCDEF") >= len - 2;
	return len > 0 && strspn(host, "0123456789") >= len;
}

static int
read_numeric(struct http_url *out, struct err *err)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, out->host, &in.sin_addr) == 1) {
		in.sin_port = htons(out->port);
		memcpy(&out->address, &in, sizeof(in));
		out->numeric = true;
	} else if (inet_pton(AF_INET6, out->host, &in6.sin6_addr) == 1) {
		in6.sin6_port = htons(out->port);
		memcpy(&out->address, &in6, sizeof(in6));
		out->numeric = true;
	} else if (http_url_is_disguised(out->host)) {
		return err_set(err, ERR_INPUT,
		    "\"%s\" is neither a name nor an address such as 192.0.2.7",
		    out->host);
	}
	return 0;
}

/* curl reads "0x7f.1" and "%6c%6f…" as what they stand for; we do not. */
static int
same_as_written(const char *host, const char *text, struct err *err)
{
	char written[256], shown[256];

	if (written_host(written, text) < 0)
		return err_set(err, ERR_INPUT, "the URL has no plain host");
	if (strchr(written, '%') != NULL)
		return err_set(err, ERR_INPUT,
		    "the host of the URL must be written without percent "
		    "escapes");
	for (const char *c = written; *c != '\0'; c++)
		if ((unsigned char)*c >= 0x80)
			return err_set(err, ERR_INPUT,
			    "an international host name must be written in "
			    "its ASCII form, xn--…");
	if (strcasecmp(host, written) == 0)
		return 0;
	str_printable(shown, sizeof(shown), host, strlen(host));
	return err_set(
	    err, ERR_INPUT, "the host of the URL must be written as %s", shown);
}

static int
copy_part(
    char *dst, size_t size, CURLU *parts, CURLUPart what, unsigned int flags)
{
	char *text = NULL;
	int cut;

	if (curl_url_get(parts, what, &text, flags) != CURLUE_OK)
		return -1;
	cut = str_copy(dst, size, text);
	curl_free(text);
	return cut;
}

static int
read_host(struct http_url *out, CURLU *parts, const char *text, struct err *err)
{
	char host[260], zone[8];
	size_t len;

	if (copy_part(zone, sizeof(zone), parts, CURLUPART_ZONEID, 0) == 0)
		return err_set(err, ERR_INPUT,
		    "addresses with a zone (%%eth0) are not supported");
	if (copy_part(host, sizeof(host), parts, CURLUPART_HOST, 0) < 0)
		return err_set(
		    err, ERR_INPUT, "the host of the URL is not a valid name");
	len = strlen(host);
	if (host[0] == '[' && len > 2 && host[len - 1] == ']') {
		host[len - 1] = '\0';
		memmove(host, host + 1, len - 1);
	}
	if (same_as_written(host, text, err) < 0)
		return -1;
	if (host[0] == '.' || strstr(host, "..") != NULL)
		return err_set(
		    err, ERR_INPUT, "the host of the URL is not a valid name");
	if (str_copy(out->host, sizeof(out->host), host) < 0)
		return err_set(err, ERR_INPUT, "the host name is too long");
	return 0;
}

static int
read_parts(
    struct http_url *out, CURLU *parts, const char *text, struct err *err)
{
	char scheme[8], port[8];
	int64_t number;
	CURLUcode rc =
	    curl_url_set(parts, CURLUPART_URL, text, CURLU_DISALLOW_USER);

	if (rc == CURLUE_USER_NOT_ALLOWED)
		return err_set(err, ERR_INPUT,
		    "a user name in the URL is not allowed; give user and "
		    "password as options of their own");
	if (rc == CURLUE_UNSUPPORTED_SCHEME ||
	    (rc == CURLUE_OK &&
		(copy_part(scheme, sizeof(scheme), parts, CURLUPART_SCHEME, 0) <
			0 ||
		    (!str_eq(scheme, "http") && !str_eq(scheme, "https")))))
		return err_set(err, ERR_INPUT,
		    "the URL must begin with http:// or https://");
	if (rc != CURLUE_OK)
		return err_set(err, ERR_INPUT, "not a valid URL (%s)",
		    curl_url_strerror(rc));
	if (copy_part(port, sizeof(port), parts, CURLUPART_PORT,
		CURLU_DEFAULT_PORT) < 0 ||
	    str_parse_i64(port, 1, 65535, &number) < 0)
		return err_set(
		    err, ERR_INPUT, "the port of the URL must be 1 to 65535");
	out->port = (uint16_t)number;
	out->tls = str_eq(scheme, "https");
	return read_host(out, parts, text, err);
}

int
http_url_parse(struct http_url *out, const char *text, struct err *err)
{
	CURLU *parts;
	size_t len;
	int rc;

	memset(out, 0, sizeof(*out));
	if (strlen(text) > HTTP_URL_MAX)
		return err_set(err, ERR_INPUT,
		    "the URL is longer than %d bytes", HTTP_URL_MAX);
	parts = curl_url();
	CHECK(parts != NULL);
	rc = read_parts(out, parts, text, err);
	curl_url_cleanup(parts);
	if (rc < 0 || read_numeric(out, err) < 0)
		return -1;
	len = strlen(out->host);
	if (out->host[len - 1] == '.') /* certificates never have it */
		out->host[len - 1] = '\0';
	return 0;
}
