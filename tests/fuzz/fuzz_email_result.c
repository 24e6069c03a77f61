/* alerting/email_result.c: whatever a server answers, the name of the mail in
 * its queue is a word out of that answer, or nothing. */
#include "alerting/email.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *answer = mem_strndup((const char *)data, size), id[40];

	email_queue_id(id, sizeof(id), answer);
	CHECK(strlen(id) < sizeof(id));
	CHECK(strpbrk(id, " \r\n\t<>") == NULL);
	CHECK(strstr(answer, id) != NULL);
	free(answer);
	return 0;
}
