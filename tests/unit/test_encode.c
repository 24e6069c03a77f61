#include "base/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void
encodes_the_vectors_of_the_rfc(void **state)
{
	static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="},
	    {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		uint8_t back[16];
		struct buf b;

		buf_init(&b, 100);
		encode_base64(&b, pairs[i][0], strlen(pairs[i][0]));
		assert_string_equal(buf_str(&b), pairs[i][1]);
		assert_int_equal(
		    encode_base64_read(back, sizeof(back), pairs[i][1]),
		    strlen(pairs[i][0]));
		assert_memory_equal(back, pairs[i][0], strlen(pairs[i][0]));
		buf_fini(&b);
	}
}

static void
reads_every_byte_back(void **state)
{
	uint8_t all[256], back[256];
	struct buf b;

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	buf_init(&b, 1000);
	encode_base64(&b, all, sizeof(all));
	assert_int_equal(encode_base64_read(back, 256, buf_str(&b)), 256);
	assert_memory_equal(back, all, sizeof(all));
	assert_int_equal(encode_base64_read(back, 255, buf_str(&b)), -1);
	buf_fini(&b);
}

static void
refuses_what_is_not_base64(void **state)
{
	static const char *const bad[] = {"Z", "Zg",
	    "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Z===", "====", "Zm 9", "Zm9v\n",
	    "Zm-_", "=Zg="};
	uint8_t out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    encode_base64_read(out, sizeof(out), bad[i]), -1);
}

static void
url_alphabet_has_no_padding(void **state)
{
	static const uint8_t bytes[] = {0xfb, 0xff, 0xbf, 0xfe};
	static const char *const bad[] = {"-_-__", "-_-__g==", "-/-__g",
	    "-_-__h", "-_-__ ", "-_-__\n", "A", "AAAAA", "="};
	uint8_t back[16];
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	encode_base64url(&b, bytes, sizeof(bytes));
	assert_string_equal(buf_str(&b), "-_-__g");
	assert_int_equal(
	    encode_base64url_read(back, sizeof(back), "-_-__g", 6), 4);
	assert_memory_equal(back, bytes, sizeof(bytes));
	assert_int_equal(encode_base64url_read(back, 3, "-_-__g", 6), -1);
	assert_int_equal(encode_base64url_read(back, 16, "", 0), 0);
	assert_int_equal(encode_base64url_read(back, 16, "-_\0__g", 6), -1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(encode_base64url_read(back, sizeof(back),
				     bad[i], strlen(bad[i])),
		    -1);
	buf_fini(&b);
}

/* FIPS 180-4, "abc". */
static void
digests_the_known_vector(void **state)
{
	static const uint8_t want[ENCODE_SHA256_LEN] = {0xba, 0x78, 0x16, 0xbf,
	    0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22,
	    0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10,
	    0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
	uint8_t digest[ENCODE_SHA256_LEN];

	(void)state;
	encode_sha256(digest, "abc", 3);
	assert_memory_equal(digest, want, sizeof(want));
	assert_true(encode_equal(digest, want, sizeof(want)));
	digest[31] ^= 1;
	assert_false(encode_equal(digest, want, sizeof(want)));
}

/* RFC 4231, test case 2. */
static void
signs_the_vector_of_the_rfc(void **state)
{
	static const uint8_t want[ENCODE_SHA256_LEN] = {0x5b, 0xdc, 0xc1, 0x46,
	    0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75,
	    0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec,
	    0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
	static const char text[] = "what do ya want for nothing?";
	uint8_t mac[ENCODE_SHA256_LEN];

	(void)state;
	encode_hmac_sha256(mac, "Jefe", 4, text, strlen(text));
	assert_memory_equal(mac, want, sizeof(want));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(encodes_the_vectors_of_the_rfc),
	    cmocka_unit_test(reads_every_byte_back),
	    cmocka_unit_test(refuses_what_is_not_base64),
	    cmocka_unit_test(url_alphabet_has_no_padding),
	    cmocka_unit_test(digests_the_known_vector),
	    cmocka_unit_test(signs_the_vector_of_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
