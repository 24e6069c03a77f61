/* base/http.c over TLS: trust, names, versions, client certificates. */
#include "base/clock.h"
#include "tests/unit/http_client.h"
#include "tests/unit/pki.h"

#define DAY_MS INT64_C(86400000)

struct world {
	struct client client;
	struct pki pki;
	char ca[256], url[128];
};

static int
setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	client_open(
	    &w->client, "127.0.0.1 portal.example.org visitor.example.org\n");
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

	client_close(&w->client);
	pki_remove(&w->pki);
	test_free(w);
	return 0;
}

static struct http_request
request_to(struct world *w, enum pki_server server, const char *host)
{
	struct http_request request = request_of(w->url);

	str_printf(w->url, sizeof(w->url), "https://%s:%u/", host,
	    w->pki.ports[server]);
	request.ca_file = w->ca;
	return request;
}

static void
speaks_http_2(void **state)
{
	struct world *w = *state;
	struct http_request request =
	    request_to(w, PKI_GOOD, "portal.example.org");
	const struct answer *a = client_ask(&w->client, &request);
	int64_t now_ms = clock_wall_ms();

	assert_string_equal(a->err.text, "");
	assert_int_equal(a->status, 200);
	assert_int_equal(a->version, 20);
	assert_string_equal(a->body, "HTTP/2.0 ");
	assert_true(a->timings.tls_us > 0);
	assert_true(a->tls.seen);
	assert_string_equal(a->tls.verify_error, "");
	assert_string_equal(a->tls.protocol, "TLSv1.3");
	assert_true(str_starts(a->tls.cipher, "TLS_"));
	assert_string_equal(a->tls.subject, "CN=good, O=Example Org");
	assert_string_equal(a->tls.issuer, "CN=Test Root, O=Test");
	assert_in_range(
	    a->tls.not_after_ms, now_ms + 19 * DAY_MS, now_ms + 21 * DAY_MS);
	assert_in_range(a->tls.not_before_ms, now_ms - DAY_MS, now_ms + DAY_MS);
	assert_int_equal(a->tls.chain_not_after_ms, a->tls.not_after_ms);

	request.version = HTTP_VERSION_1_1;
	a = client_ask(&w->client, &request);
	assert_int_equal(a->version, 11);
	assert_string_equal(a->body, "HTTP/1.1 ");
}

static void
accepts_a_numeric_name(void **state)
{
	struct world *w = *state;
	struct http_request request = request_to(w, PKI_GOOD, "127.0.0.1");
	const struct answer *a = client_ask(&w->client, &request);

	assert_string_equal(a->err.text, "");
	assert_int_equal(a->status, 200);
	request = request_to(w, PKI_OTHER_NAME, "127.0.0.1");
	a = client_ask(&w->client, &request);
	assert_error(a, ERR_TLS,
	    "certificate is for www.example.org and 2 more, not 127.0.0.1");
}

static void
says_what_is_wrong_with_a_certificate(void **state)
{
	static const struct {
		enum pki_server server;
		const char *text;
	} cases[] = {
	    {PKI_OTHER_NAME,
		"certificate is for www.example.org and 2 more, not "
		"portal.example.org"},
	    {PKI_EXPIRED, "certificate expired 1 day ago"},
	    {PKI_SELF_SIGNED, "issuer unknown (self-signed)"},
	    {PKI_UNKNOWN_CA,
		"issuer unknown: \"Strange Root\" is not a trusted CA, or "},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_request request =
		    request_to(w, cases[i].server, "portal.example.org");
		const struct answer *a = client_ask(&w->client, &request);

		assert_int_equal(a->status, 0);
		assert_true(a->tls.seen);
		assert_true(a->tls.not_after_ms > 0);
		assert_error(a, ERR_TLS, cases[i].text);
		assert_string_equal(a->err.text, a->tls.verify_error);
		assert_true(a->timings.connect_us >= 0);
		assert_int_equal(a->timings.tls_us, -1);

		/* The same, noted but not judged. */
		request.tls_unverified = true;
		a = client_ask(&w->client, &request);
		assert_string_equal(a->err.text, "");
		assert_int_equal(a->status, 200);
		assert_non_null(strstr(a->tls.verify_error, cases[i].text));
	}
}

static void
judges_time_by_our_clock(void **state)
{
	struct world *w = *state;
	struct http_request request =
	    request_to(w, PKI_GOOD, "portal.example.org");
	int64_t wall_ms = clock_wall_ms(), boot_ms = clock_boot_ms();
	const struct answer *a;

	clock_fake(wall_ms + 23 * DAY_MS, boot_ms);
	a = client_ask(&w->client, &request);
	assert_error(a, ERR_TLS, "certificate expired 3 days ago");
	clock_fake(wall_ms - 3 * DAY_MS, boot_ms);
	a = client_ask(&w->client, &request);
	clock_real();
	assert_error(a, ERR_TLS, "not valid yet: it begins in 3 days");
}

