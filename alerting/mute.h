/*
 * What keeps bad news back on purpose: pure. Three kinds of one type:
 *
 *   silence      for a while: somebody knows of it
 *   maintenance  a window of planned work, once or by a calendar
 *   quiet hours  by a calendar, for what is less severe than `below`
 *
 * Silence and maintenance win over everything that would page; whoever is told
 * of a beginning is still told of its end (alerting/notice.h).
 */
#ifndef ALERTING_MUTE_H
#define ALERTING_MUTE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alerting/route.h"
#include "base/err.h"
#include "base/option.h"
#include "base/outcome.h"

enum mute_kind { MUTE_SILENCE, MUTE_MAINTENANCE, MUTE_QUIET_HOURS };
#define MUTE_KIND_COUNT 3
extern const char *const mute_kind_names[]; /* "quiet_hours"; NULL-ended */

#define MUTE_ID_LEN 5

struct mute_config { /* as it is written, in a file or by API */
	char *name;
	struct route_match match;
	char *incident;
	bool all; /* meant for everything, since nothing is matched */
	char *from, *until, *time_zone, *when;
	int64_t for_ms;
	char *author, *reason;
	enum severity below;
};

extern const struct option
    *const mute_options[MUTE_KIND_COUNT]; /* struct mute_config, by kind */

struct mute {
	enum mute_kind kind;
	char id[64]; /* the name in the file, or five characters */
	char author[64], reason[200];
	char incident[16]; /* this one only; "" = by match alone */
	struct route_match match;
	int64_t created_ms;
	int64_t from_ms, until_ms; /* 0 = since ever, for ever */
	struct calendar *calendar; /* between these; NULL = all the time */
	enum severity below;       /* quiet hours: holds back what is below */
};

/* A new id from random bits. */
void mute_id(char id[MUTE_ID_LEN + 1], uint64_t random);

/* Takes config's match. now_ms is what `for` and a missing `from` count from;
 * 0 for a file, which must say. ERR_CONFIG, beginning with the key to blame.
 * *out is to be finished either way. */
int mute_make(struct mute *out, enum mute_kind kind, struct mute_config *config,
    int64_t now_ms, struct err *err);
void mute_fini(struct mute *m);

/* For those that are stored: all of it, strictly. */
json_t *mute_to_json(const struct mute *m);
int mute_from_json(struct mute *out, const json_t *json, struct err *err);

enum mute_state { MUTE_ACTIVE, MUTE_PENDING, MUTE_OVER };
extern const char *const mute_state_names[]; /* NULL-ended */

/* *change_ms (may be NULL): when an active one pauses or ends, when a pending
 * one begins; INT64_MAX = never. */
enum mute_state
mute_state(const struct mute *m, int64_t now_ms, int64_t *change_ms);

/* What holds this news back, if anything; of several the one that lasts the
 * longest. *until_ms: ask again then. */
const struct mute *mute_find(const struct mute *mutes, size_t count,
    const struct route_facts *facts, const char *incident_id, int64_t now_ms,
    int64_t *until_ms);

/* "silence 4k2x9 by anna until 2026-11-22 14:00 UTC: database upgrade".
 * Returns dst. */
const char *
mute_text(char *dst, size_t size, const struct mute *m, int64_t until_ms);

#endif
