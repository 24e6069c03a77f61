/* base/clock.c: a date that parses is the same after writing and reading. */
#include "base/clock.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/mem.h"
#include "tests/fuzz/fuzz.h"

#define FIRST_MS (-62167219200000LL)
#define LAST_MS  253402300799999LL

static void
same_again(int64_t ms)
{
	char text[32];
	int64_t again;

	if (ms < FIRST_MS || ms > LAST_MS)
		return; /* an offset can reach past the years 0 to 9999 */
	CHECK(clock_parse_rfc3339(clock_rfc3339(text, ms), &again) == 0);
	CHECK(again == ms);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = mem_strndup((const char *)data, size);
	int64_t ms;

	if (clock_parse_rfc3339(s, &ms) == 0)
		same_again(ms);
	if (clock_parse_http(s, &ms) == 0)
		same_again(ms);
	free(s);
	return 0;
}
