#include "base/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "tests/unit/pki.h"

struct world {
	struct loop *loop;
	struct pki pki;
	char ca[256];
	unsigned calls;
	struct err err;
};

static int
setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->loop = loop_new();
	pki_make(&w->pki);
	pki_serve(&w->pki);
	pki_file(&w->pki, w->ca, "ca.pem");
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	loop_free(w->loop);
	pki_remove(&w->pki);
	test_free(w);
	return 0;
}

static int
connected(uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons(port);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void
on_handshake(void *ctx, const struct err *err)
{
	struct world *w = ctx;

	w->calls++;
	w->err = *err;
	loop_stop(w->loop);
}

static struct tls *
shake(struct world *w, int fd, struct tls_options options)
{
	struct tls *t;

	options.address = "127.0.0.1:1";
	options.timeout_ms =
	    options.timeout_ms == 0 ? 10000 : options.timeout_ms;
	w->calls = 0;
	t = tls_start(w->loop, fd, &options, on_handshake, w);
	assert_int_equal(w->calls, 0);
	loop_run(w->loop);
	assert_int_equal(w->calls, 1);
	return t;
}

static void
wake(void *ctx, int fd, unsigned ready)
{
	(void)fd;
	(void)ready;
	loop_stop(((struct world *)ctx)->loop);
}

static void
wait_for(struct world *w, const struct tls *t, int fd)
{
	struct loop_fd *watch =
	    loop_fd_new(w->loop, fd, tls_interest(t), wake, w);

	loop_run(w->loop);
	loop_fd_free(watch);
}

static void
talks(void **state)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	struct world *w = *state;
	int fd = connected(w->pki.ports[PKI_OTHER_NAME]);
	struct tls_options options = {
	    .host = "www.example.org", .ca_file = w->ca};
	struct tls *t = shake(w, fd, options);
	const struct tls_certificate *c = tls_certificate(t);
	char answer[2048];
	size_t got = 0;
	ssize_t n;

	assert_string_equal(w->err.text, "");
	assert_true(c->seen);
	assert_string_equal(c->verify_error, "");
	assert_string_equal(c->protocol, "TLSv1.3");
	assert_int_equal(tls_write(t, request, sizeof(request) - 1, &w->err),
	    sizeof(request) - 1);
	while ((n = tls_read(
		    t, answer + got, sizeof(answer) - 1 - got, &w->err)) != 0) {
		if (n == TLS_AGAIN)
			wait_for(w, t, fd);
		else if (n > 0)
			got += (size_t)n;
		else
			fail_msg("%s", w->err.text);
	}
	answer[got] = '\0';
	assert_true(str_starts(answer, "HTTP/1.1 200 OK"));
	tls_free(t);
	close(fd);
}

static void
judges_certificates(void **state)
{
	static const struct {
		enum pki_server server;
		const char *host, *text;
	} cases[] = {
	    {PKI_GOOD, "portal.example.org", ""},
	    {PKI_GOOD, "127.0.0.1", ""},
	    {PKI_GOOD, "127.0.0.2",
		"certificate is for portal.example.org and 1 more, not "
		"127.0.0.2"},
	    {PKI_OTHER_NAME, "portal.example.org",
		"certificate is for www.example.org and 2 more, not "
		"portal.example.org"},
	    {PKI_EXPIRED, "portal.example.org", "certificate expired "},
	    {PKI_SELF_SIGNED, "portal.example.org",
		"issuer unknown (self-signed)"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int lax = 0; lax < 2; lax++) {
			struct tls_options options = {.host = cases[i].host,
			    .ca_file = w->ca,
			    .unverified = lax};
			int fd = connected(w->pki.ports[cases[i].server]);
			struct tls *t = shake(w, fd, options);

			assert_true(tls_certificate(t)->seen);
			assert_true(str_starts(
			    tls_certificate(t)->verify_error, cases[i].text));
			assert_true(
			    str_starts(w->err.text, lax ? "" : cases[i].text));
			assert_int_equal(w->err.code,
			    lax || cases[i].text[0] == '\0' ? ERR_NONE
							    : ERR_TLS);
			tls_free(t);
			close(fd);
		}
	}
}

