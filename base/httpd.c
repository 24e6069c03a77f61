#include "base/httpd.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define HEADERS_MAX (16 * 1024)
#define SWEEP_MS    1000

/* A connection we hold a reference to, so that it can be cut at its deadline:
 * evhttp's own timeout begins anew with every byte. */
struct guest {
	struct bufferevent *bev;
	int64_t until_ms;
};

/* To be sent before the loop looks at a connection again. */
struct answer {
	struct evhttp_request *req;
	int status;
};

struct httpd {
	struct loop *loop;
	struct evhttp *http;
	SSL_CTX *tls;
	char *socket_path;
	httpd_fn *fn;
	void *ctx;
	struct loop_timer *sweep;
	bool sweeping;
	struct guest guests[HTTPD_CONNECTIONS_MAX];
	size_t guest_count;
	struct answer *deferred;
	size_t deferred_count;
};

struct httpd_call {
	struct httpd *httpd;
	struct evhttp_request *req;
	bool deferred;
	char *path;
	struct evkeyvalq query, form;
	bool form_read;
	char *body;
	size_t body_len;
	bool replied;
};

static void
cut_first(struct httpd *h)
{
	struct bufferevent *bev = h->guests[0].bev;
	int fd = bufferevent_getfd(bev);

	if (fd >= 0)
		shutdown(fd, SHUT_RDWR); /* evhttp sees the end and lets go */
	bufferevent_decref(bev);
	h->guest_count--;
	memmove(&h->guests[0], &h->guests[1],
	    h->guest_count * sizeof(h->guests[0]));
}

static void
sweep(void *ctx)
{
	struct httpd *h = ctx;
	int64_t now_ms = clock_boot_ms();

	while (h->guest_count > 0 && h->guests[0].until_ms <= now_ms)
		cut_first(h);
	h->sweeping = h->guest_count > 0;
	if (h->sweeping)
		loop_timer_arm_ms(h->sweep, SWEEP_MS);
}

static struct bufferevent *
welcome(struct event_base *base, void *ctx)
{
	struct httpd *h = ctx;
	struct bufferevent *bev;
	SSL *ssl;

	if (h->tls == NULL) {
		bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	} else {
		ERR_clear_error();
		ssl = SSL_new(h->tls);
		CHECK(ssl != NULL);
		bev = bufferevent_openssl_socket_new(base, -1, ssl,
		    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	}
	CHECK(bev != NULL);
	if (h->guest_count == HTTPD_CONNECTIONS_MAX)
		cut_first(h);
	bufferevent_incref(bev);
	h->guests[h->guest_count++] =
	    (struct guest){bev, clock_boot_ms() + HTTPD_DEADLINE_MS};
	if (!h->sweeping) {
		h->sweeping = true;
		loop_timer_arm_ms(h->sweep, SWEEP_MS);
	}
	return bev;
}

static void
take_body(struct httpd_call *c)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(c->req);

	c->body_len = evbuffer_get_length(in);
	c->body = mem_alloc(c->body_len + 1);
	evbuffer_copyout(in, c->body, c->body_len);
}

static void
serve(struct evhttp_request *req, void *ctx)
{
	struct httpd *h = ctx;
	struct httpd_call c = {.httpd = h, .req = req};
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *query = evhttp_uri_get_query(uri);
	const char *path = evhttp_uri_get_path(uri);
	size_t len = 0;

	TAILQ_INIT(&c.query);
	TAILQ_INIT(&c.form);
	c.path = evhttp_uridecode(path != NULL ? path : "/", 0, &len);
	if (c.path == NULL || strlen(c.path) != len || /* a NUL: %00 */
	    (query != NULL && evhttp_parse_query_str(query, &c.query) != 0)) {
		evhttp_send_error(req, 400, NULL);
	} else {
		take_body(&c);
		h->fn(h->ctx, &c);
		CHECK(c.replied);
	}
	evhttp_clear_headers(&c.query);
	evhttp_clear_headers(&c.form);
	free(c.path);
	free(c.body);
}

