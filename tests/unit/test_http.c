#include "base/http.h"

#include <time.h>

#include "base/clock.h"
#include "tests/unit/http_client.h"

static int
setup(void **state)
{
	struct client *c = test_calloc(1, sizeof(*c));

	client_open(c, "127.0.0.1 portal.example.org\n"
		       "127.0.0.2 two.example.org\n"
		       "127.0.0.1 two.example.org\n"
		       "192.168.0.1 mixed.example.org\n"
		       "127.0.0.1 mixed.example.org\n");
	*state = c;
	return 0;
}

static int
teardown(void **state)
{
	client_close(*state);
	test_free(*state);
	return 0;
}

#define OK_HEAD "HTTP/1.1 200 OK\r\n"

/* ---- answers as they should be ---- */

static void
gets_a_page(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND,
		.text = OK_HEAD "Content-Type: text/plain\r\nTwice: one\r\n"
				"TWICE: two\r\nContent-Length: 6\r\n"
				"Retry-After: 120\r\n\r\nhello\n"},
	    {.what = PEER_CLOSE},
	};
	const struct answer *a = client_play(*state, script, request_of(NULL));

	assert_int_equal(a->err.code, ERR_NONE);
	assert_int_equal(a->status, 200);
	assert_int_equal(a->version, 11);
	assert_string_equal(a->body, "hello\n");
	assert_int_equal(a->body_len, 6);
	assert_false(a->body_cut);
	assert_int_equal(a->header_count, 5);
	assert_string_equal(a->content_type, "text/plain");
	assert_string_equal(a->seen_twice, "one");
	assert_int_equal(a->retry_after_ms, 120000);
	assert_true(str_starts(a->address, "127.0.0.1:"));
	assert_int_equal(a->timings.resolve_us, -1);
	assert_true(a->timings.connect_us >= 0);
	assert_int_equal(a->timings.tls_us, -1);
	assert_true(a->timings.first_byte_us >= 0);
	assert_true(a->timings.transfer_us >= 0);
}

static void
says_what_was_asked_and_no_more(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "Content-Length: 0\r\n\r\n"},
	    {.what = PEER_CLOSE},
	};
	static const struct http_header headers[] = {
	    {"X-Key", "value"}, {"X-Empty", ""}, {"User-Agent", "me"}};
	struct client *c = *state;
	struct http_request request = request_of(NULL);
	char expected[256], url[64];
	struct peer p;

	peer_open(&p, c->loop, script);
	request.url = peer_url(url, &p);
	request.method = "PUT";
	request.body = "some body";
	request.body_len = 9;
	request.headers = headers;
	request.header_count = 3;
	request.bearer = "secret";
	assert_int_equal(client_ask(c, &request)->err.code, ERR_NONE);
	str_printf(expected, sizeof(expected),
	    "PUT / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: */*\r\n"
	    "X-Key: value\r\nX-Empty:\r\nUser-Agent: me\r\n"
	    "Connection: close\r\nAuthorization: Bearer secret\r\n"
	    "Content-Length: 9\r\n\r\nsome body",
	    p.port);
	assert_string_equal(p.request, expected);

	/* Handles are used again: nothing of it may stick. */
	request = request_of(url);
	assert_int_equal(client_ask(c, &request)->err.code, ERR_NONE);
	str_printf(expected, sizeof(expected),
	    "GET / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
	    "User-Agent: tocsin/" TOCSIN_VERSION "\r\nAccept: */*\r\n"
	    "Connection: close\r\n\r\n",
	    p.port);
	assert_string_equal(p.request, expected);

	request.method = "HEAD";
	request.user = "me";
	request.password = "it";
	request.fresh = false;
	assert_int_equal(client_ask(c, &request)->err.code, ERR_NONE);
	str_printf(expected, sizeof(expected),
	    "HEAD / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
	    "Authorization: Basic bWU6aXQ=\r\n"
	    "User-Agent: tocsin/" TOCSIN_VERSION "\r\nAccept: */*\r\n\r\n",
	    p.port);
	assert_string_equal(p.request, expected);
	peer_shut(&p);
}

