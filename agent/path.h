/*
 * One channel's path: its worker process, its waiting line, its back-off, its
 * cap of messages. It shares nothing with the other paths.
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

/* Takes x. */
void path_add(struct path *p, struct delivery *x, bool stored);
/* Put its row, as it stands, into the writer's open group. */
void path_put_row(struct path *p, const struct delivery *x);
void path_sent(struct path *p, uint64_t group); /* those added wait for it */
void path_pump(struct path *p);
void path_drop_all(struct path *p); /* the channel left the configuration */
void path_count_dead(struct path *p, const struct delivery_row *row);
/* Then: when it last proved a delivery, wall clock. */
void path_restore_proof(struct path *p, int64_t done_ms);
void path_forget_dead(struct path *p);

/* The receiver is asked who acknowledged, from the store; and no more, when
 * the incident was acknowledged or resolved. */
void path_poll(struct path *p, const struct delivery_row *row);
void path_answered(struct path *p, const char *incident);
/* Open incidents that the receiver must be reminded of, anew: all are
 * forgotten, then each is named. */
void path_forget_refreshes(struct path *p);
void path_refresh(struct path *p, const char *incident, int seq);
/* The wall clock was set forward by so much (or back, if less than 0). */
void path_rebase(struct path *p, int64_t jump_ms);

void path_status(const struct path *p, struct dispatch_status *out);
bool path_works(const struct path *p);
bool path_enabled(const struct path *p);
bool path_usable(const struct path *p); /* enabled, and not gone (410) */
bool path_busy(const struct path *p);
bool path_merges(const struct path *p); /* may it tell several as one? */
int64_t path_fallback_after_ms(const struct path *p);
void path_tick(struct path *p);

#endif
