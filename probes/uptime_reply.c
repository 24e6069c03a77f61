/*
 * The part of the judgement that looks into an HTTP reply. Its bytes are
 * hostile: patterns have a budget, excerpts are made printable.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "probes/uptime.h"
#include "probes/uptime_pattern.h"
#include "probes/uptime_pointer.h"

#define EXCERPT 80

typedef void reply_fn(const struct uptime_expect *e,
    const struct uptime_facts *f, struct observation *obs);

/* " body begins "…"" for a person; nothing for a body of white space. */
static void
excerpt(char *dst, size_t size, const struct uptime_facts *f)
{
	const char *body = f->body;
	size_t len = f->body_len;
	char shown[EXCERPT];

	while (len > 0 && strchr(" \t\r\n", *body) != NULL && *body != '\0') {
		body++;
		len--;
	}
	if (len == 0) {
		str_copy(dst, size, "empty body");
		return;
	}
	str_printable(shown, sizeof(shown), body, len);
	str_printf(dst, size, "body begins \"%s\"", shown);
}

static void
list_ranges(char *dst, size_t size, const struct option_ranges *r)
{
	size_t used = 0;

	dst[0] = '\0';
	for (size_t i = 0; i < r->count && used + 1 < size; i++) {
		const struct option_range *range = &r->items[i];

		str_printf(dst + used, size - used, "%s%lld", i > 0 ? ", " : "",
		    (long long)range->low);
		used = strlen(dst);
		if (range->high == range->low)
			continue;
		str_printf(
		    dst + used, size - used, "-%lld", (long long)range->high);
		used = strlen(dst);
	}
}

static bool
is_success(const struct option_ranges *r)
{
	return r->count == 1 && r->items[0].low == 200 &&
	       r->items[0].high == 299;
}

static void
reply_status(const struct uptime_expect *e, const struct uptime_facts *f,
    struct observation *obs)
{
	char body[EXCERPT + 32], list[64];

	if (option_ranges_has(&e->status, f->status))
		return;
	excerpt(body, sizeof(body), f);
	list_ranges(list, sizeof(list), &e->status);
	if (is_success(&e->status))
		probe_reason(
		    obs, OUTCOME_FAILED, "status %d, %s", f->status, body);
	else
		probe_reason(obs, OUTCOME_FAILED, "status %d, expected %s; %s",
		    f->status, list, body);
}

static void
reply_version(const struct uptime_expect *e, const struct uptime_facts *f,
    struct observation *obs)
{
	static const int numbers[] = {
	    [HTTP_VERSION_ANY] = 0,
	    [HTTP_VERSION_1_1] = 11,
	    [HTTP_VERSION_2] = 20,
	};
	int wanted = numbers[e->version];

	if (wanted != 0 && f->version != wanted)
		probe_reason(obs, OUTCOME_FAILED,
		    "HTTP/%d.%d, expected HTTP/%d.%d", f->version / 10,
		    f->version % 10, wanted / 10, wanted % 10);
}

/* One pattern over one text. `what` is how a person calls the text. */
static void
match(const char *pattern, const char *text, size_t len, const char *what,
    struct observation *obs)
{
	switch (uptime_pattern_once(pattern, text, len)) {
	case UPTIME_MATCH_YES:
		break;
	case UPTIME_MATCH_NO:
		probe_reason(obs, OUTCOME_FAILED, "%s does not match /%.100s/",
		    what, pattern);
		break;
	case UPTIME_MATCH_TIRED:
		probe_reason(obs, OUTCOME_FAILED,
		    "%s: matching /%.100s/ takes too many steps; simplify it "
		    "or lower max_body",
		    what, pattern);
		break;
	}
}

/* A header may come more than once: one that matches is enough. */
static void
reply_header(const struct option_pair *wanted, const struct uptime_facts *f,
    struct observation *obs)
{
	struct observation best = {.outcome = OUTCOME_OK};
	char what[180], shown[EXCERPT];

