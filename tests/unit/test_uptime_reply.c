#include "probes/uptime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/uptime_sample.h"

static const struct http_header sent[] = {
    {"content-type", "text/html; charset=utf-8"},
    {"set-cookie", "a=1"},
    {"set-cookie", "session=x; Secure"},
    {"x-evil", "a\x1b[31m"},
};

static void
judge(const char *expectation, int status, const char *body, const char *reason)
{
	char *text = mem_printf(
	    "{'target':'http://x.example/','expect':{%s}}", expectation);
	struct uptime_config *config = sample_config(text);
	struct uptime_facts f = uptime_facts_init(UPTIME_HTTP, 1000);
	struct observation obs = {.outcome = OUTCOME_OK};

	f.stage = UPTIME_AT_END;
	f.status = status;
	f.version = 11;
	f.headers = sent;
	f.header_count = sizeof(sent) / sizeof(sent[0]);
	f.body = body;
	f.body_len = strlen(body);
	uptime_reply(config, &f, &obs);
	assert_string_equal(obs.reason, reason == NULL ? "" : reason);
	assert_int_equal(
	    obs.outcome, reason == NULL ? OUTCOME_OK : OUTCOME_FAILED);
	sample_free(config);
	free(text);
}

static void
status(void **state)
{
	(void)state;
	judge("", 200, "", NULL);
	judge("", 204, "", NULL);
	judge("", 503, "", "status 503, empty body");
	judge("", 503, " \n\t ", "status 503, empty body");
	judge("", 503, "\n\n<h1>Sorry</h1>\r\n\x1b[2J",
	    "status 503, body begins \"<h1>Sorry</h1>  \\x1b[2J\"");
	judge("'status':'200-204, 401'", 401, "", NULL);
	judge("'status':'200-204, 401'", 205, "x",
	    "status 205, expected 200-204, 401; body begins \"x\"");
	judge("'status':401", 200, "in",
	    "status 200, expected 401; body begins "
	    "\"in\"");
}

static void
excerpts_are_cut(void **state)
{
	char body[400];

	(void)state;
	memset(body, 'x', sizeof(body));
	body[sizeof(body) - 1] = '\0';
	judge("", 500, body,
	    "status 500, body begins \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\"");
}

static void
version(void **state)
{
	(void)state;
	judge("'version':'1.1'", 200, "", NULL);
	judge("'version':'2'", 200, "", "HTTP/1.1, expected HTTP/2.0");
}

static void
headers(void **state)
{
	(void)state;
	judge("'headers':{'Content-Type':'^text/html'}", 200, "", NULL);
	judge("'headers':{'content-type':'json'}", 200, "",
	    "header content-type: text/html; charset=utf-8 does not match "
	    "/json/");
	judge("'headers':{'set-cookie':'Secure'}", 200, "", NULL);
	judge("'headers':{'set-cookie':'HttpOnly'}", 200, "",
	    "header set-cookie: session=x; Secure does not match /HttpOnly/");
	judge("'headers':{'x-absent':''}", 200, "",
	    "there is no header x-absent");
	judge("'headers':{'x-evil':'b'}", 200, "",
	    "header x-evil: a\\x1b[31m does not match /b/");
	judge("'no_headers':['Server','X-Evil']", 200, "",
	    "there is a header X-Evil, which must not be");
	judge("'no_headers':'server'", 200, "", NULL);
}

static void
body_text(void **state)
{
	(void)state;
	judge("'body_contains':['all','well']", 200, "all is well", NULL);
	judge("'body_contains':['all','sick']", 200, "all is well",
	    "the body does not contain \"sick\"; body begins \"all is well\"");
	judge("'body_lacks':'error'", 200, "all is well", NULL);
	judge("'body_lacks':'well'", 200, "all is well",
	    "the body contains \"well\", which must not be");
	judge("'body_matches':'^all .* well$'", 200, "all is well", NULL);
	judge("'body_matches':'(?i)SICK'", 200, "all is well",
	    "the body does not match /(?i)SICK/");
}

static void
tiring_patterns_fail(void **state)
{
	size_t len = 200000;
	char *body = mem_alloc(len + 1);

	(void)state;
	memset(body, 'a', len);
	judge("'body_matches':'^(a?)+$'", 200, body,
	    "the body: matching /^(a?)+$/ takes too many steps; simplify it "
	    "or lower max_body");
	free(body);
}

static void
json_claims(void **state)
{
	(void)state;
	judge("'json':['/status == ok','/n < 5']", 200,
	    "{\"status\":\"ok\",\"n\":4}", NULL);
	judge("'json':['/status == ok','/n < 5']", 200,
	    "{\"status\":\"ok\",\"n\":5}", "/n is 5, expected < 5");
	judge("'json':'/a exists'", 200, "<html>",
	    "the body is not JSON; body begins \"<html>\"");
	judge(
	    "'json':'/a exists'", 200, "", "the body is not JSON; empty body");
}

/* The first thing that is wrong is what a person reads. */
static void
order(void **state)
{
	(void)state;
	judge("'body_contains':'x','headers':{'nope':'y'}", 500, "sad",
	    "status 500, body begins \"sad\"");
	judge("'body_contains':'x','headers':{'nope':'y'}", 200, "sad",
	    "there is no header nope");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(status),
	    cmocka_unit_test(excerpts_are_cut),
	    cmocka_unit_test(version),
	    cmocka_unit_test(headers),
	    cmocka_unit_test(body_text),
	    cmocka_unit_test(tiring_patterns_fail),
	    cmocka_unit_test(json_claims),
	    cmocka_unit_test(order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
