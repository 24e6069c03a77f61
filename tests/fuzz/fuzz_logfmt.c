/* base/logfmt.c: any value makes exactly one pair of one line, and any line
 * taken apart stays within its bounds. */
#include "base/logfmt.h"

#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

static void
take_all(const char *s, size_t len)
{
	struct logfmt_pair pair;

	while (len > 0) {
		size_t before = len;

		if (!logfmt_take(&s, &len, &pair))
			return;
		CHECK(len < before);
		CHECK(pair.key_len > 0 && pair.value_len > 0);
		CHECK(str_is_text(pair.value, pair.value_len));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct logfmt line;
	struct logfmt_pair pair;
	const char *s = line.text;
	size_t len;

	take_all((const char *)data, size);
	line.len = 0;
	logfmt_pair(&line, "msg", (const char *)data, size);
	CHECK(line.len < LOGFMT_MAX);
	CHECK(memchr(line.text, '\n', line.len) == NULL);
	len = line.len;
	CHECK(logfmt_take(&s, &len, &pair));
	CHECK(len == 0 && logfmt_is(&pair, "msg"));
	return 0;
}
