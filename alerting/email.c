/*
 * Alerts by e-mail (docs/channels/email.md): one delivery from message to
 * receipt.
 */
#include "alerting/email.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alerting/mime.h"
#include "base/clock.h"
#include "base/cutoff.h"
#include "base/mem.h"
#include "base/smtp_curl.h"
#include "base/str.h"

struct email {
	struct loop *loop;
	struct resolver *resolver;
	struct email_server server;
	struct email_served served;
};

static int
email_open(const void *data, struct loop *loop, void **state, struct err *err)
{
	const struct email_config *config = data;
	struct email *e = mem_alloc(sizeof(*e));

	e->loop = loop;
	if (email_server_read(&e->server, config->server, err) < 0 ||
	    netguard_new(&e->server.guard,
		(const char *const *)config->allow_addresses.items,
		config->allow_addresses.count, err) < 0 ||
	    resolver_new(&e->resolver, loop,
		&(struct resolver_config){.servers = NULL}, err) < 0) {
		netguard_free(e->server.guard);
		free(e);
		return -1;
	}
	*state = e;
	return 0;
}

static void
email_close(void *state)
{
	struct email *e = state;

	resolver_free(e->resolver);
	netguard_free(e->server.guard);
	free(e);
}

static const char *
how_far(const struct smtp_trace *t)
{
	return t->at[0] != '\0' ? t->at : "greeting";
}

static void
send_curl(struct email_session *s, int fd, struct email_result *result)
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
	    .deadline_ms = s->deadline_ms,
	};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < result->count; i++)
		to[i] = config->to.items[result->who[i]];
	if (smtp_curl_send(&mail, &s->trace, &err) < 0)
		str_printf(result->trouble, sizeof(result->trouble),
		    "the session broke off at %s: %s", how_far(&s->trace),
		    err.text);
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
talk(struct email *e, struct email_session *s, struct email_result *result)
{
	struct sockaddr_storage peer;
	struct err err = ERR_INIT;
	int fd = email_reach(
	    e->loop, e->resolver, &e->server, s->deadline_ms, &peer, &err);

	if (fd < 0) {
		str_copy(result->trouble, sizeof(result->trouble), err.text);
		return;
	}
	if (e->server.implicit_tls || peer.ss_family != AF_INET) {
		send_curl(s, fd, result);
	} else {
		close(fd); /* libesmtp makes its own */
		email_send_esmtp(s, &peer, result);
	}
	if (!s->trace.injected && clock_boot_ms() >= s->deadline_ms)
		str_printf(result->trouble, sizeof(result->trouble),
		    "the server did not finish in time: no answer to %s",
		    how_far(&s->trace));
	note_session(&s->trace, result);
}

/* Neither library keeps to a deadline: libesmtp knows none, and libcurl waits
 * two minutes for the answer to its QUIT after one has passed. */
static void
converse(struct email *e, struct email_session *s, struct email_result *result)
{
	struct err err = ERR_INIT;

	if (cutoff_start(s->deadline_ms, &err) < 0) {
		str_copy(result->trouble, sizeof(result->trouble), err.text);
		return;
	}
	talk(e, s, result);
	cutoff_stop();
}

static void
email_deliver(const void *data, void *state, const struct message *m,
    int64_t deadline_ms, struct receipt *r)
{
	const struct email_config *config = data;
	struct email *e = state;
	struct email_session s = {
	    .config = config, .server = &e->server, .deadline_ms = deadline_ms};
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
	converse(e, &s, &result);
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
    .close = email_close,
};
