/*
 * Who is told what of one incident, and when: pure. Takes the incident's
 * events and the time, its route's plan, and whether it is muted; returns the
 * channels that get a message now. alerting/incident.h says what happened; this
 * says who hears it.
 *
 * What holds, whatever the order of events:
 * - An alarm that nobody acknowledged reaches each page of its plan, each once
 *   per alarm (and per repetition), unless it is muted.
 * - While it is muted no bad news leaves. What was held back leaves when that
 *   ends, if it still holds.
 * - Whoever was told that it is open is told once that it is resolved, muted or
 *   not: that is the end of something they believe in.
 * - Nobody who was told nothing hears of its end.
 */
#ifndef ALERTING_NOTICE_H
#define ALERTING_NOTICE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "alerting/channel_set.h"
#include "alerting/message.h"
#include "alerting/route.h"
#include "base/err.h"

struct notice {                  /* of one incident, kept with it */
	struct channel_set told; /* they believe that it is open */
	int64_t alarm_ms; /* wall clock: the plan counts from here; 0 = the
	                     alarm has not left yet, or there is none */
	int64_t paged_ms; /* wall clock of the last page; 0 */
	unsigned rounds;  /* repetitions since the alarm */
	bool ringing;     /* open, and nobody acknowledged */
	bool answered;    /* somebody acknowledged this alarm */
	bool owed;        /* an alarm was held back */
	bool muted;       /* the last bad news was held back */
};

struct notice_facts {
	const struct route_plan *plan;
	bool muted;
	int64_t now_ms; /* wall clock */
	/* Which channels stand behind these names now (NULL = all)? Those that
	 * are switched off are left out. */
	struct channel_set (*resolve)(
	    void *ctx, const struct option_list *names, int64_t now_ms);
	void *ctx;
};

struct notice_step {
	bool happened;         /* somebody is to be told, or mute changed */
	enum event_type event; /* of notice_on_time: what they are told */
	struct channel_set who;
	bool held;            /* bad news, held back because it is muted */
	bool released;        /* an alarm leaves that was held back */
	unsigned page, round; /* of notice_on_time: which one, from 1 */
};

/* Something happened to the incident. `notify` as in incident_step. */
void notice_on_event(struct notice *n, enum event_type event, bool notify,
    const struct notice_facts *facts, struct notice_step *out);

/* Time passed, or the mute may have ended: the next page is due, or what was
 * held back leaves. Nothing happens before notice_next_ms(). */
void notice_on_time(struct notice *n, const struct notice_facts *facts,
    struct notice_step *out);

/* When notice_on_time is due, wall clock; INT64_MAX = not before something else
 * happens. While it is muted: now, as only the caller knows until when. */
int64_t
notice_next_ms(const struct notice *n, const struct notice_facts *facts);

/* Bad news is what a mute keeps back. */
bool notice_is_bad(enum event_type event);

/* Channels left, or changed their places: these of the told are there still. If
 * an alarm that nobody answered is left without any, it is owed again. */
void notice_retold(struct notice *n, const struct channel_set *told);

/* A message of this incident leaves by another channel as well. */
void notice_told(struct notice *n, size_t channel);

/* `names` are the channels by place; told ones that are gone are dropped. */
json_t *
notice_to_json(const struct notice *n, const char *const *names, size_t count);
int notice_from_json(struct notice *n, const json_t *json,
    const char *const *names, size_t count, struct err *err);

#endif