static void
resolves_and_keeps_the_name(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "Content-Length: 0\r\n\r\n"},
	    {.what = PEER_CLOSE},
	};
	struct client *c = *state;
	struct http_request request;
	char url[64], host[64];
	struct peer p;
	const struct answer *a;

	peer_open(&p, c->loop, script);
	str_printf(url, sizeof(url), "http://portal.example.org:%u/", p.port);
	request = request_of(url);
	a = client_ask(c, &request);
	assert_int_equal(a->err.code, ERR_NONE);
	assert_true(a->timings.resolve_us >= 0);
	str_printf(
	    host, sizeof(host), "\r\nHost: portal.example.org:%u\r\n", p.port);
	assert_non_null(strstr(p.request, host));
	peer_shut(&p);
}

static void
passes_over_interim_answers(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND,
		.text = "HTTP/1.1 103 Early Hints\r\nTwice: not me\r\n\r\n"
			"HTTP/1.1 100 Continue\r\n\r\n"},
	    {.what = PEER_SEND,
		.text = "HTTP/1.1 204 No Content\r\nTwice: me\r\n\r\n"},
	    {.what = PEER_CLOSE},
	};
	const struct answer *a = client_play(*state, script, request_of(NULL));

	assert_int_equal(a->err.code, ERR_NONE);
	assert_int_equal(a->status, 204);
	assert_int_equal(a->header_count, 1);
	assert_string_equal(a->seen_twice, "me");
}

static void
takes_what_comes_in_bits(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_DRIP_IT,
		.text = OK_HEAD "Content-Type: text/plain;\r\n charset=utf-8"
				"\r\nTransfer-Encoding: chunked\r\n\r\n"
				"5\r\nhello\r\n0\r\nTwice: trailer\r\n\r\n",
		.ms = 1},
	    {.what = PEER_HOLD},
	};
	const struct answer *a = client_play(*state, script, request_of(NULL));

	assert_int_equal(a->err.code, ERR_NONE);
	assert_string_equal(a->body, "hello");
	assert_string_equal(a->seen_twice, "(none)");
	assert_true(str_starts(a->content_type, "text/plain;"));
	assert_true(str_ends(a->content_type, " charset=utf-8"));
}

static void
uses_a_connection_again_unless_fresh(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "Content-Length: 2\r\n\r\nok"},
	    {.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "Content-Length: 2\r\n\r\nok"},
	    {.what = PEER_HOLD},
	};
	struct client *c = *state;
	struct http_request request;
	char url[64];
	struct peer p;
	const struct answer *a;

	peer_open(&p, c->loop, script);
	request = request_of(peer_url(url, &p));
	request.fresh = false;
	client_ask(c, &request);
	a = client_ask(c, &request);
	assert_int_equal(a->err.code, ERR_NONE);
	assert_int_equal(p.connections, 1);
	assert_int_equal(a->timings.connect_us, -1);
	assert_true(str_starts(a->address, "127.0.0.1:"));

	request.fresh = true;
	a = client_ask(c, &request);
	assert_int_equal(p.connections, 2);
	assert_true(a->timings.connect_us >= 0);
	peer_shut(&p);
}

static void
does_not_follow_redirects(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND,
		.text = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/"
			"\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"},
	    {.what = PEER_CLOSE},
	};
	const struct answer *a = client_play(*state, script, request_of(NULL));

	assert_int_equal(a->err.code, ERR_NONE);
	assert_int_equal(a->status, 302);
}

/* ---- ceilings ---- */

static void
refuses_too_large_a_body(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "\r\n"},
	    {.what = PEER_FLOOD, .text = "0123456789abcdef0123456789abcdef"},
	};
	struct http_request request = request_of(NULL);
	const struct answer *a = client_play(*state, script, request);

	assert_error(a, ERR_FULL, "response body larger than 2 KiB");
	assert_int_equal(a->body_len, 2048);
	assert_true(a->body_cut);

	request.truncate = true;
	a = client_play(*state, script, request);
	assert_int_equal(a->err.code, ERR_NONE);
	assert_int_equal(a->status, 200);
	assert_int_equal(a->body_len, 2048);
	assert_true(a->body_cut);

	request.truncate = false;
	request.max_body = 1024 * 1024;
	a = client_play(*state, script, request);
	assert_error(a, ERR_FULL, "response body larger than 1 MiB");
}

