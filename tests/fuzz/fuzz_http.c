/* base/http.c: Retry-After is a time from now, or absent. */
#include "base/http.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/mem.h"
#include "tests/fuzz/fuzz.h"

#define NOW_MS INT64_C(946684740000) /* 1999-12-31T23:59:00Z */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size);
	struct http_header headers[] = {
	    {"date", "x"}, {"retry-after", text}, {"retry-after", "7"}};
	struct http_response r = {.headers = headers, .header_count = 3};
	int64_t ms = http_retry_after_ms(&r, NOW_MS);

	CHECK(ms >= -1);
	CHECK(http_header(&r, "retry-after") == text);
	CHECK(http_header(&r, "absent") == NULL);
	/* A date is a time on the clock: a later now leaves less to wait. */
	if (ms > 60000)
		CHECK(http_retry_after_ms(&r, NOW_MS + 1000) <= ms);
	free(text);
	return 0;
}
