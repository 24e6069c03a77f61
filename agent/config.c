#include "agent/config.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config_build.h"
#include "agent/config_files.h"
#include "alerting/calendar.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "probes/registry.h"

/* All parts, in the order in which they refer to each other. */
static void
build_all(struct config_build *b, json_t *root)
{
	config_build_expand(b, root, "");
	config_build_file(b, root);
	config_build_probes(b, json_object_get(root, "probes"),
	    json_object_get(root, "defaults"));
	config_build_channels(b, json_object_get(root, "channels"));
	config_build_routes(b, json_object_get(root, "routes"));
	config_build_duty(b, root);
	config_build_mutes(b, root);
	config_check(b);
	if (b->mistakes.count == 0)
		config_check_warnings(b);
}

/* Build from the tree, or only tell why there is none. */
static struct config *
load(const char *path, struct config_mistakes *mistakes, json_t *effective)
{
	struct config *c = mem_alloc(sizeof(*c));
	struct config_build b;
	struct config_yaml *yaml;
	json_t *root;
	bool good;

	config_build_init(&b, c, NULL);
	yaml = config_yaml_new(&b.mistakes);
	b.yaml = yaml;
	b.effective = effective;
	c->path = mem_strdup(path);
	root = config_files_read(yaml, path, &b.mistakes, c->fingerprint);
	if (root != NULL)
		build_all(&b, root);
	good = b.mistakes.count == 0;
	*mistakes = (struct config_mistakes){NULL, 0};
	config_mistakes_move(mistakes, good ? &b.warnings : &b.mistakes);
	config_mistakes_fini(&b.warnings);
	config_mistakes_finish(mistakes);
	json_decref(root);
	config_yaml_free(yaml);
	free(b.probes);
	if (!good) {
		config_free(c);
		c = NULL;
	}
	/* The tree of a large file is many times what is kept of it. */
	malloc_trim(0);
	return c;
}

struct config *
config_load(const char *path, struct config_mistakes *mistakes)
{
	return load(path, mistakes, NULL);
}

json_t *
config_effective(const char *path, struct config_mistakes *mistakes)
{
	json_t *effective = json_object();
	struct config *c = load(path, mistakes, effective);

	if (c == NULL) {
		json_decref(effective);
		return NULL;
	}
	config_free(c);
	return effective;
}

static void
free_probe(struct config_probe *p)
{
	free(p->name);
	free(p->target);
	mem_free_secret(p->options);
	for (size_t i = 0; p->depends_on != NULL && p->depends_on[i]; i++)
		free(p->depends_on[i]);
	free(p->depends_on);
	json_decref(p->labels);
	free(p->description);
	free(p->runbook);
	free(p->component);
}

static void
fini(struct config *c)
{
	for (size_t i = 0; i < c->probe_count; i++)
		free_probe(&c->probes[i]);
	for (size_t i = 0; i < c->channel_count; i++) {
		free(c->channels[i].name);
		json_decref(c->channels[i].options);
		for (size_t n = 0; n < c->channels[i].fallback.count; n++)
			free(c->channels[i].fallback.items[n]);
		free(c->channels[i].fallback.items);
	}
	for (size_t i = 0; i < c->route_count; i++) {
		route_fini(&c->routes[i]);
		option_free(route_options, &c->routes[i]);
	}
	config_fini_duty(c);
	for (size_t i = 0; i < c->mute_count; i++)
		mute_fini(&c->mutes[i]);
	free(c->mutes);
	free(c->probes);
	free(c->channels);
	free(c->routes);
	free(c->by_name);
	free(c->path);
	free(c->state);
	free(c->agent_name);
	free(c->public_url);
	calendar_free(c->drill);
	explicit_bzero(&c->link_key, sizeof(c->link_key));
	free(c->http.listen);
	mem_free_secret(c->http.token);
	free(c->http.cert_file);
	free(c->http.key_file);
	free(c->heartbeat_url);
	for (size_t i = 0; i < c->heartbeat_allow.count; i++)
		free(c->heartbeat_allow.items[i]);
	free(c->heartbeat_allow.items);
}

void
config_free(struct config *c)
{
	if (c == NULL)
		return;
	fini(c);
	free(c);
}

