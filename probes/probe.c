#include "probes/probe.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

void
probe_reason(
    struct observation *obs, enum outcome outcome, const char *fmt, ...)
{
	char text[PROBE_REASON_MAX * 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	obs->outcome = outcome;
	str_printable(obs->reason, sizeof(obs->reason), text, strlen(text));
}

static void
put(json_t **obj, const char *key, json_t *value)
{
	if (*obj == NULL)
		*obj = json_object();
	json_put(*obj, key, value);
}

void
probe_fact(struct observation *obs, const char *key, json_t *value)
{
	put(&obs->facts, key, value);
}

/* Three decimals are a microsecond in milliseconds: more would be noise. */
void
probe_metric(struct observation *obs, const char *key, double value)
{
	double whole = nearbyint(value);

	if (whole == value && fabs(value) < 1e15)
		put(&obs->metrics, key, json_integer((json_int_t)whole));
	else
		put(&obs->metrics, key,
		    json_real(nearbyint(value * 1e3) / 1e3));
}

void
probe_finding(struct observation *obs, const char *key, enum severity severity,
    const char *title, json_t *detail)
{
	json_t *finding = json_object();

	json_put_str(finding, "key", key);
	json_put_str(finding, "severity", severity_names[severity]);
	json_put_str(finding, "title", title);
	json_put(finding, "detail", detail != NULL ? detail : json_object());
	if (obs->findings == NULL)
		obs->findings = json_array();
	json_array_append_new(obs->findings, finding);
}
