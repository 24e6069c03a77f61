/*
 * What is due when: a heap of due times in boot time, keyed by small ids. Pure
 * but for memory. Slots are aligned to the wall clock (phase + k × interval,
 * the phase from the probe's name), so that they survive a restart and agree
 * between machines; due times advance by whole intervals, so nothing creeps.
 */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct schedule;

struct schedule *schedule_new(void);
void schedule_free(struct schedule *s);

void
schedule_set(struct schedule *s, uint32_t id, int64_t due_ms); /* or move */
void schedule_remove(struct schedule *s, uint32_t id);
int64_t
schedule_due(const struct schedule *s, uint32_t id); /* INT64_MAX: not in it */
int64_t schedule_next(const struct schedule *s);     /* INT64_MAX: empty */
uint32_t schedule_first(const struct schedule *s);   /* whose; not empty */
/* Take out the earliest if it is due. */
bool schedule_take(
    struct schedule *s, int64_t now_ms, uint32_t *id, int64_t *due_ms);

/* How much before its slot a run may go, to share a wake-up with another: a
 * twentieth of its interval, a second at most. */
int64_t schedule_early_ms(int64_t every_ms);

/* A stable number from a name (FNV-1a, 64 bits). */
uint64_t schedule_hash(const char *name);
/* The first slot strictly after now: phase(name) + k × every, in boot time;
 * `offset_ms` is wall minus boot. */
int64_t schedule_slot(
    uint64_t hash, int64_t every_ms, int64_t now_ms, int64_t offset_ms);

#endif
