/* alerting/token.c: what is taken as genuine is spelled as it would be made,
 * and nothing is taken that was made for something else. Input: the text of a
 * token. Tokens of the corpus are signed with the key below. */
#include "alerting/token.h"

#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#define NOW 1800000000

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct token_key key = {.len = TOKEN_KEY_MIN};
	char text[TOKEN_TEXT_MAX + 20], again[TOKEN_TEXT_MAX + 1];
	enum token_status status;
	struct token t, other;

	if (size >= sizeof(text))
		return 0;
	for (size_t i = 0; i < key.len; i++)
		key.bytes[i] = (uint8_t)i;
	memcpy(text, data, size);
	text[size] = '\0';
	status = token_read(&t, &key, "ack", text, NOW);
	CHECK(strlen(t.payload) <= TOKEN_PAYLOAD_MAX);
	CHECK(status == TOKEN_FORGED ||
	      (t.expires_s > NOW) == (status == TOKEN_GOOD));
	if (status == TOKEN_FORGED)
		return 0;
	CHECK(
	    token_read(&other, &key, "push-invite", text, NOW) == TOKEN_FORGED);
	token_make(again, &key, "ack", t.expires_s, t.payload);
	CHECK(str_eq(again, text));
	return 0;
}