static int
load_tls(struct httpd *h, const struct httpd_config *config, struct err *err)
{
	char why[160];

	if (config->cert_file == NULL)
		return 0;
	ERR_clear_error();
	h->tls = SSL_CTX_new(TLS_server_method());
	CHECK(h->tls != NULL);
	SSL_CTX_set_min_proto_version(h->tls, TLS1_2_VERSION);
	if (SSL_CTX_use_certificate_chain_file(h->tls, config->cert_file) ==
		1 &&
	    SSL_CTX_use_PrivateKey_file(
		h->tls, config->key_file, SSL_FILETYPE_PEM) == 1)
		return 0;
	ERR_error_string_n(ERR_peek_last_error(), why, sizeof(why));
	return err_set(err, ERR_TLS, "certificate %s with key %s: %s",
	    config->cert_file, config->key_file, why);
}

static int
bind_unix(struct httpd *h, const char *path, struct err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct evconnlistener *listener;
	mode_t old;

	if (str_copy(sa.sun_path, sizeof(sa.sun_path), path) != 0)
		return err_set(err, ERR_INPUT,
		    "%s: a socket's path has at most %zu bytes", path,
		    sizeof(sa.sun_path) - 1);
	unlink(path); /* of a core that was killed; the store's lock is ours */
	old = umask(0177);
	listener = evconnlistener_new_bind(loop_base(h->loop), NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 64,
	    (struct sockaddr *)&sa, sizeof(sa));
	umask(old);
	if (listener == NULL)
		return err_errno(err, "listening on %s", path);
	h->socket_path = mem_strdup(path);
	CHECK(evhttp_bind_listener(h->http, listener) != NULL);
	return 0;
}

static int
bind_tcp(struct httpd *h, const char *listen, struct err *err)
{
	struct sockaddr_storage sa;
	int len = sizeof(sa);
	struct evconnlistener *listener;

	if (evutil_parse_sockaddr_port(listen, (struct sockaddr *)&sa, &len) !=
	    0)
		return err_set(err, ERR_INPUT,
		    "%s is not an address and port such as 127.0.0.1:9640",
		    listen);
	listener = evconnlistener_new_bind(loop_base(h->loop), NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
	    128, (struct sockaddr *)&sa, len);
	if (listener == NULL)
		return err_errno(err, "listening on %s", listen);
	CHECK(evhttp_bind_listener(h->http, listener) != NULL);
	return 0;
}

int
httpd_new(struct httpd **out, struct loop *loop,
    const struct httpd_config *config, httpd_fn *fn, void *ctx, struct err *err)
{
	struct httpd *h = mem_alloc(sizeof(*h));
	bool is_unix = str_starts(config->listen, "unix:");

	h->loop = loop;
	h->fn = fn;
	h->ctx = ctx;
	h->sweep = loop_timer_new(loop, sweep, h);
	h->http = evhttp_new(loop_base(loop));
	CHECK(h->http != NULL);
	evhttp_set_max_headers_size(h->http, HEADERS_MAX);
	evhttp_set_max_body_size(h->http, HTTPD_BODY_MAX);
	evhttp_set_allowed_methods(
	    h->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
			 EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
			 EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	evhttp_set_timeout(h->http, HTTPD_DEADLINE_MS / 1000);
	evhttp_set_bevcb(h->http, welcome, h);
	evhttp_set_gencb(h->http, serve, h);
	if (load_tls(h, config, err) != 0 ||
	    (is_unix ? bind_unix(h, config->listen + 5, err)
		     : bind_tcp(h, config->listen, err)) != 0) {
		httpd_free(h);
		return -1;
	}
	*out = h;
	return 0;
}

void
httpd_free(struct httpd *h)
{
	if (h == NULL)
		return;
	if (h->socket_path != NULL)
		unlink(h->socket_path);
	evhttp_free(h->http);
	while (h->guest_count > 0)
		bufferevent_decref(h->guests[--h->guest_count].bev);
	loop_undefer(h->loop, h);
	free(h->deferred);
	SSL_CTX_free(h->tls);
	loop_timer_free(h->sweep);
	free(h->socket_path);
	free(h);
}

bool
httpd_is_local(const char *listen)
{
	return str_starts(listen, "unix:") || str_starts(listen, "127.") ||
	       str_starts(listen, "[::1]:");
}

const char *
httpd_method(const struct httpd_call *c)
{
	static const struct {
		enum evhttp_cmd_type type;
		const char *name;
	} methods[] = {{EVHTTP_REQ_GET, "GET"}, {EVHTTP_REQ_POST, "POST"},
	    {EVHTTP_REQ_HEAD, "HEAD"}, {EVHTTP_REQ_PUT, "PUT"},
	    {EVHTTP_REQ_DELETE, "DELETE"}, {EVHTTP_REQ_OPTIONS, "OPTIONS"}};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].type == evhttp_request_get_command(c->req))
			return methods[i].name;
	return "PATCH"; /* no other is let in */
}

