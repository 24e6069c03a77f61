#include "alerting/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static const struct signature_input vector = {
    .id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
    .timestamp_s = 1614265330,
    .body = "{\"test\": 2432232314}",
    .body_len = 20,
};

static void
signs_the_known_vector(void **state)
{
	struct signature_key key;
	struct buf out;

	(void)state;
	buf_init(&out, 200);
	assert_int_equal(signature_key_read(&key, SECRET, NULL), 0);
	assert_int_equal(key.len, 24);
	signature_add(&out, &key, &vector);
	assert_string_equal(
	    buf_str(&out), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	signature_add(&out, &key, &vector);
	assert_string_equal(buf_str(&out),
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= "
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	buf_fini(&out);
}

static void
refuses_weak_and_wrong_secrets(void **state)
{
	static const char *const bad[] = {"", "secret", "whsec_",
	    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA",
	    "whsec_not base64", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	    "whsec_"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	struct signature_key key;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(signature_key_read(&key, bad[i], &err), -1);
		assert_non_null(strstr(err.text, "openssl rand"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signs_the_known_vector),
	    cmocka_unit_test(refuses_weak_and_wrong_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
