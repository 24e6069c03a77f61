/* base/smtp_trace.c: any dialogue is followed within bounds. The input is cut
 * at 0xff into what we sent and what came back, in turn. */
#include "base/smtp_trace.h"

#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

static void
check_reply(const struct smtp_reply *r)
{
	CHECK(r->code >= 0 && r->code <= 999);
	CHECK(str_is_text(r->text, strlen(r->text)));
	CHECK(strchr(r->text, '\n') == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp_trace t = {.verb = ""};
	const char *at = (const char *)data;
	bool sent = false;

	while (size > 0) {
		const char *end = memchr(at, 0xff, size);
		size_t len = end != NULL ? (size_t)(end - at) : size;

		if (sent)
			smtp_trace_sent(&t, at, len);
		else
			smtp_trace_received(&t, at, len);
		len += end != NULL;
		at += len;
		size -= len;
		sent = !sent;
	}
	check_reply(&t.last);
	check_reply(&t.refusal);
	check_reply(&t.message);
	check_reply(&t.challenge);
	CHECK(t.recipient_count <= SMTP_RECIPIENTS_MAX);
	for (size_t i = 0; i < t.recipient_count; i++)
		check_reply(&t.recipients[i]);
	CHECK(strlen(t.verb) < sizeof(t.verb));
	return 0;
}
