/* base/resolve_system.c: any file is a resolv.conf and a hosts file; what they
 * yield is bounded and valid. */
#include "base/resolve_system.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "tests/fuzz/fuzz.h"

static void
as_resolv_conf(const char *text)
{
	struct resolv_conf conf;
	char *names[RESOLV_NAMES_MAX];

	resolv_conf_parse(&conf, text);
	CHECK(conf.server_count >= 1);
	CHECK(conf.server_count <= RESOLV_SERVERS_MAX);
	CHECK(conf.search_count <= RESOLV_SEARCH_MAX);
	CHECK(conf.ndots >= 0 && conf.ndots <= 15);
	for (size_t i = 0; i < conf.server_count; i++)
		CHECK(resolv_server_valid(conf.servers[i]));
	for (size_t i = 0; i < conf.search_count; i++)
		CHECK(conf.search[i][0] != '\0');
	for (const char *host = "a.b"; *host != '\0'; host++) {
		size_t count = resolv_conf_names(&conf, host, names);

		CHECK(count >= 1 && count <= RESOLV_NAMES_MAX);
		while (count > 0)
			free(names[--count]);
	}
}

static void
as_hosts(const char *text)
{
	struct hosts *h = hosts_parse(text);
	struct sockaddr_storage found[4];
	size_t all = hosts_find(h, "localhost", AF_UNSPEC, found, 4);
	size_t v4 = hosts_find(h, "LOCALHOST", AF_INET, found, 4);

	CHECK(all <= 4 && v4 <= all);
	for (size_t i = 0; i < v4; i++)
		CHECK(found[i].ss_family == AF_INET);
	hosts_free(h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size);

	as_resolv_conf(text);
	as_hosts(text);
	free(text);
	return 0;
}
