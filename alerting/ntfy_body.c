#include "alerting/ntfy_body.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/push_words.h"
#include "alerting/render_words.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define TOPIC_MAX    64
#define SEQUENCE_MAX 64
#define VIEW_URL_MAX 1000
#define TOPIC_SET                                                              \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* Tags that ntfy shows as pictures. */
static const char *const pictures[SEVERITY_COUNT] = {
    [SEVERITY_INFO] = "information_source",
    [SEVERITY_LOW] = "warning",
    [SEVERITY_MEDIUM] = "warning",
    [SEVERITY_HIGH] = "rotating_light",
    [SEVERITY_CRITICAL] = "rotating_light",
};

static const char *const own_pictures[EVENT_COUNT] = {
    [EVENT_ACKNOWLEDGED] = "eyes",
    [EVENT_NOTE] = "memo",
    [EVENT_RESOLVED] = "white_check_mark",
    [EVENT_TEST] = "bell",
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
	const char *picture = own_pictures[m->event];
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
	char title[PUSH_TITLE_MAX], *text = push_text(m, NTFY_MESSAGE_MAX);

	json_put_str(body, "title", push_title(title, m));
	json_put_text(body, "message", text, strlen(text));
	free(text);
}

static void
add_view(json_t *actions, const char *label, const char *url)
{
	if (render_is_link(url) && strlen(url) <= VIEW_URL_MAX)
		json_array_append_new(
		    actions, json_pack("{s:s,s:s,s:s}", "action", "view",
				 "label", label, "url", url));
}

/* At most three, which is what ntfy takes. */
static json_t *
actions(const struct message *m)
{
	const char *ack = push_ack_link(m);
	json_t *list = json_array();

	if (ack[0] != '\0')
		json_array_append_new(
		    list, json_pack("{s:s,s:s,s:s,s:s,s:b}", "action", "http",
			      "label", "Acknowledge", "url", ack, "method",
			      "POST", "clear", 1));
	add_view(list, "Runbook", m->runbook);
	add_view(list, "Open", m->url);
	return list;
}

/* Which event of the incident was the last one to ring. The last entry of the
 * timeline may be this message itself; if its beginning is older than the
 * timeline, nobody's screen shows it any more. */
static int
rang_last(const struct message *m)
{
	size_t i = m->timeline_count;
	int seq = m->seq;

	if (push_rings_anew(m->event))
		return seq;
	if (i > 0 && m->timeline[i - 1].type == m->event)
		i--;
	while (i-- > 0 && seq-- > 1)
		if (push_rings_anew(m->timeline[i].type))
			return seq;
	return m->seq;
}

/* A message replaces what the phone shows of the same sequence, without a
 * sound if it is still there. So what must ring begins a sequence of its own,
 * and what only says how it goes on joins it. */
static void
put_sequence(json_t *body, const struct message *m)
{
	char name[SEQUENCE_MAX + 1];
	int rc =
	    str_printf(name, sizeof(name), "%s-%d", m->incident, rang_last(m));

	if (rc == 0 && m->incident[0] != '\0' &&
	    strspn(name, TOPIC_SET) == strlen(name))
		json_put_str(body, "sequence_id", name);
}

char *
ntfy_body(const struct message *m, const char *topic)
{
	json_t *body = json_object(), *buttons = actions(m);
	const char *click = push_link(m);
	char *text;

	json_put_str(body, "topic", topic);
	put_words(body, m);
	json_put_int(body, "priority", 1 + (int)push_volume(m));
	json_put(body, "tags", tags(m));
	if (click[0] != '\0')
		json_put_str(body, "click", click);
	if (json_array_size(buttons) > 0)
		json_put(body, "actions", json_incref(buttons));
	put_sequence(body, m);
	json_decref(buttons);
	text = json_text(body);
	json_decref(body);
	return text;
}
