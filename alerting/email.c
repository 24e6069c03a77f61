/*
 * Alerts by e-mail (docs/channels/email.md). libesmtp 1.1.0 speaks SMTP here,
 * inside a fence that its known defects make necessary:
 * - It has no total deadline, and connect() blocks: the name is resolved and a
 *   connection tried first, it is given a numeric address, and base/cutoff.c
 *   shuts its sockets down when the time is up.
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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <auth-client.h>
#include <libesmtp.h>

#include "alerting/mime.h"
#include "base/clock.h"
#include "base/cutoff.h"
#include "base/mem.h"
#include "base/netguard.h"
#include "base/smtp_curl.h"
#include "base/str.h"
#include "base/tls_verify.h"

struct email {
	struct loop *loop;
	struct resolver *resolver;
	struct email_server server;
	struct email_served served;
};

struct session { /* of libesmtp */
	const struct email_config *config;
	const struct email_server *server;
	struct smtp_trace trace;
	struct buf mail;
	bool mail_given;
	SSL_CTX *tls;
	char tls_trouble[200];
};

static int
email_open(const void *data, struct loop *loop, void **state, struct err *err)
{
	const struct email_config *config = data;
	struct email *e = mem_alloc(sizeof(*e));

	e->loop = loop;
	if (email_server_read(&e->server, config->server, err) < 0 ||
	    resolver_new(&e->resolver, loop,
		&(struct resolver_config){.servers = NULL}, err) < 0) {
		free(e);
		return -1;
	}
	auth_client_init();
	*state = e;
	return 0;
}

/* Certificates */

static int
judged(int fine, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct session *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (!fine && s->tls_trouble[0] == '\0')
		str_printf(s->tls_trouble, sizeof(s->tls_trouble),
		    "the server's certificate is not trusted for %s: %s",
		    s->server->host,
		    X509_verify_cert_error_string(
			X509_STORE_CTX_get_error(store)));
	return fine;
}

/* The only moment at which libesmtp's SSL can be given the name to ask for. */
static void
put_sni(const SSL *ssl, int where, int ret)
{
	struct session *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	(void)ret;
	if ((where & SSL_CB_HANDSHAKE_START) != 0)
		SSL_set_tlsext_host_name(
		    (SSL *)(uintptr_t)ssl, s->server->host);
}

static bool
is_numeric(const char *host)
{
	struct in6_addr a;

	return inet_pton(AF_INET, host, &a) == 1 ||
	       inet_pton(AF_INET6, host, &a) == 1;
}

