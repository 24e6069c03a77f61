/* The `probes:` list of a configuration: agent/config_build.h. */
#include "agent/config_build.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "probes/registry.h"

#define RETRY_LEAST_MS 5000

/* One probe while it is read. */
struct draft {
	struct config_build *build;
	json_t *obj;
	const char *path; /* "probes.portal" */
	struct config_probe_common common;
	const struct probe_kind *kind;
	void *options; /* the kind's struct */
};

__attribute__((format(printf, 3, 4))) static void
wrong(struct draft *d, const char *key, const char *fmt, ...)
{
	const json_t *at = json_object_get(d->obj, key);
	char *path =
	    mem_printf("%s%s%s", d->path, *d->path != '\0' ? "." : "", key);
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	config_wrong(d->build, at != NULL ? at : d->obj, path, "%s", text);
	free(path);
	free(text);
}

static const struct probe_kind *
find_kind(struct draft *d)
{
	const char *name = json_str(d->obj, "kind"), *near;
	const struct probe_kind *kind = probe_kind_find(name);
	const char *names[64];
	char shown[64];
	size_t n = 0;

	if (kind != NULL || *name == '\0')
		return kind;
	for (; probe_kinds[n] != NULL && n < 63; n++)
		names[n] = probe_kinds[n]->name;
	names[n] = NULL;
	near = str_nearest(names, name);
	str_printable(shown, sizeof(shown), name, strlen(name));
	wrong(d, "kind", "there is no probe kind %s%s%s%s", shown,
	    near != NULL ? "; did you mean " : " (see tocsin kinds)",
	    near != NULL ? near : "", near != NULL ? "?" : "");
	return NULL;
}

/* The kind is not known: check what is the same for all kinds. */
static void
parse_common_only(struct draft *d)
{
	const struct option_set set = {config_probe_options, &d->common};
	json_t *known;

	if (!json_is_object(d->obj)) {
		option_parse(&set, 1, d->obj, d->path, &d->build->report);
		return;
	}
	known = json_object();
	for (const struct option *o = set.table; o->name != NULL; o++)
		json_object_set(
		    known, o->name, json_object_get(d->obj, o->name));
	config_yaml_same_place(d->build->yaml, known, d->obj);
	option_parse(&set, 1, known, d->path, &d->build->report);
	json_decref(known);
}

static int
parse_all(struct draft *d)
{
	struct config_build *b = d->build;
	const struct option_set sets[] = {
	    {config_probe_options, &d->common},
	    {d->kind->options, d->options},
	};
	struct err err = ERR_INIT;

	config_build_type(b, d->kind->options, d->obj);
	if (option_parse(sets, 2, d->obj, d->path, &b->report) < 0)
		return -1;
	if (d->kind->check == NULL || d->kind->check(d->options, &err) == 0)
		return 0;
	config_wrong_check(b, d->obj, d->path, &err);
	return -1;
}

