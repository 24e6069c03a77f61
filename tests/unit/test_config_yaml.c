/* agent/config_yaml.c: what is read, where it stands, what is refused. The
 * texts of mistakes are held by tests/golden/config. */
#include "agent/config_yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

struct read {
	struct config_mistakes mistakes;
	struct config_yaml *yaml;
	json_t *root;
};

static void
read_text(struct read *r, const char *text)
{
	r->mistakes = (struct config_mistakes){NULL, 0};
	r->yaml = config_yaml_new(&r->mistakes);
	r->root = config_yaml_read(r->yaml, "t.yaml", text, strlen(text));
}

static void
fini(struct read *r)
{
	json_decref(r->root);
	config_yaml_free(r->yaml);
	config_mistakes_fini(&r->mistakes);
}

static void
expect_place(const struct read *r, const json_t *v, int line, int column)
{
	struct config_place at = config_yaml_place(r->yaml, v);

	assert_string_equal(at.file, "t.yaml");
	assert_int_equal(at.line, line);
	assert_int_equal(at.column, column);
}

static void
scalars_stay_text(void **state)
{
	struct read r;
	json_t *want;

	(void)state;
	read_text(&r, "a: 1.10\nb: yes\nc: '5'\nd: ~\ne:\nf: \"\"\n"
		      "g: [x, 0x1F]\nh: |\n  two\n  lines\ni: {}\n");
	want = json_loads("{\"a\":\"1.10\",\"b\":\"yes\",\"c\":\"5\","
			  "\"d\":null,\"e\":null,\"f\":\"\","
			  "\"g\":[\"x\",\"0x1F\"],\"h\":\"two\\nlines\\n\","
			  "\"i\":{}}",
	    0, NULL);
	assert_int_equal(r.mistakes.count, 0);
	assert_true(json_equal(r.root, want));
	assert_false(config_yaml_quoted(r.yaml, json_object_get(r.root, "a")));
	assert_true(config_yaml_quoted(r.yaml, json_object_get(r.root, "c")));
	assert_true(config_yaml_quoted(r.yaml, json_object_get(r.root, "h")));
	json_decref(want);
	fini(&r);
}

static void
values_know_their_place(void **state)
{
	struct read r;
	json_t *list;

	(void)state;
	read_text(&r, "# caf\xc3\xa9\nprobes:\n  - name: caf\xc3\xa9\n"
		      "    every: 30s\n  - {name: b}\n");
	list = json_object_get(r.root, "probes");
	expect_place(&r, list, 2, 1); /* its key */
	expect_place(&r, json_array_get(list, 0), 3, 5);
	expect_place(
	    &r, json_object_get(json_array_get(list, 0), "every"), 4, 12);
	expect_place(
	    &r, json_object_get(json_array_get(list, 1), "name"), 5, 12);
	assert_int_equal(config_yaml_place(r.yaml, NULL).line, 0);
	fini(&r);
}

static void
nothing_is_an_empty_map(void **state)
{
	static const char *const texts[] = {"", "\n", "# only this\n", "---\n",
	    "---\n...\n", "~\n", "\xef\xbb\xbf", "{}", NULL};

	(void)state;
	for (size_t i = 0; texts[i] != NULL; i++) {
		struct read r;

		read_text(&r, texts[i]);
		assert_int_equal(r.mistakes.count, 0);
		assert_true(json_is_object(r.root));
		assert_int_equal(json_object_size(r.root), 0);
		fini(&r);
	}
}

static void
reading_goes_on_after_a_mistake(void **state)
{
	struct read r;

	(void)state;
	read_text(&r, "a: &x 1\na: 2\nb: *x\nc: !t 3\n<<: {d: 4}\ne: 5\n");
	assert_int_equal(r.mistakes.count, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(r.mistakes.items[i].line, i + 1);
	assert_string_equal(
	    json_string_value(json_object_get(r.root, "a")), "1");
	assert_string_equal(
	    json_string_value(json_object_get(r.root, "e")), "5");
	fini(&r);
}

static void
some_mistakes_end_it(void **state)
{
	static const char *const texts[] = {"a: [", "\tb: 1\n", "a: 1\n---\n",
	    "[x]", "text", "? [a]\n: b\n", "a: \x01\n", "a: \xff\n",
	    "a: [[[[[[[[[[[[[[[[[x", "a: \"\\ud800\"\n", NULL};

	(void)state;
	for (size_t i = 0; texts[i] != NULL; i++) {
		struct read r;

		read_text(&r, texts[i]);
		assert_null(r.root);
		assert_int_equal(r.mistakes.count, 1);
		assert_true(r.mistakes.items[0].line > 0);
		fini(&r);
	}
}

static void
many_values_are_found_again(void **state)
{
	struct read r;
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_printf(&text, "k%d: v\n", i);
	read_text(&r, buf_str(&text));
	for (int i = 0; i < 20000; i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%d", i);
		assert_int_equal(
		    config_yaml_place(r.yaml, json_object_get(r.root, key))
			.line,
		    i + 1);
	}
	fini(&r);
	buf_fini(&text);
}

static void
hidden_values_keep_what_was_written(void **state)
{
	struct read r;
	json_t *v;

	(void)state;
	read_text(&r, "a: ${env:X}\n");
	v = json_object_get(r.root, "a");
	assert_null(config_yaml_hidden(r.yaml, v));
	config_yaml_hide(r.yaml, v);
	json_string_set(v, "secret");
	assert_string_equal(config_yaml_hidden(r.yaml, v), "${env:X}");
	assert_null(config_yaml_hidden(NULL, v));
	fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scalars_stay_text),
	    cmocka_unit_test(values_know_their_place),
	    cmocka_unit_test(nothing_is_an_empty_map),
	    cmocka_unit_test(reading_goes_on_after_a_mistake),
	    cmocka_unit_test(some_mistakes_end_it),
	    cmocka_unit_test(many_values_are_found_again),
	    cmocka_unit_test(hidden_values_keep_what_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