static void
refuses_endless_headers(void **state)
{
	static const struct peer_step many[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD},
	    {.what = PEER_FLOOD, .text = "X-More: and more and more\r\n"},
	};
	static const struct peer_step one[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "X-Long: "},
	    {.what = PEER_FLOOD, .text = "and more and more"},
	};
	static const struct peer_step interim[] = {
	    {.what = PEER_READ},
	    {.what = PEER_FLOOD, .text = "HTTP/1.1 102 Wait\r\nA: b\r\n\r\n"},
	};
	const struct peer_step *const scripts[] = {many, one, interim};

	for (size_t i = 0; i < 3; i++) {
		const struct answer *a =
		    client_play(*state, scripts[i], request_of(NULL));

		assert_error(
		    a, ERR_FULL, "response headers larger than 64 KiB");
		assert_false(a->head_whole);
		assert_int_equal(a->status, scripts[i] == interim ? 0 : 200);
	}
}

/* ---- trouble ---- */

static void
says_that_nobody_listens(void **state)
{
	struct client *c = *state;
	uint16_t port = 0;
	int fd = peer_bind("127.0.0.1", SOCK_STREAM, &port);
	char url[64], text[64];
	struct http_request request;
	const struct answer *a;

	str_printf(url, sizeof(url), "http://127.0.0.1:%u/", port);
	request = request_of(url);
	a = client_ask(c, &request);
	str_printf(
	    text, sizeof(text), "connect to 127.0.0.1:%u refused after ", port);
	assert_error(a, ERR_REFUSED, text);
	assert_int_equal(a->status, 0);
	close(fd);
}

static void
tries_the_next_address(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "Content-Length: 0\r\n\r\n"},
	    {.what = PEER_CLOSE},
	};
	struct client *c = *state;
	struct http_request request;
	char url[64], address[64];
	struct peer p;
	const struct answer *a;

	peer_open(&p, c->loop, script);
	str_printf(url, sizeof(url), "http://two.example.org:%u/", p.port);
	request = request_of(url);
	a = client_ask(c, &request);
	assert_int_equal(a->err.code, ERR_NONE);
	str_printf(address, sizeof(address), "127.0.0.1:%u", p.port);
	assert_string_equal(a->address, address);
	peer_shut(&p);

	a = client_ask(c, &request);
	assert_error(a, ERR_REFUSED, "connect to 127.0.0.1:");
}

static void
leaves_a_silent_address_for_the_next(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "Content-Length: 0\r\n\r\n"},
	    {.what = PEER_CLOSE},
	};
	struct client *c = *state;
	struct http_request request;
	struct sockaddr_in in = {.sin_family = AF_INET};
	char url[64];
	struct peer p;
	const struct answer *a;
	int silent, fill[8];

	/* A full backlog swallows connection attempts without a word. */
	peer_open(&p, c->loop, script);
	silent = peer_bind("127.0.0.2", SOCK_STREAM, &p.port);
	assert_int_equal(listen(silent, 0), 0);
	inet_pton(AF_INET, "127.0.0.2", &in.sin_addr);
	in.sin_port = htons(p.port);
	for (size_t i = 0; i < 8; i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(fill[i], (struct sockaddr *)&in, sizeof(in));
	}
	str_printf(url, sizeof(url), "http://two.example.org:%u/", p.port);
	request = request_of(url);
	request.timeout_ms = 2000;
	a = client_ask(c, &request);
	assert_int_equal(a->err.code, ERR_NONE);
	assert_true(str_starts(a->address, "127.0.0.1:"));
	assert_true(a->timings.total_us >= 500000);

	/* And if that was the only one, it is a time-out. */
	str_printf(url, sizeof(url), "http://127.0.0.2:%u/", p.port);
	request.timeout_ms = 300;
	a = client_ask(c, &request);
	assert_error(a, ERR_TIMEOUT, "connect to 127.0.0.2:");
	assert_error(a, ERR_TIMEOUT, "timed out after 300 ms");
	for (size_t i = 0; i < 8; i++)
		close(fill[i]);
	close(silent);
	peer_shut(&p);
}

