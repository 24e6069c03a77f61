#include "base/smtp_trace.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

#define VERB_DATA_END "message" /* what "." ends */

static const char *const verbs[] = {"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL",
    "RCPT", "DATA", "BDAT", "RSET", "QUIT", NULL};

/* The command a line begins with; NULL for anything else, such as the Base64
 * of a password, which must not be kept. */
static const char *
verb_of(const char *data, size_t len)
{
	for (size_t i = 0; verbs[i] != NULL; i++) {
		size_t n = strlen(verbs[i]);

		if (len > n && strncasecmp(data, verbs[i], n) == 0 &&
		    strchr(" \r\n", data[n]) != NULL)
			return verbs[i];
	}
	return NULL;
}

void
smtp_trace_sent(struct smtp_trace *t, const char *data, size_t len)
{
	const char *verb = t->in_mail ? NULL : verb_of(data, len);

	if (verb == NULL)
		return;
	str_copy(t->verb, sizeof(t->verb), verb);
	if (!str_eq(verb, "QUIT"))
		str_copy(t->at, sizeof(t->at), verb);
	t->starttls_open = false;
	t->line_len = 0;
	t->may_have_mail |= str_eq(verb, "BDAT");
	if (str_eq(verb, "RCPT") && t->recipient_count < SMTP_RECIPIENTS_MAX)
		t->recipient_count++;
}

static void
finish_reply(struct smtp_trace *t)
{
	struct smtp_reply *r = &t->now;

	t->last = *r;
	if (str_eq(t->verb, "RCPT")) {
		t->recipients[t->recipient_count - 1] = *r;
	} else if (r->code >= 400 && t->refusal.code == 0) {
		t->refusal = *r;
		str_copy(t->refused_verb, sizeof(t->refused_verb), t->verb);
	}
	if (str_eq(t->verb, VERB_DATA_END) ||
	    (str_eq(t->verb, "DATA") && r->code != 354))
		t->message = *r;
	t->in_mail = str_eq(t->verb, "DATA") && r->code == 354;
	if (t->in_mail) {
		str_copy(t->verb, sizeof(t->verb), VERB_DATA_END);
		str_copy(t->at, sizeof(t->at), VERB_DATA_END);
		t->may_have_mail = true;
	}
	if (str_eq(t->verb, "AUTH") && r->code == 334 && r->text[0] != '\0')
		t->challenge = *r;
	if (str_eq(t->verb, "STARTTLS") && r->code / 100 == 2)
		t->starttls_open = true;
	*r = (struct smtp_reply){0, ""};
}

static int
code_of(const char *line)
{
	int code = 0;

	for (int i = 0; i < 3; i++) {
		if (line[i] < '0' || line[i] > '9')
			return 0;
		code = code * 10 + (line[i] - '0');
	}
	return code;
}

static void
finish_line(struct smtp_trace *t)
{
	char whole[sizeof(t->now.text) + sizeof(t->line)];
	const char *text = t->line;

	t->line[t->line_len] = '\0';
	t->line_len = 0;
	t->now.code = code_of(t->line);
	if (t->now.code != 0)
		text += text[3] != '\0' ? 4 : 3;
	str_printf(whole, sizeof(whole), "%s%s%.*s", t->now.text,
	    t->now.text[0] ? " " : "", (int)strcspn(text, "\r\n"), text);
	str_printable(t->now.text, sizeof(t->now.text), whole, strlen(whole));
	if (t->now.code == 0 || t->line[3] != '-')
		finish_reply(t);
}

void
smtp_trace_received(struct smtp_trace *t, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (t->starttls_open)
			t->injected = true;
		if (t->line_len < sizeof(t->line) - 1)
			t->line[t->line_len++] = data[i];
		if (data[i] == '\n')
			finish_line(t);
	}
}
