#include "agent/ack.h"

#include <stdlib.h>
#include <string.h>

#include "agent/ack_page.h"
#include "agent/acts.h"
#include "agent/links.h"
#include "agent/page.h"
#include "agent/restore.h"
#include "agent/stories.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define ACTOR_MAX 64 /* room in struct incident */
/* How much of a channel's name an actor shows: a name beside it needs room. */
#define CHANNEL_SHOWN 28

struct ack {
	struct agent *agent;
	struct httpd_call *http;
	bool post;
	struct links_ack link;
	struct incident incident;
	struct err err;
};

static int
take_row(void *ctx, const struct incident_row *row)
{
	struct ack *k = ctx;
	struct story story = {.timeline_count = 0};

	if (!str_eq(row->id, k->link.incident))
		return 0;
	if (restore_incident(k->agent, &story, row, &k->err) == 0)
		k->incident = story.incident;
	story_fini(&story);
	return 0;
}

/* In memory, where it is newest; or from the store. */
static bool
find(struct ack *k)
{
	struct agent *a = k->agent;
	struct incident_filter filter = {
	    .id_prefix = k->link.incident, .limit = 1};
	const struct story *known = stories_find(a, k->link.incident);

	if (known != NULL) {
		k->incident = known->incident;
		return true;
	}
	writer_flush(a->writer);
	store_each_incident(a->store, &filter, take_row, k, &k->err);
	return k->incident.id[0] != '\0';
}

/* "anna (link in oncall-mail)": who says to be whom, and how we know. */
static void
name_actor(const struct ack *k, char actor[ACTOR_MAX])
{
	const char *given = httpd_form(k->http, "name");
	char way[80], channel[CHANNEL_SHOWN + 1], name[ACTOR_MAX], *trimmed;

	str_printable(
	    channel, sizeof(channel), k->link.channel, strlen(k->link.channel));
	given = given != NULL ? given : "";
	str_printf(way, sizeof(way), "link in %s", channel);
	str_printable(name, ACTOR_MAX - strlen(way) - strlen(" ()"), given,
	    strlen(given));
	trimmed = str_trim(name);
	if (*trimmed == '\0')
		str_copy(actor, ACTOR_MAX, way);
	else
		str_printf(actor, ACTOR_MAX, "%s (%s)", trimmed, way);
}

/* Browsers say what they fetch before anybody asked for it. */
static bool
is_prefetch(const struct httpd_call *http)
{
	static const char *const headers[] = {
	    "Sec-Purpose", "Purpose", "X-Purpose", "X-Moz", NULL};
	static const char *const words[] = {
	    "prefetch", "prerender", "preview", NULL};

	for (size_t i = 0; headers[i] != NULL; i++) {
		const char *value = httpd_header(http, headers[i]);

		for (size_t w = 0; value != NULL && words[w] != NULL; w++)
			if (strcasestr(value, words[w]) != NULL)
				return true;
	}
	return false;
}

static enum ack_state
acknowledge(struct ack *k)
{
	struct incident *in = &k->incident;
	char actor[ACTOR_MAX];

	if (is_prefetch(k->http))
		return ACK_PREFETCH;
	name_actor(k, actor);
	if (in->status == INCIDENT_ACKNOWLEDGED)
		return str_eq(in->acknowledged_by, actor) ? ACK_AGAIN
		                                          : ACK_TAKEN;
	if (acts_apply(k->agent, in->id, ACT_ACKNOWLEDGE, actor, "", &k->err) !=
		0 ||
	    !find(k))
		return ACK_TROUBLE;
	return ACK_DONE;
}

static enum ack_state
decide(struct ack *k, const char *method)
{
	const struct incident *in = &k->incident;
	enum token_status status = links_ack_read(
	    k->agent, httpd_path(k->http) + strlen(ACK_PATH), &k->link);

	if (status != TOKEN_GOOD)
		return status == TOKEN_EXPIRED ? ACK_EXPIRED : ACK_FORGED;
	if (!k->post && !str_eq(method, "GET") && !str_eq(method, "HEAD"))
		return ACK_METHOD;
	if (!find(k))
		return k->err.code == ERR_NONE ? ACK_UNKNOWN : ACK_TROUBLE;
	if (k->link.alarm != in->alarms)
		return ACK_EARLIER;
	if (in->status == INCIDENT_RESOLVED)
		return ACK_OVER;
	if (k->post)
		return acknowledge(k);
	return in->status == INCIDENT_ACKNOWLEDGED ? ACK_TAKEN : ACK_ASK;
}

/* A program that presses the button wants no page. */
static bool
wants_page(const struct ack *k)
{
	const char *accept = httpd_header(k->http, "Accept");

	return !k->post ||
	       (accept != NULL && strcasestr(accept, "text/html") != NULL);
}

static void
answer_json(struct ack *k, const struct ack_page *p, int status)
{
	json_t *json = ack_page_json(p, k->post);
	char *text = json_text(json);

	httpd_reply(k->http, status, "application/json", text, strlen(text));
	free(text);
	json_decref(json);
}

void
ack_serve(struct agent *a, struct httpd_call *http)
{
	const char *method = httpd_method(http);
	struct ack k = {
	    .agent = a, .http = http, .post = str_eq(method, "POST")};
	struct ack_page p = {.state = decide(&k, method),
	    .why = k.err.text,
	    .agent_name = a->config->agent_name,
	    .now_ms = clock_wall_ms()};
	int status = ack_page_status(p.state, k.post);
	struct buf page;

	if (k.incident.id[0] != '\0')
		p.incident = &k.incident;
	if (status == 405)
		httpd_reply_header(http, "Allow", "GET, HEAD, POST");
	if (!wants_page(&k)) {
		answer_json(&k, &p, status);
		return;
	}
	buf_init(&page, PAGE_MAX);
	ack_page_html(&page, &p);
	page_reply(http, status, &page);
	buf_fini(&page);
}
