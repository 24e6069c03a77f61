/* What calendar_read.c makes of the text for calendar.c; theirs alone. */
#ifndef ALERTING_CALENDAR_RULE_H
#define ALERTING_CALENDAR_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/zone.h"

#define CALENDAR_RULES_MAX 32
#define CALENDAR_LAST      (-1)

struct calendar_rule {
	unsigned weekdays; /* bits 1 << weekday, Monday first; 0 = any */
	int nth;           /* of these in the month: 1 to 4, LAST; 0 = each */
	int day;           /* of the month: 1 to 31, LAST; 0 = any */
	/* Minutes of the day's clock; the end may be past the day's, up to the
	 * begin a day later. */
	int begin, end;
	int64_t begin_ms, end_ms; /* once (begin_ms > 0): all else is 0 */
};

struct calendar_rules {
	struct calendar_rule items[CALENDAR_RULES_MAX];
	size_t count;
};

int calendar_read(struct calendar_rules *out, const char *text,
    const struct zone *zone, struct err *err);

#endif