const char *
httpd_path(const struct httpd_call *c)
{
	return c->path;
}

const char *
httpd_query(const struct httpd_call *c, const char *key)
{
	return evhttp_find_header(&c->query, key);
}

const char *
httpd_header(const struct httpd_call *c, const char *name)
{
	return evhttp_find_header(
	    evhttp_request_get_input_headers(c->req), name);
}

const char *
httpd_body(const struct httpd_call *c, size_t *len)
{
	*len = c->body_len;
	return c->body;
}

const char *
httpd_form(struct httpd_call *c, const char *key)
{
	if (!c->form_read) {
		c->form_read = true;
		if (evhttp_parse_query_str(c->body, &c->form) != 0)
			return NULL;
	}
	return evhttp_find_header(&c->form, key);
}

bool
httpd_has_token(const struct httpd_call *c, const char *token)
{
	const char *given = httpd_header(c, "Authorization");
	size_t len = strlen(token);

	if (given == NULL || strncasecmp(given, "Bearer ", 7) != 0)
		return false;
	given += 7;
	return len > 0 && strlen(given) == len &&
	       CRYPTO_memcmp(given, token, len) == 0;
}

void
httpd_reply_header(struct httpd_call *c, const char *name, const char *value)
{
	CHECK(!c->replied);
	CHECK(evhttp_add_header(
		  evhttp_request_get_output_headers(c->req), name, value) == 0);
}

void
httpd_reply_deferred(struct httpd_call *c)
{
	c->deferred = true;
}

static void
send_deferred(void *ctx)
{
	struct httpd *h = ctx;

	for (size_t i = 0; i < h->deferred_count; i++)
		evhttp_send_reply(
		    h->deferred[i].req, h->deferred[i].status, NULL, NULL);
	h->deferred_count = 0;
}

/* The request cannot be gone by then: evhttp does not look at its connection
 * until it is answered. */
static void
defer(struct httpd *h, struct evhttp_request *req, int status)
{
	loop_undefer(h->loop, h); /* behind what was deferred since */
	loop_defer(h->loop, send_deferred, h);
	h->deferred =
	    mem_grow(h->deferred, h->deferred_count + 1, sizeof(*h->deferred));
	h->deferred[h->deferred_count++] = (struct answer){req, status};
}

void
httpd_reply(struct httpd_call *c, int status, const char *content_type,
    const char *body, size_t len)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(c->req);
	struct evbuffer *out = evhttp_request_get_output_buffer(c->req);

	CHECK(!c->replied);
	c->replied = true;
	evhttp_add_header(headers, "Content-Type", content_type);
	evhttp_add_header(headers, "Connection", "close");
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	evbuffer_add(out, body, len);
	if (c->deferred)
		defer(c->httpd, c->req, status);
	else
		evhttp_send_reply(c->req, status, NULL, NULL);
}