static void
tells_how_connections_break(void **state)
{
	static const struct peer_step closed[] = {
	    {.what = PEER_READ}, {.what = PEER_CLOSE}};
	static const struct peer_step reset[] = {
	    {.what = PEER_READ}, {.what = PEER_RESET}};
	static const struct peer_step half[] = {{.what = PEER_READ},
	    {.what = PEER_SEND,
		.text = OK_HEAD "Content-Length: 10\r\n\r\nhalf"},
	    {.what = PEER_CLOSE}};
	static const struct peer_step half_chunk[] = {{.what = PEER_READ},
	    {.what = PEER_SEND,
		.text = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhal"},
	    {.what = PEER_CLOSE}};
	static const struct peer_step half_head[] = {{.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "Content-"},
	    {.what = PEER_CLOSE}};
	static const struct peer_step interim[] = {{.what = PEER_READ},
	    {.what = PEER_SEND, .text = "HTTP/1.1 103 Early Hints\r\n\r\n"},
	    {.what = PEER_CLOSE}};
	static const struct {
		const struct peer_step *script;
		const char *text;
		bool head_whole;
		int status;
	} cases[] = {
	    {closed, "connection closed before the first byte after", false, 0},
	    {reset, "connection reset before the first byte after", false, 0},
	    {half, "closed in the middle of the response", true, 200},
	    {half_chunk, "closed in the middle of the response", true, 200},
	    {half_head, "closed in the middle of the response", false, 200},
	    {interim, "in the middle of the response", false, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct answer *a =
		    client_play(*state, cases[i].script, request_of(NULL));

		assert_error(a, ERR_PROTO, cases[i].text);
		assert_non_null(strstr(a->err.text, "127.0.0.1:"));
		assert_int_equal(a->head_whole, cases[i].head_whole);
		assert_int_equal(a->status, cases[i].status);
	}
}

static void
tells_what_is_not_http(void **state)
{
	static const char *const answers[] = {
	    "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
	    "hello\n",
	    "HTTP/1.1 abc\r\n\r\n",
	    OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
	    OK_HEAD "Content-Length: -5\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct peer_step script[] = {
		    {.what = PEER_READ},
		    {.what = PEER_SEND, .text = answers[i]},
		    {.what = PEER_CLOSE},
		};
		const struct answer *a =
		    client_play(*state, script, request_of(NULL));

		if (a->err.code == ERR_NONE)
			fail_msg("accepted: %s", answers[i]);
		assert_error(a, ERR_PROTO, "is not valid HTTP");
	}
}

static void
says_what_it_was_waiting_for(void **state)
{
	static const struct peer_step silent[] = {
	    {.what = PEER_READ}, {.what = PEER_HOLD}};
	static const struct peer_step slow_headers[] = {{.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD},
	    {.what = PEER_DRIP, .text = "A: b\r\n", .ms = 20}};
	static const struct peer_step slow_body[] = {{.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "\r\n"},
	    {.what = PEER_DRIP, .text = "x", .ms = 20}};
	static const struct {
		const struct peer_step *script;
		const char *text;
		int status;
	} cases[] = {
	    {silent, "no response within 250 ms (waiting for the first byte)",
		0},
	    {slow_headers, "response not complete within 250 ms", 200},
	    {slow_body, "response not complete within 250 ms", 200},
	};
	struct http_request request = request_of(NULL);

	request.timeout_ms = 250;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct answer *a =
		    client_play(*state, cases[i].script, request);

		assert_error(a, ERR_TIMEOUT, cases[i].text);
		assert_int_equal(a->status, cases[i].status);
	}
}