static void
trusts_only_the_given_file(void **state)
{
	struct world *w = *state;
	struct http_request request =
	    request_to(w, PKI_GOOD, "portal.example.org");
	char other[256];
	const struct answer *a;

	request.ca_file = pki_file(&w->pki, other, "ca2.pem");
	a = client_ask(&w->client, &request);
	assert_error(a, ERR_TLS, "issuer unknown");
	request.ca_file = pki_file(&w->pki, other, "good.key");
	a = client_ask(&w->client, &request);
	assert_error(a, ERR_CONFIG, "holds no CA certificates");

	/* A connection made under one set of CAs is not used under another. */
	request.fresh = false;
	request.ca_file = w->ca;
	assert_int_equal(client_ask(&w->client, &request)->status, 200);
	request.ca_file = pki_file(&w->pki, other, "ca2.pem");
	a = client_ask(&w->client, &request);
	assert_error(a, ERR_TLS, "issuer unknown");
}

static void
reads_a_changed_ca_file_again(void **state)
{
	struct world *w = *state;
	struct http_request request =
	    request_to(w, PKI_GOOD, "portal.example.org");
	char log[256], mine[256], other[256];

	pki_file(&w->pki, log, "log");
	pki_file(&w->pki, other, "ca2.pem");
	request.ca_file = pki_file(&w->pki, mine, "mine.pem");
	RUN(log, "cp", other, mine);
	assert_error(
	    client_ask(&w->client, &request), ERR_TLS, "issuer unknown");
	RUN(log, "cp", w->ca, mine);
	assert_int_equal(client_ask(&w->client, &request)->status, 200);
	RUN(log, "rm", mine);
	assert_error(client_ask(&w->client, &request), ERR_CONFIG, "mine.pem");
}

static void
finds_the_systems_cas(void **state)
{
	struct world *w = *state;
	struct http_request request =
	    request_to(w, PKI_GOOD, "portal.example.org");

	/* Nothing else in this program asked for them before. */
	setenv("SSL_CERT_FILE", w->ca, 1);
	unsetenv("SSL_CERT_DIR");
	request.ca_file = NULL;
	assert_int_equal(client_ask(&w->client, &request)->status, 200);
}

static void
notes_the_certificate_of_a_connection_used_again(void **state)
{
	struct world *w = *state;
	struct http_request request =
	    request_to(w, PKI_GOOD, "portal.example.org");
	const struct answer *a;

	request.fresh = false;
	assert_int_equal(client_ask(&w->client, &request)->status, 200);
	a = client_ask(&w->client, &request);
	assert_int_equal(a->timings.tls_us, -1);
	assert_true(a->tls.seen);
	assert_string_equal(a->tls.subject, "CN=good, O=Example Org");
}

static void
shows_a_client_certificate(void **state)
{
	struct world *w = *state;
	struct http_request request =
	    request_to(w, PKI_WANTS_CLIENT, "portal.example.org");
	char cert[256], key[256];
	const struct answer *a = client_ask(&w->client, &request);

	assert_int_equal(a->status, 400); /* nginx: "No required SSL …" */
	request.cert_file = pki_file(&w->pki, cert, "visitor.pem");
	request.key_file = pki_file(&w->pki, key, "visitor.key");
	a = client_ask(&w->client, &request);
	assert_int_equal(a->status, 200);
	assert_string_equal(a->body, "HTTP/1.1 CN=visitor,O=Example Org");

	request.key_file = pki_file(&w->pki, key, "good.key");
	a = client_ask(&w->client, &request);
	assert_error(a, ERR_CONFIG, "client certificate ");
}

static void
says_that_there_is_no_tls(void **state)
{
	static const struct peer_step closed[] = {
	    {.what = PEER_PAUSE, .ms = 20}, {.what = PEER_CLOSE}};
	static const struct peer_step reset[] = {{.what = PEER_RESET}};
	static const struct peer_step plain[] = {
	    {.what = PEER_SEND, .text = "HTTP/1.1 400 Bad Request\r\n\r\n"},
	    {.what = PEER_HOLD}};
	static const struct peer_step silent[] = {{.what = PEER_HOLD}};
	static const struct {
		const struct peer_step *script;
		enum err_code code;
		const char *text;
	} cases[] = {
	    {closed, ERR_TLS, "failed: connection closed after"},
	    {reset, ERR_TLS, "failed: connection reset after"},
	    {plain, ERR_TLS, "the server does not speak TLS there"},
	    {silent, ERR_TIMEOUT,
		"no response within 300 ms (TLS handshake with 127.0.0.1:"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_request request = request_of(w->url);
		struct peer p;

		peer_open(&p, w->client.loop, cases[i].script);
		str_printf(
		    w->url, sizeof(w->url), "https://127.0.0.1:%u/", p.port);
		request.timeout_ms = 300;
		assert_error(client_ask(&w->client, &request), cases[i].code,
		    cases[i].text);
		peer_shut(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(speaks_http_2),
	    cmocka_unit_test(accepts_a_numeric_name),
	    cmocka_unit_test(says_what_is_wrong_with_a_certificate),
	    cmocka_unit_test(judges_time_by_our_clock),
	    cmocka_unit_test(trusts_only_the_given_file),
	    cmocka_unit_test(reads_a_changed_ca_file_again),
	    cmocka_unit_test(finds_the_systems_cas),
	    cmocka_unit_test(notes_the_certificate_of_a_connection_used_again),
	    cmocka_unit_test(shows_a_client_certificate),
	    cmocka_unit_test(says_that_there_is_no_tls),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