const struct config_probe *
config_find_probe(const struct config *c, const char *name)
{
	size_t low = 0, high = c->probe_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct config_probe *p = &c->probes[c->by_name[middle]];
		int order = strcmp(name, p->name);

		if (order == 0)
			return p;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct config_channel *
config_find_channel(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->channel_count; i++)
		if (str_eq(c->channels[i].name, name))
			return &c->channels[i];
	return NULL;
}

static void
first_mistake(const struct config_mistakes *m, struct err *err)
{
	const struct config_mistake *first = &m->items[0];

	if (first->line > 0)
		err_set(err, ERR_CONFIG, "%s:%d:%d: ", first->file, first->line,
		    first->column);
	else
		err_set(err, ERR_CONFIG, "%s%s", first->file,
		    *first->file != '\0' ? ": " : "");
	str_printf(err->text + strlen(err->text),
	    sizeof(err->text) - strlen(err->text), "%s%s%s", first->path,
	    *first->path != '\0' ? ": " : "", first->text);
}

int
config_state(const char *path, char **out, struct err *err)
{
	struct config_mistakes mistakes = {NULL, 0};
	struct config_yaml *yaml = config_yaml_new(&mistakes);
	struct config c = {0};
	struct config_build b;
	json_t *root = config_files_read(yaml, path, &mistakes, c.fingerprint);
	int rc = -1;

	config_build_init(&b, &c, yaml);
	if (root != NULL) {
		json_t *state = json_object_get(root, "state");

		if (state != NULL)
			config_build_expand(&b, state, "state");
		config_build_file(&b, root);
		*out = c.state;
		c.state = NULL;
	}
	if (root == NULL)
		first_mistake(&mistakes, err);
	else if (*out == NULL)
		first_mistake(&b.mistakes, err);
	else
		rc = 0;
	config_mistakes_fini(&b.mistakes);
	config_mistakes_fini(&b.warnings);
	config_mistakes_fini(&mistakes);
	config_yaml_free(yaml);
	json_decref(root);
	fini(&c);
	return rc;
}

/* Whose key is it, the common ones' or the kind's? */
static const struct option *
table_of(const struct probe_kind *kind, const char *assignment)
{
	size_t len = strcspn(assignment, ".=");

	for (const struct option *o = config_probe_options; o->name; o++)
		if (strlen(o->name) == len &&
		    strncmp(o->name, assignment, len) == 0)
			return config_probe_options;
	return kind->options;
}

static json_t *
probe_object(const struct probe_kind *kind, const char *target,
    const char *const *assignments, size_t count, struct err *err)
{
	json_t *obj = json_object();

	json_put_str(obj, "name", kind->name);
	json_put_str(obj, "kind", kind->name);
	if (target != NULL)
		json_put_str(obj, "target", target);
	for (size_t i = 0; i < count; i++) {
		if (option_assign(obj, table_of(kind, assignments[i]),
			assignments[i], err) == 0)
			continue;
		json_decref(obj);
		return NULL;
	}
	return obj;
}

struct config *
config_for_probe(const char *kind, const char *target,
    const char *const *assignments, size_t count, struct err *err)
{
	const struct probe_kind *k = probe_kind_find(kind);
	struct config *c;
	struct config_build b;
	json_t *obj;

	if (k == NULL) {
		err_set(err, ERR_MISSING, "there is no probe kind %s", kind);
		return NULL;
	}
	obj = probe_object(k, target, assignments, count, err);
	if (obj == NULL)
		return NULL;
	c = mem_alloc(sizeof(*c));
	c->probes = mem_array(1, sizeof(*c->probes));
	c->by_name = mem_array(1, sizeof(*c->by_name));
	c->probe_count = 1;
	config_build_init(&b, c, NULL);
	config_build_expand(&b, obj, "");
	if (b.mistakes.count == 0)
		config_build_probe(&b, &c->probes[0], obj, "");
	if (b.mistakes.count > 0) {
		first_mistake(&b.mistakes, err);
		config_free(c);
		c = NULL;
	}
	config_mistakes_fini(&b.mistakes);
	config_mistakes_fini(&b.warnings);
	json_decref(obj);
	return c;
}
