#include "base/http_call.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define HEADER_COUNT_MAX 512

static struct http_call *
call_of(void *slot)
{
	return ((struct http_slot *)slot)->owner;
}

/* ---- what curl asks and tells ---- */

static curl_socket_t
on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_call *call = call_of(ctx);
	const struct sockaddr *judged =
	    (const struct sockaddr *)&call->addresses[call->attempt];
	char wanted[64];
	int fd;

	/* Whatever curl made of the URL, only the judged address is dialled. */
	netguard_text(call->response.address, judged);
	if (purpose != CURLSOCKTYPE_IPCXN ||
	    !str_eq(
		netguard_text(wanted, &address->addr), call->response.address))
		return CURL_SOCKET_BAD;
	call->dialled = true;
	call->attempt_us = clock_boot_us();
	fd = socket(address->family,
	    address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    address->protocol);
	call->socket_errno = fd < 0 ? errno : 0;
	return fd;
}

static CURLcode
on_ssl_ctx(CURL *easy, void *ssl_ctx, void *ctx)
{
	struct http_call *call = call_of(ctx);

	(void)easy;
	call->phase = HTTP_HANDSHAKING;
	tls_verify_with(ssl_ctx, &call->check);
	return CURLE_OK;
}

static bool
same_address(const struct sockaddr *judged, const char *text, int port)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	uint8_t bytes[16];

	memcpy(&in, judged, sizeof(in)); /* the port is at the same place */
	if (ntohs(in.sin_port) != port)
		return false;
	if (judged->sa_family == AF_INET)
		return inet_pton(AF_INET, text, bytes) == 1 &&
		       memcmp(bytes, &in.sin_addr, 4) == 0;
	memcpy(&in6, judged, sizeof(in6));
	return inet_pton(AF_INET6, text, bytes) == 1 &&
	       memcmp(bytes, &in6.sin6_addr, 16) == 0;
}

/* The connection stands, new or used before, and the request comes next. */
static int
on_connected(void *ctx, char *address, char *local, int port, int local_port)
{
	struct http_call *call = call_of(ctx);
	const struct sockaddr *judged =
	    (const struct sockaddr *)&call->addresses[call->attempt];
	struct curl_tlssessioninfo *session = NULL;

	(void)local;
	(void)local_port;
	call->phase = HTTP_WAITING;
	if (!call->dialled) { /* used before: on_open() did not see it */
		if (!same_address(judged, address, port))
			return CURL_PREREQFUNC_ABORT;
		netguard_text(call->response.address, judged);
	}
	if (call->url.tls &&
	    curl_easy_getinfo(
		call->slot->easy, CURLINFO_TLS_SSL_PTR, &session) == CURLE_OK &&
	    session != NULL && session->internals != NULL)
		tls_verify_note(&call->check, session->internals);
	return CURL_PREREQFUNC_OK;
}

/* A folded line (obs-fold, RFC 9112 section 5.2) goes on with the last value. */
static void
add_folded(struct http_call *call, const char *line, size_t len)
{
	struct buf *text = &call->header_text;

	if (text->len == 0)
		return;
	text->data[text->len - 1] = ' ';
	buf_add(text, line, len);
	buf_putc(text, '\0');
}

