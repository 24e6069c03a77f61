/*
 * The stories that may go on: the newest incident of each probe, which its
 * target holds, and the loose ones, which findings and people opened and only
 * people close. Each with who was told, and what is due by time alone.
 */
#ifndef AGENT_STORIES_H
#define AGENT_STORIES_H

#include "agent/agent.h"

/* What a story is about, for routes and messages. Borrowed. */
struct about {
	const char *name, *kind, *target, *description, *runbook, *component;
	const json_t *labels; /* or NULL */
};

void about_target(struct about *out, const struct target *t);
/* What it was opened with; else its probe; else only a name. */
void about_story(
    struct about *out, const struct agent *a, const struct story *story);

/* A story that no target holds, from now on known and told about by time; it
 * is let go when it is resolved. `about`, if not NULL, is an object with texts
 * kind, target, description, runbook, component and an object labels, all
 * optional; taken. */
struct story *stories_open_loose(struct agent *a, json_t *about);
void stories_adopt(struct agent *a, struct story *story); /* takes it */
/* A story that is told of may be looked up by its incident's id, from the
 * first call on under that of now; forget it before it is freed. */
void stories_index(struct agent *a, struct story *story);
void stories_forget(struct agent *a, struct story *story);
void stories_release(struct agent *a, struct story *story); /* resolved */

/* By the whole id: in memory, which every unresolved one is. NULL if not. */
struct story *stories_find(const struct agent *a, const char *incident);

void stories_close(struct agent *a); /* at the end: the loose ones go */

void stories_each(
    struct agent *a, void (*each)(void *ctx, struct story *story), void *ctx);

/* Mutes, routes or people changed: what is due is worked out anew. */
void stories_recheck(struct agent *a);
/* Channels changed their places: told ones follow by name. */
void
stories_rename(struct agent *a, const char *const *old, const char *const *new);

void story_free(struct story *story); /* NULL is fine */
void story_fini(struct story *story); /* what it holds */
/* Keep an event in its timeline (the newest MESSAGE_TIMELINE_MAX). */
void story_remember(
    struct story *story, int64_t at_ms, enum event_type type, const char *text);
/* A new incident begins in it. */
void story_restart(struct story *story);

/* As the store keeps it: the incident, who was told, what it is about. */
json_t *story_to_json(const struct agent *a, const struct story *story);
int story_from_json(const struct agent *a, struct story *story,
    const json_t *json, struct err *err);

#endif
