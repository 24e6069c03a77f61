/* Text to value, one function a type: the reading half of option_text.h. */
#include "base/option_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/option_value.h"
#include "base/outcome.h"
#include "base/str.h"

#define RANGES_MAX 100

static int
refuse(struct err *why, const struct option_text *t, const char *what)
{
	char shown[OPTION_SHOWN_MAX];

	return err_set(why, ERR_CONFIG, "%s %s",
	    option_shown(shown, t->text, t->hidden), what);
}

static int
check_limits(const struct option *o, const struct option_text *t, int64_t value,
    struct err *why)
{
	char shown[OPTION_SHOWN_MAX], limit[32];
	int64_t min, max;

	option_limits(o, &min, &max);
	if (value >= min && value <= max)
		return 0;
	return err_set(why, ERR_CONFIG, "%s is %s of %s",
	    option_shown(shown, t->text, t->hidden),
	    value < min ? "below the minimum" : "above the maximum",
	    option_limit_text(limit, o, value < min ? min : max));
}

int
option_read_bool(const struct option *o, void *member,
    const struct option_text *t, struct err *why)
{
	static const char *const yes[] = {"yes", "on", "y", "1", "True", "TRUE",
	    "Yes", "YES", "On", "ON", NULL};
	static const char *const no[] = {"no", "off", "n", "0", "False",
	    "FALSE", "No", "NO", "Off", "OFF", NULL};
	bool *out = member;

	(void)o;
	*out = str_eq(t->text, "true");
	if (*out || str_eq(t->text, "false"))
		return 0;
	if (str_index(yes, t->text) >= 0)
		return refuse(why, t, "is not a truth value; write true");
	if (str_index(no, t->text) >= 0)
		return refuse(why, t, "is not a truth value; write false");
	return refuse(why, t, "is neither true nor false");
}

/* "-12", "007": only ever too large or too small, not malformed. */
static bool
is_whole(const char *s)
{
	s += *s == '-';
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

int
option_read_int(const struct option *o, void *member,
    const struct option_text *t, struct err *why)
{
	int64_t value;

	if (str_parse_i64(t->text, INT64_MIN, INT64_MAX, &value) < 0) {
		if (!is_whole(t->text))
			return refuse(why, t, "is not a whole number");
		value = *t->text == '-' ? INT64_MIN : INT64_MAX;
		if (check_limits(o, t, value, why) < 0)
			return -1;
		return refuse(why, t, "does not fit in 64 bits");
	}
	if (check_limits(o, t, value, why) < 0)
		return -1;
	*(int64_t *)member = value;
	return 0;
}

int
option_read_duration(const struct option *o, void *member,
    const struct option_text *t, struct err *why)
{
	int64_t value;

	if (str_parse_duration_ms(t->text, &value, why) < 0)
		return t->hidden ? refuse(why, t,
				       "is not a duration such as 30s or 1h30m")
		                 : -1;
	if (check_limits(o, t, value, why) < 0)
		return -1;
	*(int64_t *)member = value;
	return 0;
}

int
option_read_size(const struct option *o, void *member,
    const struct option_text *t, struct err *why)
{
	int64_t value;

	if (str_parse_size(t->text, &value, why) < 0)
		return t->hidden ? refuse(why, t,
				       "is not a size such as 64KiB or 10MB")
		                 : -1;
	if (check_limits(o, t, value, why) < 0)
		return -1;
	*(int64_t *)member = value;
	return 0;
}

int
option_read_double(const struct option *o, void *member,
    const struct option_text *t, struct err *why)
{
	char shown[OPTION_SHOWN_MAX];
	int64_t min, max;
	double value;

	if (str_parse_double(t->text, &value) < 0)
		return refuse(why, t, "is not a number");
	option_limits(o, &min, &max);
	if (value < (double)min || value > (double)max)
		return err_set(why, ERR_CONFIG, "%s is %s of %" PRId64,
		    option_shown(shown, t->text, t->hidden),
		    value < (double)min ? "below the minimum"
					: "above the maximum",
		    value < (double)min ? min : max);
	*(double *)member = value;
	return 0;
}

static int
check_length(
    const struct option *o, const struct option_text *t, struct err *why)
{
	int64_t min, max, len = (int64_t)strlen(t->text);

	option_limits(o, &min, &max);
	if (len == 0 && ((o->flags & OPTION_REQUIRED) || min > 0))
		return err_set(why, ERR_CONFIG, "must not be empty");
	if (len < min)
		return err_set(why, ERR_CONFIG,
		    "%" PRId64 " bytes are below the minimum of %" PRId64, len,
		    min);
	if (len > max)
		return err_set(why, ERR_CONFIG,
		    "%" PRId64 " bytes are above the maximum of %" PRId64, len,
		    max);
	return 0;
}

int
option_read_string(const struct option *o, void *member,
    const struct option_text *t, struct err *why)
{
	if (check_length(o, t, why) < 0)
		return -1;
	*(char **)member = mem_strdup(t->text);
	return 0;
}

/* "http, https or tcp" */
static void
list_words(struct buf *out, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (i > 0)
			buf_puts(out, words[i + 1] == NULL ? " or " : ", ");
		buf_puts(out, *words[i] != '\0' ? words[i] : "\"\"");
	}
}