/* ---- policy ---- */

static void
obeys_the_address_policy(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "Content-Length: 0\r\n\r\n"},
	    {.what = PEER_CLOSE},
	};
	static const char *const local[] = {"127.0.0.1"};
	struct client *c = *state;
	struct netguard *strict = NULL, *lax = NULL;
	struct http_request request;
	struct peer p;
	char url[64];
	const struct answer *a;

	assert_int_equal(netguard_new(&strict, NULL, 0, NULL), 0);
	assert_int_equal(netguard_new(&lax, local, 1, NULL), 0);
	peer_open(&p, c->loop, script);
	request = request_of(peer_url(url, &p));
	request.guard = strict;
	a = client_ask(c, &request);
	assert_error(a, ERR_REFUSED, "127.0.0.1 is a loopback address");
	assert_int_equal(p.connections, 0);

	request.guard = lax;
	assert_int_equal(client_ask(c, &request)->err.code, ERR_NONE);

	/* One refused address among good ones refuses them all. */
	str_printf(url, sizeof(url), "http://mixed.example.org:%u/", p.port);
	a = client_ask(c, &request);
	assert_error(a, ERR_REFUSED,
	    "not connecting to mixed.example.org: 192.168.0.1 is a private");
	assert_int_equal(p.connections, 1);
	peer_shut(&p);
	netguard_free(strict);
	netguard_free(lax);
}

static void
refuses_bad_requests(void **state)
{
	static const struct http_header split[] = {{"X-A", "b\r\nX-C: d"}};
	static const struct http_header name[] = {{"X A", "b"}};
	struct client *c = *state;
	struct http_request request = request_of("http://127.0.0.1/");

	request.method = "GET /x HTTP/1.1\r\nHost: other\r\n\r\nGET";
	assert_error(client_ask(c, &request), ERR_INPUT, "method");
	request = request_of("http://127.0.0.1/");
	request.headers = split;
	request.header_count = 1;
	assert_error(client_ask(c, &request), ERR_INPUT, "line break");
	request.headers = name;
	assert_error(client_ask(c, &request), ERR_INPUT, "not a word");
	request = request_of("http://127.0.0.1/");
	request.bearer = "a\nb";
	assert_error(client_ask(c, &request), ERR_INPUT, "line break");
	request = request_of("https://127.0.0.1/");
	request.ca_file = "/nonexistent/ca.pem";
	assert_error(client_ask(c, &request), ERR_CONFIG, "/nonexistent");
	request = request_of("http://127.0.0.1/");
	request.family = AF_INET6;
	assert_error(client_ask(c, &request), ERR_INPUT,
	    "127.0.0.1 is not an IPv6 address");
	request = request_of("gopher://127.0.0.1/");
	assert_error(client_ask(c, &request), ERR_INPUT, "http://");
}

static void
ignores_proxies_of_the_environment(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "Content-Length: 0\r\n\r\n"},
	    {.what = PEER_CLOSE},
	};
	const struct answer *a;

	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
	a = client_play(*state, script, request_of(NULL));
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	assert_int_equal(a->err.code, ERR_NONE);
}

/* ---- lifetimes ---- */

static void
never(void *ctx, const struct http_response *response, const struct err *err)
{
	(void)ctx;
	(void)response;
	(void)err;
	fail_msg("a cancelled call came back");
}

static void
stop_loop(void *ctx)
{
	loop_stop(((struct client *)ctx)->loop);
}

