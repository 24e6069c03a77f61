#include "alerting/gotify_body.h"

#include <string.h>

#include "alerting/push_words.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

/* The app: 0 is seen in the list only, from 1 in the status bar, from 4 with
 * a sound, from 8 with vibration as well. */
static const int priorities[PUSH_VOLUME_COUNT] = {
    [PUSH_UNSEEN] = 0,
    [PUSH_SILENT] = 2,
    [PUSH_NORMAL] = 5,
    [PUSH_LOUD] = 8,
    [PUSH_ALARM] = 10,
};

char *
gotify_place(const char *url)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	return mem_printf("%.*s/message", (int)len, url);
}

/* What came from outside must not be taken for Markdown. */
static json_t *
extras(const struct message *m)
{
	json_t *o = json_object();
	const char *click = push_link(m);

	json_put(o, "client::display",
	    json_pack("{s:s}", "contentType", "text/plain"));
	if (click[0] != '\0')
		json_put(o, "client::notification",
		    json_pack("{s:{s:s}}", "click", "url", click));
	return o;
}

char *
gotify_body(const struct message *m)
{
	char title[PUSH_TITLE_MAX], *words = push_text(m, GOTIFY_MESSAGE_MAX);
	const char *ack = push_ack_link(m);
	json_t *body = json_object();
	char *text;

	json_put_str(body, "title", push_title(title, m));
	if (ack[0] != '\0') { /* the app has no buttons; it makes links */
		text = mem_printf("%s\nAcknowledge: %s", words, ack);
		free(words);
		words = text;
	}
	json_put_text(body, "message", words, strlen(words));
	json_put_int(body, "priority", priorities[push_volume(m)]);
	json_put(body, "extras", extras(m));
	text = json_text(body);
	json_decref(body);
	free(words);
	return text;
}

int64_t
gotify_id(const char *answer, size_t len)
{
	json_t *json = NULL;
	int64_t id = 0;

	if (json_parse(&json, answer, len, NULL) == 0 && json_is_object(json))
		id = json_int(json, "id", 0);
	json_decref(json);
	return id > 0 ? id : 0;
}

void
gotify_error(char *dst, size_t size, const char *answer, size_t len)
{
	json_t *json = NULL;
	const char *text = "";

	if (json_parse(&json, answer, len, NULL) == 0 && json_is_object(json))
		text = json_str(json, "errorDescription");
	str_printable(dst, size, text, strlen(text));
	json_decref(json);
}
