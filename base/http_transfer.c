#include "base/http_call.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

/* Everything that is the same for all requests. What is not is set anew for
 * each one below: handles are used again without a reset. */
void
http_transfer_setup(struct http_slot *slot)
{
	CURL *easy = slot->easy;

	HTTP_SET(CURLOPT_NOSIGNAL, 1L);
	HTTP_SET(CURLOPT_PROTOCOLS_STR, "http,https");
	HTTP_SET(CURLOPT_PROXY, "");
	HTTP_SET(CURLOPT_FOLLOWLOCATION, 0L);
	HTTP_SET(CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
	HTTP_SET(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	HTTP_SET(CURLOPT_CAINFO, NULL);
	HTTP_SET(CURLOPT_CAPATH, NULL);
	HTTP_SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	/* Addresses come from our resolver; curl's cache would only grow. */
	HTTP_SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	http_receive_setup(slot);
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
	char *text; /* the next one's */
	size_t room, size;
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
	b.size = count * sizeof(*b.nodes) + room;
	b.nodes = mem_alloc(b.size);
	b.text = (char *)(b.nodes + count);
	b.room = room;
	return b;
}

/* They may hold secrets. */
static void
forget_headers(struct http_call *call)
{
	if (call->header_list == NULL)
		return;
	explicit_bzero(call->header_list, call->header_list_size);
	free(call->header_list);
	call->header_list = NULL;
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
	forget_headers(call);
	call->header_list = b.nodes;
	call->header_list_size = b.size;
	HTTP_SET(CURLOPT_HTTPHEADER, b.count > 0 ? b.nodes : NULL);
}

static void
set_method(const struct http_request *r, CURL *easy)
{
	static const char *const with_body[] = {"POST", "PUT", "PATCH", NULL};
	const char *method = r->method != NULL ? r->method : "GET";

	HTTP_SET(CURLOPT_HTTPGET, 1L);
	HTTP_SET(CURLOPT_CUSTOMREQUEST, NULL);
	if (r->body != NULL || str_index(with_body, method) >= 0) {
		HTTP_SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
		HTTP_SET(CURLOPT_POSTFIELDS, r->body != NULL ? r->body : "");
		HTTP_SET(CURLOPT_CUSTOMREQUEST, method);
	} else if (str_eq(method, "HEAD")) {
		HTTP_SET(CURLOPT_NOBODY, 1L);
	} else if (!str_eq(method, "GET")) {
		HTTP_SET(CURLOPT_CUSTOMREQUEST, method);
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
	HTTP_SET(CURLOPT_SSL_VERIFYPEER, r->tls_unverified ? 0L : 1L);
	HTTP_SET(CURLOPT_SSL_VERIFYHOST, r->tls_unverified ? 0L : 2L);
	HTTP_SET(CURLOPT_SSLCERT, r->cert_file);
	HTTP_SET(CURLOPT_SSLKEY, r->key_file);
	/* tls_verify.c judges by the file; here it keeps connections made
	 * under other CAs from being used again. */
	HTTP_SET(CURLOPT_CAINFO, r->fresh ? NULL : r->ca_file);
}

void
http_transfer_prepare(struct http_call *call)
{
	const struct http_request *r = call->request;
	CURL *easy = call->slot->easy;
	char address[64];

	HTTP_SET(CURLOPT_URL, r->url);
	set_method(r, easy);
	set_headers(call, easy);
	HTTP_SET(CURLOPT_HTTP_VERSION, curl_version_for(call));
	HTTP_SET(CURLOPT_FRESH_CONNECT, r->fresh ? 1L : 0L);
	HTTP_SET(CURLOPT_FORBID_REUSE, r->fresh ? 1L : 0L);
	HTTP_SET(CURLOPT_USERNAME, r->user);
	HTTP_SET(CURLOPT_PASSWORD, r->password);
	if (call->url.tls)
		set_tls(call, easy);
	if (call->url.numeric) {
		HTTP_SET(CURLOPT_CONNECT_TO, NULL);
		return;
	}
	netguard_text(
	    address, (struct sockaddr *)&call->addresses[call->attempt]);
	str_printf(call->connect_to_text, sizeof(call->connect_to_text), "::%s",
	    address);
	call->connect_to.data = call->connect_to_text;
	HTTP_SET(CURLOPT_CONNECT_TO, &call->connect_to);
}

void
http_transfer_free(struct http_call *call)
{
	forget_headers(call);
	free(call->headers);
	buf_fini(&call->header_text);
	buf_fini(&call->body);
}
