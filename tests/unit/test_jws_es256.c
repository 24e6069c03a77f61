#include "base/jws_es256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"

static json_t *
part(const char *from, const char *to)
{
	char bytes[400];
	int len = encode_base64url_read(
	    (uint8_t *)bytes, sizeof(bytes), from, (size_t)(to - from));

	assert_true(len > 0);
	return json_loadb(bytes, (size_t)len, 0, NULL);
}

/* That the signature is right is shown in test_p256.c, and by a JWT library
 * in the suite of the channel. */
static void
three_parts(void **state)
{
	struct p256_key *key = p256_generate();
	json_t *claims =
	    json_pack("{s:s,s:i,s:s}", "aud", "https://push.example.net", "exp",
		1453523768, "sub", "mailto:push@example.com");
	char *token = jws_es256_make(claims, key);
	const char *dot = strchr(token, '.'), *last = strrchr(token, '.');
	json_t *head = part(token, dot), *body = part(dot + 1, last);
	uint8_t signature[P256_SIGNATURE_LEN];

	(void)state;
	assert_string_equal(json_str(head, "alg"), "ES256");
	assert_string_equal(json_str(head, "typ"), "JWT");
	assert_true(json_equal(body, claims));
	assert_int_equal(encode_base64url_read(signature, sizeof(signature),
			     last + 1, strlen(last + 1)),
	    P256_SIGNATURE_LEN);
	json_decref(body);
	json_decref(head);
	json_decref(claims);
	free(token);
	p256_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(three_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