static void
add_header(struct http_call *call, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	const char *value;
	size_t name_len;

	if (colon == NULL)
		return;
	name_len = (size_t)(colon - line);
	for (size_t i = 0; i < name_len; i++) {
		char c = line[i];

		buf_putc(&call->header_text,
		    c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
	}
	buf_putc(&call->header_text, '\0');
	for (value = colon + 1; value < line + len; value++)
		if (*value != ' ' && *value != '\t')
			break;
	buf_add(&call->header_text, value, (size_t)(line + len - value));
	buf_putc(&call->header_text, '\0');
	call->response.header_count++;
}

static size_t
on_header(char *line, size_t size, size_t count, void *ctx)
{
	struct http_call *call = call_of(ctx);
	size_t len = size * count;

	call->header_bytes += len;
	if (call->header_bytes > HTTP_HEADERS_MAX_BYTES ||
	    call->response.header_count >= HEADER_COUNT_MAX) {
		call->excess = HTTP_EXCESS_HEADERS;
		return 0;
	}
	if (call->body.len > 0)
		return size * count; /* a trailer */
	call->phase = HTTP_RECEIVING;
	while (len > 0 && strchr("\r\n \t", line[len - 1]) != NULL)
		len--;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		buf_clear(&call->header_text); /* after a 1xx: start again */
		call->response.header_count = 0;
	} else if (len > 0 && (line[0] == ' ' || line[0] == '\t')) {
		add_folded(call, line, len);
	} else if (len > 0) {
		add_header(call, line, len);
	}
	return size * count;
}

static size_t
on_body(char *data, size_t size, size_t count, void *ctx)
{
	struct http_call *call = call_of(ctx);

	call->phase = HTTP_RECEIVING;
	if (buf_add(&call->body, data, size * count) == 0)
		return size * count;
	call->excess = HTTP_EXCESS_BODY;
	return 0;
}

/* ---- what curl is told ---- */

#define SET(option, value)                                                     \
	do {                                                                   \
		CURLcode set_ = curl_easy_setopt(easy, option, value);         \
		CHECK(set_ == CURLE_OK);                                       \
	} while (0)

/* Everything that is the same for all requests. What is not is set anew for
 * each one below: handles are used again without a reset. */
void
http_transfer_setup(struct http_slot *slot)
{
	CURL *easy = slot->easy;

	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
	SET(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	SET(CURLOPT_CAINFO, NULL);
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	/* Addresses come from our own resolver; curl's cache would only grow. */
	SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
	SET(CURLOPT_OPENSOCKETDATA, slot);
	SET(CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
	SET(CURLOPT_SSL_CTX_DATA, slot);
	SET(CURLOPT_PREREQFUNCTION, on_connected);
	SET(CURLOPT_PREREQDATA, slot);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, slot);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, slot);
}

static bool
is_token(const char *s) /* RFC 9110 section 5.6.2 */
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		bool letter = (*s >= 'a' && *s <= 'z') ||
		              (*s >= 'A' && *s <= 'Z') ||
		              (*s >= '0' && *s <= '9');

		if (!letter && strchr("!#$%&'*+-.^_`|~", *s) == NULL)
			return false;
	}
	return true;
}

static bool
has_line_break(const char *s)
{
	return s != NULL && strpbrk(s, "\r\n") != NULL;
}

int
http_transfer_check(const struct http_request *request, struct err *err)
{
	if (request->method != NULL && !is_token(request->method))
		return err_set(err, ERR_INPUT, "the method is not a word");
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *h = &request->headers[i];

		if (!is_token(h->name))
			return err_set(
			    err, ERR_INPUT, "a header's name is not a word");
		if (has_line_break(h->value))
			return err_set(err, ERR_INPUT,
			    "the value of header %s has a line break", h->name);
	}
	if (has_line_break(request->bearer))
		return err_set(
		    err, ERR_INPUT, "the bearer token has a line break");
	if (request->ca_file != NULL &&
	    tls_store(request->ca_file, err) == NULL)
		return -1;
	return 0;
}

static bool
has_header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (strcasecmp(request->headers[i].name, name) == 0)
			return true;
	return false;
}

struct header_block { /* list nodes, then their text, in one allocation */
	struct curl_slist *nodes;
	size_t count;
	char *text;
	size_t room;
};

/* curl's grammar: "Name: value", "Name;" for an empty value, and "Name:" for
 * a header of its own that is not to be sent. */
static void
put_header(struct header_block *b, const char *name, const char *separator,
    const char *value)
{
	size_t used;

	CHECK(str_printf(b->text, b->room, "%s%s%s", name, separator, value) ==
	      0);
	b->nodes[b->count].data = b->text;
	if (b->count > 0)
		b->nodes[b->count - 1].next = &b->nodes[b->count];
	b->count++;
	used = strlen(b->text) + 1;
	b->text += used;
	b->room -= used;
}

