#include "agent/api.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define ID_MAX 200

struct route_row {
	const char *method, *path; /* `*` stands for one path element */
	void (*serve)(struct api_call *call);
};

static const struct route_row rows[] = {
    {"GET", "/healthz", api_healthz},
    {"GET", "/readyz", api_readyz},
    {"GET", "/metrics", api_metrics},
    {"GET", "/api/v1/status", api_status},
    {"GET", "/api/v1/incidents", api_incidents},
    {"POST", "/api/v1/incidents", api_open},
    {"GET", "/api/v1/incidents/*", api_incident},
    {"GET", "/incidents/*", api_incident_page},
    {"POST", "/api/v1/incidents/*/acknowledge", api_acknowledge},
    {"POST", "/api/v1/incidents/*/resolve", api_resolve},
    {"POST", "/api/v1/incidents/*/note", api_note},
    {"GET", "/api/v1/deliveries", api_deliveries},
    {"GET", "/api/v1/deliveries/*", api_delivery},
    {"POST", "/api/v1/deliveries/*/resend", api_resend},
    {"GET", "/api/v1/silences", api_silences},
    {"POST", "/api/v1/silences", api_silence_add},
    {"POST", "/api/v1/silences/*/remove", api_silence_remove},
    {"GET", "/api/v1/oncall", api_oncall},
    {"GET", "/api/v1/probes/*/history", api_history},
    {"POST", "/api/v1/probes/*/run", api_run},
    {"POST", "/api/v1/reload", api_reload},
    {"POST", "/api/v1/channels/*/test", api_test},
    {"POST", "/api/v1/channels/*/invite", api_invite},
    {"GET", "/api/v1/channels/*/subscribers", api_subscribers},
    {"POST", "/api/v1/channels/*/unsubscribe", api_unsubscribe},
    {"POST", "/api/v1/backup", api_backup},
    {"GET", "/api/v1/backup", api_backup_status},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

void
api_reply(struct api_call *call, int status, json_t *body)
{
	char *text = json_text(body);

	httpd_reply(call->http, status, "application/json", text, strlen(text));
	free(text);
	json_decref(body);
}

void
api_error(struct api_call *call, int status, const char *fmt, ...)
{
	json_t *body = json_object();
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	json_put_text(body, "error", text, strlen(text));
	free(text);
	api_reply(call, status, body);
}

void
api_err(struct api_call *call, const struct err *err)
{
	static const struct {
		enum err_code code;
		int status;
	} statuses[] = {{ERR_MISSING, 404}, {ERR_INPUT, 400},
	    {ERR_REFUSED, 409}, {ERR_BUSY, 409}, {ERR_CONFIG, 422}};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (statuses[i].code == err->code) {
			api_error(call, statuses[i].status, "%s", err->text);
			return;
		}
	}
	api_error(call, 500, "%s", err->text);
}

/* Match path against a row's pattern; the `*` goes to id. */
static bool
matches(const char *pattern, const char *path, char id[ID_MAX])
{
	const char *star = strchr(pattern, '*');
	size_t before, len, after;

	id[0] = '\0';
	if (star == NULL)
		return str_eq(pattern, path);
	before = (size_t)(star - pattern);
	after = strlen(star + 1);
	len = strlen(path);
	if (len <= before + after || strncmp(pattern, path, before) != 0 ||
	    !str_eq(path + len - after, star + 1))
		return false;
	len -= before + after;
	if (len >= ID_MAX)
		return false;
	memcpy(id, path + before, len);
	id[len] = '\0';
	/* "tocsin/store" is a name; a wildcard in the middle is one element */
	return after == 0 || strstr(id, "/history") == NULL;
}

static bool
read_body(struct api_call *call)
{
	size_t len;
	const char *text = httpd_body(call->http, &len);
	struct err err = ERR_INIT;

	if (len == 0) {
		call->body = json_object();
		return true;
	}
	if (json_parse(&call->body, text, len, &err) != 0) {
		api_error(call, 400, "the body is not JSON: %s", err.text);
		return false;
	}
	if (!json_is_object(call->body)) {
		api_error(call, 400, "the body is not a JSON object");
		return false;
	}
	return true;
}

static bool
allowed(struct api_call *call, const char *method, const char *path)
{
	bool public = str_eq(path, "/healthz") || str_eq(path, "/readyz");

	if (call->trusted || public)
		return true;
	if (!str_eq(method, "GET") || call->token_needed) {
		api_error(call, 401,
		    "this needs the token (http.token), as Authorization: "
		    "Bearer …, or the control socket");
		return false;
	}
	return true;
}

static void
serve_row(
    struct api_call *call, const struct route_row *row, const char *method)
{
	if (!allowed(call, method, row->path))
		return;
	if (str_eq(method, "POST") && !read_body(call)) {
		json_decref(call->body);
		return;
	}
	row->serve(call);
	json_decref(call->body);
}

void
api_serve(struct api_call *call)
{
	const char *path = httpd_path(call->http);
	const char *method = httpd_method(call->http), *other = NULL;
	char id[ID_MAX];

	if (str_eq(method, "HEAD"))
		method = "GET";
	call->body = NULL;
	for (size_t i = 0; i < ROWS; i++) {
		if (!matches(rows[i].path, path, id))
			continue;
		if (!str_eq(method, rows[i].method)) {
			other = rows[i].method;
			continue;
		}
		call->id = id;
		serve_row(call, &rows[i], method);
		return;
	}
	if (other != NULL)
		api_error(call, 405, "%.200s takes %s", path, other);
	else
		api_error(call, 404, "there is nothing at %.200s", path);
}
