/*
 * alerting/calendar.c: times as people write them. Input: a byte that picks the
 * zone, two that pick the moment, then the text. What it says about when it
 * holds must fit together, and its text must read the same again.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/calendar.h"
#include "base/check.h"
#include "base/mem.h"

#define FIRST_MS 1767225600000LL /* 2026-01-01T00:00:00Z */

static const char *const zones[] = {
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"};
#define ZONES (sizeof(zones) / sizeof(zones[0]))

static void
fits_together(const struct calendar *c, int64_t now_ms)
{
	int64_t until_ms = 0, next_ms = calendar_next_ms(c, now_ms);

	CHECK(next_ms > now_ms);
	if (calendar_covers(c, now_ms, &until_ms)) {
		CHECK(until_ms > now_ms);
		CHECK(until_ms - now_ms <= CALENDAR_LOOK_MS);
		CHECK(calendar_covers(c, until_ms - 1, NULL));
		CHECK(next_ms > until_ms);
		if (until_ms - now_ms < CALENDAR_LOOK_MS)
			CHECK(!calendar_covers(c, until_ms, NULL));
	}
	if (next_ms != INT64_MAX) {
		CHECK(calendar_covers(c, next_ms, NULL));
		CHECK(!calendar_covers(c, next_ms - 1, NULL));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct calendar *c, *again;
	struct err err = ERR_INIT;
	const char *zone;
	int64_t hours;
	char *text;

	if (size < 3)
		return 0;
	zone = zones[data[0] % ZONES];
	hours = data[1] * 256 + data[2]; /* seven years */
	text = mem_strndup((const char *)data + 3, size - 3);
	if (calendar_new(&c, text, zone, &err) == 0) {
		fits_together(c, FIRST_MS + hours * 3600000);
		CHECK(calendar_new(&again, calendar_text(c), zone, NULL) == 0);
		CHECK(strcmp(calendar_text(again), calendar_text(c)) == 0);
		calendar_free(again);
		calendar_free(c);
	} else {
		CHECK(err.code == ERR_CONFIG && err.text[0] != '\0');
	}
	free(text);
	return 0;
}