#define OWN_HEADERS      4 /* at most, besides the caller's */
#define OWN_HEADERS_ROOM 128

static struct header_block
header_block_for(const struct http_request *r)
{
	size_t count = r->header_count + OWN_HEADERS;
	size_t room = OWN_HEADERS_ROOM;
	struct header_block b = {0};

	if (r->bearer != NULL)
		room += strlen(r->bearer);
	for (size_t i = 0; i < r->header_count; i++)
		room += strlen(r->headers[i].name) +
		        strlen(r->headers[i].value) + 3;
	b.nodes = mem_alloc(count * sizeof(*b.nodes) + room);
	b.text = (char *)(b.nodes + count);
	b.room = room;
	return b;
}

static void
set_headers(struct http_call *call, CURL *easy)
{
	const struct http_request *r = call->request;
	struct header_block b = header_block_for(r);

	for (size_t i = 0; i < r->header_count; i++) {
		const char *value = r->headers[i].value;

		put_header(&b, r->headers[i].name, *value ? ": " : ";", value);
	}
	if (r->fresh && !has_header(r, "connection"))
		put_header(&b, "Connection", ": ", "close");
	if (r->bearer != NULL && !has_header(r, "authorization"))
		put_header(&b, "Authorization", ": Bearer ", r->bearer);
	if (r->body != NULL && !has_header(r, "content-type"))
		put_header(&b, "Content-Type", ":", "");
	if (r->body != NULL && !has_header(r, "expect"))
		put_header(&b, "Expect", ":", "");
	free(call->header_list);
	call->header_list = b.nodes;
	SET(CURLOPT_HTTPHEADER, b.count > 0 ? b.nodes : NULL);
}

static void
set_method(const struct http_request *r, CURL *easy)
{
	static const char *const with_body[] = {"POST", "PUT", "PATCH", NULL};
	const char *method = r->method != NULL ? r->method : "GET";

	SET(CURLOPT_HTTPGET, 1L);
	SET(CURLOPT_CUSTOMREQUEST, NULL);
	if (r->body != NULL || str_index(with_body, method) >= 0) {
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
		SET(CURLOPT_POSTFIELDS, r->body != NULL ? r->body : "");
		SET(CURLOPT_CUSTOMREQUEST, method);
	} else if (str_eq(method, "HEAD")) {
		SET(CURLOPT_NOBODY, 1L);
	} else if (!str_eq(method, "GET")) {
		SET(CURLOPT_CUSTOMREQUEST, method);
	}
}

static long
curl_version_for(const struct http_call *call)
{
	bool tls = call->url.tls;

	if (call->request->version == HTTP_VERSION_2 && !tls)
		return CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
	if (call->request->version == HTTP_VERSION_1_1 || !tls)
		return CURL_HTTP_VERSION_1_1;
	return CURL_HTTP_VERSION_2TLS;
}

static void
set_tls(struct http_call *call, CURL *easy)
{
	const struct http_request *r = call->request;

	call->check.host = call->url.host;
	call->check.ca_file = r->ca_file;
	call->check.unverified = r->tls_unverified;
	call->check.found = &call->response.tls;
	SET(CURLOPT_SSL_VERIFYPEER, r->tls_unverified ? 0L : 1L);
	SET(CURLOPT_SSL_VERIFYHOST, r->tls_unverified ? 0L : 2L);
	SET(CURLOPT_SSLCERT, r->cert_file);
	SET(CURLOPT_SSLKEY, r->key_file);
	/* tls_verify.c judges by the file; here it keeps connections made
	 * under other CAs from being used again. */
	SET(CURLOPT_CAINFO, r->fresh ? NULL : r->ca_file);
}

