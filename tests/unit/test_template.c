#include "alerting/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const char data_text[] =
    "{\"title\":\"a \\\"b\\\"\\n\\u0001\\u202e<&\",\"n\":3,\"x\":0.1,"
    "\"none\":null,\"empty\":\"\",\"zero\":0,\"no\":false,\"yes\":true,"
    "\"list\":[\"p\",\"q\",\"r\"],\"nothing\":[],\"bare\":{},"
    "\"deep\":{\"er\":{\"est\":\"found\"}},"
    "\"people\":[{\"name\":\"ada\",\"title\":\"dr\"},{\"name\":\"bob\"}]}";

static char *
render(const char *text, enum template_escape escape, size_t value_max)
{
	const struct template_limits limits = {value_max, 100};
	json_t *data = json_loads(data_text, 0, NULL);
	struct template *t = NULL;
	struct err err = ERR_INIT;
	struct buf out;
	char *text_made;

	assert_non_null(data);
	buf_init(&out, 4096);
	if (template_new(&t, text, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(template_render(&out, t, data, escape, &limits), 0);
	template_free(t);
	json_decref(data);
	text_made = mem_strdup(buf_str(&out));
	buf_fini(&out);
	return text_made;
}

static void
check(enum template_escape escape, const char *text, const char *want)
{
	char *got = render(text, escape, 4096);

	assert_string_equal(got, want);
	free(got);
}

static void
puts_values(void **state)
{
	(void)state;
	check(TEMPLATE_TEXT, "", "");
	check(TEMPLATE_TEXT, "plain } text", "plain } text");
	check(TEMPLATE_TEXT, "{{n}}{{ n }}|{{x}}|{{yes}}|{{none}}|{{gone}}|",
	    "33|0.1|true|||");
	check(TEMPLATE_TEXT, "{{deep.er.est}} {{deep.er}} {{deep.x.y}}",
	    "found {\"est\":\"found\"} ");
	check(TEMPLATE_TEXT, "{{list}}", "[\"p\",\"q\",\"r\"]");
	check(TEMPLATE_TEXT, "{{n}}}}", "3}}");
}

static void
escapes_always(void **state)
{
	(void)state;
	check(TEMPLATE_JSON, "{{title}}", "a \\\"b\\\"\\n?\?<&");
	check(TEMPLATE_TEXT, "{{title}}", "a \"b\" ?\?<&");
	check(TEMPLATE_FORM, "t={{title}}&n={{n}}",
	    "t=a+%22b%22%0A%3F%3F%3C%26&n=3");
	check(TEMPLATE_JSON, "{{deep}}",
	    "{\\\"er\\\":{\\\"est\\\":\\\"found\\\"}}");
}

static void
repeats_sections(void **state)
{
	(void)state;
	check(TEMPLATE_TEXT, "{{#list}}{{.}}{{^-last}},{{/-last}}{{/list}}",
	    "p,q,r");
	check(TEMPLATE_TEXT, "{{#list}}{{#-first}}<{{/-first}}{{.}}{{/list}}",
	    "<pqr");
	check(TEMPLATE_TEXT, "{{#people}}{{name}}:{{n}} {{/people}}",
	    "ada:3 bob:3 ");
	/* The item first, then what is around it. */
	check(TEMPLATE_TEXT, "{{#people}}{{#title}}{{.}}|{{/title}}{{/people}}",
	    "dr|a \"b\" ?\?<&|");
	check(
	    TEMPLATE_TEXT, "{{#deep}}{{#er}}{{est}}{{/er}}{{/deep}}", "found");
	check(TEMPLATE_TEXT,
	    "{{#list}}{{#yes}}{{.}}{{^-last}},{{/-last}}{{/yes}}{{/list}}",
	    "true,true,true");
}

static void
knows_what_is_there(void **state)
{
	static const char *const there[] = {
	    "title", "n", "x", "yes", "list", "deep", "people", NULL};
	static const char *const not_there[] = {"none", "empty", "zero", "no",
	    "nothing", "bare", "gone", "deep.gone", NULL};
	char text[200];

	(void)state;
	for (size_t i = 0; there[i] != NULL; i++) {
		str_printf(
		    text, sizeof(text), "{{^%s}}no{{/%s}}", there[i], there[i]);
		check(TEMPLATE_TEXT, text, "");
	}
	for (size_t i = 0; not_there[i] != NULL; i++) {
		str_printf(text, sizeof(text),
		    "{{#%s}}yes{{/%s}}{{^%s}}no{{/%s}}", not_there[i],
		    not_there[i], not_there[i], not_there[i]);
		check(TEMPLATE_TEXT, text, "no");
	}
}

static void
takes_lines_of_tags_away(void **state)
{
	(void)state;
	check(TEMPLATE_TEXT, "a\n{{#list}}\n{{.}}\n{{/list}}\nb\n",
	    "a\np\nq\nr\nb\n");
	check(TEMPLATE_TEXT, "a\r\n  {{#yes}}  \r\nx\r\n\t{{/yes}}\r\nb",
	    "a\r\nx\r\nb");
	check(TEMPLATE_TEXT, "{{#yes}}\nx\n{{/yes}}", "x\n");
	/* Not with something beside them, and not for values. */
	check(TEMPLATE_TEXT, "a {{#yes}}\nx{{/yes}}\n", "a \nx\n");
	check(TEMPLATE_TEXT, "{{n}}\n", "3\n");
	check(TEMPLATE_TEXT, "{{#yes}}{{n}}{{/yes}}\n", "3\n");
	check(TEMPLATE_TEXT, "{{#yes}} {{/yes}}\nx", " \nx");
}

static void
cuts_values(void **state)
{
	char *got = render("{{title}}", TEMPLATE_TEXT, 3);

	(void)state;
	assert_string_equal(got, "a \"…");
	free(got);
	got = render("{{title}}", TEMPLATE_JSON, 3);
	assert_string_equal(got, "a \\\"…");
	free(got);
}

static void
stops_at_its_ceilings(void **state)
{
	const struct template_limits limits = {100, 8}, few = {100, 2};
	json_t *data = json_loads(data_text, 0, NULL);
	struct template *t = NULL;
	struct err err = ERR_INIT;
	struct buf out;

	(void)state;
	assert_int_equal(template_new(&t, "{{#list}}x{{/list}}", &err), 0);
	buf_init(&out, 2);
	assert_int_equal(
	    template_render(&out, t, data, TEMPLATE_TEXT, &limits), -1);
	buf_fini(&out);
	buf_init(&out, 100);
	assert_int_equal(
	    template_render(&out, t, data, TEMPLATE_TEXT, &few), -1);
	assert_int_equal(
	    template_render(&out, t, data, TEMPLATE_TEXT, &limits), 0);
	buf_fini(&out);
	template_free(t);
	/* 3 × 3 × 3 items are more than 8 */
	assert_int_equal(
	    template_new(&t,
		"{{#list}}{{#list}}{{#list}}x{{/list}}{{/list}}{{/list}}",
		&err),
	    0);
	buf_init(&out, 1000);
	assert_int_equal(
	    template_render(&out, t, data, TEMPLATE_TEXT, &limits), -1);
	buf_fini(&out);
	template_free(t);
	json_decref(data);
}

static void
refuses(const char *text, const char *want)
{
	struct template *t = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(template_new(&t, text, &err), -1);
	assert_null(t);
	assert_non_null(strstr(err.text, want));
}

static void
says_where_a_mistake_is(void **state)
{
	(void)state;
	refuses("a {{n", "line 1, column 3: {{ without its }}");
	refuses("a\n\nä {{}}", "line 3, column 5: an empty tag");
	refuses("{{#a}}x", "line 1, column 4: the section a has no end");
	refuses("x{{/a}}", "line 1, column 2: {{/a}} ends a section that");
	refuses("{{#a}}{{#b}}{{/a}}{{/b}}", "{{/a}} comes where {{/b}} is due");
	refuses("{{{a}}}", "always escaped");
	refuses("{{&a}}", "always escaped");
	refuses("{{>a}}", "only {{name}}");
	refuses("{{!a}}", "only {{name}}");
	refuses("{{=<% %>=}}", "only {{name}}");
	refuses("{{a b}}", "line 1, column 4: a tag holds a name");
	refuses("{{a.}}", "a dot without a name");
	refuses("{{.a}}", "a dot without a name");
	refuses("{{a..b}}", "a dot without a name");
	refuses("{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}",
	    "nest at most 8 deep");
}

static void
limits_its_size(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 100000);
	for (int i = 0; i <= TEMPLATE_NODES_MAX; i++)
		buf_puts(&text, "{{a}}");
	refuses(buf_str(&text), "more than 2000 tags");
	buf_clear(&text);
	buf_puts(&text, "{{");
	for (int i = 0; i < 201; i++)
		buf_putc(&text, 'a');
	buf_puts(&text, "}}");
	refuses(buf_str(&text), "more than 200 bytes");
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(puts_values),
	    cmocka_unit_test(escapes_always),
	    cmocka_unit_test(repeats_sections),
	    cmocka_unit_test(knows_what_is_there),
	    cmocka_unit_test(takes_lines_of_tags_away),
	    cmocka_unit_test(cuts_values),
	    cmocka_unit_test(stops_at_its_ceilings),
	    cmocka_unit_test(says_where_a_mistake_is),
	    cmocka_unit_test(limits_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
