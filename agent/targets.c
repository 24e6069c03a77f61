#include <stdlib.h>
#include <string.h>

#include "agent/stories.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"

#define SELF_REMIND_MS ((int64_t)4 * 3600 * 1000)
#define SELF_REOPEN_MS ((int64_t)10 * 60 * 1000)

struct target *
agent_target(const struct agent *a, uint32_t id)
{
	return id < a->target_count ? a->targets[id] : NULL;
}

struct target *
agent_add(struct agent *a, const struct config_probe *config)
{
	struct target *t = mem_alloc(sizeof(*t));

	CHECK(a->target_count < TARGET_NONE);
	a->targets = mem_grow(
	    a->targets, (size_t)a->target_count + 1, sizeof(*a->targets));
	t->id = a->target_count++;
	t->config = config;
	t->last_us = -1;
	verdict_init(&t->verdict);
	a->targets[t->id] = t;
	return t;
}

static int
by_name(const void *x, const void *y)
{
	const struct target *const *s = x, *const *t = y;

	return strcmp((*s)->config->name, (*t)->config->name);
}

void
agent_index(struct agent *a)
{
	a->by_name = mem_grow(a->by_name, a->target_count, sizeof(*a->by_name));
	a->by_name_count = 0;
	for (uint32_t i = 0; i < a->target_count; i++)
		if (a->targets[i] != NULL)
			a->by_name[a->by_name_count++] = a->targets[i];
	qsort(a->by_name, a->by_name_count, sizeof(*a->by_name), by_name);
}

struct target *
agent_find(const struct agent *a, const char *name)
{
	uint32_t low = 0, high = a->by_name_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int order = strcmp(name, a->by_name[mid]->config->name);

		if (order == 0)
			return a->by_name[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

struct target *
agent_self(struct agent *a, const char *name)
{
	struct target *t = agent_find(a, name);
	struct config_probe *c;

	if (t != NULL)
		return t;
	c = mem_alloc(sizeof(*c));
	c->name = mem_strdup(name);
	c->target = mem_strdup("");
	c->options = mem_strdup("{}");
	c->description = mem_strdup("the agent itself");
	c->runbook = mem_strdup("");
	c->component = mem_strdup("");
	c->enabled = true;
	c->every_ms = c->retry_every_ms = 1000;
	c->verdict = (struct verdict_policy){.confirm = 1, .recover = 1};
	c->incident = (struct incident_policy){
	    SEVERITY_HIGH, SEVERITY_MEDIUM, SELF_REMIND_MS, SELF_REOPEN_MS};
	t = agent_add(a, c);
	t->self = true;
	agent_index(a);
	return t;
}

struct config_probe *
agent_self_config(struct target *t)
{
	CHECK(t->self);
	return (struct config_probe *)(uintptr_t)t->config;
}

void
agent_remove(struct agent *a, struct target *t)
{
	a->targets[t->id] = NULL;
	if (t->self) {
		struct config_probe *c = agent_self_config(t);

		free(c->name);
		free(c->target);
		free(c->options);
		free(c->description);
		free(c->runbook);
		free(c->component);
		free(c);
	}
	stories_forget(a, t->story);
	story_free(t->story);
	free(t->memory);
	free(t->last);
	free(t->reason);
	free(t);
}
