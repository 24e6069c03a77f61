/* state/block.c: what decodes lies in its hour, in order, and survives the
 * way back. */
#include "state/block.h"

#include <stdlib.h>

#include "base/check.h"
#include "tests/fuzz/fuzz.h"

#define BASE_MS INT64_C(1795392000000)

static void
check_samples(const struct sample *s, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CHECK(s[i].at_ms >= BASE_MS);
		CHECK(s[i].at_ms < BASE_MS + BLOCK_SPAN_MS);
		CHECK(i == 0 || s[i].at_ms > s[i - 1].at_ms);
		CHECK(s[i].duration_us >= -1);
		CHECK(s[i].outcome < OUTCOME_COUNT);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sample *first, *second;
	struct err err = ERR_INIT;
	size_t count, again, len;
	uint8_t *bytes;

	if (block_decode(&first, &count, BASE_MS, data, size, &err) != 0) {
		CHECK(err.code == ERR_CORRUPT && *err.text != '\0');
		CHECK(first == NULL && count == 0);
		return 0;
	}
	check_samples(first, count);
	CHECK(sample_sort(first, count) == count);
	bytes = block_encode(BASE_MS, first, count, &len);
	CHECK(len <= size);
	CHECK(block_decode(&second, &again, BASE_MS, bytes, len, &err) == 0);
	CHECK(again == count);
	for (size_t i = 0; i < count; i++) {
		CHECK(first[i].at_ms == second[i].at_ms);
		CHECK(first[i].duration_us == second[i].duration_us);
		CHECK(sample_flags(&first[i]) == sample_flags(&second[i]));
	}
	free(first);
	free(second);
	free(bytes);
	return 0;
}
