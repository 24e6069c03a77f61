/*
 * libesmtp 1.1.0, inside a fence that its known defects make necessary:
 * - It has no total deadline, and connect() blocks: a connection was tried
 *   before, it is given a numeric address, and base/cutoff.c, armed by the
 *   caller, shuts its sockets down when the time is up.
 * - Over TLS 1.3 it hangs when the server's session tickets arrive (the socket
 *   is readable, no answer is in them), so TLS 1.2 is the most we offer.
 * - It uses a freed SSL_CTX in its second session unless it is given one, and
 *   sends no SNI: every session gets a context of ours that does both, and
 *   that checks the certificate for the configured name during the handshake.
 * - It takes plaintext behind the answer to STARTTLS for the answer to the next
 *   command: the dialogue is followed, and cut when that happens.
 * - It reports success for failures: only 2xx replies to the mail and to every
 *   recipient count.
 */
#include "alerting/email.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stddef.h>
#include <string.h>

#include <auth-client.h>
#include <libesmtp.h>

#include "base/clock.h"
#include "base/cutoff.h"
#include "base/netguard.h"
#include "base/str.h"
#include "base/tls_verify.h"

struct esmtp { /* one session */
	struct email_session *s;
	bool mail_given;
	SSL_CTX *tls;
	char tls_trouble[200];
	/* libesmtp's handles */
	smtp_session_t session;
	smtp_message_t message;
	smtp_recipient_t recipients[EMAIL_RECIPIENTS_MAX];
	auth_context_t auth;
};

/* Certificates */

static int
judged(int fine, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct esmtp *e = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (!fine && e->tls_trouble[0] == '\0')
		str_printf(e->tls_trouble, sizeof(e->tls_trouble),
		    "the server's certificate is not trusted for %s: %s",
		    e->s->server->host,
		    X509_verify_cert_error_string(
			X509_STORE_CTX_get_error(store)));
	return fine;
}

/* The only moment at which libesmtp's SSL can be given the name to ask for. */
static void
put_sni(const SSL *ssl, int where, int ret)
{
	struct esmtp *e = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	(void)ret;
	if ((where & SSL_CB_HANDSHAKE_START) != 0) /* neither is changed */
		SSL_set_tlsext_host_name((SSL *)(uintptr_t)ssl,
		    (char *)(uintptr_t)e->s->server->host);
}

static bool
is_numeric(const char *host)
{
	struct in6_addr a;

	return inet_pton(AF_INET, host, &a) == 1 ||
	       inet_pton(AF_INET6, host, &a) == 1;
}

static int
make_tls(struct esmtp *e, struct err *err)
{
	X509_STORE *store = tls_store(e->s->config->ca_file, err);
	const char *host = e->s->server->host;
	X509_VERIFY_PARAM *param;
	int fine;

	if (store == NULL)
		return err_wrap(err, "reading CA certificates");
	e->tls = SSL_CTX_new(TLS_client_method());
	if (e->tls == NULL)
		return err_set(err, ERR_TLS, "no TLS context");
	SSL_CTX_set_min_proto_version(e->tls, TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(e->tls, TLS1_2_VERSION);
	SSL_CTX_set1_cert_store(e->tls, store);
	SSL_CTX_set_app_data(e->tls, e);
	SSL_CTX_set_verify(e->tls, SSL_VERIFY_PEER, judged);
	param = SSL_CTX_get0_param(e->tls);
	if (is_numeric(host)) {
		fine = X509_VERIFY_PARAM_set1_ip_asc(param, host);
	} else {
		fine = X509_VERIFY_PARAM_set1_host(param, host, 0);
		SSL_CTX_set_info_callback(e->tls, put_sni);
	}
	if (fine != 1)
		return err_set(err, ERR_TLS, "cannot expect the name %s", host);
	return 0;
}

/* What libesmtp calls back */

static const char *
give_mail(void **ctx, int *len, void *arg)
{
	struct esmtp *e = arg;

	(void)ctx;
	if (len == NULL || e->mail_given) {
		e->mail_given = false; /* rewound, or over */
		if (len != NULL)
			*len = 0;
		return NULL;
	}
	e->mail_given = true;
	*len = (int)e->s->mail.len;
	return e->s->mail.data;
}

static void
follow(const char *data, int len, int writing, void *arg)
{
	struct esmtp *e = arg;

	/* What it still says once it was cut off tells nothing. */
	if (len <= 0 || clock_boot_ms() >= e->s->deadline_ms)
		return;
	if (writing == SMTP_CB_WRITING)
		smtp_trace_sent(&e->s->trace, data, (size_t)len);
	else if (writing == SMTP_CB_READING)
		smtp_trace_received(&e->s->trace, data, (size_t)len);
	if (e->s->trace.injected)
		cutoff_now();
	if (e->s->trace.may_have_mail &&
	    e->s->deadline_ms != e->s->mail_deadline_ms) {
		e->s->deadline_ms = e->s->mail_deadline_ms;
		cutoff_move(e->s->deadline_ms);
	}
}

static int
give_login(auth_client_request_t request, char **result, int fields, void *arg)
{
	const struct email_config *config = arg;

	for (int i = 0; i < fields; i++) {
		if ((request[i].flags & AUTH_PASS) != 0)
			result[i] = config->password;
		else if ((request[i].flags & AUTH_USER) != 0)
			result[i] = config->user ? config->user : config->from;
		else
			result[i] = NULL;
	}
	return 1;
}

/* The certificate was judged for the configured name during the handshake;
 * libesmtp compares it with the numeric address that it was given. */
static void
on_event(smtp_session_t session, int event, void *arg, ...)
{
	va_list ap;

	(void)session;
	if (event != SMTP_EV_WRONG_PEER_CERTIFICATE)
		return;
	va_start(ap, arg);
	*va_arg(ap, int *) = 1;
	va_end(ap);
}

/* The session */

static void
set_timeouts(smtp_session_t session, int64_t left_ms)
{
	static const int which[] = {Timeout_GREETING, Timeout_ENVELOPE,
	    Timeout_DATA, Timeout_TRANSFER, Timeout_DATA2};

	for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++)
		smtp_set_timeout(session,
		    which[i] | Timeout_OVERRIDE_RFC2822_MINIMUM,
		    left_ms > 1000 ? (long)left_ms : 1000);
}

