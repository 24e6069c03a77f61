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
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define AVOID_MS     (60 * 60 * 1000) /* libesmtp, after it failed */
#define SWITCH_MS    250              /* less time is of no use to libcurl */
#define MAILS_MINUTE 10
#define MAILS_BURST  3

struct email {
	struct loop *loop;
	struct resolver *resolver;
	struct email_server server;
	struct email_served served;
	int64_t avoid_until_ms; /* boot clock: libcurl begins */
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

static void
email_traits(const void *config, struct channel_traits *out)
{
	(void)config;
	*out = (struct channel_traits){
	    .digests = true, .per_minute = MAILS_MINUTE, .burst = MAILS_BURST};
}

const char *
email_how_far(const struct smtp_trace *t)
{
	return t->at[0] != '\0' ? t->at : "greeting";
}

/* A refusal before MAIL; later ones stand with what they refused. */
static void
note_session(const struct smtp_trace *t, struct email_result *result)
{
	static const char *const before[] = {
	    "", "EHLO", "HELO", "STARTTLS", "AUTH", NULL};

	if (t->refusal.code == 0 || str_index(before, t->refused_verb) < 0 ||
	    result->session.code != 0)
		return;
	result->session = t->refusal;
	str_copy(result->session_verb, sizeof(result->session_verb),
	    t->refused_verb);
}

static void
speak(struct email_session *s, int fd, const struct sockaddr_storage *peer,
    struct email_result *result)
{
	if (s->backend == EMAIL_BACKEND_LIBESMTP &&
	    peer->ss_family != AF_INET) {
		if (s->config->backend == EMAIL_BACKEND_LIBESMTP) {
			close(fd);
			str_copy(result->trouble, sizeof(result->trouble),
			    "the server only answers over IPv6, which libesmtp "
			    "cannot; set backend: auto");
			return;
		}
		s->backend = EMAIL_BACKEND_CURL;
	}
	if (s->backend == EMAIL_BACKEND_CURL) {
		email_send_curl(s, fd, result);
		return;
	}
	close(fd); /* libesmtp makes its own */
	if (s->config->backend == EMAIL_BACKEND_AUTO) { /* leave libcurl some */
		s->deadline_ms -= (s->deadline_ms - clock_boot_ms()) / 2;
		cutoff_move(s->deadline_ms);
	}
	email_send_esmtp(s, peer, result);
}

static void
talk(struct email *e, struct email_session *s, struct email_result *result)
{
	struct sockaddr_storage peer;
	struct err err = ERR_INIT;
	int fd = email_reach(
	    e->loop, e->resolver, &e->server, s->mail_deadline_ms, &peer, &err);

	if (fd < 0) {
		str_copy(result->trouble, sizeof(result->trouble), err.text);
		result->distrusted = true; /* no library had a part in it */
		return;
	}
	speak(s, fd, &peer, result);
	if (!s->trace.injected && clock_boot_ms() >= s->deadline_ms)
		str_printf(result->trouble, sizeof(result->trouble),
		    "the server did not finish in time: no answer to %s",
		    email_how_far(&s->trace));
	note_session(&s->trace, result);
}

/* One session. Neither library keeps to a deadline: libesmtp knows none, and
 * libcurl waits two minutes for the answer to its QUIT after one has passed. */
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

/* Who gets it is the same; what was said is another session's. */
static void
forget(struct email_session *s, struct email_result *result)
{
	struct email_result fresh = {.count = result->count};

	memcpy(fresh.who, result->who, sizeof(fresh.who));
	*result = fresh;
	s->trace = (struct smtp_trace){.verb = ""};
}

/* The one library, and if that broke down the other, while there is time. */
static void
send_mail(struct email *e, struct email_session *s, struct email_result *result)
{
	bool may_switch;

	s->backend = email_backend_first(
	    s->config, &e->server, clock_boot_ms() < e->avoid_until_ms);
	converse(e, s, result);
	may_switch = s->config->backend == EMAIL_BACKEND_AUTO &&
	             email_backend_may_switch(result, &s->trace);
	if (s->backend == EMAIL_BACKEND_CURL) {
		if (may_switch) /* nor did libcurl: libesmtp next time */
			e->avoid_until_ms = 0;
		return;
	}
	if (!may_switch || clock_boot_ms() + SWITCH_MS > s->mail_deadline_ms)
		return;
	log_warn("libesmtp failed at %s: going on with libcurl",
	    email_how_far(&s->trace));
	s->backend = EMAIL_BACKEND_CURL;
	s->deadline_ms = s->mail_deadline_ms;
	forget(s, result);
	converse(e, s, result);
	if (result->message.code / 100 == 2)
		e->avoid_until_ms = clock_boot_ms() + AVOID_MS;
}

/* A token from a file is in no option, so nobody else would blot it out. */
static void
hide_token(char *token, char *detail)
{
	struct email_config shown = {.oauth_token = token};

	if (token != NULL)
		option_redact(email_options, &shown, detail);
}

static void
deliver(struct email *e, struct email_session *s, const struct message *m,
    struct receipt *r)
{
	const struct email_config *config = s->config;
	const struct mime_mail mail = {config->from, config->to.items,
	    config->to.count, config->subject_prefix};
	struct email_result result = {.count = 0};

	email_served_choose(&e->served, m->delivery, config->to.count, &result);
	if (result.count == 0) {
		receipt_set(r, RECEIPT_DELIVERED, 0, "everybody has it");
		return;
	}
	buf_init(&s->mail, MIME_MAX);
	mime_write(&s->mail, &mail, m);
	send_mail(e, s, &result);
	buf_fini(&s->mail);
	email_receipt(&result, &config->to, r);
	email_served_note(&e->served, m->delivery, &result, r->status);
}

static void
email_deliver(const void *data, void *state, const struct message *m,
    int64_t deadline_ms, struct receipt *r)
{
	struct email *e = state;
	struct email_session s = {.config = data,
	    .server = &e->server,
	    .deadline_ms = deadline_ms,
	    .mail_deadline_ms = deadline_ms};
	struct err err = ERR_INIT;
	char *token = NULL;

	if (m->lost) /* the worker before died: not by libesmtp again */
		e->avoid_until_ms = clock_boot_ms() + AVOID_MS;
	if (email_token_read(&token, s.config, &err) < 0) {
		receipt_set(r, RECEIPT_RETRY, 0, "%s", err.text);
		return;
	}
	s.token = token;
	deliver(e, &s, m, r);
	hide_token(token, r->detail);
	mem_free_secret(token);
}

const struct channel_kind channel_email = {
    .name = "email",
    .summary = "mail through a relay (SMTP with STARTTLS or TLS)",
    .options = email_options,
    .config_size = sizeof(struct email_config),
    .timeout_ms = 60000,
    .check = email_check,
    .open = email_open,
    .traits = email_traits,
    .deliver = email_deliver,
    .close = email_close,
};
