/* What holds between the parts of a configuration: agent/config_build.h. */
#include "agent/config_build.h"

#include <stdlib.h>
#include <string.h>

#include "agent/schedule.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define WORST_CASE_MS (5 * 60 * 1000) /* more than this is worth a word */
#define NONE          UINT32_MAX

/* depends_on by number, as a graph. */
struct edges {
	uint32_t *to;
	size_t count;
};

struct walk {
	struct config_build *build;
	struct edges *edges; /* of each probe */
	uint8_t *colour;     /* 0 not seen, 1 on the path, 2 done */
	uint32_t *path;      /* from the root to here */
	size_t *next;        /* which edge is to be followed from there */
	size_t depth;
};

static uint32_t
index_of(const struct config *c, const char *name)
{
	const struct config_probe *p = config_find_probe(c, name);

	return p != NULL ? (uint32_t)(p - c->probes) : NONE;
}

static void
unknown_parent(struct config_build *b, size_t probe, size_t i)
{
	const struct config *c = b->config;
	const json_t *list = json_object_get(b->probes[probe], "depends_on");
	const char **names = mem_array(c->probe_count + 1, sizeof(*names));
	const char *name = c->probes[probe].depends_on[i], *near;
	char shown[80], *path;

	for (size_t n = 0; n < c->probe_count; n++)
		names[n] = c->probes[n].name;
	near = str_nearest(names, name);
	str_printable(shown, sizeof(shown), name, strlen(name));
	path = mem_printf("probes.%s.depends_on", c->probes[probe].name);
	config_wrong(b, json_is_array(list) ? json_array_get(list, i) : list,
	    path, "there is no probe %s%s%s%s", shown,
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
	free(path);
	free(names);
}

static void
find_edges(struct config_build *b, struct edges *edges)
{
	const struct config *c = b->config;

	for (size_t p = 0; p < c->probe_count; p++) {
		char **names = c->probes[p].depends_on;
		size_t count = 0;

		while (names[count] != NULL)
			count++;
		edges[p].to = mem_array(count, sizeof(*edges[p].to));
		for (size_t i = 0; i < count; i++) {
			uint32_t to = index_of(c, names[i]);

			if (to == NONE)
				unknown_parent(b, p, i);
			else
				edges[p].to[edges[p].count++] = to;
		}
	}
}

/* "a -> b -> a": the path from `to`, which is on it, back to `to`. */
static void
report_cycle(struct walk *w, uint32_t to)
{
	const struct config *c = w->build->config;
	struct buf text;
	size_t from = w->depth;
	char *path;

	while (w->path[from - 1] != to)
		from--;
	buf_init(&text, 400);
	for (size_t i = from - 1; i < w->depth; i++)
		buf_printf(&text, "%s -> ", c->probes[w->path[i]].name);
	buf_puts(&text, c->probes[to].name);
	path = mem_printf("probes.%s.depends_on", c->probes[to].name);
	config_wrong(w->build,
	    json_object_get(w->build->probes[to], "depends_on"), path,
	    "probes depend on each other in a circle: %s%s", buf_str(&text),
	    text.cut ? "…" : "");
	free(path);
	buf_fini(&text);
}

static void
enter(struct walk *w, uint32_t probe)
{
	w->colour[probe] = 1;
	w->path[w->depth] = probe;
	w->next[w->depth++] = 0;
}

/* Depth first with a path of our own: a chain may be as long as the list. */
static void
walk_from(struct walk *w, uint32_t root)
{
	enter(w, root);
	while (w->depth > 0) {
		uint32_t here = w->path[w->depth - 1], to;
		size_t i = w->next[w->depth - 1]++;

		if (i == w->edges[here].count) {
			w->colour[here] = 2;
			w->depth--;
			continue;
		}
		to = w->edges[here].to[i];
		if (w->colour[to] == 0)
			enter(w, to);
		else if (w->colour[to] == 1)
			report_cycle(w, to);
	}
}

void
config_check(struct config_build *b)
{
	size_t count = b->config->probe_count;
	struct walk w = {
	    .build = b,
	    .edges = mem_array(count, sizeof(*w.edges)),
	    .colour = mem_array(count, sizeof(*w.colour)),
	    .path = mem_array(count, sizeof(*w.path)),
	    .next = mem_array(count, sizeof(*w.next)),
	};

	find_edges(b, w.edges);
	for (size_t i = 0; i < count; i++)
		if (w.colour[i] == 0)
			walk_from(&w, (uint32_t)i);
	for (size_t i = 0; i < count; i++)
		free(w.edges[i].to);
	free(w.edges);
	free(w.colour);
	free(w.path);
	free(w.next);
}

/* Does one of these names lead to somebody? People and rotations are looked at
 * where they are written. */
static bool
reaches(const struct config *c, const struct option_list *names)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct config_channel *channel =
		    config_find_channel(c, names->items[i]);

		if (channel == NULL || channel->enabled)
			return true;
	}
	return false;
}

/* Are channels meant to be told, and all of them disabled? (No channel at all
 * is what `notify: []` asks for.) */
static bool
tells_disabled_only(const struct config *c, const struct config_probe *p)
{
	struct route_facts facts = {
	    .severity = p->incident.severity,
	    .kind = p->kind->name,
	    .probe = p->name,
	    .component = p->component,
	    .labels = p->labels,
	    .at_ms = clock_wall_ms(),
	};
	struct route_plan plan;

	route_plan(&plan, c->routes, c->route_count, &facts);
	for (size_t i = 0; i < plan.count; i++)
		if (plan.pages[i].notify == NULL ||
		    reaches(c, plan.pages[i].notify))
			return false;
	return plan.count > 0;
}

static void
warn_unreached(struct config_build *b)
{
	const struct config *c = b->config;

	for (size_t i = 0; i < c->probe_count; i++) {
		char *path;

		if (!c->probes[i].enabled ||
		    !tells_disabled_only(c, &c->probes[i]))
			continue;
		path = mem_printf("probes.%s", c->probes[i].name);
		config_warn(b, b->probes[i], path,
		    "its routes lead to disabled channels only: when it "
		    "fails, every other channel is told instead");
		free(path);
	}
}

int64_t
config_worst_case_ms(const struct config_probe *p)
{
	/* The run before may have gone early, the next one on time. */
	return schedule_early_ms(p->every_ms) +
	       verdict_worst_case_ms(
		   &p->verdict, p->every_ms, p->retry_every_ms, p->timeout_ms);
}

static void
warn_slow(struct config_build *b, size_t i)
{
	const struct config_probe *p = &b->config->probes[i];
	int64_t worst = config_worst_case_ms(p);
	char text[32], *path;

	if (!p->enabled || worst <= WORST_CASE_MS)
		return;
	path = mem_printf("probes.%s", p->name);
	config_warn(b, b->probes[i], path,
	    "an outage may go untold for %s (more than 5 min): lower every, "
	    "confirm or timeout",
	    str_duration_human(text, worst * 1000));
	free(path);
}

static bool
any_channel(const struct config *c)
{
	for (size_t i = 0; i < c->channel_count; i++)
		if (c->channels[i].enabled)
			return true;
	return false;
}

void
config_check_warnings(struct config_build *b)
{
	const struct config *c = b->config;

	if (c->probe_count == 0)
		config_warn(b, NULL, "probes", "nothing is watched");
	if (!any_channel(c))
		config_warn(b, NULL, "channels",
		    "there is no channel: nobody is told of any incident");
	else
		warn_unreached(b);
	for (size_t i = 0; i < c->probe_count; i++)
		warn_slow(b, i);
}