static void
set_security(struct esmtp *e)
{
	static const enum starttls_option how[] = {
	    [EMAIL_STARTTLS_REQUIRED] = Starttls_REQUIRED,
	    [EMAIL_STARTTLS_OPTIONAL] = Starttls_ENABLED,
	    [EMAIL_STARTTLS_NONE] = Starttls_DISABLED,
	};

	smtp_starttls_enable(e->session, how[e->s->config->starttls]);
	smtp_starttls_set_ctx(e->session, e->tls);
	smtp_set_eventcb(e->session, on_event, e);
	smtp_set_monitorcb(e->session, follow, e, 0);
}

static void
copy_status(struct smtp_reply *to, const smtp_status_t *from)
{
	if (from == NULL || from->code <= 0)
		return;
	to->code = from->code;
	if (from->text != NULL)
		str_printable(to->text, sizeof(to->text), from->text,
		    strcspn(from->text, "\r\n"));
}

static void
prepare(struct esmtp *e, const char *where, const struct email_result *result)
{
	const struct email_config *config = e->s->config;

	e->session = smtp_create_session();
	e->message = smtp_add_message(e->session);
	smtp_set_server(e->session, where);
	if (config->helo != NULL)
		smtp_set_hostname(e->session, config->helo);
	smtp_set_reverse_path(e->message, config->from);
	smtp_set_messagecb(e->message, give_mail, e);
	for (size_t i = 0; i < result->count; i++)
		e->recipients[i] = smtp_add_recipient(
		    e->message, config->to.items[result->who[i]]);
	set_security(e);
	if (config->password == NULL)
		return;
	e->auth = auth_create_context();
	auth_set_mechanism_flags(e->auth, AUTH_PLUGIN_PLAIN, 0);
	auth_set_interact_cb(e->auth, give_login, (void *)(uintptr_t)config);
	smtp_auth_set_context(e->session, e->auth);
}

static void
collect(const struct esmtp *e, struct email_result *result)
{
	copy_status(&result->message, smtp_message_transfer_status(e->message));
	copy_status(&result->sender, smtp_reverse_path_status(e->message));
	for (size_t i = 0; i < result->count; i++)
		copy_status(&result->recipients[i],
		    smtp_recipient_status(e->recipients[i]));
}

static void
explain(const struct esmtp *e, struct email_result *result)
{
	const struct smtp_trace *trace = &e->s->trace;
	char why[128];

	result->distrusted = true;
	if (trace->injected)
		str_copy(result->trouble, sizeof(result->trouble),
		    "the server, or somebody on the way, sent plaintext behind "
		    "the answer to STARTTLS; nothing was sent");
	else if (e->tls_trouble[0] != '\0')
		str_copy(
		    result->trouble, sizeof(result->trouble), e->tls_trouble);
	else if (smtp_errno() == SMTP_ERR_EXTENSION_NOT_AVAILABLE)
		str_copy(result->trouble, sizeof(result->trouble),
		    "the server does not offer STARTTLS");
	else {
		result->distrusted = false;
		str_printf(result->trouble, sizeof(result->trouble),
		    "the session broke off at %s: %s", email_how_far(trace),
		    smtp_strerror(smtp_errno(), why, sizeof(why)));
	}
}

void
email_send_esmtp(struct email_session *s, const struct sockaddr_storage *peer,
    struct email_result *result)
{
	struct esmtp e = {.s = s};
	struct err err = ERR_INIT;
	char where[64];

	netguard_text(where, (const struct sockaddr *)peer);
	if (make_tls(&e, &err) < 0) {
		str_copy(result->trouble, sizeof(result->trouble), err.text);
		SSL_CTX_free(e.tls);
		return;
	}
	auth_client_init();
	prepare(&e, where, result);
	set_timeouts(e.session, s->mail_deadline_ms - clock_boot_ms());
	ERR_clear_error();
	smtp_start_session(e.session); /* its return value means nothing */
	explain(&e, result);
	collect(&e, result);
	smtp_destroy_session(e.session);
	if (e.auth != NULL)
		auth_destroy_context(e.auth);
	auth_client_exit();
	SSL_CTX_free(e.tls);
}
