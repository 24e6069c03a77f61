/*
 * alerting/route.c: routes as a configuration may hold them. Input: a line of
 * JSON (a list of routes), a byte (severity and told), then a probe's name.
 * Nobody may be told who is not named, and somebody must be.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "alerting/route.h"
#include "base/check.h"
#include "base/json.h"
#include "base/mem.h"

#define ROUTES_MAX 8

static const char *const channels[] = {"mail", "pager", "chat"};
#define CHANNELS (sizeof(channels) / sizeof(channels[0]))

static bool
is_named(const struct route *routes, size_t count, const char *channel)
{
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < routes[i].notify.count; n++)
			if (strcmp(routes[i].notify.items[n], channel) == 0)
				return true;
	return false;
}

static void
choose(
    const struct route *routes, size_t count, uint8_t byte, const char *probe)
{
	struct route_facts facts = {
	    .severity = (enum severity)(byte % SEVERITY_COUNT),
	    .kind = "uptime",
	    .probe = probe,
	};
	bool chosen[CHANNELS], wider[CHANNELS];
	bool all = true;

	route_choose(routes, count, channels, CHANNELS, &facts, chosen);
	for (size_t i = 0; i < CHANNELS; i++)
		all = all && chosen[i];
	for (size_t i = 0; i < CHANNELS; i++)
		CHECK(
		    !chosen[i] || all || is_named(routes, count, channels[i]));
	facts.told = byte;
	route_choose(routes, count, channels, CHANNELS, &facts, wider);
	for (size_t i = 0; i < CHANNELS; i++)
		CHECK(!chosen[i] || wider[i]);
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
		    route_check(&routes[count], NULL) == 0) {
			count++;
			continue;
		}
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
		choose(routes, count, data[len + 1], probe);
		mem_free_secret(probe);
	}
	for (size_t i = 0; i < count; i++)
		option_free(route_options, &routes[i]);
	return 0;
}