static void
can_be_cancelled_any_time(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_SEND, .text = OK_HEAD "Content-Length: 9\r\n\r\n"},
	    {.what = PEER_HOLD},
	};
	struct client *c = *state;
	struct loop_timer *timer = loop_timer_new(c->loop, stop_loop, c);
	struct http_request request;
	struct http_call *call;
	char url[64];
	struct peer p;

	peer_open(&p, c->loop, script);
	request = request_of(peer_url(url, &p));
	http_cancel(http_start(c->http, &request, never, c));
	for (int ms = 0; ms < 40; ms += 4) {
		call = http_start(c->http, &request, never, c);
		loop_timer_arm_ms(timer, ms);
		loop_run(c->loop);
		http_cancel(call);
	}
	request.url = "http://no such url/";
	http_cancel(http_start(c->http, &request, never, c));
	request.url = "http://portal.example.org:1/";
	http_cancel(http_start(c->http, &request, never, c));
	/* What is under way when the client goes, goes with it. */
	request.url = url;
	http_start(c->http, &request, never, c);
	loop_timer_arm_ms(timer, 5);
	loop_run(c->loop);
	loop_timer_free(timer);
	http_free(c->http);
	peer_shut(&p);
	assert_int_equal(http_new(&c->http, c->loop, c->resolver, NULL), 0);
}

static void
runs_many_at_once(void **state)
{
	static const struct peer_step script[] = {
	    {.what = PEER_READ},
	    {.what = PEER_PAUSE, .ms = 20},
	    {.what = PEER_SEND, .text = OK_HEAD "Content-Length: 0\r\n\r\n"},
	    {.what = PEER_CLOSE},
	};
	struct client *c = *state;
	struct http_request request;
	char url[64];
	struct peer p;

	peer_open(&p, c->loop, script);
	request = request_of(peer_url(url, &p));
	c->pending = 60; /* within the peer's backlog */
	memset(&c->answer, 0, sizeof(c->answer));
	for (int i = 0; i < 60; i++)
		http_start(c->http, &request, client_done, c);
	loop_run(c->loop);
	assert_int_equal(c->answer.calls, 60);
	assert_int_equal(c->answer.err.code, ERR_NONE);
	assert_int_equal(p.connections, 60);
	peer_shut(&p);
}

/* ---- Retry-After ---- */

static void
reads_retry_after(void **state)
{
	static const struct {
		const char *value;
		int64_t ms;
	} cases[] = {
	    {"0", 0},
	    {"120", 120000},
	    {"Fri, 31 Dec 1999 23:59:59 GMT", 59000},
	    {"Fri, 31 Dec 1999 23:58:59 GMT", 0}, /* past */
	    {"-1", -1},
	    {"1.5", -1},
	    {"soon", -1},
	    {"99999999999999999999", INT64_C(1000) * INT32_MAX},
	    {"", -1},
	};
	int64_t now_ms;

	(void)state;
	assert_int_equal(
	    clock_parse_rfc3339("1999-12-31T23:59:00Z", &now_ms), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_header header = {"retry-after", cases[i].value};
		struct http_response r = {
		    .headers = &header, .header_count = 1};

		assert_int_equal(http_retry_after_ms(&r, now_ms), cases[i].ms);
	}
	assert_int_equal(
	    http_retry_after_ms(&(struct http_response){0}, now_ms), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gets_a_page),
	    cmocka_unit_test(says_what_was_asked_and_no_more),
	    cmocka_unit_test(resolves_and_keeps_the_name),
	    cmocka_unit_test(passes_over_interim_answers),
	    cmocka_unit_test(takes_what_comes_in_bits),
	    cmocka_unit_test(uses_a_connection_again_unless_fresh),
	    cmocka_unit_test(does_not_follow_redirects),
	    cmocka_unit_test(refuses_too_large_a_body),
	    cmocka_unit_test(refuses_endless_headers),
	    cmocka_unit_test(says_that_nobody_listens),
	    cmocka_unit_test(tries_the_next_address),
	    cmocka_unit_test(leaves_a_silent_address_for_the_next),
	    cmocka_unit_test(tells_how_connections_break),
	    cmocka_unit_test(tells_what_is_not_http),
	    cmocka_unit_test(says_what_it_was_waiting_for),
	    cmocka_unit_test(obeys_the_address_policy),
	    cmocka_unit_test(refuses_bad_requests),
	    cmocka_unit_test(ignores_proxies_of_the_environment),
	    cmocka_unit_test(can_be_cancelled_any_time),
	    cmocka_unit_test(runs_many_at_once),
	    cmocka_unit_test(reads_retry_after),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
