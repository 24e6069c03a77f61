/*
 * alerting/route.c: routes as a configuration may hold them. Input: a line of
 * JSON (a list of routes), a byte (severity and hour), then a probe's name.
 * Pages come in order, and from routes that there are.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "alerting/route.h"
#include "base/check.h"
#include "base/json.h"
#include "base/mem.h"

#define ROUTES_MAX 8

static void
look(const struct route *routes, size_t count, uint8_t byte, const char *probe)
{
	struct route_facts facts = {
	    .severity = (enum severity)(byte % SEVERITY_COUNT),
	    .kind = "uptime",
	    .probe = probe,
	    .component = probe,
	    .at_ms = INT64_C(1795000000000) + byte * INT64_C(3600000),
	};
	struct route_plan plan;
	char key[64];

	route_plan(&plan, routes, count, &facts);
	CHECK(count > 0 || plan.count == 1);
	for (size_t i = 0; i < plan.count; i++) {
		const struct route_page *page = &plan.pages[i];

		CHECK(page->route < (int)count);
		CHECK((page->notify == NULL) == (page->route < 0));
		CHECK(i == 0 || plan.pages[i - 1].after_ms <= page->after_ms);
	}
	if (plan.group != NULL)
		CHECK(route_group_key(key, sizeof(key), plan.group, &facts) ==
		      key);
}

static size_t
read_routes(struct route *routes, const json_t *list)
{
	size_t i, count = 0;
	json_t *item;

	json_array_foreach (list, i, item) {
		if (count == ROUTES_MAX)
			break;
		if (option_parse_one(route_options, &routes[count], item,
			"routes", NULL) == 0 &&
		    route_prepare(&routes[count], NULL) == 0) {
			count++;
			continue;
		}
		route_fini(&routes[count]);
		option_free(route_options, &routes[count]);
		memset(&routes[count], 0, sizeof(routes[count]));
	}
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct route routes[ROUTES_MAX] = {0};
	const uint8_t *end = memchr(data, '\n', size);
	size_t len = end != NULL ? (size_t)(end - data) : size, count = 0;
	json_t *json = NULL;
	char *probe;

	if (json_parse(&json, (const char *)data, len, NULL) == 0)
		count = read_routes(routes, json);
	json_decref(json);
	if (end != NULL && len + 2 < size) {
		probe = mem_strndup((const char *)data + len + 2,
		    size - len - 2 < 63 ? size - len - 2 : 63);
		look(routes, count, data[len + 1], probe);
		mem_free_secret(probe);
	}
	for (size_t i = 0; i < count; i++) {
		route_fini(&routes[i]);
		option_free(route_options, &routes[i]);
	}
	return 0;
}
