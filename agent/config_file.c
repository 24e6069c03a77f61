/* The top-level keys of a configuration: agent/config_build.h. */
#include "agent/config_build.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alerting/calendar.h"
#include "base/http_url.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/netguard.h"
#include "base/str.h"

static const char *const tables[] = {"defaults", "probes", "channels", "routes",
    "people", "rotations", "silences", "maintenance", "quiet_hours", NULL};

/* Large parts are read by their own tables: here they count as known only. */
static json_t *
without_tables(struct config_build *b, json_t *root)
{
	json_t *top = json_copy(root);

	for (size_t i = 0; tables[i] != NULL; i++)
		if (json_object_get(top, tables[i]) != NULL)
			json_object_set_new(top, tables[i], json_true());
	config_yaml_same_place(b->yaml, top, root);
	return top;
}

static bool
is_loopback(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Split "[::1]:9640" or "127.0.0.1:9640"; -1 if it is neither. */
static int
split_address(const char *text, char host[64])
{
	const char *colon = strrchr(text, ':');
	struct in6_addr v6;
	struct in_addr v4;
	int64_t port;
	size_t len;

	if (colon == NULL || str_parse_i64(colon + 1, 1, 65535, &port) < 0)
		return -1;
	len = (size_t)(colon - text);
	if (*text == '[' && len > 2 && text[len - 1] == ']') {
		if (str_printf(host, 64, "%.*s", (int)len - 2, text + 1) < 0)
			return -1;
		return inet_pton(AF_INET6, host, &v6) == 1 ? 0 : -1;
	}
	if (str_printf(host, 64, "%.*s", (int)len, text) < 0)
		return -1;
	return inet_pton(AF_INET, host, &v4) == 1 ? 0 : -1;
}

static void
check_http(
    struct config_build *b, const json_t *root, const struct config_http *http)
{
	const json_t *obj = json_object_get(root, "http");
	const json_t *at = json_object_get(obj, "listen");
	const char *listen = http->listen != NULL ? http->listen : "none";
	bool token = json_object_get(obj, "token") != NULL;
	bool cert = json_object_get(obj, "cert_file") != NULL;
	char host[64];

	at = at != NULL ? at : obj;
	if (cert != (json_object_get(obj, "key_file") != NULL))
		config_wrong(b, obj, "http",
		    "cert_file and key_file belong together: set both");
	if (str_eq(listen, "none"))
		return;
	if (str_starts(listen, "unix:")) {
		if (listen[5] != '/' || strlen(listen + 5) > 107)
			config_wrong(b, at, "http.listen",
			    "the socket's path must be absolute and at most "
			    "107 bytes");
		return;
	}
	if (split_address(listen, host) < 0) {
		config_wrong(b, at, "http.listen",
		    "write an address and a port such as 127.0.0.1:9640 or "
		    "[::1]:9640, unix:/PATH, or none");
		return;
	}
	if (is_loopback(host))
		return;
	if (!token)
		config_wrong(b, at, "http.listen",
		    "%s is not loopback: set http.token as well", host);
	if (!cert)
		config_wrong(b, at, "http.listen",
		    "%s is not loopback: set http.cert_file and "
		    "http.key_file as well",
		    host);
}

static void
check_state(struct config_build *b, const json_t *root, const char *state)
{
	const json_t *at = json_object_get(root, "state");

	if (state == NULL)
		return;
	if (!str_starts(state, "sqlite:"))
		config_wrong(
		    b, at, "state", "write sqlite:PATH, such as " CONFIG_STATE);
	else if (state[7] == '\0' || str_ends(state, "/") ||
		 str_eq(state + 7, ":memory:"))
		config_wrong(
		    b, at, "state", "sqlite: needs the path of a file");
}

static void
check_heartbeat(struct config_build *b, const json_t *root,
    const struct config_heartbeat *heartbeat)
{
	const json_t *obj = json_object_get(root, "heartbeat");
	const struct option_list *allow = &heartbeat->allow_addresses;
	struct netguard *guard = NULL;
	struct err err = ERR_INIT;
	struct http_url url;

	if (heartbeat->url != NULL &&
	    http_url_parse(&url, heartbeat->url, &err) < 0)
		config_wrong(b, json_object_get(obj, "url"), "heartbeat.url",
		    "%s", err.text);
	if (netguard_new(&guard, (const char *const *)allow->items,
		allow->count, &err) < 0)
		config_wrong(b, json_object_get(obj, "allow_addresses"),
		    "heartbeat.allow_addresses", "%s", err.text);
	netguard_free(guard);
}

static void
take_link_key(struct config_build *b, const json_t *root,
    const struct config_agent *agent)
{
	const json_t *obj = json_object_get(root, "agent");
	struct err err = ERR_INIT;

	if (agent->link_key != NULL &&
	    token_key_read(&b->config->link_key, agent->link_key, &err) < 0)
		config_wrong(b, json_object_get(obj, "link_key"),
		    "agent.link_key", "%s", err.text);
}

static char *
host_name(void)
{
	char name[HOST_NAME_MAX + 1];

	if (gethostname(name, sizeof(name)) < 0)
		return mem_strdup("tocsin");
	name[sizeof(name) - 1] = '\0';
	return mem_strdup(name);
}

/* Move a string out of a struct that is freed afterwards. */
static char *
take(char **s)
{
	char *taken = *s;

	*s = NULL;
	return taken;
}

static void
take_drill(struct config_build *b, const json_t *root,
    const struct config_agent *agent)
{
	const json_t *obj = json_object_get(root, "agent");
	const char *when = agent->test_channels;
	struct err err = ERR_INIT;
	bool zone;

	if (when == NULL || str_eq(when, "never") ||
	    calendar_new(&b->config->drill, when, agent->time_zone, &err) == 0)
		return;
	zone = str_starts(err.text, "time_zone");
	config_wrong(b,
	    json_object_get(obj, zone ? "time_zone" : "test_channels"),
	    zone ? "agent.time_zone" : "agent.test_channels", "%s",
	    strchr(err.text, ':') != NULL ? strchr(err.text, ':') + 2
					  : err.text);
}

static void
fill(struct config *c, struct config_file *file)
{
	c->state = take(&file->state);
	c->agent_name = take(&file->agent.name);
	if (c->agent_name == NULL || *c->agent_name == '\0') {
		free(c->agent_name);
		c->agent_name = host_name();
	}
	c->public_url = take(&file->agent.public_url);
	if (c->public_url == NULL)
		c->public_url = mem_strdup("");
	for (size_t len = strlen(c->public_url);
	     len > 0 && c->public_url[len - 1] == '/'; len--)
		c->public_url[len - 1] = '\0';
	c->link_lifetime_ms = file->agent.link_lifetime_ms;
	c->http.listen = take(&file->http.listen);
	c->http.token = take(&file->http.token);
	c->http.cert_file = take(&file->http.cert_file);
	c->http.key_file = take(&file->http.key_file);
	c->history = file->history;
	c->heartbeat_url = take(&file->heartbeat.url);
	c->heartbeat_ms = file->heartbeat.every_ms;
	c->heartbeat_allow = file->heartbeat.allow_addresses;
	file->heartbeat.allow_addresses = (struct option_list){.count = 0};
}

static void
put_effective(
    struct config_build *b, const json_t *root, const struct config_file *file)
{
	json_t *dump, *agent;

	if (b->effective == NULL)
		return;
	dump = option_dump(config_file_options, file, true, true);
	for (size_t i = 0; tables[i] != NULL; i++)
		json_object_del(dump, tables[i]);
	agent = json_object_get(dump, "agent");
	if (json_object_get(agent, "name") == NULL) {
		char *name = host_name();
		json_t *named = json_object(); /* the name comes first */

		json_put_str(named, "name", name);
		json_object_update(named, agent);
		json_object_set_new(dump, "agent", named);
		free(name);
	}
	if (file->heartbeat.url == NULL)
		json_object_del(dump, "heartbeat");
	config_build_mask(b, root, dump);
	json_object_update(b->effective, dump);
	json_decref(dump);
	json_put(b->effective, "channels", json_object());
	json_put(b->effective, "routes", json_array());
	json_put(b->effective, "people", json_object());
	json_put(b->effective, "rotations", json_object());
	json_put(b->effective, "silences", json_array());
	json_put(b->effective, "maintenance", json_array());
	json_put(b->effective, "quiet_hours", json_array());
	json_put(b->effective, "probes", json_array());
}

void
config_build_file(struct config_build *b, json_t *root)
{
	struct config_file file = {0};
	const struct option_set set = {config_file_options, &file};
	json_t *top = without_tables(b, root);

	option_parse(&set, 1, top, "", &b->report);
	check_http(b, root, &file.http);
	check_state(b, root, file.state);
	check_heartbeat(b, root, &file.heartbeat);
	take_link_key(b, root, &file.agent);
	take_drill(b, root, &file.agent);
	put_effective(b, top, &file);
	config_build_secrets(b, config_file_options, top, "");
	fill(b->config, &file);
	option_free(config_file_options, &file);
	json_decref(top);
}
