/*
 * Who is on call: pure. People take turns, each for a day, a week or so many
 * days; the turn changes at a time of the zone's clocks, whatever they do in
 * spring and autumn. The turns go on for ever in both directions from `start`,
 * so there is always somebody. Overrides come first, the latest listed of
 * several.
 */
#ifndef ALERTING_ROTATION_H
#define ALERTING_ROTATION_H

#include <stdint.h>

#include "base/err.h"
#include "base/option.h"

#define ROTATION_PEOPLE_MAX    50
#define ROTATION_OVERRIDES_MAX 200

struct rotation_override { /* local to the zone, or RFC 3339 */
	char *person, *from, *until;
};

struct rotation_config { /* as it is written */
	struct option_list people;
	char *every;     /* "day", "week", "14d" */
	char *hand_over; /* "09:00", "Mon 09:00" */
	char *start;     /* "2026-01-05": the first one's turn begins */
	char *time_zone;
	struct option_array overrides; /* struct rotation_override */
};

extern const struct option rotation_options[]; /* struct rotation_config */

struct rotation;

/* ERR_CONFIG, beginning with the key to blame. Copies what it needs. */
int rotation_new(struct rotation **out, const struct rotation_config *config,
    struct err *err);
void rotation_free(struct rotation *r); /* NULL is fine */

/* Who has it now, and until when (may be NULL): until then it is this person
 * without a break; INT64_MAX = nothing will change. Who has it next is who has
 * it at *until_ms. Borrowed from r. */
const char *
rotation_on_call(const struct rotation *r, int64_t now_ms, int64_t *until_ms);

const char *rotation_zone(const struct rotation *r);

#endif
