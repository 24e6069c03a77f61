#include "probes/uptime_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/mem.h"

/* A step is an item of the pattern tried, or WALK bytes run over by one. This
 * many take well below a tenth of a second. PCRE2's own match limit starts
 * anew at each byte of the text, so it bounds nothing here. */
#define BUDGET   4000000
#define WALK     8
#define HEAP_KIB 16384

struct uptime_pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	int64_t budget;
	size_t last; /* where the text was at the last step */
};

static int
count_step(pcre2_callout_block *at, void *ctx)
{
	struct uptime_pattern *p = ctx;
	size_t now = at->current_position;
	size_t walked = now > p->last ? now - p->last : p->last - now;

	p->last = now;
	p->budget -= 1 + (int64_t)(walked / WALK);
	return p->budget < 0 ? PCRE2_ERROR_MATCHLIMIT : 0;
}

int
uptime_pattern_new(
    struct uptime_pattern **out, const char *pattern, struct err *err)
{
	struct uptime_pattern *p;
	pcre2_code *code;
	PCRE2_UCHAR why[160];
	PCRE2_SIZE at = 0;
	int error = 0;

	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_AUTO_CALLOUT |
		PCRE2_NEVER_BACKSLASH_C,
	    &error, &at, NULL);
	if (code == NULL) {
		pcre2_get_error_message(error, why, sizeof(why));
		return err_set(err, ERR_INPUT,
		    "the regular expression is wrong at character %zu: %s",
		    at + 1, (const char *)why);
	}
	p = mem_alloc(sizeof(*p));
	p->code = code;
	p->data = pcre2_match_data_create_from_pattern(code, NULL);
	p->context = pcre2_match_context_create(NULL);
	CHECK(p->data != NULL && p->context != NULL);
	pcre2_set_callout(p->context, count_step, p);
	pcre2_set_heap_limit(p->context, HEAP_KIB);
	*out = p;
	return 0;
}

void
uptime_pattern_free(struct uptime_pattern *p)
{
	if (p == NULL)
		return;
	pcre2_match_context_free(p->context);
	pcre2_match_data_free(p->data);
	pcre2_code_free(p->code);
	free(p);
}

enum uptime_match
uptime_pattern_match(
    struct uptime_pattern *p, const char *text, size_t len, size_t *end)
{
	int rc;

	p->budget = BUDGET;
	p->last = 0;
	rc = pcre2_match(
	    p->code, (PCRE2_SPTR)text, len, 0, 0, p->data, p->context);
	if (rc == PCRE2_ERROR_NOMATCH)
		return UPTIME_MATCH_NO;
	if (rc < 0)
		return UPTIME_MATCH_TIRED;
	if (end != NULL)
		*end = pcre2_get_ovector_pointer(p->data)[1];
	return UPTIME_MATCH_YES;
}

enum uptime_match
uptime_pattern_once(const char *pattern, const char *text, size_t len)
{
	struct uptime_pattern *p = NULL;
	enum uptime_match match;

	if (uptime_pattern_new(&p, pattern, NULL) != 0)
		return UPTIME_MATCH_TIRED;
	CHECK(p != NULL);
	match = uptime_pattern_match(p, text, len, NULL);
	uptime_pattern_free(p);
	return match;
}
