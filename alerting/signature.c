#include "alerting/signature.h"

#include <inttypes.h>
#include <string.h>

#include "base/encode.h"
#include "base/str.h"

#define PREFIX "whsec_"

int
signature_key_read(struct signature_key *key, const char *text, struct err *err)
{
	int len = -1;

	if (str_starts(text, PREFIX))
		len = encode_base64_read(
		    key->bytes, sizeof(key->bytes), text + strlen(PREFIX));
	if (len < SIGNATURE_KEY_MIN)
		return err_set(err, ERR_CONFIG,
		    "must be \"whsec_\" and the Base64 of %d to %d random "
		    "bytes; to make one: "
		    "echo \"whsec_$(openssl rand -base64 32)\"",
		    SIGNATURE_KEY_MIN, SIGNATURE_KEY_MAX);
	key->len = (size_t)len;
	return 0;
}

void
signature_add(struct buf *out, const struct signature_key *key,
    const struct signature_input *in)
{
	uint8_t mac[ENCODE_SHA256_LEN];
	struct buf text;

	buf_init(&text, strlen(in->id) + in->body_len + 32);
	buf_printf(&text, "%s.%" PRId64 ".", in->id, in->timestamp_s);
	buf_add(&text, in->body, in->body_len);
	encode_hmac_sha256(mac, key->bytes, key->len, text.data, text.len);
	buf_fini(&text);
	buf_puts(out, out->len > 0 ? " v1," : "v1,");
	encode_base64(out, mac, sizeof(mac));
}