static int64_t
at_most(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void
check_every(struct draft *d, const struct config_probe *p)
{
	char value[32], least[32];

	if (p->every_ms >= d->kind->every_min_ms)
		return;
	wrong(d, "every", "%s is below the minimum of %s",
	    str_duration(value, p->every_ms),
	    str_duration(least, d->kind->every_min_ms));
}

/* Intervals: what was set, or what follows from it. */
static void
derive_times(struct draft *d, struct config_probe *p)
{
	const struct config_probe_common *c = &d->common;
	char timeout[32], every[32];
	int64_t retry;

	p->every_ms = c->every_ms > 0 ? c->every_ms : d->kind->every_ms;
	check_every(d, p);
	p->timeout_ms = c->timeout_ms;
	if (p->timeout_ms == 0)
		p->timeout_ms =
		    at_most(d->kind->timeout_ms, p->every_ms * 4 / 5);
	if (p->timeout_ms >= p->every_ms)
		wrong(d, "timeout", "%s must be less than every (%s)",
		    str_duration(timeout, p->timeout_ms),
		    str_duration(every, p->every_ms));
	retry =
	    p->every_ms / 3 > RETRY_LEAST_MS ? p->every_ms / 3 : RETRY_LEAST_MS;
	p->retry_every_ms = at_most(
	    p->every_ms, c->retry_every_ms > 0 ? c->retry_every_ms : retry);
	if (c->retry_every_ms > p->every_ms)
		wrong(d, "retry_every", "%s must not be more than every (%s)",
		    str_duration(timeout, c->retry_every_ms),
		    str_duration(every, p->every_ms));
}

static void
derive_policies(const struct config_probe_common *c, struct config_probe *p)
{
	p->verdict.confirm = (unsigned)c->confirm;
	p->verdict.recover = (unsigned)c->recover;
	p->verdict.flap_detection = c->flap_detection;
	p->incident.severity = c->severity;
	p->incident.degraded_severity = c->severity;
	if (c->degraded_severity > 0)
		p->incident.degraded_severity =
		    (enum severity)(c->degraded_severity - 1);
	else if (c->severity > SEVERITY_INFO)
		p->incident.degraded_severity = c->severity - 1;
	p->incident.reminder_ms = c->remind_ms;
	p->incident.reopen_within_ms = c->reopen_within_ms;
}

static char **
copy_names(const struct option_list *list)
{
	char **names = mem_array(list->count + 1, sizeof(*names));

	for (size_t i = 0; i < list->count; i++)
		names[i] = mem_strdup(list->items[i]);
	return names;
}

/* Neighbours mostly have the same labels: then they share one object. */
static json_t *
labels_of(struct config_build *b, const struct option_map *map)
{
	const json_t *last = b->labels;
	json_t *labels;

	if (map->count == 0)
		return NULL;
	labels = json_object();
	for (size_t i = 0; i < map->count; i++)
		json_put_str(labels, map->items[i].key, map->items[i].value);
	if (last != NULL && json_equal(labels, last)) {
		json_decref(labels);
		return json_incref(b->labels);
	}
	b->labels = labels;
	return labels;
}

static char *
text_or_empty(const char *s)
{
	return mem_strdup(s != NULL ? s : "");
}

/* What a person is shown as the target: no password, no secret. */
static char *
target_of(struct draft *d)
{
	json_t *dump = option_dump(d->kind->options, d->options, false, true);
	char *target;

	config_build_mask(d->build, d->obj, dump);
	target = mem_strdup(json_str(dump, "target"));
	json_decref(dump);
	return target;
}

static void
fill_probe(struct draft *d, struct config_probe *p)
{
	const struct config_probe_common *c = &d->common;
	json_t *dump = option_dump(d->kind->options, d->options, false, false);

	p->kind = d->kind;
	p->enabled = c->enabled;
	p->options = json_text(dump);
	p->target = target_of(d);
	p->labels = labels_of(d->build, &c->labels);
	p->description = text_or_empty(c->description);
	p->runbook = text_or_empty(c->runbook);
	p->component = text_or_empty(c->component);
	derive_policies(c, p);
	json_decref(dump);
}

static void
put_duration(json_t *obj, const char *key, int64_t ms)
{
	char text[32];

	json_put_str(obj, key, str_duration(text, ms));
}

/* The probe as it came out, for `tocsin config show`. */
static void
put_effective(struct draft *d, const struct config_probe *p)
{
	json_t *out, *dump, *list;

	if (d->build->effective == NULL)
		return;
	out = option_dump(config_probe_options, &d->common, true, true);
	dump = option_dump(d->kind->options, d->options, true, true);
	json_object_update(out, dump);
	json_decref(dump);
	put_duration(out, "every", p->every_ms);
	put_duration(out, "retry_every", p->retry_every_ms);
	put_duration(out, "timeout", p->timeout_ms);
	json_put_str(out, "degraded_severity",
	    severity_names[p->incident.degraded_severity]);
	config_build_mask(d->build, d->obj, out);
	list = json_object_get(d->build->effective, "probes");
	json_array_append_new(list, out);
}

static void
check_name(struct draft *d)
{
	const char *name = json_str(d->obj, "name");
	char shown[80];

	if (*name == '\0' || config_is_name(name))
		return;
	str_printable(shown, sizeof(shown), name, strlen(name));
	wrong(d, "name",
	    "\"%s\" is not a name: use a-z, 0-9, dot, underscore and hyphen, "
	    "at most %d, beginning with a letter or digit",
	    shown, CONFIG_NAME_MAX);
}

void
config_build_probe(struct config_build *b, struct config_probe *p, json_t *obj,
    const char *path)
{
	struct draft d = {.build = b, .obj = obj, .path = path};
	bool good;

	p->name = mem_strdup(json_str(obj, "name"));
	check_name(&d);
	d.kind = find_kind(&d);
	if (d.kind == NULL) {
		parse_common_only(&d);
	} else {
		d.options = mem_alloc(d.kind->config_size);
		good = parse_all(&d) == 0;
		derive_times(&d, p);
		if (good) {
			fill_probe(&d, p);
			put_effective(&d, p);
			config_build_secrets(b, d.kind->options, obj, path);
		}
		option_free(d.kind->options, d.options);
		free(d.options);
	}
	p->depends_on = copy_names(&d.common.depends_on);
	option_free(config_probe_options, &d.common);
}

/* Check the defaults on their own, so that a mistake there is told once, not
 * for every probe. False if they are not fit to be used. */
static bool
check_defaults(struct config_build *b, const json_t *defaults)
{
	struct config_probe_common common = {0};
	const struct option_set set = {config_defaults_options, &common};
	int rc = option_parse(&set, 1, defaults, "defaults", &b->report);

	option_free(config_defaults_options, &common);
	return rc == 0;
}

static void
apply_defaults(json_t *obj, json_t *defaults)
{
	const char *key;
	json_t *value;

	if (!json_is_object(obj))
		return;
	json_object_foreach (defaults, key, value)
		if (json_object_get(obj, key) == NULL)
			json_object_set(obj, key, value);
}

struct named {
	const char *name;
	uint32_t index;
};

static int
by_name(const void *x, const void *y)
{
	const struct named *a = x, *b = y;
	int order = strcmp(a->name, b->name);

	return order != 0 ? order
	                  : (a->index > b->index) - (a->index < b->index);
}

static void
refuse_twin(struct config_build *b, uint32_t first, uint32_t second)
{
	const char *name = b->config->probes[second].name;
	struct config_place at = config_yaml_place(
	    b->yaml, json_object_get(b->probes[first], "name"));
	char *path = mem_printf("probes.%s", name);

	config_wrong(b, json_object_get(b->probes[second], "name"), path,
	    "another probe has this name: %s:%d", at.file, at.line);
	free(path);
}

static void
index_names(struct config_build *b)
{
	struct config *c = b->config;
	struct named *names = mem_array(c->probe_count, sizeof(*names));

	c->by_name = mem_array(c->probe_count, sizeof(*c->by_name));
	for (size_t i = 0; i < c->probe_count; i++)
		names[i] = (struct named){c->probes[i].name, (uint32_t)i};
	if (c->probe_count > 1)
		qsort(names, c->probe_count, sizeof(*names), by_name);
	for (size_t i = 0; i < c->probe_count; i++) {
		c->by_name[i] = names[i].index;
		if (i > 0 && *names[i].name != '\0' &&
		    str_eq(names[i - 1].name, names[i].name))
			refuse_twin(b, names[i - 1].index, names[i].index);
	}
	free(names);
}

void
config_build_probes(struct config_build *b, json_t *list, json_t *defaults)
{
	struct config *c = b->config;
	size_t count = json_array_size(list), i;
	json_t *obj;

	if (defaults != NULL && !check_defaults(b, defaults))
		defaults = NULL;
	if (list != NULL && !json_is_array(list))
		config_wrong(b, list, "probes",
		    "expected a list (each probe begins with \"- name:\")");
	if (count > CONFIG_PROBES_MAX) {
		config_wrong(b, list, "probes", "more than %d probes",
		    CONFIG_PROBES_MAX);
		return;
	}
	c->probes = mem_array(count, sizeof(*c->probes));
	b->probes = mem_array(count, sizeof(json_t *));
	json_array_foreach (list, i, obj) {
		char *path = config_item_path("probes", obj, i);

		apply_defaults(obj, defaults);
		b->probes[i] = obj;
		config_build_probe(b, &c->probes[i], obj, path);
		c->probe_count++;
		free(path);
	}
	index_names(b);
}