void
http_transfer_prepare(struct http_call *call)
{
	const struct http_request *r = call->request;
	CURL *easy = call->slot->easy;
	char address[64];

	SET(CURLOPT_URL, r->url);
	set_method(r, easy);
	set_headers(call, easy);
	SET(CURLOPT_HTTP_VERSION, curl_version_for(call));
	SET(CURLOPT_FRESH_CONNECT, r->fresh ? 1L : 0L);
	SET(CURLOPT_FORBID_REUSE, r->fresh ? 1L : 0L);
	SET(CURLOPT_USERNAME, r->user);
	SET(CURLOPT_PASSWORD, r->password);
	if (call->url.tls)
		set_tls(call, easy);
	if (call->url.numeric) {
		SET(CURLOPT_CONNECT_TO, NULL);
		return;
	}
	netguard_text(
	    address, (struct sockaddr *)&call->addresses[call->attempt]);
	str_printf(call->connect_to_text, sizeof(call->connect_to_text), "::%s",
	    address);
	call->connect_to.data = call->connect_to_text;
	SET(CURLOPT_CONNECT_TO, &call->connect_to);
}

/* ---- what is left when it ended ---- */

static int64_t
time_of(CURL *easy, CURLINFO what)
{
	curl_off_t us = 0;

	curl_easy_getinfo(easy, what, &us);
	return us;
}

/* curl's times all count from the start of the transfer. */
static void
collect_timings(struct http_call *call)
{
	CURL *easy = call->slot->easy;
	struct http_timings *t = &call->response.timings;
	int64_t looked_up = time_of(easy, CURLINFO_NAMELOOKUP_TIME_T);
	int64_t connected = time_of(easy, CURLINFO_CONNECT_TIME_T);
	int64_t secured = time_of(easy, CURLINFO_APPCONNECT_TIME_T);
	int64_t ready = time_of(easy, CURLINFO_PRETRANSFER_TIME_T);
	int64_t first = time_of(easy, CURLINFO_STARTTRANSFER_TIME_T);

	if (call->dialled && connected > 0)
		t->connect_us = connected - looked_up;
	if (call->dialled && secured > 0)
		t->tls_us = secured - connected;
	if (first > 0) {
		t->first_byte_us = first - ready;
		t->transfer_us = time_of(easy, CURLINFO_TOTAL_TIME_T) - first;
	}
}

static void
collect_headers(struct http_call *call)
{
	struct http_response *response = &call->response;
	const char *text = buf_str(&call->header_text);

	if (response->header_count == 0)
		return;
	call->headers =
	    mem_array(response->header_count, sizeof(*call->headers));
	for (size_t i = 0; i < response->header_count; i++) {
		call->headers[i].name = text;
		text += strlen(text) + 1;
		call->headers[i].value = text;
		text += strlen(text) + 1;
	}
	response->headers = call->headers;
}

void
http_transfer_collect(struct http_call *call)
{
	struct http_response *response = &call->response;
	long number = 0;

	if (call->slot != NULL) {
		collect_timings(call);
		if (call->phase == HTTP_RECEIVING) {
			curl_easy_getinfo(
			    call->slot->easy, CURLINFO_RESPONSE_CODE, &number);
			response->status = (int)number;
			curl_easy_getinfo(
			    call->slot->easy, CURLINFO_HTTP_VERSION, &number);
			response->version = number == CURL_HTTP_VERSION_1_0 ? 10
			                    : number >= CURL_HTTP_VERSION_2_0
			                        ? 20
			                        : 11;
		}
	}
	collect_headers(call);
	response->body = buf_str(&call->body);
	response->body_len = call->body.len;
	response->body_cut = call->body.cut;
	response->timings.total_us = clock_boot_us() - call->started_us;
}

void
http_transfer_free(struct http_call *call)
{
	if (call->header_list != NULL && call->request->bearer != NULL)
		explicit_bzero(call->header_list,
		    (call->request->header_count + OWN_HEADERS) *
			sizeof(*call->header_list));
	free(call->header_list);
	free(call->headers);
	buf_fini(&call->header_text);
	buf_fini(&call->body);
}
