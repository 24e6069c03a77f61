#include "alerting/pushover_answer.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"

#define ALPHANUMERIC                                                           \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

bool
pushover_is_receipt(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len <= PUSHOVER_RECEIPT_MAX &&
	       strspn(s, ALPHANUMERIC) == len;
}

static void
take_text(char *dst, size_t size, const json_t *obj, const char *key)
{
	const char *s = json_str(obj, key);

	str_printable(dst, size, s, strlen(s));
}

/* Flags come as 0 and 1. */
static bool
is_set(const json_t *obj, const char *key)
{
	return json_int(obj, key, 0) == 1 || json_bool(obj, key, false);
}

static void
take_errors(struct pushover_answer *out, const json_t *list)
{
	struct buf all;
	size_t i;
	json_t *text;

	buf_init(&all, 4 * sizeof(out->errors));
	json_array_foreach (list, i, text)
		if (json_is_string(text))
			buf_printf(&all, "%s%s", all.len > 0 ? "; " : "",
			    json_string_value(text));
	str_printable(out->errors, sizeof(out->errors), buf_str(&all), all.len);
	buf_fini(&all);
}

void
pushover_answer_read(struct pushover_answer *out, const char *text, size_t len)
{
	json_t *json = NULL;
	const char *receipt;

	*out = (struct pushover_answer){.ours = false};
	if (json_parse(&json, text, len, NULL) != 0 ||
	    !json_is_integer(json_object_get(json, "status"))) {
		json_decref(json);
		return;
	}
	out->ours = true;
	out->accepted = json_int(json, "status", 0) == 1;
	receipt = json_str(json, "receipt");
	if (pushover_is_receipt(receipt))
		str_copy(out->receipt, sizeof(out->receipt), receipt);
	take_text(out->request, sizeof(out->request), json, "request");
	take_text(
	    out->device, sizeof(out->device), json, "acknowledged_by_device");
	take_errors(out, json_object_get(json, "errors"));
	out->acknowledged = is_set(json, "acknowledged");
	out->expired = is_set(json, "expired");
	json_decref(json);
}
