#include "alerting/webhook_body.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/str.h"

/* Left out in this order until it fits; a long text is cut to so many bytes. */
static const struct cut {
	const char *part, *member; /* part NULL = of data itself */
	size_t keep; /* bytes of a text, items of a list; 0 = all of it goes */
} cuts[] = {
    {"digest", "incidents", 25},
    {"digest", "incidents", 5},
    {"observation", "facts", 0},
    {NULL, "timeline", 0},
    {"observation", "metrics", 0},
    {"probe", "labels", 0},
    {"probe", "regions", 0},
    {"probe", "description", 1000},
    {NULL, "note", 2000},
    {NULL, "because", 500},
    {"observation", "reason", 1000},
    {"incident", "title", 500},
    {"probe", "target", 500},
    {"probe", "runbook", 500},
    {"incident", "url", 500},
};

/* The worst come first: the rest is counted. */
static void
shorten_list(json_t *part, const char *member, size_t keep)
{
	json_t *list = json_object_get(part, member);
	size_t count = json_array_size(list);

	for (size_t i = count; i > keep; i--)
		json_array_remove(list, i - 1);
	if (count > keep)
		json_put_int(part, "left_out",
		    json_int(part, "left_out", 0) + (int64_t)(count - keep));
}

static void
shorten(json_t *part, const char *member, size_t keep)
{
	char text[4096];
	json_t *old = json_object_get(part, member);

	CHECK(keep < sizeof(text));
	if (json_is_array(old))
		shorten_list(part, member, keep);
	if (!json_is_string(old))
		return;
	str_printable(
	    text, keep + 1, json_string_value(old), json_string_length(old));
	json_put_str(part, member, text);
}

static void
leave_out(json_t *data, const struct cut *cut)
{
	json_t *part = cut->part ? json_object_get(data, cut->part) : data;
	json_t *named = json_object_get(data, "left_out");
	json_t *old = json_object_get(part, cut->member);

	if (old == NULL)
		return;
	if (cut->keep > 0)
		shorten(part, cut->member, cut->keep);
	else
		json_put(part, cut->member,
		    json_is_array(old) ? json_array() : json_object());
	if (named == NULL) {
		named = json_array();
		json_put(data, "left_out", named);
	}
	for (size_t i = 0; i < json_array_size(named); i++)
		if (str_eq(json_string_value(json_array_get(named, i)),
			cut->member))
			return;
	json_array_append_new(named, json_string(cut->member));
}

void
webhook_body_type(char dst[40], const struct message *m)
{
	str_printf(dst, 40, "%s.%s",
	    m->event == EVENT_TEST ? "channel" : "incident",
	    event_names[m->event]);
}

char *
webhook_body_text(json_t *envelope, const struct message *m)
{
	const size_t count = sizeof(cuts) / sizeof(cuts[0]);
	json_t *data = message_build(m);
	char *text;

	json_put(envelope, "data", data);
	text = json_text(envelope);
	for (size_t i = 0; strlen(text) >= WEBHOOK_BODY_MAX && i < count; i++) {
		free(text);
		leave_out(data, &cuts[i]);
		text = json_text(envelope);
	}
	json_decref(envelope);
	return text;
}
