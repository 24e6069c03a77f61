#include "alerting/channel.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

const char *const receipt_names[] = {
    [RECEIPT_DELIVERED] = "delivered",
    [RECEIPT_RETRY] = "retry",
    [RECEIPT_REJECTED] = "rejected",
    [RECEIPT_DISABLED] = "disabled",
    NULL,
};

void
receipt_set(struct receipt *r, enum receipt_status status, int code,
    const char *fmt, ...)
{
	char text[2 * sizeof(r->detail)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->status = status;
	r->code = code;
	r->retry_after_ms = -1;
	str_printable(r->detail, sizeof(r->detail), text, strlen(text));
}
