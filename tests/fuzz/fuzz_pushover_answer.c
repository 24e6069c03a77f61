/* alerting/pushover_answer.c: whatever answers, what is taken from it is
 * printable, fits, and may stand where it is put. */
#include "alerting/pushover_answer.h"

#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pushover_answer a;

	pushover_answer_read(&a, (const char *)data, size);
	CHECK(a.ours || !a.accepted);
	CHECK(a.receipt[0] == '\0' || pushover_is_receipt(a.receipt));
	CHECK(str_is_text(a.request, strlen(a.request)));
	CHECK(str_is_text(a.errors, strlen(a.errors)));
	CHECK(str_is_text(a.device, strlen(a.device)));
	CHECK(strchr(a.errors, '\n') == NULL);
	return 0;
}