/* "PSOT is not one of GET, HEAD or POST; did you mean POST?" */
static int
refuse_word(const struct option_text *t, const char *word,
    const char *const *words, struct err *why)
{
	const char *near = t->hidden ? NULL : str_nearest(words, word);
	char shown[OPTION_SHOWN_MAX];
	struct buf list;

	buf_init(&list, 300);
	list_words(&list, words);
	err_set(why, ERR_CONFIG, "%s is not %s%s%s%s%s",
	    option_shown(shown, word, t->hidden),
	    words[0] != NULL && words[1] != NULL ? "one of " : "",
	    buf_str(&list), near != NULL ? "; did you mean " : "",
	    near != NULL ? near : "", near != NULL ? "?" : "");
	buf_fini(&list);
	return -1;
}

static bool
has_scheme(const char *const *schemes, const char *text, size_t len)
{
	for (size_t i = 0; schemes[i] != NULL; i++)
		if (strlen(schemes[i]) == len &&
		    strncasecmp(schemes[i], text, len) == 0)
			return true;
	return false;
}

int
option_read_url(const struct option *o, void *member,
    const struct option_text *t, struct err *why)
{
	size_t len = strspn(t->text,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789+-.");
	char scheme[32];

	if (check_length(o, t, why) < 0)
		return -1;
	if (len == 0 || len >= sizeof(scheme) ||
	    strncmp(t->text + len, "://", 3) != 0)
		return refuse(why, t,
		    o->words != NULL && str_eq(o->words[0], "https")
			? "is not a URL; write https://HOST/…"
			: "is not a URL; it starts with a scheme and ://");
	memcpy(scheme, t->text, len);
	scheme[len] = '\0';
	if (o->words != NULL && !has_scheme(o->words, scheme, len)) {
		refuse_word(t, scheme, o->words, why);
		return err_wrap(why, "the URL's scheme");
	}
	if (t->text[len + 3] == '\0')
		return refuse(why, t, "ends after its scheme");
	for (const char *s = t->text; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return refuse(
			    why, t, "has a space or control character in it");
	*(char **)member = mem_strdup(t->text);
	return 0;
}

static int
read_word(const char *const *words, const struct option_text *t, int *out,
    struct err *why)
{
	int i = str_index(words, t->text);

	if (i < 0)
		return refuse_word(t, t->text, words, why);
	*out = i;
	return 0;
}

int
option_read_enum(const struct option *o, void *member,
    const struct option_text *t, struct err *why)
{
	return read_word(o->words, t, member, why);
}

int
option_read_severity(const struct option *o, void *member,
    const struct option_text *t, struct err *why)
{
	int i = 0;

	(void)o;
	if (read_word(severity_names, t, &i, why) < 0)
		return -1;
	*(enum severity *)member = (enum severity)i;
	return 0;
}

int
option_read_item(const struct option *o, void *member,
    const struct option_text *t, struct err *why)
{
	struct option_list *list = member;

	(void)o;
	if (*t->text == '\0')
		return err_set(why, ERR_CONFIG, "an item must not be empty");
	list->items =
	    mem_grow(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = mem_strdup(t->text);
	return 0;
}

/* "2xx" is 200-299: the only pattern people write for status codes. */
static int
read_class(const char *text, struct option_range *out)
{
	if (text[0] < '1' || text[0] > '9' || strcasecmp(text + 1, "xx") != 0)
		return -1;
	out->low = (text[0] - '0') * 100;
	out->high = out->low + 99;
	return 0;
}

static int
read_range(char *text, struct option_range *out)
{
	char *dash = strchr(text, '-');

	if (read_class(text, out) == 0)
		return 0;
	if (dash != NULL)
		*dash = '\0';
	if (str_parse_i64(str_trim(text), 0, INT64_MAX, &out->low) < 0)
		return -1;
	out->high = out->low;
	if (dash == NULL)
		return 0;
	return str_parse_i64(str_trim(dash + 1), 0, INT64_MAX, &out->high);
}

static int
add_range(const struct option *o, struct option_ranges *ranges, char *text,
    struct err *why)
{
	struct option_text part = {.text = text};
	char *copy = mem_strdup(text);
	struct option_range range;
	int rc = read_range(copy, &range);

	free(copy);
	if (rc < 0)
		return refuse(
		    why, &part, "is not a range; write 200, 200-299 or 2xx");
	if (range.low > range.high)
		return refuse(why, &part, "ends before it starts");
	if (check_limits(o, &part, range.low, why) < 0 ||
	    check_limits(o, &part, range.high, why) < 0)
		return -1;
	if (ranges->count == RANGES_MAX)
		return err_set(
		    why, ERR_CONFIG, "more than %d ranges", RANGES_MAX);
	ranges->items =
	    mem_grow(ranges->items, ranges->count + 1, sizeof(*ranges->items));
	ranges->items[ranges->count++] = range;
	return 0;
}

int
option_read_ranges(const struct option *o, void *member,
    const struct option_text *t, struct err *why)
{
	char *copy = mem_strdup(t->text), *rest = copy, *part;
	int rc = 0;

	if (*str_trim(copy) == '\0')
		rc = err_set(why, ERR_CONFIG, "must not be empty");
	while (rc == 0 && (part = strsep(&rest, ",")) != NULL)
		rc = add_range(o, member, str_trim(part), why);
	free(copy);
	if (rc < 0 && t->hidden)
		return refuse(why, t, "is not a list of ranges");
	return rc;
}
