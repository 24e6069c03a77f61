#include "alerting/ntfy_body.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/render.h"
#include "alerting/render_words.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define TOPIC_MAX 64
#define TITLE_MAX 140
#define TOPIC_SET                                                              \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* How it rings: 5 passes "do not disturb", 1 makes no sound. */
static const int priorities[SEVERITY_COUNT] = {
    [SEVERITY_INFO] = 1,
    [SEVERITY_LOW] = 2,
    [SEVERITY_MEDIUM] = 3,
    [SEVERITY_HIGH] = 4,
    [SEVERITY_CRITICAL] = 5,
};

/* Tags that ntfy shows as pictures. */
static const char *const pictures[SEVERITY_COUNT] = {
    [SEVERITY_INFO] = "information_source",
    [SEVERITY_LOW] = "warning",
    [SEVERITY_MEDIUM] = "warning",
    [SEVERITY_HIGH] = "rotating_light",
    [SEVERITY_CRITICAL] = "rotating_light",
};

static const struct quiet { /* events that do not ring by severity */
	int priority;
	const char *picture;
} quiet[EVENT_COUNT] = {
    [EVENT_ACKNOWLEDGED] = {2, "eyes"},
    [EVENT_NOTE] = {2, "memo"},
    [EVENT_RESOLVED] = {3, "white_check_mark"},
    [EVENT_TEST] = {3, "bell"},
};

int
ntfy_place_read(struct ntfy_place *place, const char *url, struct err *err)
{
	const char *host = strstr(url, "://"), *slash, *topic;
	size_t len;

	if (host == NULL)
		return err_set(err, ERR_CONFIG, "url: has no scheme");
	host += 3;
	slash = strrchr(host, '/');
	topic = slash != NULL ? slash + 1 : "";
	len = strlen(topic);
	if (slash == NULL || slash == host || len == 0 || len > TOPIC_MAX ||
	    strspn(topic, TOPIC_SET) != len)
		return err_set(err, ERR_CONFIG,
		    "url: must end in the topic, at most %d letters, digits, "
		    "'-' and '_': https://ntfy.example.org/oncall",
		    TOPIC_MAX);
	place->root = mem_strndup(url, (size_t)(topic - url));
	place->topic = mem_strdup(topic);
	return 0;
}

void
ntfy_place_fini(struct ntfy_place *place)
{
	free(place->root);
	free(place->topic);
	*place = (struct ntfy_place){NULL, NULL};
}

static json_t *
tags(const struct message *m)
{
	const char *picture = quiet[m->event].picture;
	json_t *list = json_array();

	json_array_append_new(
	    list, json_string(picture ? picture : pictures[m->severity]));
	json_array_append_new(list, json_string(severity_names[m->severity]));
	json_array_append_new(list, json_string(event_names[m->event]));
	return list;
}

static void
put_words(json_t *body, const struct message *m)
{
	const char *headline = render_headline(m);
	char state[40], what[TITLE_MAX], title[sizeof(state) + sizeof(what)];
	struct buf text;

	render_state(state, m);
	str_printable(what, sizeof(what), headline, strlen(headline));
	str_printf(title, sizeof(title), "[%s] %s", state, what);
	json_put_str(body, "title", title);
	buf_init(&text, NTFY_MESSAGE_MAX);
	render_short(&text, m);
	json_put_text(body, "message", buf_str(&text), text.len);
	buf_fini(&text);
}

char *
ntfy_body(const struct message *m, const char *topic)
{
	json_t *body = json_object();
	int priority = quiet[m->event].priority;
	const char *click = render_is_link(m->url) ? m->url : m->runbook;
	char *text;

	json_put_str(body, "topic", topic);
	put_words(body, m);
	json_put_int(body, "priority",
	    priority != 0 ? priority : priorities[m->severity]);
	json_put(body, "tags", tags(m));
	if (render_is_link(click))
		json_put_str(body, "click", click);
	text = json_text(body);
	json_decref(body);
	return text;
}
