#include "base/jws_es256.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/encode.h"
#include "base/json.h"

#define TOKEN_MAX 16384

static const char head[] = "{\"typ\":\"JWT\",\"alg\":\"ES256\"}";

char *
jws_es256_make(const json_t *claims, const struct p256_key *key)
{
	uint8_t signature[P256_SIGNATURE_LEN];
	char *text = json_text(claims);
	struct buf out;

	buf_init(&out, TOKEN_MAX);
	encode_base64url(&out, head, strlen(head));
	buf_putc(&out, '.');
	encode_base64url(&out, text, strlen(text));
	free(text);
	p256_sign(signature, key, out.data, out.len);
	buf_putc(&out, '.');
	encode_base64url(&out, signature, sizeof(signature));
	CHECK(!out.cut);
	return buf_take(&out);
}
