#include "agent/explain.h"

#include <stdlib.h>

#include "agent/duty.h"
#include "alerting/mute.h"
#include "alerting/route.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define TEXT_MAX 300

static void
fill_facts(
    struct route_facts *f, const struct config *c, const struct explain *what)
{
	const struct config_probe *p = config_find_probe(c, what->probe);

	*f = (struct route_facts){.severity = SEVERITY_HIGH,
	    .kind = what->kind != NULL ? what->kind : "manual",
	    .probe = what->probe,
	    .component = what->component != NULL ? what->component : "",
	    .labels = what->labels,
	    .at_ms = what->at_ms};
	if (p != NULL) {
		f->severity = p->incident.severity;
		if (what->kind == NULL)
			f->kind = p->kind->name;
		if (what->component == NULL)
			f->component = p->component;
		if (what->labels == NULL)
			f->labels = p->labels;
	}
	if (what->severity >= 0)
		f->severity = (enum severity)what->severity;
}

static const char **
channel_names(const struct config *c)
{
	const char **names = mem_array(c->channel_count + 1, sizeof(*names));

	for (size_t i = 0; i < c->channel_count; i++)
		names[i] = c->channels[i].name;
	return names;
}

/* The enabled ones; all of them if that leaves nobody, as notices do. */
static json_t *
channels_of(
    const struct config *c, const struct option_list *names, int64_t at_ms)
{
	const char **channels = channel_names(c);
	bool *chosen = mem_array(c->channel_count, sizeof(*chosen));
	json_t *list = json_array();

	for (size_t i = 0; names != NULL && i < names->count; i++)
		duty_resolve(c, names->items[i], at_ms, channels, chosen);
	for (int all = names == NULL; all < 2; all++) {
		for (size_t i = 0; i < c->channel_count; i++)
			if (c->channels[i].enabled && (all || chosen[i]))
				json_array_append_new(
				    list, json_string(channels[i]));
		if (json_array_size(list) > 0)
			break;
	}
	free(channels);
	free(chosen);
	return list;
}

static json_t *
page(const struct config *c, const struct route_page *p, int64_t at_ms)
{
	json_t *o = json_object(), *names = json_array(), *texts = json_array();
	char text[TEXT_MAX];

	for (size_t i = 0; p->notify != NULL && i < p->notify->count; i++) {
		const char *name = p->notify->items[i];

		json_array_append_new(names, json_string(name));
		duty_text(text, sizeof(text), c, name, at_ms);
		json_array_append_new(texts, json_string(text));
	}
	json_put_int(o, "after_ms", p->after_ms);
	json_put_int(o, "route", p->route + 1);
	json_put(o, "names", names);
	json_put(o, "texts", texts);
	json_put(o, "channels", channels_of(c, p->notify, at_ms));
	return o;
}

static void
put_mute(json_t *o, const struct config *c, const struct route_facts *f)
{
	char text[TEXT_MAX];
	int64_t until_ms;
	const struct mute *m =
	    mute_find(c->mutes, c->mute_count, f, "", f->at_ms, &until_ms);

	if (m != NULL)
		json_put_str(
		    o, "muted", mute_text(text, sizeof(text), m, until_ms));
	else
		json_put(o, "muted", json_null());
}

static void
put_group(json_t *o, const struct route_plan *plan, const struct route_facts *f)
{
	char key[TEXT_MAX];

	if (plan->group == NULL || plan->group->wait_ms == 0) {
		json_put(o, "group", json_null());
		return;
	}
	json_put_str(
	    o, "group", route_group_key(key, sizeof(key), plan->group, f));
	json_put_int(o, "group_wait_ms", plan->group->wait_ms);
}

json_t *
explain_build(const struct config *c, const struct explain *what)
{
	json_t *o = json_object(), *pages = json_array();
	struct route_facts facts;
	struct route_plan plan;

	fill_facts(&facts, c, what);
	route_plan(&plan, c->routes, c->route_count, &facts);
	json_put_str(o, "probe", facts.probe);
	json_put_bool(o, "known", config_find_probe(c, what->probe) != NULL);
	json_put_str(o, "kind", facts.kind);
	json_put_str(o, "component", facts.component);
	json_put_str(o, "severity", severity_names[facts.severity]);
	json_put_time(o, "at", facts.at_ms);
	put_mute(o, c, &facts);
	put_group(o, &plan, &facts);
	for (size_t i = 0; i < plan.count; i++)
		json_array_append_new(
		    pages, page(c, &plan.pages[i],
			       facts.at_ms + plan.pages[i].after_ms));
	json_put(o, "pages", pages);
	json_put_int(o, "repeat_ms", plan.repeat_ms);
	return o;
}
