/*
 * Standard Webhooks 1.0.0: {"type", "timestamp", "data"}, and any 2xx is a
 * receipt.
 */
#include "alerting/webhook_formats.h"

#include "alerting/webhook_body.h"
#include "base/json.h"

static void
compose(
    const struct webhook_job *job, size_t step, struct webhook_request *request)
{
	json_t *body = json_object();
	char type[40];

	(void)step;
	webhook_body_type(type, job->message);
	json_put_str(body, "type", type);
	json_put_time(body, "timestamp", job->message->at_ms);
	request->body = webhook_body_text(body, job->message);
}

const struct webhook_format webhook_standard = {
    .is_signed = true,
    .compose = compose,
};
