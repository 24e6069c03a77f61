#include "base/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"

#define SHOWN       64 /* bytes of a foreign value that a message repeats */
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* jansson recurses once per level, so depth is judged before it starts. */
static bool
too_deep(const char *text, size_t len)
{
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '[' || c == '{'))
			depth++;
		else if (!in_string && (c == ']' || c == '}') && depth > 0)
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return true;
	}
	return false;
}

int
json_parse(json_t **out, const char *text, size_t len, struct err *err)
{
	char why[sizeof(((json_error_t *)NULL)->text)];
	json_error_t e;

	if (too_deep(text, len))
		return err_set(err, ERR_INPUT,
		    "JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
	*out =
	    json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (*out != NULL)
		return 0;
	str_printable(why, sizeof(why), e.text, strlen(e.text));
	return err_set(err, ERR_INPUT, "not JSON: %s (line %d, column %d)", why,
	    e.line, e.column);
}

static const char *
type_name(const json_t *value)
{
	if (value == NULL)
		return "nothing";
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "a number";
	case JSON_REAL:
		return "a number with a fraction";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		break;
	}
	return "null";
}

static int
wrong_type(
    const json_t *value, const char *key, const char *allowed, struct err *err)
{
	return err_set(err, ERR_INPUT, "\"%s\" is %s, but must be %s", key,
	    type_name(value), allowed);
}

/* *found is the member, or NULL if it is absent or null. */
static int
find(const json_t *obj, const char *key, bool required, json_t **found,
    struct err *err)
{
	*found = NULL;
	if (!json_is_object(obj))
		return err_set(err, ERR_INPUT,
		    "expected an object with \"%s\", found %s", key,
		    type_name(obj));
	*found = json_object_get(obj, key);
	if (json_is_null(*found) && !required)
		*found = NULL;
	if (*found == NULL && required)
		return err_set(err, ERR_INPUT, "\"%s\" is missing", key);
	return 0;
}

static int
get_str(const json_t *obj, const char *key, bool required, size_t max_len,
    const char **out, struct err *err)
{
	json_t *value;

	if (find(obj, key, required, &value, err) < 0)
		return -1;
	if (value == NULL)
		return 0;
	if (!json_is_string(value))
		return wrong_type(value, key, "a string", err);
	if (json_string_length(value) > max_len)
		return err_set(err, ERR_INPUT,
		    "\"%s\" is %zu bytes long, but at most %zu are allowed",
		    key, json_string_length(value), max_len);
	*out = json_string_value(value);
	return 0;
}

static int
get_int(const json_t *obj, const char *key, bool required,
    const int64_t range[2], int64_t *out, struct err *err)
{
	json_t *value;
	int64_t number;

	if (find(obj, key, required, &value, err) < 0)
		return -1;
	if (value == NULL)
		return 0;
	if (!json_is_integer(value))
		return wrong_type(value, key, "a whole number", err);
	number = json_integer_value(value);
	if (number < range[0] || number > range[1])
		return err_set(err, ERR_INPUT,
		    "\"%s\" is %" PRId64 ", but must be from %" PRId64
		    " to %" PRId64,
		    key, number, range[0], range[1]);
	*out = number;
	return 0;
}

int
json_need_str(const json_t *obj, const char *key, size_t max_len,
    const char **out, struct err *err)
{
	return get_str(obj, key, true, max_len, out, err);
}

int
json_need_int(const json_t *obj, const char *key, int64_t min, int64_t max,
    int64_t *out, struct err *err)
{
	return get_int(obj, key, true, (const int64_t[2]){min, max}, out, err);
}

int
json_need_enum(const json_t *obj, const char *key, const char *const *names,
    int *out, struct err *err)
{
	const char *word = "";
	char shown[SHOWN];
	struct buf allowed;
	int i;

	if (get_str(obj, key, true, SIZE_MAX, &word, err) < 0)
		return -1;
	i = str_index(names, word);
	if (i >= 0) {
		*out = i;
		return 0;
	}
	buf_init(&allowed, 256);
	for (i = 0; names[i] != NULL; i++)
		buf_printf(&allowed, "%s%s", i ? ", " : "", names[i]);
	str_printable(shown, sizeof(shown), word, strlen(word));
	err_set(err, ERR_INPUT, "\"%s\" is \"%s\", but must be one of %s", key,
	    shown, buf_str(&allowed));
	buf_fini(&allowed);
	return -1;
}

