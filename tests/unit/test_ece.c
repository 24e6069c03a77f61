#include "base/ece.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"

/* RFC 8291 section 5 and appendix A. */
static const char text[] = "When I grow up, I want to be a watermelon";
static const char sender_private[] =
    "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
static const char sender_public[] =
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
    "EqKK6PBru3jl7A8";
static const char receiver_public[] =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZ"
    "GH6SRpkNtoIAiw4";
static const char receiver_private[] =
    "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
static const char auth[] = "BTBZMqHH6r4Tts7J_aSIgg";
static const char salt[] = "DGv6ra1nlYgDCS1FRnbzlw";
static const char shared[] = "kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs";
static const char body[] =
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIg"
    "Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVB"
    "St2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

static void
take(uint8_t *dst, size_t size, const char *base64url)
{
	assert_int_equal(
	    encode_base64url_read(dst, size, base64url, strlen(base64url)),
	    (int)size);
}

struct vector {
	struct p256_key *sender;
	struct ece_receiver to;
	uint8_t salt[ECE_SALT_LEN];
};

static struct vector
vector(void)
{
	struct vector v;

	assert_int_equal(p256_read(&v.sender, sender_private, NULL), 0);
	take(v.to.point, sizeof(v.to.point), receiver_public);
	take(v.to.auth, sizeof(v.to.auth), auth);
	take(v.salt, sizeof(v.salt), salt);
	return v;
}

static void
encrypts_the_example_of_rfc_8291(void **state)
{
	struct vector v = vector();
	uint8_t point[P256_POINT_LEN];
	struct buf out, shown;

	(void)state;
	take(point, sizeof(point), sender_public);
	assert_memory_equal(p256_point(v.sender), point, sizeof(point));
	buf_init(&out, ECE_BODY_MAX);
	buf_init(&shown, 2 * ECE_BODY_MAX);
	assert_int_equal(ece_encrypt(&out, &v.to, v.sender, v.salt, text,
			     strlen(text), NULL),
	    0);
	encode_base64url(&shown, out.data, out.len);
	assert_string_equal(buf_str(&shown), body);
	buf_fini(&shown);
	buf_fini(&out);
	p256_free(v.sender);
}

static void
both_sides_agree(void **state)
{
	struct vector v = vector();
	struct p256_key *receiver;
	uint8_t want[P256_SCALAR_LEN], one[P256_SCALAR_LEN],
	    other[P256_SCALAR_LEN];

	(void)state;
	assert_int_equal(p256_read(&receiver, receiver_private, NULL), 0);
	take(want, sizeof(want), shared);
	assert_int_equal(p256_agree(one, v.sender, v.to.point, NULL), 0);
	assert_int_equal(
	    p256_agree(other, receiver, p256_point(v.sender), NULL), 0);
	assert_memory_equal(one, want, sizeof(want));
	assert_memory_equal(other, want, sizeof(want));
	p256_free(receiver);
	p256_free(v.sender);
}

static void
fills_the_4096_bytes_that_a_service_must_take(void **state)
{
	struct vector v = vector();
	char *long_text = calloc(1, ECE_TEXT_MAX + 1);
	struct err err = ERR_INIT;
	struct buf out;

	(void)state;
	assert_int_equal(ECE_TEXT_MAX, 3993);
	buf_init(&out, ECE_BODY_MAX);
	assert_int_equal(ece_encrypt(&out, &v.to, v.sender, v.salt, long_text,
			     ECE_TEXT_MAX, &err),
	    0);
	assert_int_equal(out.len, ECE_BODY_MAX);
	assert_false(out.cut);
	buf_clear(&out);
	assert_int_equal(ece_encrypt(&out, &v.to, v.sender, v.salt, long_text,
			     ECE_TEXT_MAX + 1, &err),
	    -1);
	assert_int_equal(out.len, 0);
	assert_non_null(strstr(err.text, "3994 bytes do not fit"));
	buf_fini(&out);
	free(long_text);
	p256_free(v.sender);
}

static void
refuses_a_receiver_that_is_no_point(void **state)
{
	struct vector v = vector();
	struct err err = ERR_INIT;
	struct buf out;

	(void)state;
	v.to.point[P256_POINT_LEN - 1] ^= 1;
	buf_init(&out, ECE_BODY_MAX);
	assert_int_equal(
	    ece_encrypt(&out, &v.to, v.sender, v.salt, "x", 1, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(out.len, 0);
	buf_fini(&out);
	p256_free(v.sender);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(encrypts_the_example_of_rfc_8291),
	    cmocka_unit_test(both_sides_agree),
	    cmocka_unit_test(fills_the_4096_bytes_that_a_service_must_take),
	    cmocka_unit_test(refuses_a_receiver_that_is_no_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
