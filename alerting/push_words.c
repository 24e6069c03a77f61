#include "alerting/push_words.h"

#include <string.h>

#include "alerting/render.h"
#include "alerting/render_digest.h"
#include "alerting/render_words.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

#define TEXT_MAX 16384 /* before it is cut */

static const char cut_note[] = "\n… (cut to fit)";

enum push_volume
push_volume(const struct message *m)
{
	static const enum push_volume by_severity[SEVERITY_COUNT] = {
	    [SEVERITY_INFO] = PUSH_UNSEEN,
	    [SEVERITY_LOW] = PUSH_SILENT,
	    [SEVERITY_MEDIUM] = PUSH_NORMAL,
	    [SEVERITY_HIGH] = PUSH_LOUD,
	    [SEVERITY_CRITICAL] = PUSH_ALARM,
	};

	if (m->event == EVENT_ACKNOWLEDGED || m->event == EVENT_NOTE)
		return PUSH_SILENT;
	if (m->event == EVENT_RESOLVED || m->event == EVENT_TEST ||
	    render_digest_is_over(m))
		return PUSH_NORMAL;
	if (m->event == EVENT_IMPROVED &&
	    by_severity[m->severity] > PUSH_NORMAL)
		return PUSH_NORMAL;
	return by_severity[m->severity];
}

bool
push_rings_anew(enum event_type event)
{
	return event != EVENT_ACKNOWLEDGED && event != EVENT_NOTE &&
	       event != EVENT_IMPROVED && event != EVENT_RESOLVED;
}

const char *
push_title(char dst[PUSH_TITLE_MAX], const struct message *m)
{
	char state[40], digest[RENDER_DIGEST_TITLE_MAX], what[140];
	const char *headline = render_headline(m);

	render_state(state, m);
	if (m->event == EVENT_DIGEST)
		headline = render_digest_title(digest, m);
	str_printable(what, sizeof(what), headline, strlen(headline));
	str_printf(dst, PUSH_TITLE_MAX, "[%s] %s", state, what);
	return dst;
}

static void
add_item(void *ctx, const struct render_digest_item *item)
{
	buf_printf(ctx, "%s %s\n", item->state, item->title);
}

static void
write_digest(struct buf *out, const struct message *m)
{
	char rest[80];

	render_digest_each(m, add_item, out);
	render_digest_rest(rest, m);
	buf_puts(out, rest[0] != '\0' ? rest : "tocsin incident list");
}

/* The longest prefix of whole characters that has at most `max` bytes. */
static size_t
whole(const char *s, size_t len, size_t max)
{
	size_t used = 0, took;
	uint32_t code;

	while (used < len) {
		took = utf8_next(s + used, len - used, &code);
		if (took == 0)
			took = 1; /* broken, as the rest of us shows it */
		if (used + took > max)
			break;
		used += took;
	}
	return used;
}

char *
push_text(const struct message *m, size_t max)
{
	struct buf text;
	size_t keep;
	char *out;

	CHECK(max >= 64);
	buf_init(&text, TEXT_MAX);
	if (m->event == EVENT_DIGEST)
		write_digest(&text, m);
	else
		render_short(&text, m);
	if (text.len > max) {
		keep = whole(text.data, text.len, max - strlen(cut_note));
		out = mem_printf("%.*s%s", (int)keep, text.data, cut_note);
		buf_fini(&text);
		return out;
	}
	return buf_take(&text);
}

const char *
push_link(const struct message *m)
{
	if (render_is_link(m->url))
		return m->url;
	return render_is_link(m->runbook) ? m->runbook : "";
}

const char *
push_ack_link(const struct message *m)
{
	return render_wants_ack(m) && render_is_link(m->ack_url) ? m->ack_url
	                                                         : "";
}
