#include "alerting/webhook_formats.h"

#include <string.h>

#include "base/str.h"

const struct webhook_format *const webhook_formats[WEBHOOK_FORMAT_COUNT] = {
    [WEBHOOK_STANDARD] = &webhook_standard,
    [WEBHOOK_SLACK] = &webhook_slack,
    [WEBHOOK_TEAMS] = &webhook_teams,
    [WEBHOOK_DISCORD] = &webhook_discord,
    [WEBHOOK_PAGERDUTY] = &webhook_pagerduty,
    [WEBHOOK_OPSGENIE] = &webhook_opsgenie,
    [WEBHOOK_ALERTMANAGER] = &webhook_alertmanager,
    [WEBHOOK_CLOUDEVENTS] = &webhook_cloudevents,
    [WEBHOOK_TEMPLATE] = &webhook_template,
};

bool
webhook_is_success(const struct post_answer *answer)
{
	return answer->err.code == ERR_NONE && answer->status >= 200 &&
	       answer->status < 300;
}

void
webhook_complain(struct receipt *r, const struct post_answer *answer,
    enum receipt_status status, const char *what)
{
	receipt_set(
	    r, status, answer->status, "status %d: %s", answer->status, what);
	r->retry_after_ms = answer->retry_after_ms;
}

void
webhook_url(char url[WEBHOOK_URL_MAX], const char *base, const char *suffix)
{
	size_t len = strlen(base);

	while (len > 0 && base[len - 1] == '/')
		len--;
	str_printf(url, WEBHOOK_URL_MAX, "%.*s%s", (int)len, base, suffix);
}
