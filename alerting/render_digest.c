#include "alerting/render_digest.h"

#include <inttypes.h>
#include <string.h>

#include "alerting/render_words.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

#define ITEMS_MAX 100

static void
clean(char *dst, size_t size, const char *src)
{
	str_printable(dst, size, src, strlen(src));
}

/* How many of the digest's incidents are counted under the key. */
static int64_t
counted(const struct message *m, const char *by, const char *key)
{
	int64_t n = json_int(json_object_get(m->digest, by), key, 0);

	return n > 0 ? n : 0;
}

static int64_t
over(const struct message *m)
{
	return counted(m, "by_event", event_names[EVENT_RESOLVED]);
}

bool
render_digest_is_over(const struct message *m)
{
	return m->event == EVENT_DIGEST && m->digest_count > 0 &&
	       over(m) >= m->digest_count;
}

/* ": 2 critical, 29 high" */
static void
put_severities(struct buf *out, const struct message *m)
{
	const char *between = ": ";

	for (int i = SEVERITY_COUNT - 1; i >= 0; i--) {
		int64_t n = counted(m, "by_severity", severity_names[i]);

		if (n == 0)
			continue;
		buf_printf(
		    out, "%s%" PRId64 " %s", between, n, severity_names[i]);
		between = ", ";
	}
}

const char *
render_digest_title(char dst[RENDER_DIGEST_TITLE_MAX], const struct message *m)
{
	const json_t *worst =
	    json_array_get(json_object_get(m->digest, "incidents"), 0);
	bool all = render_digest_is_over(m);
	const char *title = json_str(worst, "title");
	const char *name =
	    all ? render_over(json_str(worst, "probe"), title) : title;
	struct buf out;

	buf_init(&out, 8192);
	buf_printf(&out, "%" PRId64 " incident%s", m->digest_count,
	    m->digest_count == 1 ? "" : "s");
	if (all)
		buf_puts(&out, m->digest_count == 1 ? " is over" : " are over");
	else if (over(m) > 0)
		buf_printf(&out, ", %" PRId64 " of them over", over(m));
	if (!all)
		put_severities(&out, m);
	if (name[0] != '\0')
		buf_printf(
		    &out, "; %s: %s", all ? "among them" : "worst", name);
	clean(dst, RENDER_DIGEST_TITLE_MAX, buf_str(&out));
	buf_fini(&out);
	return dst;
}

/* The word's place in the list, or `otherwise`. */
static int
place(const char *const *names, const char *word, int otherwise)
{
	int i = str_index(names, word);

	return i >= 0 ? i : otherwise;
}

static void
read_item(struct render_digest_item *item, const json_t *from)
{
	const char *since = json_str(from, "failing_since");
	const char *title = json_str(from, "title");
	int64_t since_ms = 0;

	*item = (struct render_digest_item){
	    .as = {.event = (enum event_type)place(
		       event_names, json_str(from, "event"), EVENT_OPENED),
		.severity = (enum severity)place(
		    severity_names, json_str(from, "severity"), SEVERITY_INFO),
		.url = json_str(from, "url")},
	};
	if (item->as.event == EVENT_DIGEST) /* a list does not hold lists */
		item->as.event = EVENT_OPENED;
	if (item->as.event == EVENT_RESOLVED || title[0] == '\0')
		title = render_over(json_str(from, "probe"), title);
	clean(item->title, sizeof(item->title), title);
	clean(item->reason, sizeof(item->reason), json_str(from, "reason"));
	render_state(item->state, &item->as);
	if (item->as.event != EVENT_RESOLVED &&
	    clock_parse_rfc3339(since, &since_ms) == 0)
		render_time(item->since, since_ms);
}

void
render_digest_each(const struct message *m, render_digest_fn *each, void *ctx)
{
	const json_t *list = json_object_get(m->digest, "incidents");
	struct render_digest_item item;
	size_t i;
	json_t *from;

	json_array_foreach (list, i, from) {
		if (i >= ITEMS_MAX)
			return;
		read_item(&item, from);
		each(ctx, &item);
	}
}

void
render_digest_rest(char dst[80], const struct message *m)
{
	size_t shown = json_array_size(json_object_get(m->digest, "incidents"));
	int64_t rest = m->digest_count;

	rest -= (int64_t)(shown < ITEMS_MAX ? shown : ITEMS_MAX);
	dst[0] = '\0';
	if (rest > 0)
		str_printf(dst, 80,
		    "and %" PRId64 " more: tocsin incident list", rest);
}
