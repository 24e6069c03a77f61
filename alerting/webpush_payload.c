#include "alerting/webpush_payload.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/push_words.h"
#include "base/check.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/str.h"

#define LINK_MAX     1000 /* bytes; two of them fit beside the text */
#define TEXT_MAX     3000
#define TEXT_MIN     64
#define ID_MAX_BYTES 24 /* 32 characters in Base64url */

const char *
webpush_urgency(const struct message *m)
{
	static const char *const urgencies[PUSH_VOLUME_COUNT] = {
	    [PUSH_UNSEEN] = "very-low",
	    [PUSH_SILENT] = "low",
	    [PUSH_NORMAL] = "normal",
	    [PUSH_LOUD] = "high",
	    [PUSH_ALARM] = "high",
	};

	return urgencies[push_volume(m)];
}

const char *
webpush_topic(char dst[WEBPUSH_TOPIC_MAX + 1], const struct message *m)
{
	size_t len = strlen(m->incident);
	struct buf text;

	dst[0] = '\0';
	if (len == 0 || len > ID_MAX_BYTES)
		return dst;
	buf_init(&text, WEBPUSH_TOPIC_MAX);
	encode_base64url(&text, m->incident, len);
	str_copy(dst, WEBPUSH_TOPIC_MAX + 1, buf_str(&text));
	buf_fini(&text);
	return dst;
}

static void
put_link(json_t *body, const char *key, const char *url)
{
	if (url[0] != '\0' && strlen(url) <= LINK_MAX)
		json_put_str(body, key, url);
}

static json_t *
without_text(const struct message *m)
{
	enum push_volume volume = push_volume(m);
	json_t *body = json_object();
	char title[PUSH_TITLE_MAX];

	json_put_str(body, "title", push_title(title, m));
	json_put_str(body, "tag", m->incident);
	json_put_int(body, "at", m->at_ms);
	json_put_bool(body, "silent", volume <= PUSH_SILENT);
	json_put_bool(body, "stays", volume == PUSH_ALARM);
	json_put_bool(body, "again", push_rings_anew(m->event));
	put_link(body, "link", push_link(m));
	put_link(body, "acknowledge", push_ack_link(m));
	return body;
}

char *
webpush_payload(const struct message *m)
{
	json_t *body = without_text(m);
	size_t room = TEXT_MAX, len;

	for (;;) {
		char *words = push_text(m, room), *text;

		json_put_text(body, "text", words, strlen(words));
		free(words);
		text = json_text(body);
		len = strlen(text);
		if (len <= ECE_TEXT_MAX) {
			json_decref(body);
			return text;
		}
		free(text);
		/* Each byte less of the text is one less, or more if it had
		 * to be escaped. */
		CHECK(room > TEXT_MIN);
		room = room - TEXT_MIN > len - ECE_TEXT_MAX
		           ? room - (len - ECE_TEXT_MAX)
		           : TEXT_MIN;
	}
}
