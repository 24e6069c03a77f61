/*
 * The formats of the webhook channel: how a message is said to a service, and
 * what the service's answer means. One pure file a format
 * (webhook_<format>.c), one row each in webhook_formats.c; webhook.c sends.
 */
#ifndef ALERTING_WEBHOOK_FORMATS_H
#define ALERTING_WEBHOOK_FORMATS_H

#include "alerting/channel.h"
#include "alerting/post.h"

enum webhook_format_id {
	WEBHOOK_STANDARD,
	WEBHOOK_SLACK,
	WEBHOOK_TEAMS,
	WEBHOOK_DISCORD,
	WEBHOOK_PAGERDUTY,
	WEBHOOK_OPSGENIE,
	WEBHOOK_ALERTMANAGER,
	WEBHOOK_CLOUDEVENTS,
	WEBHOOK_TEMPLATE,
};
#define WEBHOOK_FORMAT_COUNT 9
extern const char *const webhook_format_names[]; /* NULL-ended */

struct webhook_config {
	int format; /* enum webhook_format_id */
	char *url, *ca_file;
	struct option_map headers;
	struct option_list allow_addresses;
	bool allow_http;
	/* standard, cloudevents, template */
	char *secret, *previous_secret;
	/* pagerduty, opsgenie */
	char *routing_key, *api_key;
	/* alertmanager */
	struct option_list members;
	int64_t resolve_timeout_ms; /* 0 = WEBHOOK_RESOLVE_TIMEOUT_MS */
	/* template */
	char *template, *content_type;
	int escape, method; /* places in their words; 0 = not said */
};

#define WEBHOOK_RESOLVE_TIMEOUT_MS 300000

/* One delivery: everything that composing may depend on. */
struct webhook_job {
	const struct webhook_config *config;
	const struct message *message;
	const char *id; /* the delivery's key, without dots and spaces */
	int64_t now_ms; /* wall clock */
};

#define WEBHOOK_URL_MAX 4096

struct webhook_request {
	const char *method; /* preset: POST */
	char url[WEBHOOK_URL_MAX];
	const char *content_type; /* preset: application/json */
	char authorization[300];  /* the header's value; "" = none; a secret */
	char *body;               /* allocated; freed by the caller */
};

struct webhook_format {
	const char *url; /* where, unless the configuration says; or NULL */
	struct channel_traits traits;
	/* What of them depends on the options; NULL = nothing. */
	void (*set_traits)(
	    const struct webhook_config *config, struct channel_traits *out);
	bool is_signed; /* may have a secret, for Standard Webhooks' headers */
	/* How many requests make this delivery? NULL = 1. Where the service has
	 * nothing that this event could become: 0, and *why is set. */
	size_t (*steps)(const struct webhook_job *job, const char **why);
	/* Of several requests, is one that arrives enough? Else all must. */
	bool any_will_do;
	/* Rules of this format alone, or NULL. Errors start with the key. */
	int (*check)(const struct webhook_config *config, struct err *err);
	/* Request number `step`, from 0. */
	void (*compose)(const struct webhook_job *job, size_t step,
	    struct webhook_request *request);
	/* Headers of answers that understand() reads as answer->kept; NULL =
	 * none (post_keep()). */
	const char *const *keep;
	/* NULL = post_receipt() alone. */
	void (*understand)(const struct post_answer *answer, struct receipt *r);
};
extern const struct webhook_format *const webhook_formats[];

/* The options and their rules (webhook_options.c). */
extern const struct option webhook_options[];
int webhook_check(const void *data, struct err *err);
#define WEBHOOK_HEADERS_MAX 24 /* that a configuration may add */

/* For the formats: */

/* Did it answer, and with 2xx? */
bool webhook_is_success(const struct post_answer *answer);
/* The receipt of an answer in the service's own words. */
void webhook_complain(struct receipt *r, const struct post_answer *answer,
    enum receipt_status status, const char *what);
/* base without slashes at its end, and suffix. */
void
webhook_url(char url[WEBHOOK_URL_MAX], const char *base, const char *suffix);

extern const struct webhook_format webhook_standard, webhook_slack,
    webhook_teams, webhook_discord, webhook_pagerduty, webhook_opsgenie,
    webhook_alertmanager, webhook_cloudevents, webhook_template;

#endif
