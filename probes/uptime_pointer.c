#include "probes/uptime_pointer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define SHOWN     80 /* bytes of a value that a reason repeats */
#define TOKEN_MAX 256

enum operator{
	EQUAL,
	DIFFERENT,
	AT_MOST,
	AT_LEAST,
	LESS,
	MORE,
	EXISTS,
	MISSING,
};

static const char *const operators[] = {
    [EQUAL] = "==",
    [DIFFERENT] = "!=",
    [AT_MOST] = "<=",
    [AT_LEAST] = ">=",
    [LESS] = "<",
    [MORE] = ">",
    [EXISTS] = "exists",
    [MISSING] = "missing",
    NULL,
};

struct claim {
	const char *pointer; /* within the text */
	size_t pointer_len;
	enum operator op;
	const char *rest; /* from the operator on, within the text */
	json_t *value;    /* ours; NULL for EXISTS and MISSING */
};

static int
wrong(struct err *err, const char *text, const char *why)
{
	return err_set(err, ERR_INPUT,
	    "\"%.60s\" %s: write it as POINTER OPERATOR VALUE, such as "
	    "/status == \"ok\" or /queue/depth < 100 (operators: == != < <= "
	    "> >= exists missing)",
	    text, why);
}

/* The operator that stands alone at s, or -1. */
static int
operator_at(const char *s)
{
	size_t len = strcspn(s, " \t");

	for (int i = 0; operators[i] != NULL; i++)
		if (strlen(operators[i]) == len &&
		    memcmp(operators[i], s, len) == 0)
			return i;
	return -1;
}

/* A JSON literal, or a bare word as a string. NULL if it looks like JSON but
 * is not. */
static json_t *
parse_value(const char *text)
{
	char *copy = mem_strdup(text);
	const char *value = str_trim(copy);
	json_t *out = NULL;

	if (*value != '\0') {
		out = json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		if (out == NULL && strchr("\"{[-0123456789", *value) == NULL)
			out = json_string(value);
	}
	free(copy);
	return out;
}

static int
parse(struct claim *c, const char *text, struct err *err)
{
	const char *p = text + strspn(text, " \t");
	int op = -1;

	c->value = NULL;
	c->pointer = p;
	if (*p != '/' && operator_at(p) < 0)
		return wrong(err, text, "does not begin with a JSON pointer");
	/* a pointer's keys may hold spaces: it ends where an operator stands */
	while ((op = operator_at(p)) < 0) {
		p += strcspn(p, " \t");
		if (*p == '\0')
			return wrong(err, text, "has no operator");
		p += strspn(p, " \t");
	}
	c->op = (enum operator)op;
	c->rest = p;
	c->pointer_len = (size_t)(p - c->pointer);
	while (c->pointer_len > 0 && strchr(" \t", p[-1]) != NULL) {
		c->pointer_len--;
		p--;
	}
	p = c->rest + strlen(operators[op]);
	if (op == EXISTS || op == MISSING)
		return p[strspn(p, " \t")] == '\0'
		           ? 0
		           : wrong(
				 err, text, "has something after its operator");
	c->value = parse_value(p);
	if (c->value == NULL)
		return wrong(err, text, "has no JSON value to compare with");
	if (op != EQUAL && op != DIFFERENT && !json_is_number(c->value)) {
		json_decref(c->value);
		return wrong(err, text, "orders something that is no number");
	}
	return 0;
}

int
uptime_pointer_check(const char *text, struct err *err)
{
	struct claim c = {.value = NULL};

	if (parse(&c, text, err) != 0)
		return -1;
	json_decref(c.value);
	return 0;
}

/* One step down: an array's index has no sign and no leading zeros. */
static const json_t *
descend(const json_t *at, const char *token)
{
	int64_t index;

	if (json_is_object(at))
		return json_object_get(at, token);
	if (!json_is_array(at) || (token[0] == '0' && token[1] != '\0') ||
	    str_parse_i64(token, 0, INT32_MAX, &index) != 0)
		return NULL;
	return json_array_get(at, (size_t)index);
}

/* The value a pointer names, or NULL (RFC 6901 section 4). */
static const json_t *
look_up(const json_t *at, const char *pointer, size_t len)
{
	const char *end = pointer + len;
	char token[TOKEN_MAX];

	while (pointer < end && at != NULL) {
		size_t used = 0;

		for (pointer++; pointer < end && *pointer != '/'; pointer++) {
			char c = *pointer;

			if (c == '~' && pointer + 1 < end &&
			    (pointer[1] == '0' || pointer[1] == '1'))
				c = *++pointer == '0' ? '~' : '/';
			if (used + 1 >= sizeof(token))
				return NULL;
			token[used++] = c;
		}
		token[used] = '\0';
		at = descend(at, token);
	}
	return at;
}

static bool
is_equal(const json_t *a, const json_t *b)
{
	if (json_is_real(a) != json_is_real(b) && json_is_number(a) &&
	    json_is_number(b))
		return !(json_number_value(a) < json_number_value(b)) &&
		       !(json_number_value(a) > json_number_value(b));
	return json_equal(a, b);
}

static bool
holds(const struct claim *c, const json_t *found)
{
	double a = json_number_value(found), b = json_number_value(c->value);

	switch (c->op) {
	case EQUAL:
		return is_equal(found, c->value);
	case DIFFERENT:
		return !is_equal(found, c->value);
	case AT_MOST:
		return json_is_number(found) && a <= b;
	case AT_LEAST:
		return json_is_number(found) && a >= b;
	case LESS:
		return json_is_number(found) && a < b;
	case MORE:
		return json_is_number(found) && a > b;
	case EXISTS:
		return true;
	case MISSING:
		break;
	}
	return false;
}

bool
uptime_pointer_holds(
    const char *text, const json_t *document, char *why, size_t size)
{
	struct err err = ERR_INIT;
	struct claim c = {.value = NULL};
	const json_t *found;
	char *dump, shown[SHOWN], pointer[SHOWN];
	bool ok;

	if (parse(&c, text, &err) != 0) {
		str_copy(why, size, err.text);
		return false;
	}
	str_printable(pointer, sizeof(pointer), c.pointer, c.pointer_len);
	found = look_up(document, c.pointer, c.pointer_len);
	if (found == NULL) {
		str_printf(why, size, "%s is missing", pointer);
		json_decref(c.value);
		return c.op == MISSING;
	}
	ok = holds(&c, found);
	if (!ok) {
		dump = json_dumps(found,
		    JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
		str_printable(shown, sizeof(shown), dump != NULL ? dump : "?",
		    dump != NULL ? strlen(dump) : 1);
		free(dump);
		str_printf(why, size, "%s is %s, expected %s%.60s", pointer,
		    shown, c.op == MISSING ? "it to be " : "", c.rest);
	}
	json_decref(c.value);
	return ok;
}
