/* alerting/webhook_*.c: whatever a service answers, a receipt comes of it that
 * can be shown and stored. The first two bytes choose format and status, the
 * third a Retry-After. */
#include "alerting/webhook_formats.h"

#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

static const int statuses[] = {
    0, 200, 202, 204, 301, 400, 401, 402, 403, 404, 410, 413, 422, 429, 500};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct webhook_format *format;
	struct post_answer answer = {.retry_after_ms = -1};
	struct receipt r = RECEIPT_INIT;

	if (size < 3)
		return 0;
	format = webhook_formats[data[0] % WEBHOOK_FORMAT_COUNT];
	answer.status =
	    statuses[data[1] % (sizeof(statuses) / sizeof(statuses[0]))];
	answer.retry_after_ms = data[2] < 128 ? data[2] * 1000 : -1;
	if (answer.status == 0)
		err_set(&answer.err, ERR_TIMEOUT, "no answer");
	answer.body_len = size - 3 < sizeof(answer.body) - 1
	                      ? size - 3
	                      : sizeof(answer.body) - 1;
	memcpy(answer.body, data + 3, answer.body_len);
	if (format->understand != NULL)
		format->understand(&answer, &r);
	else
		post_receipt(&answer, &r);
	CHECK(r.status <= RECEIPT_DISABLED && r.code == answer.status);
	CHECK(r.detail[0] != '\0');
	CHECK(str_is_text(r.detail, strlen(r.detail)));
	CHECK(strchr(r.detail, '\n') == NULL);
	CHECK(str_is_text(r.remote_id, strlen(r.remote_id)));
	CHECK(r.retry_after_ms >= -1 && r.retry_after_ms <= 86400000);
	CHECK(r.status != RECEIPT_DELIVERED ||
	      (answer.status >= 200 && answer.status < 300));
	return 0;
}
