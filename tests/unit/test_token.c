#include "alerting/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1800000000

static struct token_key
key_of(uint8_t first)
{
	struct token_key key = {.len = TOKEN_KEY_MIN};

	for (size_t i = 0; i < key.len; i++)
		key.bytes[i] = (uint8_t)(first + i);
	return key;
}

static void
carries_its_payload_until_its_end(void **state)
{
	struct token_key key = key_of(1);
	char text[TOKEN_TEXT_MAX + 1];
	struct token t;

	(void)state;
	token_make(text, &key, "ack", NOW + 60, "7k3qx9v2tb 1 mail");
	assert_int_equal(token_read(&t, &key, "ack", text, NOW), TOKEN_GOOD);
	assert_string_equal(t.payload, "7k3qx9v2tb 1 mail");
	assert_int_equal(t.expires_s, NOW + 60);
	assert_int_equal(
	    token_read(&t, &key, "ack", text, NOW + 59), TOKEN_GOOD);
	assert_int_equal(
	    token_read(&t, &key, "ack", text, NOW + 60), TOKEN_EXPIRED);
	assert_string_equal(t.payload, "7k3qx9v2tb 1 mail");
}

/* Made beside this code, with Python's hmac and base64. */
static void
has_the_form_that_is_written_down(void **state)
{
	struct token_key key = key_of(0);
	char text[TOKEN_TEXT_MAX + 1];

	(void)state;
	token_make(text, &key, "ack", 1800000000, "hello");
	assert_string_equal(text, "AQAAAABrSdIAaGVsbG-zHUKjxjWgmwbTIlWliktO");
}

static void
another_purpose_or_key_is_forged(void **state)
{
	struct token_key key = key_of(1), other = key_of(2), longer = key;
	char text[TOKEN_TEXT_MAX + 1];
	struct token t;

	(void)state;
	longer.len++;
	longer.bytes[TOKEN_KEY_MIN] = 1;
	token_make(text, &key, "ack", NOW + 60, "x");
	assert_int_equal(
	    token_read(&t, &key, "push-invite", text, NOW), TOKEN_FORGED);
	assert_int_equal(token_read(&t, &key, "ac", text, NOW), TOKEN_FORGED);
	assert_int_equal(token_read(&t, &key, "", text, NOW), TOKEN_FORGED);
	assert_int_equal(
	    token_read(&t, &other, "ack", text, NOW), TOKEN_FORGED);
	assert_int_equal(
	    token_read(&t, &longer, "ack", text, NOW), TOKEN_FORGED);
	assert_string_equal(t.payload, "");
}

/* Each character replaced by each byte, left out, doubled; ends cut. */
static void
no_other_spelling_is_taken(void **state)
{
	struct token_key key = key_of(1);
	char text[TOKEN_TEXT_MAX + 1], bad[TOKEN_TEXT_MAX + 3];
	size_t len;
	struct token t;

	(void)state;
	for (size_t pad = 0; pad < 3; pad++) {
		token_make(text, &key, "ack", NOW + 60, &"abc"[pad]);
		len = strlen(text);
		for (size_t i = 0; i < len; i++) {
			for (int c = 0; c < 256; c++) {
				memcpy(bad, text, len + 1);
				if ((char)c == bad[i])
					continue;
				bad[i] = (char)c;
				assert_int_equal(
				    token_read(&t, &key, "ack", bad, NOW),
				    TOKEN_FORGED);
			}
			memcpy(bad, text, i);
			memcpy(bad + i, text + i + 1, len - i);
			assert_int_equal(token_read(&t, &key, "ack", bad, NOW),
			    TOKEN_FORGED);
			memcpy(bad + i, text + i, len - i + 1);
			bad[i] = '\0';
			assert_int_equal(token_read(&t, &key, "ack", bad, NOW),
			    TOKEN_FORGED);
		}
		for (int c = 1; c < 256; c++) {
			memcpy(bad, text, len);
			bad[len] = (char)c;
			bad[len + 1] = '\0';
			assert_int_equal(token_read(&t, &key, "ack", bad, NOW),
			    TOKEN_FORGED);
		}
	}
}

static void
has_room_for_the_longest_payload_and_no_more(void **state)
{
	struct token_key key = key_of(1);
	char payload[TOKEN_PAYLOAD_MAX + 1], text[TOKEN_TEXT_MAX + 1];
	char longer[TOKEN_TEXT_MAX + 2];
	struct token t;

	(void)state;
	memset(payload, 'p', sizeof(payload) - 1);
	payload[sizeof(payload) - 1] = '\0';
	token_make(text, &key, "ack", NOW + 1, payload);
	assert_int_equal(strlen(text), TOKEN_TEXT_MAX);
	assert_int_equal(token_read(&t, &key, "ack", text, NOW), TOKEN_GOOD);
	assert_string_equal(t.payload, payload);
	memset(longer, 'A', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(
	    token_read(&t, &key, "ack", longer, NOW), TOKEN_FORGED);
	assert_int_equal(token_read(&t, &key, "ack", "", NOW), TOKEN_FORGED);
}

static void
reads_keys_of_enough_bytes(void **state)
{
	static const char *const bad[] = {"", "c2hvcnQ=", "not base64",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==" /* 31 bytes */};
	struct token_key key;

	(void)state;
	assert_int_equal(
	    token_key_read(
		&key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", NULL),
	    0);
	assert_int_equal(key.len, 32);
	assert_int_equal(key.bytes[31], 31);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(token_key_read(&key, bad[i], &err), -1);
		assert_non_null(strstr(err.text, "openssl rand"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(carries_its_payload_until_its_end),
	    cmocka_unit_test(has_the_form_that_is_written_down),
	    cmocka_unit_test(another_purpose_or_key_is_forged),
	    cmocka_unit_test(no_other_spelling_is_taken),
	    cmocka_unit_test(has_room_for_the_longest_payload_and_no_more),
	    cmocka_unit_test(reads_keys_of_enough_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
