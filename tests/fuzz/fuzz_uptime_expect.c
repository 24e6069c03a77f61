/*
 * probes/uptime_expect.c and what it judges with: a hostile reply against what
 * an operator expects. Input: the expectations as JSON, a NUL, headers as
 * "name: value" lines, an empty line, the body.
 */
#include "probes/uptime.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "probes/uptime_options.h"
#include "tests/fuzz/fuzz.h"

#define HEADERS_MAX 32
#define BODY_MAX    4096

static struct uptime_config *
read_config(const char *text, size_t len)
{
	struct uptime_config *config = mem_alloc(sizeof(*config));
	struct err err = ERR_INIT;
	json_t *expect = NULL, *obj = json_object();

	json_put_str(obj, "target", "https://fuzz.example/");
	if (json_parse(&expect, text, len, &err) == 0)
		json_put(obj, "expect", expect);
	if (option_parse_one(uptime_options, config, obj, "fuzz", &err) != 0 ||
	    uptime_options_check(config, &err) != 0) {
		CHECK(err.code != ERR_NONE && err.text[0] != '\0');
		option_free(uptime_options, config);
		free(config);
		config = NULL;
	}
	json_decref(obj);
	return config;
}

/* Cuts the lines of text in place. Returns where the body begins. */
static char *
read_headers(char *text, struct http_header *headers, size_t *count)
{
	char *line = text, *end;

	for (*count = 0; *count < HEADERS_MAX; ++*count) {
		char *colon;

		end = strchr(line, '\n');
		if (end == NULL || end == line)
			return end != NULL ? end + 1 : line;
		*end = '\0';
		colon = strchr(line, ':');
		if (colon == NULL)
			return end + 1;
		*colon = '\0';
		headers[*count] = (struct http_header){line, colon + 1};
		line = end + 1;
	}
	return line;
}

static void
judge(const struct uptime_config *config, char *text, size_t len)
{
	struct http_header headers[HEADERS_MAX];
	struct uptime_facts f = uptime_facts_init(UPTIME_HTTPS, 10000);
	struct tls_certificate tls = {.seen = true};
	struct observation obs = {.outcome = OUTCOME_UNKNOWN};
	char *body = read_headers(text, headers, &f.header_count);

	f.stage = UPTIME_AT_END;
	f.status = 200 + (int)(len % 3) * 100;
	f.version = 11;
	f.headers = headers;
	f.body = body;
	f.body_len = len - (size_t)(body - text);
	f.body_cut = f.body_len > BODY_MAX;
	f.body_len = f.body_cut ? BODY_MAX : f.body_len;
	f.latency_us = (int64_t)len * 1000;
	f.lag_us = (int64_t)f.header_count * 1000;
	tls.not_after_ms = (int64_t)len * 3600 * 1000;
	f.tls = &tls;
	uptime_expect(config, &f, &obs);
	CHECK(obs.reason[0] != '\0');
	CHECK(str_is_text(obs.reason, strlen(obs.reason)));
	CHECK(strchr(obs.reason, '\n') == NULL);
	CHECK(obs.outcome != OUTCOME_UNKNOWN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, 0, size);
	size_t len = nul != NULL ? (size_t)(nul - data) : size;
	struct uptime_config *config = read_config((const char *)data, len);
	char *text;

	if (config == NULL)
		return 0;
	size -= len < size ? len + 1 : len;
	text = mem_alloc(size + 1);
	if (size > 0)
		memcpy(text, nul + 1, size);
	judge(config, text, size);
	free(text);
	option_free(uptime_options, config);
	free(config);
	return 0;
}
