/*
 * What the parts of the e-mail kind share: its configuration, and the result of
 * one SMTP session.
 *   email.c          the kind: one delivery from message to receipt
 *   email_backend.c  which library speaks, and when the other may (pure)
 *   email_esmtp.c    the session of libesmtp
 *   email_curl.c     the session of libcurl, by base/smtp_curl.c
 *   email_options.c  options, the server's URL, rules across options
 *   email_reach.c    the server's name to a connection
 *   email_result.c   what a session's replies mean: the receipt (pure)
 *   email_served.c   who got a delivery already (pure)
 *   email_token.c    an OAuth token from its file
 *   mime.c           the mail itself (pure)
 */
#ifndef ALERTING_EMAIL_H
#define ALERTING_EMAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "alerting/channel.h"
#include "base/netguard.h"
#include "base/resolve.h"
#include "base/smtp_trace.h"

#define EMAIL_RECIPIENTS_MAX SMTP_RECIPIENTS_MAX

enum email_starttls {
	EMAIL_STARTTLS_REQUIRED,
	EMAIL_STARTTLS_OPTIONAL,
	EMAIL_STARTTLS_NONE
};

enum email_backend {
	EMAIL_BACKEND_AUTO, /* libesmtp where it can, libcurl else and after */
	EMAIL_BACKEND_LIBESMTP,
	EMAIL_BACKEND_CURL
};

struct email_config {
	char *server, *user, *password, *from, *ca_file, *helo, *subject_prefix;
	char *oauth_token, *oauth_token_file;
	struct option_list to, allow_addresses;
	int starttls; /* enum email_starttls */
	int backend;  /* enum email_backend */
};

extern const struct option email_options[];
int email_check(const void *config, struct err *err);

struct email_server {
	char host[256]; /* a name or a numeric address, without brackets */
	uint16_t port;
	bool implicit_tls;      /* smtps:// */
	struct netguard *guard; /* where it may be; NULL = public only */
};

int
email_server_read(struct email_server *out, const char *url, struct err *err);

struct email_result { /* of one session; code 0 = no reply */
	size_t count;
	size_t who[EMAIL_RECIPIENTS_MAX]; /* indices into config.to */
	struct smtp_reply recipients[EMAIL_RECIPIENTS_MAX];
	struct smtp_reply sender;  /* to MAIL */
	struct smtp_reply message; /* to the end of the mail */
	struct smtp_reply session; /* what ended it before MAIL, if anything */
	char session_verb[12];
	char trouble[300]; /* TLS, a timeout, a broken connection; or "" */
	bool distrusted;   /* trouble is our own verdict on the server */
	bool oauth;        /* a token was shown, no password */
};

/* Which library begins: LIBESMTP or CURL. `avoid` says that libesmtp failed
 * where libcurl did not, not long ago. */
enum email_backend email_backend_first(const struct email_config *config,
    const struct email_server *server, bool avoid);

/* May libcurl try at once after this session of libesmtp? Not after the
 * server's own refusal, which stands whoever speaks; not after our own verdict;
 * and not when the server may have the mail: then it is sent again later, with
 * the same Message-ID. */
bool email_backend_may_switch(
    const struct email_result *result, const struct smtp_trace *trace);

/* Is recipient i of the result provably served? */
bool email_is_served(const struct email_result *result, size_t i);

/*
 * Who got a delivery already, so that its next attempt is for the others only.
 * It lasts as long as this process; after that the same Message-ID must do.
 */
#define EMAIL_SERVED_MAX 32 /* deliveries that were partly served */
struct email_served {
	struct email_served_entry {
		char key[256];
		bool who[EMAIL_RECIPIENTS_MAX];
	} entries[EMAIL_SERVED_MAX];
	size_t next;
};
/* Fill result.who with those who lack the delivery. */
void email_served_choose(const struct email_served *served, const char *key,
    size_t to_count, struct email_result *result);
void email_served_note(struct email_served *served, const char *key,
    const struct email_result *result, enum receipt_status status);

struct email_session {
	const struct email_config *config;
	const struct email_server *server;
	const char *token; /* OAuth, or NULL */
	struct buf mail;
	/* Boot clock: of this session, and from when the mail is under way on:
	 * to cut there would leave in the dark who has it. */
	int64_t deadline_ms, mail_deadline_ms;
	enum email_backend backend; /* LIBESMTP or CURL */
	struct smtp_trace trace;
};

/* One session with an IPv4 address; blocks until done or the deadline. */
void email_send_esmtp(struct email_session *s,
    const struct sockaddr_storage *peer, struct email_result *result);

/* The same over a connection, which it takes. */
void
email_send_curl(struct email_session *s, int fd, struct email_result *result);

/* "greeting", "EHLO", …, "message": the last step that was begun. */
const char *email_how_far(const struct smtp_trace *trace);

/* A connection to the server, IPv4 before IPv6 (which libesmtp cannot be told),
 * if every address of its is allowed; -1 with err. Blocks; runs the loop. */
int email_reach(struct loop *loop, struct resolver *resolver,
    const struct email_server *server, int64_t deadline_ms,
    struct sockaddr_storage *peer, struct err *err);

void email_receipt(const struct email_result *s, const struct option_list *to,
    struct receipt *r);

/* The name of the mail in the server's queue, from its answer: "4F2A" from
 * "2.0.0 Ok: queued as 4F2A"; "" when there is none that we know. */
void email_queue_id(char *dst, size_t size, const char *answer);

/* The token to use now, from oauth_token or its file, which is read each time:
 * tokens last an hour, and others renew them. *out is the caller's
 * (mem_free_secret), NULL when none is configured. */
int email_token_read(
    char **out, const struct email_config *config, struct err *err);

#endif
