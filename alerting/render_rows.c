#include "alerting/render_rows.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/render_words.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define FACTS_MAX   16
#define METRICS_MAX 10
#define LIST_MAX    20

struct rows {
	render_row_fn *row;
	void *ctx;
};

static void
clean(char *dst, size_t size, const char *src)
{
	str_printable(dst, size, src, strlen(src));
}

static void
put(const struct rows *r, const char *label, const char *value)
{
	char shown[RENDER_VALUE_MAX];

	if (value == NULL || value[0] == '\0')
		return;
	if (render_is_link(value) && strlen(value) < sizeof(shown)) {
		r->row(r->ctx, label, value, true);
		return;
	}
	clean(shown, sizeof(shown), value);
	r->row(r->ctx, label, shown, false);
}

static void
put_time(const struct rows *r, const char *label, int64_t wall_ms)
{
	char text[40];

	if (wall_ms != 0)
		put(r, label, render_time(text, wall_ms));
}

static void
put_regions(const struct rows *r, const json_t *regions)
{
	struct buf text;
	size_t i;
	json_t *region;

	buf_init(&text, RENDER_VALUE_MAX);
	json_array_foreach (regions, i, region) {
		if (!json_is_string(region) || i >= LIST_MAX)
			continue;
		buf_printf(&text, "%s%s", text.len ? ", " : "",
		    json_string_value(region));
	}
	put(r, "Seen from", buf_str(&text));
	buf_fini(&text);
}

static void
put_labels(const struct rows *r, const json_t *labels)
{
	struct buf text;
	const char *key;
	json_t *value;

	buf_init(&text, RENDER_VALUE_MAX);
	/* Only reading; jansson's iterator takes no const object. */
	json_object_foreach ((json_t *)(uintptr_t)labels, key, value) {
		if (!json_is_string(value))
			continue;
		buf_printf(&text, "%s%s=%s", text.len ? ", " : "", key,
		    json_string_value(value));
	}
	put(r, "Labels", buf_str(&text));
	buf_fini(&text);
}

static void
put_person(const struct rows *r, const struct message *m)
{
	char text[300], when[40];

	if (m->acknowledged_ms == 0)
		return;
	str_printf(text, sizeof(text), "%s, %s",
	    m->acknowledged_by[0] ? m->acknowledged_by : "somebody",
	    render_time(when, m->acknowledged_ms));
	put(r, "Taken by", text);
}

void
render_rows(const struct message *m, render_row_fn *row, void *ctx)
{
	struct rows r = {row, ctx};
	char text[RENDER_VALUE_MAX];

	str_printf(text, sizeof(text), "%s%s%s%s", m->probe,
	    m->kind[0] ? " (" : "", m->kind, m->kind[0] ? ")" : "");
	put(&r, "Probe", m->probe[0] ? text : "");
	put(&r, "Target", m->target);
	put(&r, "About", m->description);
	put(&r, "Component", m->component);
	put_time(&r, "Bad since", m->failing_since_ms);
	put_time(&r, "Last good", m->last_ok_ms);
	render_change(text, m);
	put(&r, "Changed", text);
	put_time(&r, "Opened", m->opened_ms);
	put_person(&r, m);
	put_time(&r, "Resolved", m->resolved_ms);
	put_regions(&r, m->regions);
	put_labels(&r, m->labels);
	put(&r, "Runbook", m->runbook);
	put(&r, "See more", m->url);
}

/* One value of facts or metrics in short; NULL if it says nothing. */
static char *
value_text(const json_t *value)
{
	if (json_is_null(value) ||
	    (json_is_object(value) && json_object_size(value) == 0) ||
	    (json_is_array(value) && json_array_size(value) == 0))
		return NULL;
	if (json_is_string(value))
		return mem_strdup(json_string_value(value));
	return json_text(value);
}

static void
put_members(const struct rows *r, const json_t *object, int max)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
		char *text = value_text(value), label[80];

		if (text == NULL)
			continue;
		if (max-- == 0) {
			free(text);
			return;
		}
		clean(label, sizeof(label), key);
		put(r, label, text);
		free(text);
	}
}

void
render_facts(const struct message *m, render_row_fn *row, void *ctx)
{
	struct rows r = {row, ctx};

	put_members(&r, m->facts, FACTS_MAX);
	put_members(&r, m->metrics, METRICS_MAX);
}