static void
shows_a_client_certificate(void **state)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	struct world *w = *state;
	int fd = connected(w->pki.ports[PKI_WANTS_CLIENT]);
	char cert[256], key[256], answer[2048];
	struct tls_options options = {.host = "portal.example.org",
	    .ca_file = w->ca,
	    .cert_file = pki_file(&w->pki, cert, "visitor.pem"),
	    .key_file = pki_file(&w->pki, key, "visitor.key")};
	struct tls *t = shake(w, fd, options);
	ssize_t n;

	assert_string_equal(w->err.text, "");
	tls_write(t, request, sizeof(request) - 1, &w->err);
	while (
	    (n = tls_read(t, answer, sizeof(answer) - 1, &w->err)) == TLS_AGAIN)
		wait_for(w, t, fd);
	assert_true(n > 0);
	answer[n] = '\0';
	assert_true(str_starts(answer, "HTTP/1.1 200 OK"));
	tls_free(t);

	options.key_file = pki_file(&w->pki, key, "good.key");
	t = shake(w, fd, options);
	assert_int_equal(w->err.code, ERR_CONFIG);
	assert_non_null(strstr(w->err.text, "key values mismatch"));
	tls_free(t);
	close(fd);
}

static void
says_why_there_is_no_handshake(void **state)
{
	static const struct peer_step closed[] = {
	    {.what = PEER_PAUSE, .ms = 20}, {.what = PEER_CLOSE}};
	static const struct peer_step plain[] = {
	    {.what = PEER_SEND, .text = "220 mail.example.org ESMTP\r\n"},
	    {.what = PEER_HOLD}};
	static const struct peer_step silent[] = {{.what = PEER_HOLD}};
	static const struct {
		const struct peer_step *script;
		enum err_code code;
		const char *text;
	} cases[] = {
	    {closed, ERR_TLS,
		"TLS handshake with 127.0.0.1:1 failed: connection closed"},
	    {plain, ERR_TLS,
		"TLS handshake with 127.0.0.1:1 failed: the server does not "
		"speak TLS there"},
	    {silent, ERR_TIMEOUT,
		"TLS handshake with 127.0.0.1:1 not done within 200 ms"},
	};
	struct world *w = *state;
	char byte;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_options options = {
		    .host = "portal.example.org", .timeout_ms = 200};
		struct peer p;
		struct tls *t;
		int fd;

		peer_open(&p, w->loop, cases[i].script);
		fd = connected(p.port);
		t = shake(w, fd, options);
		assert_int_equal(w->err.code, cases[i].code);
		if (!str_starts(w->err.text, cases[i].text))
			fail_msg("%s", w->err.text);
		assert_false(tls_certificate(t)->seen);
		assert_int_equal(tls_read(t, &byte, 1, &w->err), -1);
		tls_free(t);
		close(fd);
		peer_shut(&p);
	}
}

static void
never(void *ctx, const struct err *err)
{
	(void)ctx;
	(void)err;
	fail_msg("a freed connection came back");
}

static void
can_be_freed_any_time(void **state)
{
	static const struct peer_step silent[] = {{.what = PEER_HOLD}};
	struct tls_options options = {.host = "portal.example.org",
	    .address = "127.0.0.1:1",
	    .timeout_ms = 1};
	struct tls_options wrong = options;
	struct world *w = *state;
	struct peer p;
	int fd;

	peer_open(&p, w->loop, silent);
	fd = connected(p.port);
	tls_free(tls_start(w->loop, fd, &options, never, w));
	wrong.ca_file = "/nonexistent";
	tls_free(tls_start(w->loop, fd, &wrong, never, w));
	tls_free(NULL);
	close(fd);
	peer_shut(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(talks),
	    cmocka_unit_test(judges_certificates),
	    cmocka_unit_test(shows_a_client_certificate),
	    cmocka_unit_test(says_why_there_is_no_handshake),
	    cmocka_unit_test(can_be_freed_any_time),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
