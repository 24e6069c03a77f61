#include "probes/uptime_pointer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const char document[] =
    "{\"status\":\"ok\",\"n\":7,\"x\":1.5,\"null\":null,\"yes\":true,"
    "\"a\":[{\"b\":\"first\"},2],\"a/b\":1,\"m~n\":2,\"sp ace\":3,\"\":4,"
    "\"0\":{\"00\":5},\"text\":\"12\"}";

static void
claim(const char *text, const char *why_not)
{
	json_t *doc = json_loads(document, 0, NULL);
	char why[200] = "";

	assert_non_null(doc);
	assert_int_equal(uptime_pointer_check(text, NULL), 0);
	assert_int_equal(
	    uptime_pointer_holds(text, doc, why, sizeof(why)), !why_not);
	if (why_not != NULL)
		assert_string_equal(why, why_not);
	json_decref(doc);
}

static void
compares(void **state)
{
	(void)state;
	claim("/status == \"ok\"", NULL);
	claim("/status == ok", NULL);
	claim("  /status   ==   ok  ", NULL);
	claim("/status != \"bad\"", NULL);
	claim("/status == bad", "/status is \"ok\", expected == bad");
	claim("/n == 7", NULL);
	claim("/n == 7.0", NULL);
	claim("/n != 7", "/n is 7, expected != 7");
	claim("/n <= 7", NULL);
	claim("/n >= 7", NULL);
	claim("/n < 7", "/n is 7, expected < 7");
	claim("/n > 6.5", NULL);
	claim("/x > 1", NULL);
	claim("/yes == true", NULL);
	claim("/null == null", NULL);
	claim("/a/1 == 2", NULL);
	claim("/a/0 == {\"b\":\"first\"}", NULL);
	claim("/text > 5", "/text is \"12\", expected > 5");
	claim("/n == \"7\"", "/n is 7, expected == \"7\"");
}

static void
looks_up_as_rfc_6901_says(void **state)
{
	(void)state;
	claim("/a/0/b == first", NULL);
	claim("/a~1b == 1", NULL);
	claim("/m~0n == 2", NULL);
	claim("/sp ace == 3", NULL);
	claim("/ == 4", NULL);
	claim("/0/00 == 5", NULL);
	claim("/a/00 exists", "/a/00 is missing"); /* no leading zeros */
	claim("/a/- exists", "/a/- is missing");
	claim("/a/2 exists", "/a/2 is missing");
	claim("/status/x exists", "/status/x is missing");
	claim("exists", NULL); /* the whole document */
	claim("/null exists", NULL);
	claim("/gone missing", NULL);
	claim("/n missing", "/n is 7, expected it to be missing");
	claim("/gone == 1", "/gone is missing");
}

static void
refused(const char *text, const char *part)
{
	struct err err = ERR_INIT;

	assert_int_equal(uptime_pointer_check(text, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	if (strstr(err.text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static void
says_how_to_write_a_claim(void **state)
{
	(void)state;
	refused("", "JSON pointer");
	refused("status == ok", "JSON pointer");
	refused("/status", "no operator");
	refused("/status=ok", "no operator");
	refused("/status ==", "no JSON value");
	refused("/status == \"ok", "no JSON value");
	refused("/status == {", "no JSON value");
	refused("/n < many", "no number");
	refused("/n exists now", "after its operator");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(compares),
	    cmocka_unit_test(looks_up_as_rfc_6901_says),
	    cmocka_unit_test(says_how_to_write_a_claim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
