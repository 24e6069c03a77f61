/*
 * A client for the tests of base/http.c: one request, run to its end, with
 * everything worth comparing copied out.
 */
#ifndef TESTS_UNIT_HTTP_CLIENT_H
#define TESTS_UNIT_HTTP_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/http.h"
#include "base/str.h"
#include "tests/unit/peer.h"

struct answer {
	unsigned calls;
	bool inside; /* called from inside http_start */
	struct err err;
	int status, version;
	char body[4096];
	size_t body_len, header_count;
	bool body_cut, head_whole;
	char content_type[64], seen_twice[64], address[64];
	int64_t retry_after_ms;
	struct http_timings timings;
	struct tls_certificate tls;
};

struct client {
	struct loop *loop;
	struct resolver *resolver;
	struct http *http;
	char directory[64];
	unsigned pending;
	bool starting;
	struct answer answer;
};

static inline void
client_file(const struct client *c, char dst[256], const char *name)
{
	str_printf(dst, 256, "%s/%s", c->directory, name);
}

static inline void
client_open(struct client *c, const char *hosts)
{
	struct resolver_config config = {0};
	struct err err = ERR_INIT;
	char path[256];

	*c = (struct client){.loop = loop_new()};
	str_copy(c->directory, sizeof(c->directory), "/tmp/tocsin-http-XXXXXX");
	assert_non_null(mkdtemp(c->directory));
	client_file(c, path, "hosts");
	file_write(path, hosts);
	config.hosts_file = path;
	assert_int_equal(resolver_new(&c->resolver, c->loop, &config, &err), 0);
	assert_int_equal(http_new(&c->http, c->loop, c->resolver, &err), 0);
}

static inline void
client_close(struct client *c)
{
	char log[256];

	client_file(c, log, "log");
	http_free(c->http);
	resolver_free(c->resolver);
	loop_free(c->loop);
	RUN(log, "rm", "-r", c->directory);
}

static inline void
copy_header(
    char *dst, size_t size, const struct http_response *r, const char *name)
{
	const char *value = http_header(r, name);

	str_copy(dst, size, value != NULL ? value : "(none)");
}

static inline void
client_done(void *ctx, const struct http_response *r, const struct err *err)
{
	struct client *c = ctx;
	struct answer *a = &c->answer;
	size_t fits = r->body_len < sizeof(a->body) - 1 ? r->body_len
	                                                : sizeof(a->body) - 1;

	a->calls++;
	a->inside = c->starting;
	a->err = *err;
	a->status = r->status;
	a->version = r->version;
	memcpy(a->body, r->body, fits);
	a->body[fits] = '\0';
	assert_int_equal(r->body[r->body_len], '\0');
	a->body_len = r->body_len;
	a->body_cut = r->body_cut;
	a->head_whole = r->head_whole;
	a->header_count = r->header_count;
	copy_header(
	    a->content_type, sizeof(a->content_type), r, "content-type");
	copy_header(a->seen_twice, sizeof(a->seen_twice), r, "twice");
	a->retry_after_ms = http_retry_after_ms(r, 0);
	a->timings = r->timings;
	a->tls = r->tls;
	str_copy(a->address, sizeof(a->address), r->address);
	if (--c->pending == 0)
		loop_stop(c->loop);
}

/* What most tests ask with; change what matters. */
static inline struct http_request
request_of(const char *url)
{
	return (struct http_request){
	    .url = url, .timeout_ms = 20000, .max_body = 2048, .fresh = true};
}

static inline const struct answer *
client_ask(struct client *c, const struct http_request *request)
{
	memset(&c->answer, 0, sizeof(c->answer));
	c->pending = 1;
	c->starting = true;
	http_start(c->http, request, client_done, c);
	c->starting = false;
	loop_run(c->loop);
	assert_int_equal(c->answer.calls, 1);
	assert_false(c->answer.inside);
	assert_true(c->answer.timings.total_us >= 0);
	return &c->answer;
}

static inline const char *
peer_url(char dst[64], const struct peer *p)
{
	str_printf(dst, 64, "http://127.0.0.1:%u/", p->port);
	return dst;
}

/* One request to one script. */
static inline const struct answer *
client_play(struct client *c, const struct peer_step *script,
    struct http_request request)
{
	struct peer p;
	char url[64];
	const struct answer *a;

	peer_open(&p, c->loop, script);
	request.url = peer_url(url, &p);
	a = client_ask(c, &request);
	peer_shut(&p);
	return a;
}

#define assert_error(a, code_, part)                                           \
	do {                                                                   \
		assert_int_equal((a)->err.code, code_);                        \
		if (strstr((a)->err.text, part) == NULL)                       \
			fail_msg("\"%s\" does not say \"%s\"", (a)->err.text,  \
			    part);                                             \
	} while (0)

#endif
