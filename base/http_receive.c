#include "base/http_call.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define HEADER_COUNT_MAX 512

static struct http_call *
call_of(void *slot)
{
	return ((struct http_slot *)slot)->owner;
}

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
	call->connected_us = clock_boot_us();
	tls_verify_with(ssl_ctx, &call->check);
	return CURLE_OK;
}

/* Is what the socket says of its peer the judged address? */
static bool
is_judged(const char *judged, const char *text, int port)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 in6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	char peer[64] = "";

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		netguard_text(peer, (const struct sockaddr *)&in);
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		netguard_text(peer, (const struct sockaddr *)&in6);
	return str_eq(peer, judged);
}

/* The connection stands, new or used before, and the request comes next. */
static int
on_connected(void *ctx, char *address, char *local, int port, int local_port)
{
	struct http_call *call = call_of(ctx);
	struct curl_tlssessioninfo *session = NULL;

	(void)local;
	(void)local_port;
	call->phase = HTTP_WAITING;
	netguard_text(call->response.address,
	    (const struct sockaddr *)&call->addresses[call->attempt]);
	if (!is_judged(call->response.address, address, port))
		return CURL_PREREQFUNC_ABORT;
	if (call->url.tls &&
	    curl_easy_getinfo(
		call->slot->easy, CURLINFO_TLS_SSL_PTR, &session) == CURLE_OK &&
	    session != NULL && session->internals != NULL)
		tls_verify_note(&call->check, session->internals);
	return CURL_PREREQFUNC_OK;
}

/* A folded line (obs-fold, RFC 9112 section 5.2) continues the last value. */
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
	size_t start;

	if (colon == NULL)
		return;
	start = call->header_text.len;
	buf_add(&call->header_text, line, (size_t)(colon - line));
	for (size_t i = start; i < call->header_text.len; i++) {
		char *c = &call->header_text.data[i];

		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	}
	buf_putc(&call->header_text, '\0');
	for (value = colon + 1; value < line + len; value++)
		if (*value != ' ' && *value != '\t')
			break;
	buf_add(&call->header_text, value, (size_t)(line + len - value));
	buf_putc(&call->header_text, '\0');
	call->response.header_count++;
}

/* A block of headers begins, perhaps after a 1xx: forget that one. */
static void
begin_block(struct http_call *call, const char *line, size_t len)
{
	const char *status = memchr(line, ' ', len);

	buf_clear(&call->header_text);
	call->response.header_count = 0;
	call->interim =
	    status != NULL && status + 1 < line + len && status[1] == '1';
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
	len = strnlen(line, len);
	while (len > 0 && strchr("\r\n \t", line[len - 1]) != NULL)
		len--;
	if (len == 0)
		call->response.head_whole = !call->interim;
	else if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		begin_block(call, line, len);
	else if (line[0] == ' ' || line[0] == '\t')
		add_folded(call, line, len);
	else
		add_header(call, line, len);
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

void
http_receive_setup(struct http_slot *slot)
{
	CURL *easy = slot->easy;

	HTTP_SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
	HTTP_SET(CURLOPT_OPENSOCKETDATA, slot);
	HTTP_SET(CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
	HTTP_SET(CURLOPT_SSL_CTX_DATA, slot);
	HTTP_SET(CURLOPT_PREREQFUNCTION, on_connected);
	HTTP_SET(CURLOPT_PREREQDATA, slot);
	HTTP_SET(CURLOPT_HEADERFUNCTION, on_header);
	HTTP_SET(CURLOPT_HEADERDATA, slot);
	HTTP_SET(CURLOPT_WRITEFUNCTION, on_body);
	HTTP_SET(CURLOPT_WRITEDATA, slot);
}

/* ---- what is left when it ended ---- */

static int64_t
time_of(CURL *easy, CURLINFO what)
{
	curl_off_t us = 0;

	curl_easy_getinfo(easy, what, &us);
	return us;
}

/* curl's times all count from the start of the transfer; when a handshake fails
 * it does not say how long connecting took. */
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
	else if (call->dialled && call->connected_us > 0)
		t->connect_us = call->connected_us - call->attempt_us;
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
http_receive_collect(struct http_call *call)
{
	struct http_response *response = &call->response;
	long number = 0;

	if (call->slot != NULL) {
		collect_timings(call);
		if (call->phase == HTTP_RECEIVING) {
			curl_easy_getinfo(
			    call->slot->easy, CURLINFO_RESPONSE_CODE, &number);
			response->status = call->interim ? 0 : (int)number;
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
