#include "alerting/email.h"

#include <string.h>

#include "base/encode.h"
#include "base/smtp_curl.h"
#include "base/str.h"

#define CHALLENGE_MAX 200

/* Why a token is not taken stands in a challenge, which libcurl does not answer
 * (RFC 7628 section 3.2.2, and the same for XOAUTH2). */
static void
note_challenge(const struct smtp_trace *t, struct email_result *result)
{
	uint8_t text[CHALLENGE_MAX];
	int len = encode_base64_read(text, sizeof(text), t->challenge.text);

	if (!result->oauth || t->challenge.code == 0 ||
	    !str_eq(t->at, "AUTH") || result->message.code != 0)
		return;
	result->session.code = t->challenge.code;
	str_copy(result->session_verb, sizeof(result->session_verb), "AUTH");
	if (len > 0)
		str_printable(result->session.text,
		    sizeof(result->session.text), (const char *)text,
		    (size_t)len);
}

static void
collect(const struct smtp_trace *t, struct email_result *result)
{
	result->message = t->message;
	for (size_t i = 0; i < result->count; i++)
		result->recipients[i] = t->recipients[i];
	if (str_eq(t->refused_verb, "MAIL"))
		result->sender = t->refusal;
}

void
email_send_curl(struct email_session *s, int fd, struct email_result *result)
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
	    .bearer = s->token,
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
	result->oauth = s->token != NULL;
	if (smtp_curl_send(&mail, &s->trace, &err) < 0)
		str_printf(result->trouble, sizeof(result->trouble),
		    "the session broke off at %s: %s", email_how_far(&s->trace),
		    err.text);
	collect(&s->trace, result);
	note_challenge(&s->trace, result);
}
