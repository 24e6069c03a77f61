/*
 * CloudEvents 1.0 over HTTP in structured mode, JSON event format. The id is
 * the delivery's key without its attempts, so source and id together name the
 * event, as the specification asks.
 */
#include "alerting/webhook_formats.h"

#include "alerting/webhook_body.h"
#include "alerting/webhook_text.h"
#include "base/json.h"
#include "base/str.h"

/* A URI reference: who says it. */
static void
put_source(json_t *body, const struct message *m)
{
	struct buf source;

	buf_init(&source, 1024);
	buf_puts(&source, "/tocsin/");
	webhook_text_url(&source, m->agent);
	json_put_str(body, "source", buf_str(&source));
	buf_fini(&source);
}

static void
compose(
    const struct webhook_job *job, size_t step, struct webhook_request *request)
{
	const struct message *m = job->message;
	char type[40], full[sizeof(type) + 16];
	json_t *body = json_object();

	(void)step;
	webhook_body_type(type, m);
	str_printf(full, sizeof(full), "tocsin.%s", type);
	json_put_str(body, "specversion", "1.0");
	json_put_str(body, "id", job->id);
	put_source(body, m);
	json_put_str(body, "type", full);
	if (m->incident[0] != '\0')
		json_put_str(body, "subject", m->incident);
	json_put_time(body, "time", m->at_ms);
	json_put_str(body, "datacontenttype", "application/json");
	json_put_str(body, "severity", severity_names[m->severity]);
	request->content_type = "application/cloudevents+json; charset=utf-8";
	request->body = webhook_body_text(body, m);
}

const struct webhook_format webhook_cloudevents = {
    .is_signed = true,
    .compose = compose,
};