int
json_need_obj(const json_t *obj, const char *key, json_t **out, struct err *err)
{
	json_t *value;

	if (find(obj, key, true, &value, err) < 0)
		return -1;
	if (!json_is_object(value))
		return wrong_type(value, key, "an object", err);
	*out = value;
	return 0;
}

int
json_opt_str(const json_t *obj, const char *key, size_t max_len,
    const char **out, struct err *err)
{
	return get_str(obj, key, false, max_len, out, err);
}

int
json_opt_int(const json_t *obj, const char *key, int64_t min, int64_t max,
    int64_t *out, struct err *err)
{
	return get_int(obj, key, false, (const int64_t[2]){min, max}, out, err);
}

int
json_opt_bool(const json_t *obj, const char *key, bool *out, struct err *err)
{
	json_t *value;

	if (find(obj, key, false, &value, err) < 0)
		return -1;
	if (value == NULL)
		return 0;
	if (!json_is_boolean(value))
		return wrong_type(value, key, "true or false", err);
	*out = json_is_true(value);
	return 0;
}

int
json_only(const json_t *obj, const char *const *keys, struct err *err)
{
	const char *key, *nearest;
	char shown[SHOWN];
	json_t *value;

	if (!json_is_object(obj))
		return err_set(err, ERR_INPUT, "expected an object, found %s",
		    type_name(obj));
	json_object_foreach ((json_t *)(uintptr_t)obj, key, value) {
		if (str_index(keys, key) >= 0)
			continue;
		str_printable(shown, sizeof(shown), key, strlen(key));
		nearest = str_nearest(keys, key);
		return err_set(err, ERR_INPUT, "unknown member \"%s\"%s%s%s",
		    shown, nearest ? "; did you mean \"" : "",
		    nearest ? nearest : "", nearest ? "\"?" : "");
	}
	return 0;
}

const char *
json_str(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s != NULL ? s : "";
}

int64_t
json_int(const json_t *obj, const char *key, int64_t fallback)
{
	const json_t *value = json_object_get(obj, key);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool
json_bool(const json_t *obj, const char *key, bool fallback)
{
	const json_t *value = json_object_get(obj, key);

	return json_is_boolean(value) ? json_is_true(value) : fallback;
}

/* A JSON string of any bytes: what is not UTF-8 becomes U+FFFD. */
static json_t *
text_value(const char *s, size_t len, bool drop_controls)
{
	struct buf b;
	json_t *value;

	buf_init(&b, 3 * len);
	while (len > 0) {
		uint32_t code = 0;
		size_t n = utf8_next(s, len, &code);

		if (n == 0)
			buf_puts(&b, REPLACEMENT);
		else if (!drop_controls || !utf8_is_control(code) ||
			 code == '\n' || code == '\t')
			buf_add(&b, s, n);
		s += n ? n : 1;
		len -= n ? n : 1;
	}
	value = json_stringn_nocheck(buf_str(&b), b.len);
	buf_fini(&b);
	return value;
}

void
json_put_str(json_t *obj, const char *key, const char *value)
{
	json_put(
	    obj, key, value ? text_value(value, strlen(value), false) : NULL);
}

void
json_put_text(json_t *obj, const char *key, const char *s, size_t len)
{
	json_put(obj, key, text_value(s, len, true));
}

void
json_put_int(json_t *obj, const char *key, int64_t value)
{
	json_put(obj, key, json_integer(value));
}

void
json_put_real(json_t *obj, const char *key, double value)
{
	json_put(obj, key, json_real(value)); /* NULL, so null, for NaN */
}

void
json_put_bool(json_t *obj, const char *key, bool value)
{
	json_put(obj, key, json_boolean(value));
}

void
json_put_time(json_t *obj, const char *key, int64_t wall_ms)
{
	char text[32];

	json_put(obj, key,
	    wall_ms ? json_string(clock_rfc3339(text, wall_ms)) : NULL);
}

void
json_put(json_t *obj, const char *key, json_t *value)
{
	if (json_object_set_new(obj, key, value ? value : json_null()) < 0)
		die("cannot set JSON member \"%s\"", key);
}

char *
json_text(const json_t *value)
{
	/* 15 digits: every decimal number of that length survives, and 0.1
	 * does not turn into 0.10000000000000001 */
	char *text = json_dumps(
	    value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	if (text == NULL)
		die("cannot write JSON");
	return text;
}
