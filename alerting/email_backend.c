#include "alerting/email.h"

#include "base/str.h"

static bool
wants_token(const struct email_config *config)
{
	return config->oauth_token != NULL || config->oauth_token_file != NULL;
}

enum email_backend
email_backend_first(const struct email_config *config,
    const struct email_server *server, bool avoid)
{
	if (config->backend == EMAIL_BACKEND_LIBESMTP)
		return EMAIL_BACKEND_LIBESMTP;
	if (config->backend == EMAIL_BACKEND_CURL || server->implicit_tls ||
	    wants_token(config) || avoid)
		return EMAIL_BACKEND_CURL;
	return EMAIL_BACKEND_LIBESMTP;
}

static bool
is_refusal(const struct smtp_reply *r)
{
	return r->code >= 400;
}

/* 500 to 504: it did not understand the command, so another dialect may do. */
static bool
is_misunderstanding(const struct smtp_reply *r)
{
	return r->code >= 500 && r->code <= 504;
}

bool
email_backend_may_switch(
    const struct email_result *result, const struct smtp_trace *trace)
{
	if (result->distrusted || trace->injected || trace->may_have_mail)
		return false;
	if (is_refusal(&result->sender) || is_refusal(&result->message) ||
	    result->message.code / 100 == 2)
		return false;
	for (size_t i = 0; i < result->count; i++)
		if (is_refusal(&result->recipients[i]))
			return false;
	return !is_refusal(&result->session) ||
	       is_misunderstanding(&result->session);
}
