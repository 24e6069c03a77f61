#include "alerting/email.h"

#include <string.h>

#include "base/check.h"
#include "base/str.h"

static bool
good(const struct smtp_reply *r)
{
	return r->code >= 200 && r->code < 300;
}

static bool
permanent(const struct smtp_reply *r)
{
	return r->code >= 500;
}

/* Refusals that a person mends in the configuration or at the relay while the
 * alert waits (RFC 4954, RFC 3207): not the mail's fault. */
static bool
about_login(const struct smtp_reply *r)
{
	return r->code == 530 || r->code == 534 || r->code == 535 ||
	       r->code == 538;
}

bool
email_is_served(const struct email_result *result, size_t i)
{
	return good(&result->message) && good(&result->recipients[i]);
}

static void
refused_session(const struct email_result *s, struct receipt *r)
{
	const char *hint = "";

	if (str_eq(s->session_verb, "AUTH") || about_login(&s->session))
		hint = s->oauth ? "; check the OAuth token, it may have "
		                  "expired"
		                : "; check user and password";
	receipt_set(r, RECEIPT_RETRY, s->session.code,
	    "the server answered %d %s to %s%s", s->session.code,
	    s->session.text,
	    s->session_verb[0] ? s->session_verb : "our connection", hint);
}

static void
refused_mail(
    const struct smtp_reply *reply, const char *what, struct receipt *r)
{
	bool never = permanent(reply) && !about_login(reply);

	receipt_set(r, never ? RECEIPT_REJECTED : RECEIPT_RETRY, reply->code,
	    "the server answered %d %s to %s%s", reply->code, reply->text, what,
	    about_login(reply) ? "; check user and password" : "");
}

/* Not everybody was accepted. Whoever was is served, if the mail was taken. */
static void
refused_some(const struct email_result *s, const struct option_list *to,
    struct receipt *r)
{
	size_t served = to->count - s->count, again = 0; /* and before */
	size_t worst = s->count; /* a refusal for now before one for good */
	const struct smtp_reply *reply;

	for (size_t i = 0; i < s->count; i++) {
		reply = &s->recipients[i];
		served += email_is_served(s, i);
		if (good(reply))
			continue;
		again += !permanent(reply) || about_login(reply);
		if (worst == s->count ||
		    (permanent(&s->recipients[worst]) && !permanent(reply)))
			worst = i;
	}
	CHECK(worst < s->count); /* the caller saw that some were refused */
	reply = &s->recipients[worst];
	receipt_set(r, again > 0 ? RECEIPT_RETRY : RECEIPT_REJECTED,
	    reply->code,
	    "%s: the server answered %d %s (%zu of %zu addresses have it)",
	    to->items[s->who[worst]], reply->code, reply->text, served,
	    to->count);
}

static bool
all_accepted(const struct email_result *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!good(&s->recipients[i]))
			return false;
	return true;
}

static bool
any_accepted(const struct email_result *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (good(&s->recipients[i]))
			return true;
	return false;
}

static bool
any_refused(const struct email_result *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->recipients[i].code >= 400)
			return true;
	return false;
}

void
email_receipt(const struct email_result *s, const struct option_list *to,
    struct receipt *r)
{
	email_queue_id(r->remote_id, sizeof(r->remote_id),
	    good(&s->message) ? s->message.text : "");
	if (good(&s->message) && all_accepted(s))
		receipt_set(r, RECEIPT_DELIVERED, s->message.code, "%d %s",
		    s->message.code, s->message.text);
	else if (str_eq(s->session_verb, "AUTH") && !good(&s->message))
		refused_session(s, r); /* it explains every later refusal */
	else if (s->sender.code >= 400)
		refused_mail(&s->sender, "our sender address", r);
	else if (any_refused(s) && !any_accepted(s))
		refused_some(s, to, r);
	else if (s->message.code >= 400)
		refused_mail(&s->message, "the mail", r);
	else if (any_refused(s) && good(&s->message))
		refused_some(s, to, r);
	else if (s->session.code >= 400)
		refused_session(s, r);
	else
		receipt_set(r, RECEIPT_RETRY, 0, "%s",
		    s->trouble[0] ? s->trouble
				  : "the session ended without an answer to "
				    "the mail; it may have arrived");
}

/* What stands before or behind it, by server: Postfix; Exim; Exchange; Amazon
 * SES; sendmail and OpenSMTPD; Gmail. */
static const struct queue_place {
	const char *before, *behind;
	size_t least; /* shorter words are none */
} queue_places[] = {
    {"queued as ", NULL, 1},
    {"InternalId=", NULL, 1},
    {"id=", NULL, 1},
    {NULL, " Message accepted", 1},
    {NULL, " - gsmtp", 1},
    {"Ok ", NULL, 20},
};

static bool
is_queue_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._@", c) != NULL);
}

static size_t
queue_word(const char **word, const char *answer, const struct queue_place *p)
{
	const char *at = strstr(answer, p->before ? p->before : p->behind);
	size_t len = 0;

	if (at == NULL)
		return 0;
	if (p->before != NULL) {
		at += strlen(p->before);
		while (is_queue_char(at[len]))
			len++;
		while (len > 0 && at[len - 1] == '.') /* a full stop */
			len--;
	} else {
		while (at > answer && is_queue_char(at[-1])) {
			at--;
			len++;
		}
	}
	*word = at;
	return len >= p->least ? len : 0;
}

void
email_queue_id(char *dst, size_t size, const char *answer)
{
	dst[0] = '\0';
	for (size_t i = 0; i < sizeof(queue_places) / sizeof(queue_places[0]);
	     i++) {
		const char *word = "";
		size_t len = queue_word(&word, answer, &queue_places[i]);

		if (len > 0 && len < size) {
			memcpy(dst, word, len);
			dst[len] = '\0';
			return;
		}
	}
}
