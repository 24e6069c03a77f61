/* What a broken or hostile worker may say to the core: one line. */
#include <stddef.h>
#include <stdint.h>

#include "agent/answer.h"
#include "base/check.h"
#include "base/json.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *body = NULL;
	struct probe_answer answer;
	struct receipt receipt;

	if (json_parse(&body, (const char *)data, size, NULL) != 0)
		return 0;
	if (answer_probe(&answer, body, NULL) == 0) {
		CHECK(answer.outcome <= OUTCOME_UNKNOWN);
		CHECK(json_is_object(answer.metrics));
		CHECK(answer.duration_us >= -1);
	}
	if (answer_path(&receipt, body, NULL) == 0)
		CHECK(receipt.status <= RECEIPT_DISABLED);
	json_decref(body);
	return 0;
}
