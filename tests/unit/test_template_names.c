#include "alerting/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const char sample_text[] =
    "{\"title\":\"t\",\"incident\":{\"id\":\"i\",\"title\":\"t\"},"
    "\"labels\":{},\"list\":[\"a\"],\"rows\":[{\"name\":\"n\"}],"
    "\"nothing\":[]}";

/* NULL want: it is right. */
static void
check(const char *text, const char *want)
{
	json_t *sample = json_loads(sample_text, 0, NULL);
	struct template *t = NULL;
	struct err err = ERR_INIT;
	int result;

	assert_non_null(sample);
	assert_int_equal(template_new(&t, text, &err), 0);
	result = template_check_names(t, sample, &err);
	assert_int_equal(result, want == NULL ? 0 : -1);
	if (want != NULL && strstr(err.text, want) == NULL)
		fail_msg("%s", err.text);
	template_free(t);
	json_decref(sample);
}

static void
knows_what_is_there(void **state)
{
	(void)state;
	check("{{title}} {{incident.id}} {{.}}", NULL);
	check("{{#list}}{{.}}{{^-last}},{{/-last}}{{title}}{{/list}}", NULL);
	check("{{#rows}}{{name}}{{title}}{{/rows}}", NULL);
	check("{{#incident}}{{id}}{{/incident}}", NULL);
	check("{{^title}}{{incident.id}}{{/title}}", NULL);
	/* Free-form: anything may be there. */
	check("{{labels.team}} {{labels.a.b}}", NULL);
	check("{{#labels}}{{team}}{{/labels}}", NULL);
	check("{{#labels.list}}{{name}}{{.}}{{/labels.list}}", NULL);
	check("{{#nothing}}{{any}}{{/nothing}}", NULL);
}

static void
names_what_is_not(void **state)
{
	(void)state;
	check("a {{tilte}}", "line 1, column 5: a message has no tilte; did "
			     "you mean title?");
	check("{{incident.tilte}}", "line 1, column 12: a message has no "
				    "incident.tilte; did you mean title?");
	check("{{incident.id.x}}", "a message has no incident.id.x");
	check("{{zzzzzz}}", "a message has no zzzzzz");
	check("{{#rows}}{{nmae}}{{/rows}}", "no nmae");
	check("{{#list}}{{.}}{{name}}{{/list}}", "no name");
	check("{{#rows}}{{/rows}}{{name}}", "no name");
	check("{{-frist}}", "no -frist");
	check("{{^gone}}{{/gone}}", "no gone");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_what_is_there),
	    cmocka_unit_test(names_what_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