static int
make_tls(struct session *s, struct err *err)
{
	X509_STORE *store = tls_store(s->config->ca_file, err);
	const char *host = s->server->host;
	X509_VERIFY_PARAM *param;
	int fine;

	if (store == NULL)
		return err_wrap(err, "reading CA certificates");
	s->tls = SSL_CTX_new(TLS_client_method());
	if (s->tls == NULL)
		return err_set(err, ERR_TLS, "no TLS context");
	SSL_CTX_set_min_proto_version(s->tls, TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(s->tls, TLS1_2_VERSION);
	SSL_CTX_set1_cert_store(s->tls, store);
	SSL_CTX_set_app_data(s->tls, s);
	SSL_CTX_set_verify(s->tls, SSL_VERIFY_PEER, judged);
	param = SSL_CTX_get0_param(s->tls);
	if (is_numeric(host)) {
		fine = X509_VERIFY_PARAM_set1_ip_asc(param, host);
	} else {
		fine = X509_VERIFY_PARAM_set1_host(param, host, 0);
		SSL_CTX_set_info_callback(s->tls, put_sni);
	}
	if (fine != 1)
		return err_set(err, ERR_TLS, "cannot expect the name %s", host);
	return 0;
}

/* What libesmtp calls back */

static const char *
give_mail(void **ctx, int *len, void *arg)
{
	struct session *s = arg;

	(void)ctx;
	if (len == NULL || s->mail_given) {
		s->mail_given = false; /* rewound, or over */
		if (len != NULL)
			*len = 0;
		return NULL;
	}
	s->mail_given = true;
	*len = (int)s->mail.len;
	return s->mail.data;
}

static void
follow(const char *data, int len, int writing, void *arg)
{
	struct session *s = arg;

	if (len <= 0)
		return;
	if (writing == SMTP_CB_WRITING)
		smtp_trace_sent(&s->trace, data, (size_t)len);
	else if (writing == SMTP_CB_READING)
		smtp_trace_received(&s->trace, data, (size_t)len);
	if (s->trace.injected)
		cutoff_now();
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
set_security(smtp_session_t session, struct session *s)
{
	static const enum starttls_option how[] = {
	    [EMAIL_STARTTLS_REQUIRED] = Starttls_REQUIRED,
	    [EMAIL_STARTTLS_OPTIONAL] = Starttls_ENABLED,
	    [EMAIL_STARTTLS_NONE] = Starttls_DISABLED,
	};

	smtp_starttls_enable(session, how[s->config->starttls]);
	smtp_starttls_set_ctx(session, s->tls);
	smtp_set_eventcb(session, on_event, s);
	smtp_set_monitorcb(session, follow, s, 0);
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

struct esmtp { /* libesmtp's handles for one mail */
	smtp_session_t session;
	smtp_message_t message;
	smtp_recipient_t recipients[EMAIL_RECIPIENTS_MAX];
	auth_context_t auth;
};

static void
prepare(struct esmtp *h, struct session *s, const char *where,
    const struct email_result *result)
{
	const struct email_config *config = s->config;

	h->session = smtp_create_session();
	h->message = smtp_add_message(h->session);
	smtp_set_server(h->session, where);
	if (config->helo != NULL)
		smtp_set_hostname(h->session, config->helo);
	smtp_set_reverse_path(h->message, config->from);
	smtp_set_messagecb(h->message, give_mail, s);
	for (size_t i = 0; i < result->count; i++)
		h->recipients[i] = smtp_add_recipient(
		    h->message, config->to.items[result->who[i]]);
	set_security(h->session, s);
	if (config->password == NULL)
		return;
	h->auth = auth_create_context();
	auth_set_mechanism_flags(h->auth, AUTH_PLUGIN_PLAIN, 0);
	auth_set_interact_cb(h->auth, give_login, (void *)(uintptr_t)config);
	smtp_auth_set_context(h->session, h->auth);
}

static void
collect(const struct esmtp *h, struct email_result *result)
{
	copy_status(&result->message, smtp_message_transfer_status(h->message));
	copy_status(&result->sender, smtp_reverse_path_status(h->message));
	for (size_t i = 0; i < result->count; i++)
		copy_status(&result->recipients[i],
		    smtp_recipient_status(h->recipients[i]));
}

static void
explain(const struct session *s, bool cut, struct email_result *result)
{
	char why[128];
	const char *verb = s->trace.verb[0] ? s->trace.verb : "greeting";

	if (s->trace.injected)
		str_copy(result->trouble, sizeof(result->trouble),
		    "the server, or somebody on the way, sent plaintext behind "
		    "the answer to STARTTLS; nothing was sent");
	else if (s->tls_trouble[0] != '\0')
		str_copy(
		    result->trouble, sizeof(result->trouble), s->tls_trouble);
	else if (cut)
		str_printf(result->trouble, sizeof(result->trouble),
		    "the server did not finish in time; it was at %s", verb);
	else if (smtp_errno() == SMTP_ERR_EXTENSION_NOT_AVAILABLE)
		str_copy(result->trouble, sizeof(result->trouble),
		    "the server does not offer STARTTLS");
	else
		str_printf(result->trouble, sizeof(result->trouble),
		    "the session broke off at %s: %s", verb,
		    smtp_strerror(smtp_errno(), why, sizeof(why)));
}

static void
send_esmtp(struct session *s, const struct sockaddr_storage *peer,
    int64_t deadline_ms, struct email_result *result)
{
	struct esmtp h = {.auth = NULL};
	struct err err = ERR_INIT;
	char where[64];

	netguard_text(where, (const struct sockaddr *)peer);
	if (make_tls(s, &err) < 0 || cutoff_start(deadline_ms, &err) < 0) {
		str_copy(result->trouble, sizeof(result->trouble), err.text);
		SSL_CTX_free(s->tls);
		return;
	}
	prepare(&h, s, where, result);
	set_timeouts(h.session, deadline_ms - clock_boot_ms());
	ERR_clear_error();
	smtp_start_session(h.session); /* its return value means nothing */
	explain(s, cutoff_stop(), result);
	collect(&h, result);
	smtp_destroy_session(h.session);
	if (h.auth != NULL)
		auth_destroy_context(h.auth);
	SSL_CTX_free(s->tls);
}

static void
send_curl(
    struct session *s, int fd, int64_t deadline_ms, struct email_result *result)
{
	static const enum smtp_tls how[] = {
	    [EMAIL_STARTTLS_REQUIRED] = SMTP_TLS_STARTTLS,
	    [EMAIL_STARTTLS_OPTIONAL] = SMTP_TLS_MAYBE,
	    [EMAIL_STARTTLS_NONE] = SMTP_TLS_NONE,
	};
	const struct email_config *config = s->config;
	const char *to[EMAIL_RECIPIENTS_MAX];
	struct smtp_curl mail = {
	    .host = s->server->host,
	    .port = s->server->port,
	    .fd = fd,
	    .tls = s->server->implicit_tls ? SMTP_TLS_IMPLICIT
	                                   : how[config->starttls],
	    .ca_file = config->ca_file,
	    .helo = config->helo,
	    .user = config->user ? config->user : config->from,
	    .password = config->password,
	    .from = config->from,
	    .to = to,
	    .to_count = result->count,
	    .mail = s->mail.data,
	    .mail_len = s->mail.len,
	    .deadline_ms = deadline_ms,
	};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < result->count; i++)
		to[i] = config->to.items[result->who[i]];
	if (smtp_curl_send(&mail, &s->trace, &err) < 0)
		str_copy(result->trouble, sizeof(result->trouble), err.text);
	result->message = s->trace.message;
	for (size_t i = 0; i < result->count; i++)
		result->recipients[i] = s->trace.recipients[i];
	if (str_eq(s->trace.refused_verb, "MAIL"))
		result->sender = s->trace.refusal;
}

/* A refusal before MAIL; later ones stand with what they refused. */
static void
note_session(const struct smtp_trace *t, struct email_result *result)
{
	static const char *const before[] = {
	    "", "EHLO", "HELO", "STARTTLS", "AUTH", NULL};

	if (t->refusal.code == 0 || str_index(before, t->refused_verb) < 0)
		return;
	result->session = t->refusal;
	str_copy(result->session_verb, sizeof(result->session_verb),
	    t->refused_verb);
}

static void
converse(struct email *e, struct session *s, int64_t deadline_ms,
    struct email_result *result)
{
	struct sockaddr_storage peer;
	struct err err = ERR_INIT;
	int fd = email_reach(
	    e->loop, e->resolver, &e->server, deadline_ms, &peer, &err);

	if (fd < 0) {
		str_copy(result->trouble, sizeof(result->trouble), err.text);
		return;
	}
	if (e->server.implicit_tls || peer.ss_family != AF_INET) {
		send_curl(s, fd, deadline_ms, result);
	} else {
		close(fd); /* libesmtp makes its own */
		send_esmtp(s, &peer, deadline_ms, result);
	}
	note_session(&s->trace, result);
}

static void
email_deliver(const void *data, void *state, const struct message *m,
    int64_t deadline_ms, struct receipt *r)
{
	const struct email_config *config = data;
	struct email *e = state;
	struct session s = {.config = config, .server = &e->server};
	struct email_result result = {.count = 0};
	const struct mime_mail mail = {config->from, config->to.items,
	    config->to.count, config->subject_prefix};

	email_served_choose(&e->served, m->delivery, config->to.count, &result);
	if (result.count == 0) {
		receipt_set(r, RECEIPT_DELIVERED, 0, "everybody has it");
		return;
	}
	buf_init(&s.mail, MIME_MAX);
	mime_write(&s.mail, &mail, m);
	converse(e, &s, deadline_ms, &result);
	buf_fini(&s.mail);
	email_receipt(&result, &config->to, r);
	email_served_note(&e->served, m->delivery, &result, r->status);
}

const struct channel_kind channel_email = {
    .name = "email",
    .summary = "mail through a relay (SMTP with STARTTLS or TLS)",
    .options = email_options,
    .config_size = sizeof(struct email_config),
    .timeout_ms = 60000,
    .check = email_check,
    .open = email_open,
    .deliver = email_deliver,
};
