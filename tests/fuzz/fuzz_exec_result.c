/* alerting/exec_result.c: whatever a command prints and however it ends, the
 * receipt is a line of text, and only status 0 in time is a delivery. */
#include "alerting/exec.h"

#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spawn_end end = {.timed_out = false};
	struct receipt r = RECEIPT_INIT;

	if (size < 2)
		return 0;
	end.timed_out = (data[0] & 1) != 0;
	end.signal = data[0] >> 1 & 63;
	end.status = data[1];
	end.tail_len = size - 2 < SPAWN_TAIL_MAX ? size - 2 : SPAWN_TAIL_MAX;
	memcpy(end.tail, data + 2, end.tail_len);
	exec_receipt(&end, &r);
	CHECK(str_is_text(r.detail, strlen(r.detail)));
	CHECK(strchr(r.detail, '\n') == NULL && r.detail[0] != '\0');
	CHECK((r.status == RECEIPT_DELIVERED) ==
	      (!end.timed_out && end.signal == 0 && end.status == 0));
	return 0;
}
