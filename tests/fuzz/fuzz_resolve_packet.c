/* base/resolve_packet.c: whatever a DNS server sends, the records it yields lie
 * within the packet or the expansion, and names are text.
 * Input: two bytes of the record type, then the packet. */
#include "base/resolve_packet.h"

#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

static bool
within(const uint8_t *at, size_t len, const uint8_t *block, size_t size)
{
	return block != NULL && at >= block && at <= block + size &&
	       len <= (size_t)(block + size - at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct resolve_answer answer;
	struct err err = ERR_INIT;
	unsigned sum = 0;

	if (size < 2)
		return 0;
	if (resolve_packet_read(&answer, data + 2, size - 2,
		data[0] << 8 | data[1], &err) < 0) {
		CHECK(err.code == ERR_DNS && answer.count == 0);
		return 0;
	}
	CHECK(answer.count <= RESOLVE_RECORDS_MAX);
	for (size_t i = 0; i < answer.count; i++) {
		CHECK(within(answer.data[i], answer.lengths[i], data, size) ||
		      within(answer.data[i], answer.lengths[i], answer.expanded,
			  answer.expanded_len));
		for (size_t j = 0; j < answer.lengths[i]; j++)
			sum += answer.data[i][j];
	}
	CHECK(sum <= answer.count * 65535u * 255u);
	CHECK(answer.ttl_s >= -1 && answer.ttl_s < INT64_C(0x80000000));
	CHECK(str_is_text(answer.canonical, strlen(answer.canonical)));
	resolve_answer_free(&answer);
	return 0;
}
