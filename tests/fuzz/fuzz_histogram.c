/* state/histogram.c: what decodes is sound and survives the way back. */
#include "state/histogram.h"

#include <string.h>

#include "base/check.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[HISTOGRAM_ENCODED_MAX];
	struct histogram h, again;
	struct err err = ERR_INIT;
	uint64_t total = 0;
	size_t len;

	if (histogram_decode(&h, data, size, &err) != 0) {
		CHECK(err.code == ERR_CORRUPT && *err.text != '\0');
		return 0;
	}
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		total += h.count[i];
	CHECK(h.total == total);
	CHECK(histogram_percentile(&h, 50) <= histogram_percentile(&h, 99));
	CHECK((histogram_percentile(&h, 50) == -1) == (total == 0));
	len = histogram_encode(&h, bytes);
	CHECK(len <= sizeof(bytes) && len <= size);
	CHECK(histogram_decode(&again, bytes, len, &err) == 0);
	CHECK(memcmp(&h, &again, sizeof(h)) == 0);
	histogram_merge(&again, &h);
	CHECK(again.total >= h.total);
	return 0;
}
