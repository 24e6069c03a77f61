#include "alerting/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROUTES_MAX   8

static const char *const channels[] = {"mail", "pager", "chat"};

struct plan {
	struct route routes[ROUTES_MAX];
	size_t count;
};

/* Routes from JSON with ' for ", through the option table. */
static void
plan_read(struct plan *p, const char *text)
{
	char copy[2000];
	struct err err = ERR_INIT;
	json_t *list, *item;
	size_t i;

	memset(p, 0, sizeof(*p));
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	list = json_loads(copy, 0, NULL);
	assert_non_null(list);
	json_array_foreach (list, i, item) {
		if (option_parse_one(route_options, &p->routes[p->count++],
			item, "routes", &err) < 0)
			fail_msg("%s", err.text);
	}
	json_decref(list);
}

static void
plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->count; i++)
		option_free(route_options, &p->routes[i]);
}

/* "mp", "c", "-": who is told. */
static const char *
who(const struct plan *p, const struct route_facts *facts)
{
	static char letters[COUNT(channels) + 1];
	bool chosen[COUNT(channels)] = {true, true, true};
	size_t n = 0;

	route_choose(
	    p->routes, p->count, channels, COUNT(channels), facts, chosen);
	for (size_t i = 0; i < COUNT(channels); i++)
		if (chosen[i])
			letters[n++] = channels[i][0];
	letters[n] = '\0';
	return n > 0 ? letters : "-";
}

static void
test_by_severity(void **unused)
{
	static const struct {
		const char *routes;
		const char *who[SEVERITY_COUNT]; /* info … critical */
	} cases[] = {
	    {"[]", {"mpc", "mpc", "mpc", "mpc", "mpc"}},
	    {"[{'notify':['mail']}]", {"m", "m", "m", "m", "m"}},
	    {"[{'notify':'mail'}]", {"m", "m", "m", "m", "m"}},
	    {"[{'match':{'severity':'critical'},'notify':['pager']}]",
		{"mpc", "mpc", "mpc", "mpc", "p"}},
	    {"[{'match':{'severity':'high+'},'notify':['pager','mail']},"
	     "{'notify':['chat']}]",
		{"c", "c", "c", "mp", "mp"}},
	    {"[{'match':{'severity':'high+'},'notify':['pager'],"
	     "'continue':true},{'notify':['mail']}]",
		{"m", "m", "m", "mp", "mp"}},
	    {"[{'match':{'severity':['info','low']},'notify':[]},"
	     "{'match':{'severity':['medium','critical']},"
	     "'notify':['pager']}]",
		{"-", "-", "p", "mpc", "p"}},
	    {"[{'match':{'severity':'info+'},'notify':['mail']}]",
		{"m", "m", "m", "m", "m"}},
	    {"[{'match':{'severity':'critical+'},'notify':['mail']},"
	     "{'notify':[]}]",
		{"-", "-", "-", "-", "m"}},
	    /* The last one matched says continue: still only these. */
	    {"[{'notify':['mail'],'continue':true}]",
		{"m", "m", "m", "m", "m"}},
	    /* A channel that is not configured here. */
	    {"[{'notify':['sms','mail']}]", {"m", "m", "m", "m", "m"}},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct plan p;

		plan_read(&p, cases[i].routes);
		for (int s = 0; s < SEVERITY_COUNT; s++) {
			struct route_facts facts = {
			    .severity = (enum severity)s,
			    .kind = "uptime",
			    .probe = "portal",
			};

			if (strcmp(who(&p, &facts), cases[i].who[s]) != 0)
				fail_msg("%s at %s: %s instead of %s",
				    cases[i].routes, severity_names[s],
				    who(&p, &facts), cases[i].who[s]);
		}
		plan_free(&p);
	}
}

