#include "base/smtp_curl.h"

#include <curl/curl.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"

struct sending {
	const struct smtp_curl *s;
	struct smtp_trace *trace;
	size_t sent;
	bool given; /* the descriptor is libcurl's now */
	char trouble[CURL_ERROR_SIZE];
};

static size_t
read_mail(char *dst, size_t size, size_t count, void *ctx)
{
	struct sending *now = ctx;
	size_t left = now->s->mail_len - now->sent;
	size_t n = size * count < left ? size * count : left;

	memcpy(dst, now->s->mail + now->sent, n);
	now->sent += n;
	return n;
}

static curl_socket_t
give_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct sending *now = ctx;

	(void)purpose;
	(void)address;
	if (now->given)
		return CURL_SOCKET_BAD;
	now->given = true;
	return now->s->fd;
}

static int
socket_is_connected(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
	(void)ctx;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static int
follow(CURL *curl, curl_infotype type, char *data, size_t len, void *ctx)
{
	struct sending *now = ctx;

	(void)curl;
	if (type == CURLINFO_HEADER_OUT)
		smtp_trace_sent(now->trace, data, len);
	else if (type == CURLINFO_HEADER_IN)
		smtp_trace_received(now->trace, data, len);
	return 0;
}

static struct curl_slist *
list_add(struct curl_slist *list, const char *text)
{
	list = curl_slist_append(list, text);
	if (list == NULL)
		die("out of memory");
	return list;
}

static struct curl_slist *
recipients(const struct smtp_curl *s)
{
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < s->to_count; i++)
		list = list_add(list, s->to[i]);
	return list;
}

static void
set_tls(CURL *curl, const struct smtp_curl *s)
{
	static const long use[] = {
	    [SMTP_TLS_STARTTLS] = CURLUSESSL_ALL,
	    [SMTP_TLS_MAYBE] = CURLUSESSL_TRY,
	    [SMTP_TLS_NONE] = CURLUSESSL_NONE,
	    [SMTP_TLS_IMPLICIT] = CURLUSESSL_ALL,
	};

	curl_easy_setopt(curl, CURLOPT_USE_SSL, use[s->tls]);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (s->ca_file != NULL) {
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
		curl_easy_setopt(curl, CURLOPT_CAINFO, s->ca_file);
	}
}

static void
set_login(CURL *curl, const struct smtp_curl *s)
{
	if (s->user == NULL || (s->password == NULL && s->bearer == NULL))
		return;
	curl_easy_setopt(curl, CURLOPT_USERNAME, s->user);
	if (s->bearer == NULL) {
		curl_easy_setopt(curl, CURLOPT_PASSWORD, s->password);
		return;
	}
	/* Else it would try others first, with an empty password. */
	curl_easy_setopt(
	    curl, CURLOPT_LOGIN_OPTIONS, "AUTH=OAUTHBEARER;AUTH=XOAUTH2");
	curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, s->bearer);
}

static void
set_session(CURL *curl, struct sending *now)
{
	const struct smtp_curl *s = now->s;
	int64_t left = s->deadline_ms - clock_boot_ms();
	char url[600];

	str_printf(url, sizeof(url),
	    strchr(s->host, ':') ? "%s://[%s]:%u/%s" : "%s://%s:%u/%s",
	    s->tls == SMTP_TLS_IMPLICIT ? "smtps" : "smtp", s->host, s->port,
	    s->helo ? s->helo : "");
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(left > 0 ? left : 1));
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, now->trouble);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, give_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, now);
	curl_easy_setopt(curl, CURLOPT_SOCKOPTFUNCTION, socket_is_connected);
	curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, follow);
	curl_easy_setopt(curl, CURLOPT_DEBUGDATA, now);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_mail);
	curl_easy_setopt(curl, CURLOPT_READDATA, now);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, s->from);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	set_login(curl, s);
}

/* The address is judged and connected already; without this libcurl would
 * look the name up again, in a thread that no deadline ends. */
static struct curl_slist *
no_lookup(const struct smtp_curl *s)
{
	char entry[400];

	if (strchr(s->host, ':') != NULL) /* an IPv6 address: none needed */
		return NULL;
	str_printf(entry, sizeof(entry), "%s:%u:127.0.0.1", s->host, s->port);
	return list_add(NULL, entry);
}

static enum err_code
code_of(CURLcode rc)
{
	switch ((int)rc) { /* few of its hundred codes matter */
	case CURLE_OPERATION_TIMEDOUT:
		return ERR_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_USE_SSL_FAILED:
	case CURLE_SSL_CACERT_BADFILE:
		return ERR_TLS;
	case CURLE_LOGIN_DENIED:
		return ERR_REFUSED;
	default:
		return ERR_PROTO;
	}
}

int
smtp_curl_send(
    const struct smtp_curl *s, struct smtp_trace *trace, struct err *err)
{
	struct sending now = {.s = s, .trace = trace};
	struct curl_slist *to = recipients(s), *names = no_lookup(s);
	CURL *curl = curl_easy_init();
	CURLcode rc;

	if (curl == NULL)
		die("out of memory");
	set_session(curl, &now);
	set_tls(curl, s);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(curl, CURLOPT_RESOLVE, names);
	rc = curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	curl_slist_free_all(to);
	curl_slist_free_all(names);
	if (!now.given)
		close(s->fd);
	if (rc == CURLE_OK)
		return 0;
	return err_set(err, code_of(rc), "%s",
	    now.trouble[0] ? now.trouble : curl_easy_strerror(rc));
}
