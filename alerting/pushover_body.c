#include "alerting/pushover_body.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/push_words.h"
#include "alerting/render_words.h"
#include "base/json.h"

#define EMERGENCY 2

/* -2 only counts on the icon, -1 makes no sound, 1 is heard in quiet hours. */
static const int priorities[PUSH_VOLUME_COUNT] = {
    [PUSH_UNSEEN] = -2,
    [PUSH_SILENT] = -1,
    [PUSH_NORMAL] = 0,
    [PUSH_LOUD] = 1,
    [PUSH_ALARM] = EMERGENCY,
};

bool
pushover_is_emergency(const struct message *m)
{
	return push_volume(m) == PUSH_ALARM;
}

/* There is room for one link: what to do first, else where to see more. */
static void
put_link(json_t *body, const struct message *m)
{
	const struct {
		const char *title, *url;
	} links[] = {{"Acknowledge", push_ack_link(m)}, {"Open", m->url},
	    {"Runbook", m->runbook}};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (!render_is_link(links[i].url) ||
		    strlen(links[i].url) > PUSHOVER_URL_MAX)
			continue;
		json_put_str(body, "url", links[i].url);
		json_put_str(body, "url_title", links[i].title);
		return;
	}
}

char *
pushover_body(const struct message *m, const struct pushover_to *to)
{
	char title[PUSH_TITLE_MAX];
	char *words = push_text(m, PUSHOVER_MESSAGE_MAX), *text;
	int priority = priorities[push_volume(m)];
	json_t *body = json_object();

	json_put_str(body, "token", to->token);
	json_put_str(body, "user", to->user);
	if (to->device != NULL)
		json_put_str(body, "device", to->device);
	json_put_str(body, "title", push_title(title, m));
	json_put_text(body, "message", words, strlen(words));
	json_put_int(body, "priority", priority);
	if (priority == EMERGENCY) {
		json_put_int(body, "retry", to->retry_s);
		json_put_int(body, "expire", to->expire_s);
	}
	if (to->sound != NULL)
		json_put_str(body, "sound", to->sound);
	json_put_int(body, "timestamp", m->at_ms / 1000);
	put_link(body, m);
	text = json_text(body);
	json_decref(body);
	free(words);
	return text;
}