static void
test_by_kind_probe_and_labels(void **unused)
{
	static const struct {
		const char *match, *kind, *probe, *labels;
		bool matches;
	} cases[] = {
	    {"{}", "uptime", "portal", NULL, true},
	    {"{'kind':'uptime'}", "uptime", "portal", NULL, true},
	    {"{'kind':['tls','uptime']}", "uptime", "portal", NULL, true},
	    {"{'kind':'tls'}", "uptime", "portal", NULL, false},
	    {"{'kind':'up*'}", "uptime", "portal", NULL, false},
	    {"{'probe':'portal'}", "uptime", "portal", NULL, true},
	    {"{'probe':'portal-*'}", "uptime", "portal", NULL, false},
	    {"{'probe':'portal-*'}", "uptime", "portal-eu.1", NULL, true},
	    {"{'probe':['db?','p[a-o]*']}", "uptime", "portal", NULL, true},
	    {"{'probe':'tocsin/*'}", "agent", "tocsin/path/x", NULL, true},
	    {"{'labels':{'team':'web'}}", "uptime", "x", NULL, false},
	    {"{'labels':{'team':'web'}}", "uptime", "x", "{'team':'web'}",
		true},
	    {"{'labels':{'team':'web'}}", "uptime", "x", "{'team':'db'}",
		false},
	    {"{'labels':{'team':'*'}}", "uptime", "x", "{'team':'db'}", true},
	    {"{'labels':{'team':'*'}}", "uptime", "x", "{'env':'db'}", false},
	    {"{'labels':{'team':'w*','env':'prod'}}", "uptime", "x",
		"{'team':'web','env':'prod'}", true},
	    {"{'labels':{'team':'w*','env':'prod'}}", "uptime", "x",
		"{'team':'web','env':'test'}", false},
	    {"{'kind':'uptime','probe':'x','severity':'high'}", "uptime", "x",
		NULL, true},
	    {"{'kind':'uptime','probe':'x','severity':'low'}", "uptime", "x",
		NULL, false},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct route_facts facts = {.severity = SEVERITY_HIGH,
		    .kind = cases[i].kind,
		    .probe = cases[i].probe};
		char text[500], labels[200] = "null";
		json_t *json;
		struct plan p;

		snprintf(text, sizeof(text),
		    "[{'match':%s,'notify':'pager'},{'notify':[]}]",
		    cases[i].match);
		plan_read(&p, text);
		if (cases[i].labels != NULL)
			snprintf(labels, sizeof(labels), "%s", cases[i].labels);
		for (char *c = labels; *c != '\0'; c++)
			if (*c == '\'')
				*c = '"';
		json = json_loads(labels, JSON_DECODE_ANY, NULL);
		assert_non_null(json);
		facts.labels = cases[i].labels != NULL ? json : NULL;
		if (strcmp(who(&p, &facts), cases[i].matches ? "p" : "-") != 0)
			fail_msg("%s", text);
		json_decref(json);
		plan_free(&p);
	}
}

/* Who heard of it while it was less bad hears how it goes on. */
static void
test_told_before(void **unused)
{
	struct route_facts facts = {
	    .severity = SEVERITY_CRITICAL,
	    .kind = "uptime",
	    .probe = "portal",
	};
	struct plan p;

	(void)unused;
	plan_read(&p, "[{'match':{'severity':'critical'},'notify':['pager']},"
		      "{'match':{'severity':'low'},'notify':['mail']},"
		      "{'notify':['chat']}]");
	assert_string_equal(who(&p, &facts), "p");
	facts.told = 1u << SEVERITY_LOW;
	assert_string_equal(who(&p, &facts), "mp");
	facts.told = 1u << SEVERITY_LOW | 1u << SEVERITY_MEDIUM;
	assert_string_equal(who(&p, &facts), "mpc");
	facts.severity = SEVERITY_LOW;
	facts.told = 1u << SEVERITY_CRITICAL;
	assert_string_equal(who(&p, &facts), "mp");
	facts.told = ~0u;
	assert_string_equal(who(&p, &facts), "mpc");
	plan_free(&p);
}

static void
test_check(void **unused)
{
	static const struct {
		const char *route, *blames; /* NULL = fine */
	} cases[] = {
	    {"[{'match':{'severity':['high+','info']},'notify':[]}]", NULL},
	    {"[{'match':{'severity':'hgih'},'notify':[]}]", "\"hgih\""},
	    {"[{'match':{'severity':'+'},'notify':[]}]", "\"+\""},
	    {"[{'match':{'severity':'high++'},'notify':[]}]", "\"high++\""},
	    {"[{'match':{'severity':'very very very critical'},"
	     "'notify':[]}]",
		"is none of"},
	    {"[{'match':{'probe':['a*','b[cd]?']},'notify':[]}]", NULL},
	    {"[{'match':{'probe':'a\\\\[b'},'notify':[]}]", NULL},
	    {"[{'match':{'probe':'a[b'},'notify':[]}]", "[ without a ]"},
	    {"[{'match':{'probe':'*-*-*-*'},'notify':[]}]", NULL},
	    {"[{'match':{'probe':'*a*a*a*a*'},'notify':[]}]", "has 5 *"},
	    {"[{'match':{'probe':'a\\\\'},'notify':[]}]", "backslash"},
	    {"[{'match':{'labels':{'team':''}},'notify':[]}]", "empty pattern"},
	    {"[{'match':{'labels':{'team':'[a'}},'notify':[]}]",
		"match.labels"},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = ERR_INIT;
		struct plan p;
		int result;

		plan_read(&p, cases[i].route);
		result = route_check(&p.routes[0], &err);
		assert_int_equal(result, cases[i].blames == NULL ? 0 : -1);
		if (cases[i].blames != NULL &&
		    strstr(err.text, cases[i].blames) == NULL)
			fail_msg("%s: %s", cases[i].route, err.text);
		plan_free(&p);
	}
}

static void
test_notify_is_needed(void **unused)
{
	json_t *json = json_object();
	struct err err = ERR_INIT;
	struct route r = {0};

	(void)unused;
	assert_int_equal(
	    option_parse_one(route_options, &r, json, "routes", &err), -1);
	assert_non_null(strstr(err.text, "notify"));
	option_free(route_options, &r);
	json_decref(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_by_severity),
	    cmocka_unit_test(test_by_kind_probe_and_labels),
	    cmocka_unit_test(test_told_before),
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_notify_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
