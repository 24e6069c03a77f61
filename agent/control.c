#include "agent/control.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/ack.h"
#include "agent/api.h"
#include "agent/subscribe_web.h"
#include "base/httpd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

struct control {
	struct agent *agent;
	struct httpd *socket, *listener; /* listener may be NULL */
	bool local; /* what the listener is bound to, whatever a reload says */
};

char *
control_socket_path(const char *state_url)
{
	const char *path = strchr(state_url, ':');
	const char *slash;

	path = path != NULL ? path + 1 : state_url;
	slash = strrchr(path, '/');
	if (slash == NULL)
		return mem_strdup("control.sock");
	return mem_printf("%.*s/control.sock", (int)(slash - path), path);
}

/* What whoever has the link may see and do, by whatever name people reach us
 * through a proxy: a signed token in the path is the right. */
static const struct {
	const char *prefix;
	void (*serve)(struct agent *a, struct httpd_call *http);
} pages[] = {
    {ACK_PATH, ack_serve},
    {SUBSCRIBE_PATH, subscribe_serve},
};

static bool
serve_page(struct agent *a, struct httpd_call *http)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (str_starts(httpd_path(http), pages[i].prefix)) {
			pages[i].serve(a, http);
			return true;
		}
	}
	return false;
}

static void
serve_socket(void *ctx, struct httpd_call *http)
{
	struct control *c = ctx;
	struct api_call call = {
	    .agent = c->agent, .http = http, .trusted = true};

	if (!serve_page(c->agent, http))
		api_serve(&call);
}

/* A browser that was led to our loopback address by a name of somebody else's
 * (DNS rebinding) says that name here. */
static bool
is_host_ours(const struct httpd_call *http)
{
	const char *host = httpd_header(http, "Host");
	struct in_addr v4;
	char name[64], *port;

	if (host == NULL)
		return true;
	if (str_copy(name, sizeof(name), host) != 0)
		return false;
	port = strrchr(name, ':');
	if (port != NULL && strchr(port, ']') == NULL)
		*port = '\0';
	if (strcasecmp(name, "localhost") == 0 || str_eq(name, "[::1]"))
		return true;
	return inet_pton(AF_INET, name, &v4) == 1 &&
	       ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
}

static void
serve_listener(void *ctx, struct httpd_call *http)
{
	struct control *c = ctx;
	const struct config_http *config = &c->agent->config->http;
	struct api_call call = {.agent = c->agent,
	    .http = http,
	    .trusted =
		config->token != NULL && httpd_has_token(http, config->token),
	    .token_needed = !c->local};

	if (serve_page(c->agent, http))
		return;
	if (c->local && !call.trusted && !is_host_ours(http)) {
		api_error(&call, 421,
		    "this listener answers to localhost only; use the token");
		return;
	}
	api_serve(&call);
}

int
control_open(struct control **out, struct agent *a, struct err *err)
{
	struct control *c = mem_alloc(sizeof(*c));
	const struct config_http *config = &a->config->http;
	char *path = control_socket_path(a->config->state);
	char *listen = mem_printf("unix:%s", path);
	struct httpd_config own = {.listen = listen};
	struct httpd_config tcp = {.listen = config->listen,
	    .cert_file = config->cert_file,
	    .key_file = config->key_file};
	int rc;

	c->agent = a;
	c->local = httpd_is_local(config->listen);
	rc = httpd_new(&c->socket, a->loop, &own, serve_socket, c, err);
	if (rc == 0 && !str_eq(config->listen, "none"))
		rc = httpd_new(
		    &c->listener, a->loop, &tcp, serve_listener, c, err);
	free(listen);
	free(path);
	if (rc != 0) {
		control_close(c);
		return err_wrap(err, "http.listen");
	}
	*out = c;
	return 0;
}

void
control_close(struct control *c)
{
	if (c == NULL)
		return;
	httpd_free(c->socket);
	httpd_free(c->listener);
	free(c);
}
