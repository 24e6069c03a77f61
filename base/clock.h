/*
 * Time is an input: nothing else in the tree asks the kernel for it. Wall time
 * (UTC) is for people and for stored facts, boot time (CLOCK_BOOTTIME, which
 * goes on in suspend and never steps) for schedules, deadlines and durations.
 * Tests set both.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void); /* since 1970-01-01T00:00:00Z */
int64_t clock_boot_ms(void);
int64_t clock_boot_us(void);

/* Freeze both clocks at these values; clock_real() lets them run again. */
void clock_fake(int64_t wall_ms, int64_t boot_ms);
void clock_real(void);

/* "2026-11-22T04:00:00.000Z". Returns dst. */
const char *clock_rfc3339(char dst[32], int64_t wall_ms);
/* "Sun, 22 Nov 2026 04:00:00 +0000" (RFC 5322). Returns dst. */
const char *clock_rfc5322(char dst[40], int64_t wall_ms);
/* RFC 3339 with Z or offset; 0, or -1 if it is not one. */
int clock_parse_rfc3339(const char *s, int64_t *wall_ms);
/* HTTP date (IMF-fixdate, RFC 9110 section 5.6.7); 0 or -1. */
int clock_parse_http(const char *s, int64_t *wall_ms);

#endif
