/*
 * alerting/mute.c: a silence as the API gets it or as it was stored. Input: a
 * letter (a stored one: S; from a person: s, m, q), then JSON. What is taken
 * is stored and read back the same, and its state fits together.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "alerting/mute.h"
#include "base/check.h"
#include "base/json.h"

#define NOW_MS 1795341600000LL /* 2026-11-22T10:00:00Z */

static int
from_person(
    struct mute *out, enum mute_kind kind, const json_t *json, struct err *err)
{
	struct mute_config config = {0};
	int rc = option_parse_one(mute_options[kind], &config, json, "", err);

	memset(out, 0, sizeof(*out));
	if (rc == 0)
		rc = mute_make(out, kind, &config, NOW_MS, err);
	option_free(mute_options[kind], &config);
	return rc;
}

static void
fits_together(const struct mute *m)
{
	int64_t change_ms, next_ms;
	enum mute_state state = mute_state(m, NOW_MS, &change_ms);
	char text[600];

	CHECK(change_ms > NOW_MS);
	if (state == MUTE_PENDING)
		CHECK(mute_state(m, change_ms, &next_ms) == MUTE_ACTIVE);
	if (state == MUTE_ACTIVE)
		CHECK(mute_state(m, change_ms - 1, &next_ms) == MUTE_ACTIVE);
	if (state == MUTE_OVER)
		CHECK(change_ms == INT64_MAX);
	mute_text(text, sizeof(text), m, change_ms);
	CHECK(strchr(text, '\n') == NULL);
}

static void
stored_the_same(const struct mute *m)
{
	json_t *json = mute_to_json(m), *twice;
	struct mute again;

	CHECK(mute_from_json(&again, json, NULL) == 0);
	twice = mute_to_json(&again);
	CHECK(json_equal(json, twice));
	json_decref(json);
	json_decref(twice);
	mute_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char letters[] = "smq";
	const char *kind;
	struct err err = ERR_INIT;
	struct mute m = {0};
	json_t *json;
	int rc;

	if (size < 1 || data[0] == '\0' ||
	    json_parse(&json, (const char *)data + 1, size - 1, NULL) != 0)
		return 0;
	kind = strchr(letters, data[0]);
	rc = kind != NULL
	         ? from_person(&m, (enum mute_kind)(kind - letters), json, &err)
	         : mute_from_json(&m, json, &err);
	json_decref(json);
	if (rc == 0) {
		if (kind != NULL)
			fits_together(&m);
		stored_the_same(&m);
	} else {
		CHECK(err.text[0] != '\0');
	}
	mute_fini(&m);
	return 0;
}
