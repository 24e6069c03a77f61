#include "alerting/webpush_vapid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define NOW_MS  INT64_C(1795320000000)

static const char private_key[] = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
static const char public_key[] =
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
    "EqKK6PBru3jl7A8";

static struct webpush_vapid *
make(void)
{
	struct webpush_vapid *v;

	assert_int_equal(
	    webpush_vapid_new(&v, private_key, "mailto:ops@example.org", NULL),
	    0);
	return v;
}

/* A claim of the token in a header. */
static json_t *
claims_of(const char *header)
{
	const char *from = strchr(header, '.') + 1;
	char bytes[500];
	int len = encode_base64url_read((uint8_t *)bytes, sizeof(bytes), from,
	    (size_t)(strchr(from, '.') - from));

	assert_true(len > 0);
	return json_loadb(bytes, (size_t)len, 0, NULL);
}

static void
says_who_we_are(void **state)
{
	struct webpush_vapid *v = make();
	const char *header =
	    webpush_vapid_header(v, "https://push.example.net", NOW_MS);
	json_t *claims = claims_of(header);

	(void)state;
	assert_true(str_starts(header, "vapid t=eyJ"));
	assert_string_equal(strstr(header, ", k=") + 4, public_key);
	assert_string_equal(
	    json_str(claims, "aud"), "https://push.example.net");
	assert_string_equal(json_str(claims, "sub"), "mailto:ops@example.org");
	assert_int_equal(json_int(claims, "exp", 0), NOW_MS / 1000 + 12 * 3600);
	json_decref(claims);
	webpush_vapid_free(v);
}

static void
a_token_serves_its_origin_for_hours(void **state)
{
	struct webpush_vapid *v = make();
	char *first =
	    mem_strdup(webpush_vapid_header(v, "https://a.example", NOW_MS));

	(void)state;
	assert_string_equal(
	    webpush_vapid_header(v, "https://a.example", NOW_MS + 5 * HOUR_MS),
	    first);
	assert_string_not_equal(
	    webpush_vapid_header(v, "https://b.example", NOW_MS), first);
	assert_string_equal(
	    webpush_vapid_header(v, "https://a.example", NOW_MS), first);
	assert_string_not_equal(
	    webpush_vapid_header(v, "https://a.example", NOW_MS + 6 * HOUR_MS),
	    first);
	free(first);
	/* The clock was set back: what was made later is of no use now. */
	first = mem_strdup(
	    webpush_vapid_header(v, "https://a.example", NOW_MS - HOUR_MS));
	assert_string_equal(
	    webpush_vapid_header(v, "https://a.example", NOW_MS), first);
	free(first);
	webpush_vapid_free(v);
}

/* More services than there are places: none is mixed up with another. */
static void
many_origins(void **state)
{
	struct webpush_vapid *v = make();

	(void)state;
	for (int i = 0; i < 100; i++) {
		char origin[60];
		json_t *claims;

		snprintf(origin, sizeof(origin), "https://%d.example", i % 40);
		claims = claims_of(webpush_vapid_header(v, origin, NOW_MS + i));
		assert_string_equal(json_str(claims, "aud"), origin);
		json_decref(claims);
	}
	webpush_vapid_free(v);
}

static void
subjects(void **state)
{
	static const char *const good[] = {
	    "mailto:ops@example.org", "https://example.org/contact"};
	static const char *const bad[] = {"", "ops@example.org", "mailto:ops",
	    "http://example.org", "mailto:a b@example.org", "https://exa mple"};
	struct webpush_vapid *v;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(webpush_vapid_check_subject(good[i], NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(webpush_vapid_check_subject(bad[i], &err), -1);
		assert_true(str_starts(err.text, "subject: "));
	}
	assert_int_equal(webpush_vapid_new(&v, "nonsense", good[0], &err), -1);
	assert_true(str_starts(err.text, "private_key: "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_who_we_are),
	    cmocka_unit_test(a_token_serves_its_origin_for_hours),
	    cmocka_unit_test(many_origins),
	    cmocka_unit_test(subjects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