	probe_reason(
	    &best, OUTCOME_FAILED, "there is no header %.60s", wanted->key);
	for (size_t i = 0; i < f->header_count; i++) {
		const struct http_header *h = &f->headers[i];

		if (strcasecmp(h->name, wanted->key) != 0)
			continue;
		str_printable(shown, sizeof(shown), h->value, strlen(h->value));
		str_printf(
		    what, sizeof(what), "header %.60s: %s", wanted->key, shown);
		best.outcome = OUTCOME_OK;
		match(wanted->value, h->value, strlen(h->value), what, &best);
		if (best.outcome == OUTCOME_OK)
			return;
	}
	probe_reason(obs, best.outcome, "%s", best.reason);
}

static void
reply_headers(const struct uptime_expect *e, const struct uptime_facts *f,
    struct observation *obs)
{
	for (size_t i = 0; i < e->headers.count; i++) {
		reply_header(&e->headers.items[i], f, obs);
		if (obs->outcome != OUTCOME_OK)
			return;
	}
	for (size_t i = 0; i < e->no_headers.count; i++)
		for (size_t k = 0; k < f->header_count; k++) {
			const char *name = e->no_headers.items[i];

			if (strcasecmp(f->headers[k].name, name) != 0)
				continue;
			probe_reason(obs, OUTCOME_FAILED,
			    "there is a header %.60s, which must not be", name);
			return;
		}
}

static bool
contains(const struct uptime_facts *f, const char *text)
{
	return memmem(f->body, f->body_len, text, strlen(text)) != NULL;
}

static void
reply_body(const struct uptime_expect *e, const struct uptime_facts *f,
    struct observation *obs)
{
	const char *what =
	    f->body_cut ? "the part of the body up to max_body" : "the body";
	char begins[EXCERPT + 32];

	for (size_t i = 0; i < e->body_contains.count; i++) {
		if (contains(f, e->body_contains.items[i]))
			continue;
		excerpt(begins, sizeof(begins), f);
		probe_reason(obs, OUTCOME_FAILED,
		    "%s does not contain \"%.100s\"; %s", what,
		    e->body_contains.items[i], begins);
		return;
	}
	for (size_t i = 0; i < e->body_lacks.count; i++) {
		if (!contains(f, e->body_lacks.items[i]))
			continue;
		probe_reason(obs, OUTCOME_FAILED,
		    "the body contains \"%.100s\", which must not be",
		    e->body_lacks.items[i]);
		return;
	}
	if (e->body_matches != NULL)
		match(e->body_matches, f->body, f->body_len, what, obs);
}

static void
reply_json(const struct uptime_expect *e, const struct uptime_facts *f,
    struct observation *obs)
{
	char why[PROBE_REASON_MAX], begins[EXCERPT + 32];
	json_error_t error;
	json_t *document;

	if (e->json.count == 0)
		return;
	document = json_loadb(f->body, f->body_len, JSON_DECODE_ANY, &error);
	if (document == NULL) {
		excerpt(begins, sizeof(begins), f);
		probe_reason(obs, OUTCOME_FAILED, "the body is not JSON%s; %s",
		    f->body_cut ? " (it was cut at max_body)" : "", begins);
		return;
	}
	for (size_t i = 0; i < e->json.count; i++)
		if (!uptime_pointer_holds(
			e->json.items[i], document, why, sizeof(why))) {
			probe_reason(obs, OUTCOME_FAILED, "%s", why);
			break;
		}
	json_decref(document);
}

void
uptime_reply(const struct uptime_config *config,
    const struct uptime_facts *facts, struct observation *obs)
{
	static reply_fn *const parts[] = {
	    reply_status, reply_version, reply_headers, reply_body, reply_json};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		parts[i](&config->expect, facts, obs);
		if (obs->outcome != OUTCOME_OK)
			return;
	}
}
