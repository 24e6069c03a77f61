/*
 * One channel's path: its worker process, its waiting line, its back-off. It
 * shares nothing with the other paths.
 */
#ifndef AGENT_PATH_H
#define AGENT_PATH_H

#include "agent/agent.h"
#include "agent/delivery.h"
#include "agent/dispatch.h"

struct path;

struct path *path_new(struct agent *a, const char *name);
void path_free(struct path *p);
const char *path_name(const struct path *p);

/* New or changed options: the worker is replaced; same options: it stays. */
void path_configure(struct path *p, const struct config_channel *channel);

void path_add(struct path *p, struct delivery *x); /* takes x */
/* Put its row into the writer's open group. */
void path_put_row(struct path *p, const struct delivery *x);
void path_sent(struct path *p, uint64_t group); /* those added wait for it */
void path_pump(struct path *p);
void path_drop_all(struct path *p); /* the channel left the configuration */
void path_count_dead(struct path *p);
void path_forget_dead(struct path *p);

void path_status(const struct path *p, struct dispatch_status *out);
bool path_works(const struct path *p);
bool path_enabled(const struct path *p);
bool path_busy(const struct path *p);
void path_tick(struct path *p);

#endif
