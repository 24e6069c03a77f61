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
	for (size_t i = 0; i < p->count; i++) {
		route_fini(&p->routes[i]);
		option_free(route_options, &p->routes[i]);
	}
}

static bool
names_channel(const struct route_page *page, const char *channel)
{
	for (size_t i = 0; page->notify != NULL && i < page->notify->count; i++)
		if (strcmp(page->notify->items[i], channel) == 0)
			return true;
	return page->notify == NULL;
}

/* "mp", "c", "-": who is told so long after the alarm. */
static const char *
who_after(
    const struct plan *p, const struct route_facts *facts, int64_t after_ms)
{
	static char letters[COUNT(channels) + 1];
	struct route_plan plan;
	size_t n = 0;

	route_plan(&plan, p->routes, p->count, facts);
	for (size_t c = 0; c < COUNT(channels); c++)
		for (size_t i = 0; i < plan.count; i++)
			if (plan.pages[i].after_ms == after_ms &&
			    names_channel(&plan.pages[i], channels[c])) {
				letters[n++] = channels[c][0];
				break;
			}
	letters[n] = '\0';
	return n > 0 ? letters : "-";
}

static const char *
who(const struct plan *p, const struct route_facts *facts)
{
	return who_after(p, facts, 0);
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
			    .component = "",
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
		    .probe = cases[i].probe,
		    .component = ""};
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

/* 2026-11-23 is a Monday; 1795000000 s is Wednesday 2026-11-18 11:06:40. */
static void
test_by_component_and_time(void **unused)
{
	struct route_facts facts = {
	    .severity = SEVERITY_HIGH,
	    .kind = "uptime",
	    .probe = "portal",
	    .component = "Patient portal",
	    .at_ms = INT64_C(1795000000000),
	};
	struct err err = ERR_INIT;
	struct plan p;

	(void)unused;
	plan_read(&p, "[{'match':{'component':'Patient *',"
		      "'when':'Mon-Fri 08:00-18:00','time_zone':'UTC'},"
		      "'notify':['pager']},{'notify':['mail']}]");
	assert_int_equal(route_prepare(&p.routes[0], &err), 0);
	assert_string_equal(who(&p, &facts), "p");
	facts.component = "Billing";
	assert_string_equal(who(&p, &facts), "m");
	facts.component = "Patient portal";
	facts.at_ms += 12 * 3600 * 1000; /* 23:06 */
	assert_string_equal(who(&p, &facts), "m");
	plan_free(&p);
}

static void
test_steps_of_several_routes(void **unused)
{
	struct route_facts facts = {.severity = SEVERITY_CRITICAL,
	    .kind = "uptime",
	    .probe = "portal",
	    .component = ""};
	struct route_plan plan;
	struct plan p;

	(void)unused;
	plan_read(&p, "[{'notify':['pager'],'continue':true,'repeat':'1h',"
		      "'escalate':{'after':'10m','notify':['chat']}},"
		      "{'notify':['mail'],'repeat':'30m','group':{'by':'kind'},"
		      "'escalate':[{'after':'5m','notify':['pager','chat']},"
		      "{'after':'10m','notify':['mail']}]}]");
	assert_string_equal(who_after(&p, &facts, 0), "mp");
	assert_string_equal(who_after(&p, &facts, 300000), "pc");
	assert_string_equal(who_after(&p, &facts, 600000), "mc");
	route_plan(&plan, p.routes, p.count, &facts);
	assert_int_equal(plan.count, 5);
	assert_int_equal(plan.repeat_ms, 1800000);
	assert_ptr_equal(plan.group, &p.routes[0].group);
	for (size_t i = 1; i < plan.count; i++)
		assert_true(
		    plan.pages[i - 1].after_ms <= plan.pages[i].after_ms);
	plan_free(&p);
}

static void
test_group_keys(void **unused)
{
	json_t *labels = json_pack("{s:s}", "team", "web");
	struct route_facts facts = {.severity = SEVERITY_LOW,
	    .kind = "tls",
	    .probe = "portal",
	    .component = "Portal",
	    .labels = labels};
	char key[100];
	struct plan p;

	(void)unused;
	plan_read(&p, "[{'notify':[],'group':{'by':['labels.team','labels.x',"
		      "'severity','component']}}]");
	assert_string_equal(
	    route_group_key(key, sizeof(key), &p.routes[0].group, &facts),
	    "labels.team=web labels.x= severity=low component=Portal");
	assert_string_equal(
	    route_group_key(key, 12, &p.routes[0].group, &facts) + 0, key);
	assert_true(strlen(key) < 12);
	plan_free(&p);
	json_decref(labels);
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
	    {"[{'match':{'component':'[x'},'notify':[]}]", "match.component"},
	    {"[{'match':{'when':'someday'},'notify':[]}]", "match.when"},
	    {"[{'match':{'when':'Mon 10:00-11:00','time_zone':'Mars/X'},"
	     "'notify':[]}]",
		"match.time_zone"},
	    {"[{'notify':'a','escalate':[{'after':'5m','notify':'b'},"
	     "{'after':'5m','notify':'c'}]}]",
		"escalate: step 2"},
	    {"[{'notify':[],'escalate':{'after':'5m','notify':'b'}}]",
		"notify: is empty"},
	    {"[{'notify':'a','group':{'by':'team'}}]", "group.by: \"team\""},
	    {"[{'notify':'a','group':{'by':['labels.team','kind']}}]", NULL},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = ERR_INIT;
		struct plan p;
		int result;

		plan_read(&p, cases[i].route);
		result = route_prepare(&p.routes[0], &err);
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
	    cmocka_unit_test(test_by_component_and_time),
	    cmocka_unit_test(test_steps_of_several_routes),
	    cmocka_unit_test(test_group_keys),
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_notify_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
