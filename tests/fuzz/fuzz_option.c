/*
 * base/option.c over hostile JSON: whatever is accepted must survive being
 * dumped and read again unchanged; whatever is not must be reported.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/json.h"
#include "base/option.h"
#include "base/outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct inner {
	struct option_ranges status;
	char *body;
	int64_t within_ms;
};

struct sample {
	char *target, *secret, *pattern;
	int method;
	bool follow;
	int64_t count, every_ms, bytes;
	double ratio;
	enum severity severity;
	struct option_list names;
	struct option_map headers;
	struct inner expect;
	struct option_array steps;
	json_t *any;
};

static const char *const methods[] = {"GET", "HEAD", "POST", NULL};
static const char *const schemes[] = {"https", "http", "tcp", NULL};

static const struct option inner_options[] = {
    {.name = "status",
	OPTION(RANGES, struct inner, status),
	.standard = "200-299"},
    {.name = "body", OPTION(STRING, struct inner, body)},
    {.name = "within", OPTION(DURATION, struct inner, within_ms)},
    OPTION_END,
};

static const struct option sample_options[] = {
    {.name = "target", OPTION(URL, struct sample, target), .words = schemes},
    {.name = "secret", OPTION(SECRET, struct sample, secret)},
    {.name = "pattern", OPTION(REGEX, struct sample, pattern)},
    {.name = "method", OPTION(ENUM, struct sample, method), .words = methods},
    {.name = "follow", OPTION(BOOL, struct sample, follow)},
    {.name = "count", OPTION(INT, struct sample, count)},
    {.name = "every", OPTION(DURATION, struct sample, every_ms)},
    {.name = "bytes", OPTION(SIZE, struct sample, bytes)},
    {.name = "ratio", OPTION(DOUBLE, struct sample, ratio)},
    {.name = "severity", OPTION(SEVERITY, struct sample, severity)},
    {.name = "names", OPTION(LIST, struct sample, names), .max = 5},
    {.name = "headers", OPTION(MAP, struct sample, headers)},
    {.name = "expect",
	OPTION(SECTION, struct sample, expect),
	.section = inner_options},
    {.name = "steps",
	OPTION(SECTIONS, struct sample, steps),
	.section = inner_options,
	.section_size = sizeof(struct inner)},
    {.name = "any", OPTION(JSON, struct sample, any)},
    OPTION_END,
};

static void
count_mistake(void *ctx, const json_t *at, const char *path, const char *text)
{
	unsigned *count = ctx;

	(void)at;
	CHECK(path != NULL && text != NULL && *text != '\0');
	*count += 1;
}

/* What option_dump wrote is read again to the same struct. */
static void
round_trip(const struct sample *s)
{
	json_t *first = option_dump(sample_options, s, false, false), *second;
	struct sample again = {0};
	struct err err = ERR_INIT;

	if (option_parse_one(sample_options, &again, first, "", &err) < 0)
		die("a dump was refused: %s", err.text);
	second = option_dump(sample_options, &again, false, false);
	CHECK(json_equal(first, second));
	option_free(sample_options, &again);
	json_decref(first);
	json_decref(second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sample s = {0};
	const struct option_set set = {sample_options, &s};
	unsigned seen = 0;
	struct option_report report = {.mistake = count_mistake, .ctx = &seen};
	json_t *obj;

	if (json_parse(&obj, (const char *)data, size, NULL) < 0)
		return 0;
	if (option_parse(&set, 1, obj, "fuzz", &report) == 0)
		round_trip(&s);
	else
		CHECK(seen > 0 && seen == report.mistakes);
	option_free(sample_options, &s);
	json_decref(obj);
	return 0;
}
