/* alerting/template*.c: any text is either refused with its place or rendered,
 * within its ceilings; in JSON mode a value never leaves its string. The
 * first byte chooses the escaping. */
#include "alerting/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#define ROOM 4096

static const char data_text[] =
    "{\"a\":\"x\\\"y\\n\\u0007\\u202e\",\"n\":3,\"f\":0.5,\"no\":null,"
    "\"e\":\"\",\"o\":{\"a\":{\"b\":\"c\"}},\"any\":{},"
    "\"l\":[\"p\",{\"a\":\"q\"},[1,2]]}";

/* The value alone, inside quotes, is a string of JSON again. */
static void
check_string(const char *value, size_t len)
{
	char *text = mem_alloc(len + 3);
	json_t *json;

	text[0] = '"';
	memcpy(text + 1, value, len);
	text[len + 1] = '"';
	json = json_loadb(text, len + 2, JSON_DECODE_ANY, NULL);
	CHECK(json_is_string(json));
	json_decref(json);
	free(text);
}

/* The input as a value rather than as a template. */
static void
check_value(const char *text, size_t len, enum template_escape escape)
{
	const struct template_limits limits = {ROOM, 10};
	json_t *data = json_object(), *value = json_stringn(text, len);
	struct template *t = NULL;
	struct err err = ERR_INIT;
	struct buf out;

	if (value == NULL || len > ROOM)
		value = json_string("");
	json_object_set_new(data, "v", value);
	CHECK(template_new(&t, "{{v}}", &err) == 0);
	buf_init(&out, (size_t)ROOM * 8);
	CHECK(template_render(&out, t, data, escape, &limits) == 0);
	if (escape == TEMPLATE_JSON)
		check_string(buf_str(&out), out.len);
	else
		CHECK(strpbrk(buf_str(&out),
			  escape == TEMPLATE_FORM ? "&= \n" : "\n\t") == NULL);
	buf_fini(&out);
	template_free(t);
	json_decref(data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct template_limits limits = {100, 100};
	enum template_escape escape =
	    (enum template_escape)(size > 0 ? data[0] % 3 : 0);
	json_t *values = json_loads(data_text, 0, NULL);
	char *text = size > 0 ? mem_strndup((const char *)data + 1, size - 1)
	                      : mem_strdup("");
	struct template *t = NULL;
	struct err err = ERR_INIT;
	struct buf out;

	CHECK(values != NULL);
	buf_init(&out, ROOM);
	if (template_new(&t, text, &err) < 0) {
		CHECK(str_starts(err.text, "line "));
	} else {
		if (template_check_names(t, values, &err) < 0)
			CHECK(str_starts(err.text, "line "));
		if (template_render(&out, t, values, escape, &limits) == 0)
			CHECK(!out.cut);
		CHECK(out.len <= ROOM);
		template_free(t);
	}
	buf_fini(&out);
	check_value(text, strlen(text), escape);
	free(text);
	json_decref(values);
	return 0;
}
