/*
 * What the parts of incident share: making an event, and a few questions.
 * Nothing outside incident*.c includes this.
 */
#ifndef ALERTING_INCIDENT_EVENT_H
#define ALERTING_INCIDENT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alerting/incident.h"

bool incident_is_active(const struct incident *in);
bool incident_is_held(const struct incident *in);
bool incident_is_bad(enum outcome outcome); /* degraded or failed */

/* "failing", "degraded", "flapping" or, for a finding, "open". */
const char *incident_word(const struct incident *in);

/* Time passed; never negative, whatever the wall clock did. */
int64_t incident_elapsed_ms(int64_t since_ms, int64_t now_ms);

/* Something happened to `in`, which has already changed. When people are told,
 * it notes that they were. */
void incident_tell(struct incident *in, enum event_type event, bool notify,
    int64_t now_ms, struct incident_step *out);

/* Fill a text of the incident or of a step; cut at a character, printable. */
void incident_text(char *dst, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* It is over: outcome says why (ok, unknown = probe removed, bad = a person
 * closed it all the same). */
void incident_end(struct incident *in, enum outcome outcome, int64_t now_ms,
    struct incident_step *out);

#endif
